#!/usr/bin/env node
import { commandLine } from './program.js';

try {
  // Only what is asked for is loaded: all of it takes a second. Help, and names that are none, need all.
  await (await commandLine(process.argv[2])).parseAsync();
} catch (error) {
  // Users get the one line that says what is wrong; the stack is for those who ask for it.
  console.error(process.env.COTANGENT_DEBUG ? error : `error: ${(error as Error).message}`);
  process.exitCode = 1;
}
