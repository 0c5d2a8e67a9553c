import { z } from 'zod';
import { fish } from '../../algorithms/index.js';
import {
  adagrad,
  adam,
  adamW,
  addDecayedWeights,
  chain,
  clipByGlobalNorm,
  firstOrder,
  forwardDescent,
  type GradientTransformation,
  type Minimizer,
  onlineLbfgs,
  rmsprop,
  type Schedule,
  sam,
  scaleByLbfgs,
  scaleByLearningRate,
  sgd,
} from '../../optim/index.js';
import { type Choice, type Chosen, choice, made, spelled } from './choice.js';

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
  adamW: choice(adamOptions, (options) => (setting) => adamW({ ...ruled(setting), ...options })),
  rmsprop: choice({ decay, epsilon: small }, (options) => (setting) => rmsprop({ ...ruled(setting), ...options })),
  sgd: choice({ nesterov: z.boolean().optional() }, ({ nesterov }) => (setting) => {
    const { momentum } = setting;
    return sgd({ ...ruled(setting), momentum, nesterov: (nesterov ?? true) && momentum > 0 });
  }),
};

const ruled = ({ learningRate, weightDecay }: Setting) => ({ learningRate, weightDecay });

const baseName = z
  .preprocess(
    (name) => (typeof name === 'string' && spelled(name, Object.keys(bases))) || name,
    z.enum(Object.keys(bases) as [string, ...string[]]),
  )
  .optional();
const radius = z.number().min(0).optional();

/** What an optimizer is made of: a base of the configuration's setting, limited; the setting; and what limits. */
interface Parts {
  readonly of: (name: string, options?: object) => GradientTransformation;
  readonly setting: Setting;
  readonly limited: (rule: GradientTransformation) => GradientTransformation;
}

const onBase =
  (fn: (base: GradientTransformation) => Minimizer, name: string | undefined) =>
  ({ of }: Parts) =>
    fn(of(name ?? 'sgd'));

/** The optimizers that a run can have, by name: those that take a gradient, and those that are handed the loss. */
export const optimizers: Readonly<Record<string, Choice<(parts: Parts) => Minimizer>>> = {
  ...Object.fromEntries(
    Object.entries(bases).map(([name, { schema }]) => [
      name,
      { schema, make: (options: object) => (parts: Parts) => firstOrder(parts.of(name, options)) },
    ]),
  ),
  asam: choice({ radius, base: baseName }, ({ base, ...options }) =>
    onBase((rule) => sam(rule, { ...options, adaptive: true }), base),
  ),
  fish: choice({ rate: z.number().min(0).max(1).optional(), base: baseName }, ({ base, ...options }) =>
    onBase((rule) => fish(rule, options), base),
  ),
  forwardGradient: choice(
    { guess: z.enum(['normal', 'signs']).optional(), normalize: z.boolean().optional(), base: baseName },
    ({ base, ...options }) => onBase((rule) => forwardDescent(rule, options), base),
  ),
  // Both gradients of a pair are of one batch, or the noise between batches passes for curvature; `online=false` takes those of successive
  // batches. What is limited is the direction: of gradients cut short no curvature could be told.
  lbfgs: choice(
    {
      history: z.number().int().positive().optional(),
      curvature: z.number().min(0).lt(1).optional(),
      online: z.boolean().optional(),
    },
    ({ online = true, ...options }) =>
      ({ setting: { weightDecay, learningRate }, limited }) => {
        const rest = limited(chain(addDecayedWeights(weightDecay), scaleByLearningRate(learningRate)));
        return online ? onlineLbfgs(rest, options) : firstOrder(chain(scaleByLbfgs(options), rest));
      },
  ),
  sam: choice(
    { radius, p: z.number().gt(1).optional(), secondOrder: z.boolean().optional(), base: baseName },
    ({ base, ...options }) => onBase((rule) => sam(rule, options), base),
  ),
};

/** What is said where something compares domains and there are none. */
export const withoutDomains = (name: string) =>
  new RangeError(`train: ${name} compares domains; say which, as with domains rotation:degrees=[0,30],heldOut=60`);

/** What a configuration says of its optimizer. */
interface OptimizerSettings {
  readonly optimizer: Chosen;
  readonly weightDecay: number;
  readonly momentum: number;
  readonly clipNorm: number;
  /** Whether there are any is all that counts. */
  readonly domains?: unknown;
}

/** The optimizer of a configuration; `last` has the last word on its updates. @throws RangeError for fish where there are no domains. */
export function optimizerOf(
  { optimizer, weightDecay, momentum, clipNorm, domains }: OptimizerSettings,
  learningRate: Schedule,
  last: readonly GradientTransformation[] = [],
): Minimizer {
  if (optimizer.name === 'fish' && !domains) throw withoutDomains('optimizer fish');
  const setting = { learningRate, weightDecay, momentum };
  const clip = clipNorm > 0 ? [clipByGlobalNorm(clipNorm)] : [];
  const limited = (rule: GradientTransformation) =>
    clip.length + last.length > 0 ? chain(...clip, rule, ...last) : rule;
  const of = (name: string, options: object = {}) =>
    limited(made(bases, { name, options: options as Record<string, unknown> })(setting));
  return made(optimizers, optimizer)({ of, setting, limited });
}

/** Whether the steps of an optimizer are those of SGD, which wants larger rates than the adaptive ones. */
export function isSgd({ name, options }: Chosen): boolean {
  return name === 'sgd' || (['sam', 'asam', 'fish'].includes(name) && (options.base ?? 'sgd') === 'sgd');
}

/** The largest learning rate of a schedule where none is told. */
export function usualRate(optimizer: Chosen): number {
  // A guessed direction is off by the more the more parameters there are.
  const others: Readonly<Record<string, number>> = { lbfgs: 0.2, forwardGradient: 2e-4 };
  return isSgd(optimizer) ? 0.05 : (others[optimizer.name] ?? 1e-3);
}
