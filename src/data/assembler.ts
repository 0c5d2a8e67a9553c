/** What a batch is made from: samples of equal size, as bytes, and their labels. */
export interface Samples {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  /** Elements of one image. */
  readonly size: number;
}

/** Images in [0, 1] and labels of one batch, flat. */
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
  const { size } = samples;
  const images = new Float32Array(indices.length * size);
  const labels = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * size;
    const to = i * size;
    for (let k = 0; k < size; k++) images[to + k] = samples.images[from + k] / 255;
    labels[i] = samples.labels[indices[i]];
  }
  return { images, labels };
}

/** Assembles on the calling thread. */
export function inlineAssembler(samples: Samples): Assembler {
  return { assemble: async (indices) => assemble(samples, indices), close: async () => {} };
}
