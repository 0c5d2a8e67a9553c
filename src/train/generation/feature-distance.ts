import { featureMoments, frechetDistance } from '../../metrics/index.js';
import { compile } from '../../runtime/index.js';
import { concat, type NDArray, type Tensor } from '../../tensor/index.js';
import { overBatches, rowsInOrder } from '../batches.js';
import { featuresOf } from '../images/features.js';

/** How unlike two sets of images are. */
export interface FeatureDistance {
  /** Of images [n, channels, height, width], bytes or in [0, 1], from those that it was made for. */
  from(images: NDArray): Promise<number>;
  release(): Promise<void>;
}

/**
 * The squared Frechet distance of sets of images by features of a fixed network with random weights: the means of its channels over each image, of three
 * layers. It needs no classifier; its numbers compare only with one another.
 *
 * @param images at least two, [n, channels, height, width].
 */
export async function featureDistance(images: NDArray): Promise<FeatureDistance> {
  const features = featuresOf({ seed: 0, width: 16, depth: 3 });
  const describe = compile((x: Tensor) => {
    const pixels = x.dtype === 'uint8' ? x.cast('float32').div(255) : x;
    return concat(
      features(pixels).map((layer) => layer.mean([2, 3])),
      1,
    );
  });
  const momentsOf = async (rows: NDArray) => {
    const described = await overBatches(rowsInOrder({ rows }, 100), async (batch) => ({
      features: (await describe(batch.rows)) as NDArray,
    }));
    return featureMoments(described.features);
  };
  const wanted = await momentsOf(images);
  return {
    from: async (others) => frechetDistance(await momentsOf(others), wanted),
    release: async () => describe.release(),
  };
}
