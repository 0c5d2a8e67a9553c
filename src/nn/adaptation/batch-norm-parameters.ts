import { leavesOf } from '../../tensor/index.js';

/**
 * Which variables are the scale and shift of batch normalisation, by path: `weight` and `bias` beside a `running_mean`. What test-time
 * adaptation trains. Those of every kind of normalisation: {@link normalizationParameters}.
 *
 * @param variables a tree of arrays or tensors; names may also be flat, `bn1.weight` one key, as those of imported models.
 */
export function batchNormParameters(variables: unknown): (path: string) => boolean {
  const layers = new Set(
    leavesOf(variables)
      .map(({ path }) => /^(.*\.)?running_mean$/.exec(path))
      .flatMap((match) => (match ? [match[1] ?? ''] : [])),
  );
  return (path) => {
    const match = /^(.*\.)?(?:weight|bias)$/.exec(path);
    return match !== null && layers.has(match[1] ?? '');
  };
}
