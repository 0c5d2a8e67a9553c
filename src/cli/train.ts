import { type Command, Option } from 'commander';
import {
  augmentations,
  classifierLosses,
  embeddingLosses,
  optimizers,
  parseConfig,
  readConfig,
  regularizers,
  runTraining,
  trainConfigSchema,
} from '../train/index.js';
import { list, number, numbers, several } from './arguments.js';
import { downloadProgress } from './progress.js';
import { running } from './running.js';

const { data, model, schedule } = trainConfigSchema.shape;
/** Adds `cotangent train`. */
export function addTrainCommand(program: Command): void {
  program
    .command('train')
    .description('train a classifier or embeddings and leave checkpoint, ONNX model and report in a folder')
    .addOption(new Option('--data <name>', 'data set (default: digits)').choices(data.unwrap().options))
    .addOption(new Option('--model <name>', 'model (default: mlp)').choices(model.unwrap().options))
    .option('--epochs <n>', 'passes over the training set (default: 3)', number)
    .requiredOption('--out <folder>', 'where the run goes')
    .option('--config <file>', 'YAML, JSON, TypeScript or JavaScript with any of these settings; flags come before it')
    .option('--seed <n>', 'seed of initial weights, order and draws (default: 0)', number)
    .option('--batch-size <n>', 'samples a step', number)
    .option(
      '--loss <name[:option=value,...]>',
      `loss, with options: ${list(classifierLosses)}; of embeddings: ${list(embeddingLosses)}`,
    )
    .option('--optimizer <name[:option=value,...]>', `optimizer, with options: ${list(optimizers)}`)
    .option(
      '--augment <name[:option=value,...]>',
      `what training images go through, in order; several times: ${list(augmentations)}`,
      several,
    )
    .option(
      '--regularizer <name[:option=value,...]>',
      `what is added to the loss; several times: ${list(regularizers)}`,
      several,
    )
    .option('--dimension <n>', 'length of embeddings', number)
    .option('--learning-rate <x>', 'largest learning rate of the schedule', number)
    .option('--momentum <x>', 'momentum of SGD', number)
    .option('--weight-decay <x>', 'weight decay', number)
    .addOption(new Option('--schedule <name>', 'course of the learning rate').choices(schedule.unwrap().options))
    .option('--clip-norm <x>', "limit of the gradient's norm, 0 for none", number)
    .option('--dropout <x>', 'probability of dropout (mlp, vit)', number)
    .option('--width <n>', 'channels of the first layer of resnet9', number)
    .option('--hidden <n,n,...>', 'units of the hidden layers of the mlp', numbers)
    .option('--train-size <n>', 'use only so many training images', number)
    .option('--test-size <n>', 'use only so many test images', number)
    .option('--checkpoint-every <n>', 'steps between checkpoints', number)
    .option('--threads <n>', 'threads of ONNX Runtime', number)
    .option('--resume', 'go on from the checkpoint in the folder')
    .option('--overwrite', 'replace the run in the folder')
    .action(async ({ out, resume, overwrite, config: file, ...flags }) => {
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
