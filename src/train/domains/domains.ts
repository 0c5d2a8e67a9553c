import { z } from 'zod';
import { randomAffine } from '../../augment/index.js';
import { type CorruptionName, corrupted, corruptions, type Dataset, subset } from '../../data/index.js';
import { compile } from '../../runtime/index.js';
import { bernoulli, foldIn, type Key, key } from '../../runtime/random/index.js';
import { constant, type NDArray, showShape, type Tensor } from '../../tensor/index.js';
import { joinedRows, overBatches, rowsInOrder } from '../batches.js';
import { type Choice, choice } from '../options/choice.js';

/** How a domain changes the images that are dealt to it, and their labels perhaps. */
type Change = (dataset: Dataset, key: Key) => Promise<Dataset>;

interface Domain {
  /** As a report says it. */
  readonly name: string;
  readonly change: Change;
}

/** Kinds of domains: those that are trained on, and the one that is held out. */
export interface Domains {
  readonly training: readonly Domain[];
  readonly heldOut: Domain;
}

/** A training set made of domains. */
export interface DomainData {
  readonly train: Dataset;
  readonly test: Dataset;
  readonly names: readonly string[];
  /** Name of the domain that the test set is of. */
  readonly heldOut: string;
  /** The domain of each training image, [n]. */
  readonly domain: Int32Array;
}

/** Of draws that make data: data must not change with the seed of the training. */
const dataKey = key(1);

/**
 * Deals the training images to the domains in turn, so that none is in two of them, and puts the test set into the domain that is held out. The
 * same settings make the same data.
 */
export async function dealt(
  { training, heldOut }: Domains,
  data: Pick<DomainData, 'train' | 'test'>,
): Promise<DomainData> {
  const n = data.train.labels.shape[0];
  const pieces = await Promise.all(
    training.map(({ change }, d) => {
      const own = Array.from({ length: Math.ceil((n - d) / training.length) }, (_, i) => d + i * training.length);
      return change(subset(data.train, own), foldIn(dataKey, d) as Key);
    }),
  );
  return {
    train: joined(pieces),
    test: await heldOut.change(data.test, foldIn(dataKey, training.length) as Key),
    names: training.map(({ name }) => name),
    heldOut: heldOut.name,
    domain: Int32Array.from(pieces.flatMap(({ labels }, d) => new Array<number>(labels.shape[0]).fill(d))),
  };
}

function joined(pieces: readonly Dataset[]): Dataset {
  const images = joinedRows(pieces.map((piece) => piece.images));
  return { ...pieces[0], images, labels: joinedRows(pieces.map(({ labels }) => labels)) };
}

/** Images turned clockwise by an angle in degrees, resampled bilinearly. */
function turned(degrees: number): Change {
  return async (dataset) => {
    if (degrees === 0) return dataset;
    const run = compile((x: Tensor) => ({
      images: randomAffine(x.cast('float32'), constant(key(0)), { rotation: [degrees, degrees] })
        .round()
        .clip(0, 255)
        .cast('uint8'),
    }));
    const { images } = await overBatches(rowsInOrder({ images: dataset.images }, 1000), ({ images: part }) =>
      run(part),
    );
    await run.release();
    return { ...dataset, images: images as NDArray<'uint8'> };
  };
}

/**
 * Images of two classes, the lower and the upper half of those there were, whose colour tells the class more surely than their shape: labels are
 * wrong with a probability `noise`, and the colour, red for the one and green for the other, follows the label except with a probability `flip`.
 */
function coloured(flip: number, noise: number): Change {
  return async (dataset, own) => {
    const { images, labels, classes } = dataset;
    const [n, channels, height, width] = images.shape;
    if (channels !== 1 || classes.length < 2)
      throw new RangeError(
        `train: domains colour takes grey images of two classes or more, not ${showShape(images.shape)}`,
      );
    const half = Math.ceil(classes.length / 2);
    const size = height * width;
    const [wrong, other] = [noise, flip].map((p, i) => bernoulli(foldIn(own, i) as Key, [n], { probability: p }).data);
    const pixels = new Uint8Array(n * 3 * size);
    const halves = Int32Array.from(labels.data, (label, i) => Number(label >= half) ^ Number(wrong[i]));
    halves.forEach((label, i) => {
      const colour = label ^ Number(other[i]);
      pixels.set(images.data.subarray(i * size, (i + 1) * size), (3 * i + colour) * size);
    });
    const named = (from: number, to: number) =>
      to - from > 1 ? `${classes[from]} to ${classes[to - 1]}` : classes[from];
    return {
      ...dataset,
      images: { data: pixels, shape: [n, 3, height, width], dtype: 'uint8' },
      labels: { data: halves, shape: [n], dtype: 'int32' },
      classes: [named(0, half), named(half, classes.length)],
    };
  };
}

/** @throws RangeError where what is held out is trained on. */
function apart<T extends number | string>(
  kind: string,
  option: string,
  trained: readonly T[],
  heldOut: T,
  domain: (of: T) => Domain,
): Domains {
  if (trained.includes(heldOut))
    throw new RangeError(
      `train: domains ${kind}: heldOut ${heldOut} is among ${option} [${trained.join(', ')}]; what is held out must not be trained on`,
    );
  return { training: trained.map(domain), heldOut: domain(heldOut) };
}

const probability = z.number().min(0).max(1);
const corruption = z.enum(['none', ...(Object.keys(corruptions) as CorruptionName[])]);
type CorruptionChoice = z.output<typeof corruption>;

/** How domains are made out of a data set, by name. At least two are trained on, one is held out. */
export const domainKinds: Readonly<Record<string, Choice<Domains>>> = {
  // The colours of Arjovsky et al. 2019: the probabilities with which a colour does not follow the label.
  colour: choice(
    {
      flips: z.array(probability).min(2).optional(),
      heldOut: probability.optional(),
      noise: probability.optional(),
    },
    ({ flips = [0.1, 0.2], heldOut = 0.9, noise = 0.25 }) => {
      const domain = (flip: number): Domain => ({ name: `colour flipped ${flip}`, change: coloured(flip, noise) });
      return apart('colour', 'flips', flips, heldOut, domain);
    },
  ),
  corruption: choice(
    {
      names: z.array(corruption).min(2).optional(),
      heldOut: corruption.optional(),
      severity: z.literal([1, 2, 3, 4, 5]).optional(),
    },
    ({
      names = ['none', 'gaussianNoise', 'contrast'] as CorruptionChoice[],
      heldOut = 'gaussianBlur',
      severity = 3,
    }) => {
      const domain = (name: CorruptionChoice): Domain => ({
        name,
        change: async (dataset, own) => (name === 'none' ? dataset : corrupted(dataset, name, { severity, key: own })),
      });
      return apart('corruption', 'names', names, heldOut, domain);
    },
  ),
  rotation: choice(
    { degrees: z.array(z.number()).min(2).optional(), heldOut: z.number().optional() },
    ({ degrees = [0, 15, 30, 45, 60], heldOut = 75 }) => {
      const domain = (angle: number): Domain => ({ name: `turned by ${angle} degrees`, change: turned(angle) });
      return apart('rotation', 'degrees', degrees, heldOut, domain);
    },
  ),
};
