/** How pixels are centred and scaled, after their bytes were brought to [0, 1]. */
export interface PixelNormalization {
  /** Subtracted from each pixel: one number, or one a channel. Default 0. */
  readonly mean?: number | readonly number[];
  /** What the difference is divided by, one number or one a channel, greater than 0. Default 1. */
  readonly deviation?: number | readonly number[];
}

/**
 * What each byte stands for in each channel: (byte / 255 - mean) / deviation, rounded once to float32.
 *
 * @returns [channels, 256], flat.
 * @throws RangeError naming `who` when there is not one number a channel, or a deviation is not greater than 0.
 */
export function pixelValues(
  who: string,
  channels: number,
  { mean = 0, deviation = 1 }: PixelNormalization,
): Float32Array {
  const perChannel = (name: string, value: number | readonly number[], fits: (v: number) => boolean) => {
    const list = typeof value === 'number' ? new Array<number>(channels).fill(value) : value;
    if (list.length !== channels)
      throw new RangeError(`${who}: ${name} has ${list.length} numbers, the images have ${channels} channels`);
    for (const v of list) if (!fits(v)) throw new RangeError(`${who}: ${name} must not be ${v}`);
    return list;
  };
  const means = perChannel('mean', mean, Number.isFinite);
  const deviations = perChannel('deviation', deviation, (v) => Number.isFinite(v) && v > 0);
  const values = new Float32Array(channels * 256);
  for (let c = 0; c < channels; c++)
    for (let byte = 0; byte < 256; byte++) values[256 * c + byte] = (byte / 255 - means[c]) / deviations[c];
  return values;
}
