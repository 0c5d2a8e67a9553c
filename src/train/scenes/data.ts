import { type Scenes, type Strings, scenes, strings } from '../../data/index.js';
import { foldIn, type Key, key } from '../../runtime/random/index.js';
import type { Normalization } from '../classification/classifier.js';
import type { TrainConfig } from '../settings.js';

/** Data must not change with the seed of the training. */
const drawnData = key(0);
/** Pictures that are drawn unless a configuration says how many. */
const counts = { train: 4000, test: 500 } as const;

interface Drawn<D> {
  readonly train: D;
  readonly test: D;
  /** Mean and deviation of the pixels. */
  readonly normalization: Normalization;
}

const drawn = <D>(draw: (options: { count: number; key: Key }) => D, config: TrainConfig, first: number) => ({
  train: draw({ count: config.trainSize ?? counts.train, key: foldIn(drawnData, first) as Key }),
  test: draw({ count: config.testSize ?? counts.test, key: foldIn(drawnData, first + 1) as Key }),
});

/** Scenes to train and to measure on. */
export const scenesOf = (config: TrainConfig): Drawn<Scenes> => ({
  ...drawn(scenes, config, 2),
  normalization: { mean: 0.255, deviation: 0.192 },
});

/** Strings to train and to measure on. */
export const stringsOf = (config: TrainConfig): Drawn<Strings> => ({
  ...drawn(strings, config, 4),
  normalization: { mean: 0.24, deviation: 0.173 },
});
