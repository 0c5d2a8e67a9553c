#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';

type Add = (program: Command) => void;
/** What adds each command, in the order of the help. */
const commands: Readonly<Record<string, () => Promise<Add>>> = {
  train: async () => (await import('./train.js')).addTrainCommand,
  finetune: async () => (await import('./finetune.js')).addFinetuneCommand,
  export: async () => (await import('./export.js')).addExportCommand,
  inspect: async () => (await import('./inspect.js')).addInspectCommand,
  compare: async () => (await import('./compare.js')).addCompareCommand,
  papers: async () => (await import('./papers.js')).addPapersCommand,
  reproduce: async () => (await import('./reproduce.js')).addReproduceCommand,
};

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('cotangent')
  .description('Train neural networks from TypeScript on ONNX Runtime.')
  .version(version);
// Only what is asked for is loaded: all of it takes a second. Help, and names that are none, need all.
const asked = Object.entries(commands).filter(([name]) => name === process.argv[2]);
for (const [, add] of asked.length > 0 ? asked : Object.entries(commands)) (await add())(program);

try {
  await program.parseAsync();
} catch (error) {
  // Users get the one line that says what is wrong; the stack is for those who ask for it.
  console.error(process.env.COTANGENT_DEBUG ? error : `error: ${(error as Error).message}`);
  process.exitCode = 1;
}
