import { type Dataset, head, mnist, subset } from '../../data/index.js';
import { type Key, permutation } from '../../runtime/random/index.js';
import { type NDArray, ndarray } from '../../tensor/index.js';
import type { Labelled } from './gaussians.js';

/** The first images of MNIST's training and test sets, pixels centred and scaled, flat [n, 784]. */
export async function someMnist(train: number, test: number): Promise<{ train: Labelled; test: Labelled }> {
  const [a, b] = await Promise.all([mnist({ split: 'train' }), mnist({ split: 'test' })]);
  return { train: scaled(head(a, train)), test: scaled(head(b, test)) };
}

/** Images as numbers of about mean 0 and deviation 1, flat. */
export function scaled({ images, labels }: Dataset): Labelled {
  const [n, ...shape] = images.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  const x: NDArray<'float32'> = ndarray(
    Float32Array.from(images.data, (byte) => (byte / 255 - 0.1307) / 0.3081),
    {
      shape: [n, size],
    },
  );
  return { x, y: labels };
}

/** {@link scaled} as pictures, [n, 1, height, width]. */
export function pictures(data: Dataset): Labelled {
  const { x, y } = scaled(data);
  return { x: { ...x, shape: data.images.shape }, y };
}

/** So many images by lot. */
export function byLot(data: Dataset, own: Key, n: number): Dataset {
  return subset(data, permutation(own, data.labels.shape[0]).data.slice(0, n));
}
