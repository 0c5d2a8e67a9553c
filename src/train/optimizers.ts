import { z } from 'zod';
import {
  adagrad,
  adam,
  adamW,
  chain,
  clipByGlobalNorm,
  firstOrder,
  type GradientTransformation,
  type Minimizer,
  rmsprop,
  type Schedule,
  sam,
  sgd,
} from '../optim/index.js';
import { type Choice, choice, made } from './choice.js';
import type { TrainConfig } from './config.js';

/** What a configuration says of an optimizer beside its name. */
interface Setting {
  readonly learningRate: Schedule;
  readonly weightDecay: number;
  readonly momentum: number;
}

type Base = (setting: Setting) => GradientTransformation;

const decay = z.number().min(0).lt(1).optional();
const small = z.number().positive().optional();
const adamOptions = { beta1: decay, beta2: decay, epsilon: small, amsgrad: z.boolean().optional() };

const bases: Readonly<Record<string, Choice<Base>>> = {
  adagrad: choice({ epsilon: small }, (options) => (setting) => adagrad({ ...ruled(setting), ...options })),
  adam: choice(adamOptions, (options) => (setting) => adam({ ...ruled(setting), ...options })),
  adamw: choice(adamOptions, (options) => (setting) => adamW({ ...ruled(setting), ...options })),
  rmsprop: choice({ decay, epsilon: small }, (options) => (setting) => rmsprop({ ...ruled(setting), ...options })),
  sgd: choice({ nesterov: z.boolean().optional() }, ({ nesterov }) => (setting) => {
    const { momentum } = setting;
    return sgd({ ...ruled(setting), momentum, nesterov: (nesterov ?? true) && momentum > 0 });
  }),
};

const ruled = ({ learningRate, weightDecay }: Setting) => ({ learningRate, weightDecay });

const baseName = z.enum(Object.keys(bases) as [string, ...string[]]).optional();
const radius = z.number().min(0).optional();

/** The optimizers that a run can have, by name: those that take a gradient, and those that are handed the loss. */
export const optimizers: Readonly<
  Record<string, Choice<(base: (name: string, options: object) => GradientTransformation) => Minimizer>>
> = {
  ...Object.fromEntries(
    Object.entries(bases).map(([name, { schema }]) => [
      name,
      {
        schema,
        make: (options: object) => (base: (name: string, options: object) => GradientTransformation) =>
          firstOrder(base(name, options)),
      },
    ]),
  ),
  asam: choice(
    { radius, base: baseName },
    ({ base = 'sgd', ...options }) =>
      (of) =>
        sam(of(base, {}), { ...options, adaptive: true }),
  ),
  sam: choice(
    { radius, p: z.number().gt(1).optional(), secondOrder: z.boolean().optional(), base: baseName },
    ({ base = 'sgd', ...options }) =>
      (of) =>
        sam(of(base, {}), options),
  ),
};

/** The optimizer of a configuration; `last` has the last word on its updates. */
export function optimizerOf(
  {
    optimizer,
    weightDecay,
    momentum,
    clipNorm,
  }: Pick<TrainConfig, 'optimizer' | 'weightDecay' | 'momentum' | 'clipNorm'>,
  learningRate: Schedule,
  last: readonly GradientTransformation[] = [],
): Minimizer {
  const base = (name: string, options: object): GradientTransformation => {
    const rule = made(bases, { name, options: options as Record<string, unknown> })({
      learningRate,
      weightDecay,
      momentum,
    });
    const clip = clipNorm > 0 ? [clipByGlobalNorm(clipNorm)] : [];
    return clip.length + last.length > 0 ? chain(...clip, rule, ...last) : rule;
  };
  return made(optimizers, optimizer)(base);
}

/** Whether the steps of an optimizer are those of SGD, which wants larger rates than the adaptive ones. */
export function isSgd({ name, options }: TrainConfig['optimizer']): boolean {
  return name === 'sgd' || ((name === 'sam' || name === 'asam') && (options.base ?? 'sgd') === 'sgd');
}
