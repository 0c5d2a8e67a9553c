import { type Command, Option } from 'commander';
import {
  classifierLosses,
  finetuneConfigSchema,
  optimizers,
  parseChoice,
  parseFinetuneConfig,
  readConfig,
  regressionLosses,
  runFinetuning,
} from '../train/index.js';
import { list, number, numbers, several, texts } from './arguments.js';
import { runFlags, running } from './running.js';

const { task, pooling, batchNorm, schedule } = finetuneConfigSchema.shape;

/** `rank=8,alpha=16,target=*query*`, or nothing for the defaults. */
const adapters = (text: string) => parseChoice(`lora:${text}`).options;

/** Adds `cotangent finetune`. */
export function addFinetuneCommand(program: Command): void {
  const command = program
    .command('finetune')
    .argument('<model.onnx>', 'the model to train further')
    .description('train an ONNX model further on images in folders or on a table, and leave it under its old names')
    .option('--data <path>', 'folder with a subfolder of images a class, or a .csv, .tsv or .parquet table')
    .optionsGroup('Model:')
    .option('--head <n>', 'new head of n outputs: a class each, or 1 for a number', number)
    .option(
      '--features <node>',
      'value or node whose result the new head takes (default: what the last linear layer takes)',
    )
    .addOption(new Option('--pooling <how>', 'of features of positions').choices(pooling.unwrap().options))
    .option('--freeze <pattern>', 'parameters that stay: "encoder.layer.{0..5}.*"; several times', several)
    .option('--unfreeze <pattern>', 'parameters that train nevertheless; several times', several)
    .option('--norm-only', 'train normalisations, and a new head')
    .option(
      '--lora <rank=8,alpha=8,target=pattern>',
      'train low-rank adapters of linear layers, and a new head',
      adapters,
    )
    .option('--layer-decay <x>', 'factor of the learning rate from each layer to the one before', number)
    .addOption(
      new Option('--batch-norm <how>', 'batch statistics, or the running ones').choices(batchNorm.unwrap().options),
    )
    .optionsGroup('Data:')
    .option('--test-data <table>', 'table to measure on')
    .option('--validation <share>', 'share of the data that is measured on (default: 0.2)', number)
    .option('--image-size <n>', 'height and width, where the model leaves it open (default: 224)', number)
    .option('--crop-share <x>', 'share of each side of an image that is kept (default: 1)', number)
    .option('--mean <x,...>', "of pixels in [0, 1] (default: ImageNet's)", numbers)
    .option('--deviation <x,...>', "of pixels in [0, 1] (default: ImageNet's)", numbers)
    .option('--target <column>', 'column that is predicted (default: label)')
    .option('--columns <name,...>', 'columns of numbers to predict it from (default: all others)', texts)
    .option('--text <column>', 'column of text to predict it from')
    .option('--tokenizer <file>', 'default: tokenizer.json beside the model')
    .option('--max-length <n>', 'most tokens of a text (default: 128)', number)
    .addOption(new Option('--task <kind>', 'default: regression with a head of 1').choices(task.unwrap().options))
    .optionsGroup('Training:')
    .option('--epochs <n>', 'passes over the training set (default: 3)', number)
    .option('--batch-size <n>', 'samples a step (default: 32)', number)
    .option('--loss <name[:option=value,...]>', `${list(classifierLosses)}; of numbers ${list(regressionLosses)}`)
    .option('--optimizer <name[:option=value,...]>', `default adamW: ${list(optimizers)}`)
    .option(
      '--learning-rate <x>',
      'largest learning rate of the schedule (default: 0.0001, of a few parameters 0.001)',
      number,
    )
    .option('--weight-decay <x>', 'weight decay (default: 0.01)', number)
    .option('--clip-norm <x>', "limit of the gradient's norm, 0 for none (default: 1)", number)
    .option('--seed <n>', 'seed of head, adapters, order and draws (default: 0)', number);
  runFlags(command, schedule.unwrap().options).action(
    async (model: string, { out, resume, overwrite, config: file, ...flags }) => {
      const config = parseFinetuneConfig({ ...(file && (await readConfig(file))), ...flags, model });
      await running({ out, epochs: config.epochs }, (run) =>
        runFinetuning(config, { ...run, out, resume, overwrite, onNote: (note) => console.error(note) }),
      );
    },
  );
}
