#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addCompareCommand } from './compare.js';
import { addExportCommand } from './export.js';
import { addFinetuneCommand } from './finetune.js';
import { addInspectCommand } from './inspect.js';
import { addPapersCommand } from './papers.js';
import { addReproduceCommand } from './reproduce.js';
import { addTrainCommand } from './train.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('cotangent')
  .description('Train neural networks from TypeScript on ONNX Runtime.')
  .version(version);
addTrainCommand(program);
addFinetuneCommand(program);
addExportCommand(program);
addInspectCommand(program);
addCompareCommand(program);
addPapersCommand(program);
addReproduceCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  // Users get the one line that says what is wrong; the stack is for those who ask for it.
  console.error(process.env.COTANGENT_DEBUG ? error : `error: ${(error as Error).message}`);
  process.exitCode = 1;
}
