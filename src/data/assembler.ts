/** What a batch is made from: samples of equal size, as bytes, and their labels. */
export interface Samples {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  readonly channels: number;
  /** Elements of one channel of one image. */
  readonly plane: number;
  /** The value that each byte stands for in each channel, [channels, 256], flat. */
  readonly values: Float32Array;
}

/** Values of the pixels and labels of one batch, flat. */
export interface Assembled {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

/** Puts batches together, here or elsewhere. */
export interface Assembler {
  assemble(indices: Int32Array): Promise<Assembled>;
  close(): Promise<void>;
}

/** In plain JavaScript, without anything from outside: a worker runs this very source. */
export function assemble(samples: Samples, indices: Int32Array): Assembled {
  const { channels, plane, values, images: bytes } = samples;
  const size = channels * plane;
  const images = new Float32Array(indices.length * size);
  const labels = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    for (let channel = 0; channel < channels; channel++) {
      const from = indices[i] * size + channel * plane;
      const to = i * size + channel * plane;
      const row = 256 * channel;
      for (let k = 0; k < plane; k++) images[to + k] = values[row + bytes[from + k]];
    }
    labels[i] = samples.labels[indices[i]];
  }
  return { images, labels };
}

/** Assembles on the calling thread. */
export function inlineAssembler(samples: Samples): Assembler {
  return { assemble: async (indices) => assemble(samples, indices), close: async () => {} };
}
