import type { AddHelpTextContext, Command } from 'commander';
import {
  domainKinds,
  optimizers,
  parseConfig,
  readConfig,
  runTraining,
  type TrainingTask,
  tasks,
  trainConfigSchema,
} from '../train/index.js';
import { list, number, numbers, several, texts } from './arguments.js';
import { downloadProgress } from './progress.js';
import { runFlags, running } from './running.js';

const { schedule } = trainConfigSchema.shape;
/** What the tasks take by name, each name once. */
const named = (of: (task: TrainingTask) => readonly string[]): string =>
  [...new Set(Object.values(tasks).flatMap(of))].join(', ');

/** Names that are chosen from, by the task that has them: [heading, [task, names]...]. */
const choices: readonly (readonly [string, (task: TrainingTask) => object])[] = [
  ['Losses', ({ losses }) => losses],
  ['Augmentations', ({ augmentations }) => augmentations],
  ['Regularizers', ({ regularizers }) => regularizers],
  ['Degradations', ({ degradations = {} }) => degradations],
  ['Transmissions', ({ transmissions = {} }) => transmissions],
];

/** The names as lists behind the options, as wide as the terminal. */
function nameLists({ command }: AddHelpTextContext): string {
  const help = command.createHelp();
  help.prepareContext({ helpWidth: process.stdout.columns ?? 80 });
  const width = Math.max(...Object.keys(tasks).map((name) => name.length));
  const item = (term: string, names: string) => help.formatItem(term, width, names, help);
  const lists = choices.map(([heading, of]) => [
    `${heading}, by task:`,
    ...Object.entries(tasks).flatMap(([name, task]) => {
      const names = list(of(task));
      return names === '' ? [] : [item(name, names)];
    }),
  ]);
  const summaries = Object.entries(tasks).map(([name, { summary }]) => item(name, summary));
  const options =
    "Options of what is chosen are written behind it: polyLoss:coefficients=[2]. 'cotangent papers' has equations.";
  return `\n${[['Tasks:', ...summaries], ...lists].map((lines) => lines.join('\n')).join('\n\n')}\n\n${options}`;
}

/** Adds `cotangent train`. */
export function addTrainCommand(program: Command): void {
  const command = program
    .command('train')
    .description('train a model and leave checkpoint, ONNX model and report in a folder')
    .option('--task <name>', 'what is learnt (default: what takes the data and the loss); named below')
    .option(
      '--data <name>',
      `data set (default: digits), or a table, .csv, .tsv or .parquet: ${named(({ data }) => data)}`,
    )
    .option('--model <name>', `model (default: mlp): ${named(({ models }) => models)}`)
    .option('--loss <name[:option=value,...]>', 'loss, with options; named below')
    .option('--optimizer <name[:option=value,...]>', `optimizer, with options: ${list(optimizers)}`)
    .option(
      '--augment <name[:option=value,...]>',
      'what training images go through, in order; several times; named below',
      several,
    )
    .option('--regularizer <name[:option=value,...]>', 'what is added to the loss; several times; named below', several)
    .optionsGroup('Training:')
    .option(
      '--epochs <n>',
      'passes over the training set (default: 3; of tables 100 or 20, of images restored and depths 6, of images generated, scenes and strings 10)',
      number,
    )
    .option('--seed <n>', 'seed of initial weights, order and draws (default: 0)', number)
    .option('--batch-size <n>', 'samples a step', number)
    .option('--learning-rate <x>', 'largest learning rate of the schedule', number)
    .option('--weight-decay <x>', 'weight decay', number)
    .option('--clip-norm <x>', "limit of the gradient's norm, 0 for none", number)
    .option('--train-size <n>', 'use only so many training images, rows or queries, or draw so many', number)
    .option('--test-size <n>', 'use only so many of the test set, or draw so many', number)
    .optionsGroup('Models:')
    .option('--width <n>', 'channels of the first layer (resnet9, autoencoder, unet, gridDetector, lineReader)', number)
    .option('--hidden <n,n,...>', 'units of the hidden layers of the mlp', numbers)
    .option('--dropout <x>', 'probability of dropout (mlp, vit)', number)
    .option('--dimension <n>', 'length of embeddings', number)
    .option('--latent <n>', 'length of the codes of autoencoders and generators', number)
    .optionsGroup('Tables:')
    .option('--target <name>', 'column of a table that is predicted')
    .option('--columns <name,name,...>', 'columns of numbers to predict it from (default: all others)', texts)
    .option('--group <name>', 'column that names the query of each item, to rank')
    .option('--test-data <file>', 'table to measure on (default: a share of the data)')
    .option('--validation <x>', 'share of a table that is held out to measure on (default: 0.2)', number)
    .option('--split-seed <n>', 'seed of what is held out (default: 0)', number)
    .optionsGroup('Images:')
    .option(
      '--domains <name[:option=value,...]>',
      `domains made out of the data set, the test set of the one held out: ${list(domainKinds)}`,
    )
    .option(
      '--degrade <name[:option=value,...]>',
      'what inputs go through and targets do not, in order; several times; named below',
      several,
    )
    .option('--noise <x>', 'standard deviation of noise on the inputs of reconstruction, pixels in [0, 1]', number)
    .option(
      '--transmit <name[:option=value,...]>',
      'what outputs go through before the loss sees them; several times; named below',
      several,
    )
    .addHelpText('after', nameLists);
  runFlags(command, schedule.unwrap().options).action(async ({ out, resume, overwrite, config: file, ...flags }) => {
    const config = parseConfig({ ...(file && (await readConfig(file))), ...flags });
    const downloads = downloadProgress(process.stderr);
    try {
      await running({ out, epochs: config.epochs }, (run) =>
        runTraining(config, { ...run, out, resume, overwrite, onDownload: downloads.onProgress }),
      );
    } finally {
      downloads.stop();
    }
  });
}
