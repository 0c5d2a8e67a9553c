import { type PathPatterns, pathMatcher } from '../../tensor/index.js';
import { type GradientTransformation, map1, statelessTransformation } from '../transformation.js';

/** A factor for the parameters that a pattern names. */
export interface PathFactor {
  readonly match: PathPatterns;
  /** Not negative; 0 keeps the parameters where they are, though momentum goes on. */
  readonly factor: number;
}

/**
 * Updates times a factor that depends on the parameter's path: learning rates of their own for some of the parameters. The first rule that
 * matches counts; where none does the update stays.
 *
 * It stands last in a chain, after what divides by the size of gradients, as Adam does:
 *
 * ```ts
 * chain(adamW({ learningRate: 1e-3 }), scaleByPath([{ match: 'backbone.*', factor: 0.1 }]));
 * ```
 *
 * @throws RangeError when a factor is negative or no number.
 */
export function scaleByPath(rules: readonly PathFactor[]): GradientTransformation {
  const tests = rules.map(({ match, factor }) => {
    if (!(factor >= 0 && Number.isFinite(factor)))
      throw new RangeError(`scaleByPath: factor ${factor} must be a number that is not negative`);
    return { matches: pathMatcher(match), factor };
  });
  return statelessTransformation((gradients) =>
    map1(gradients, (g, path) => {
      const factor = tests.find(({ matches }) => matches(path))?.factor ?? 1;
      return factor === 1 ? g : g.mul(factor);
    }),
  );
}

export interface LayerDecayOptions {
  /** Paths of each layer's parameters, from the input to the output, as `layerGroups` of a model gives them. */
  readonly groups: readonly PathPatterns[];
  /** Factor from each layer to the one before it, in (0, 1]. Clark et al. 2020 use 0.8 for small models and 0.9 for large ones; 1 / 2.6 is ULMFiT's. */
  readonly decay: number;
}

/**
 * Learning rates that fall from the output to the input: updates of layer l of L times decay^(L - 1 - l). Layers near the input hold what
 * every task shares, so they move least. Howard and Ruder 2018, discriminative fine-tuning. What is in no group keeps its updates, as a
 * new head does.
 *
 * @throws RangeError when `decay` is not in (0, 1].
 */
export function layerWiseDecay({ groups, decay }: LayerDecayOptions): GradientTransformation {
  if (!(decay > 0 && decay <= 1)) throw new RangeError(`layerWiseDecay: decay ${decay} must lie in (0, 1]`);
  return scaleByPath(groups.map((match, l) => ({ match, factor: decay ** (groups.length - 1 - l) })));
}
