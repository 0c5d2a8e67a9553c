import { readFileSync } from 'node:fs';
import { Command } from 'commander';

type Add = (program: Command) => void;

/** What adds each command, in the order of the help. */
const commands: Readonly<Record<string, () => Promise<Add>>> = {
  train: async () => (await import('./train.js')).addTrainCommand,
  finetune: async () => (await import('./finetune.js')).addFinetuneCommand,
  inspect: async () => (await import('./inspect.js')).addInspectCommand,
  compare: async () => (await import('./compare.js')).addCompareCommand,
  export: async () => (await import('./export.js')).addExportCommand,
  papers: async () => (await import('./papers.js')).addPapersCommand,
  reproduce: async () => (await import('./reproduce.js')).addReproduceCommand,
};

const examples = `
Examples:
  cotangent train --data digits --model resnet9 --epochs 2 --out runs/digits
  cotangent train --data houses.csv --target price --out runs/houses
  cotangent finetune model.onnx --data photos --head 5 --out runs/photos
  cotangent inspect runs/digits
  cotangent compare runs/digits runs/houses
  cotangent export runs/photos --out photos.onnx
  cotangent papers sam

cotangent <command> --help has all options, that of train the names of all losses, optimizers and augmentations.`;

/** The command line: with the command of that name alone, or with all of them where there is no such command. */
export async function commandLine(asked?: string): Promise<Command> {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('cotangent')
    .description('Train neural networks from TypeScript on ONNX Runtime.')
    .version(version)
    .addHelpText('after', examples);
  const wanted = Object.entries(commands).filter(([name]) => name === asked);
  for (const [, add] of wanted.length > 0 ? wanted : Object.entries(commands)) (await add())(program);
  return program;
}
