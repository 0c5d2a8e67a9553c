import type { Layer, Variables } from '../layer.js';

/** What follows convolutions of so many channels, as `batchNorm` or `(channels) => groupNorm(4, channels)`; or nothing. */
export type Normalization = ((channels: number) => Layer<Variables>) | 'none';

/** A normalisation among the named layers of a block; no entry where there is none. */
export function normalizationNamed(
  name: string,
  normalization: Normalization,
  channels: number,
): { readonly [name: string]: Layer<Variables> } {
  return normalization === 'none' ? {} : { [name]: normalization(channels) };
}
