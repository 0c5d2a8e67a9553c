import {
  batchNorm,
  type Context,
  conv2d,
  type Layer,
  linear,
  type Symbolic,
  sequential,
  type Variables,
} from '../../nn/index.js';
import { foldIn, type Key, normal } from '../../runtime/random/index.js';
import type { NDArray, Tensor } from '../../tensor/index.js';
import { auxiliaryHead } from './auxiliary-head.js';
import { type Candidates, type Cell, genotypeCell, searchCell } from './cell.js';
import { edgeCount, type Genotype } from './genotype.js';
import { dartsOperations, dropPath, factorizedReduce, reluConvNorm } from './operations.js';

/** One thing for cells that keep the resolution, one for those that halve it. */
export interface ByCell<T> {
  readonly normal: T;
  readonly reduction: T;
}

/** alpha of both kinds of cells, [edges, operations] each, shared by all cells of a kind. */
export type Architecture<T = Tensor> = ByCell<T>;

interface NetworkOptions {
  readonly classes: number;
  /** Channels of the images. Default 3. */
  readonly inputs?: number;
  /** Of the nodes of the first cells; twice as many after every reduction. */
  readonly channels?: number;
  /** Cells, of which those at layers / 3 and 2 layers / 3, rounded down, are reductions. */
  readonly layers?: number;
  readonly candidates?: Candidates;
}

interface Frame<E extends unknown[]> {
  /** Channels of what the cell at 2 layers / 3 makes, the second reduction. */
  readonly middleChannels: number;
  init(key: Key): Variables;
  /** Logits, and what the cell at 2 layers / 3 makes. */
  apply(
    variables: Symbolic<Variables>,
    x: Tensor,
    context: Context,
    extra: (kind: keyof ByCell<unknown>) => E,
  ): { readonly logits: Tensor; readonly middle: Tensor };
}

/**
 * What both networks share: a stem of 3 channels outputs, cells whose two inputs are brought to their channels by 1 x 1 convolutions, the mean
 * over positions, a linear classifier.
 */
function frame<E extends unknown[]>(
  { classes, inputs = 3 }: NetworkOptions,
  { channels, layers, nodes, affine }: { channels: number; layers: number; nodes: ByCell<number>; affine: boolean },
  cellOf: (kind: keyof ByCell<unknown>, channels: number) => Cell<E>,
): Frame<E> {
  const reductions = [Math.floor(layers / 3), Math.floor((2 * layers) / 3)];
  const stem = sequential([conv2d(inputs, 3 * channels, 3, { padding: 1, bias: false }), batchNorm(3 * channels)]);
  let [before, last, width, reduced] = [3 * channels, 3 * channels, channels, false];
  let middleChannels = last;
  const cells = Array.from({ length: layers }, (_, i) => {
    const kind = reductions.includes(i) ? 'reduction' : 'normal';
    if (kind === 'reduction') width *= 2;
    const own = {
      kind,
      cell: cellOf(kind, width),
      preprocess0: reduced ? factorizedReduce(before, width, { affine }) : reluConvNorm(before, width, 1, { affine }),
      preprocess1: reluConvNorm(last, width, 1, { affine }),
    } as const;
    [before, last, reduced] = [last, nodes[kind] * width, kind === 'reduction'];
    if (i === reductions[1]) middleChannels = last;
    return own;
  });
  const classifier = linear(last, classes);
  return {
    middleChannels,
    init: (key) => ({
      stem: stem.init(foldIn(key, 0)),
      cells: Object.fromEntries(
        cells.map(({ cell, preprocess0, preprocess1 }, i) => {
          const own = foldIn(foldIn(key, 1), i);
          const [edges, first, second] = [cell, preprocess0, preprocess1].map((part, k) => part.init(foldIn(own, k)));
          return [i, { ...(Object.keys(edges).length > 0 && { edges }), preprocess0: first, preprocess1: second }];
        }),
      ),
      classifier: classifier.init(foldIn(key, 2)),
    }),
    apply: (variables, x, context, extra) => {
      const start = stem.apply(variables.stem as Symbolic<Variables>, x, context);
      let [s0, s1, middle] = [start, start, start];
      for (const [i, { kind, cell, preprocess0, preprocess1 }] of cells.entries()) {
        const own = (variables.cells as Symbolic<Variables>)[i] as { readonly [name: string]: Symbolic<Variables> };
        const given = [
          preprocess0.apply(own.preprocess0, s0, context),
          preprocess1.apply(own.preprocess1, s1, context),
        ];
        [s0, s1] = [s1, cell.apply(own.edges ?? {}, given, context, ...extra(kind))];
        if (i === reductions[1]) middle = s1;
      }
      return { logits: classifier.apply(variables.classifier as never, s1.mean([2, 3]), context), middle };
    },
  };
}

/** A network that depends on an architecture, besides its own variables. */
export interface SearchNetwork {
  /** Names of the candidates, in the order of the architecture's columns. */
  readonly operations: readonly string[];
  init(key: Key): Variables;
  /** Normal numbers of deviation 1e-3. */
  initArchitecture(key: Key): Architecture<NDArray>;
  /** Logits [n, classes] of images [n, inputs, height, width]. */
  apply(variables: Symbolic<Variables>, architecture: Architecture, x: Tensor, context: Context): Tensor;
}

/**
 * The network of a search on images: cells of mixtures of all candidates, one behind the other, each fed by the two before. Liu et al. 2019
 * (arXiv 1806.09055).
 *
 * Every operation of every edge is in the program: for a network of the default size the first-order gradient has 45,000 operators and is made
 * ready in one to two minutes. Gradients of second order have about five times as many (12,500 in place of 2,500 for three cells of one node), and
 * making them ready takes more than in proportion: they are for networks of few edges.
 *
 * @param options `channels` default 16, `layers` 8, `nodes` of a cell 4, `candidates` {@link dartsOperations}.
 */
export function searchNetwork(options: NetworkOptions & { readonly nodes?: number }): SearchNetwork {
  const { channels = 16, layers = 8, nodes = 4, candidates = dartsOperations() } = options;
  const operations = Object.keys(candidates);
  const body = frame<[Tensor]>(
    options,
    { channels, layers, nodes: { normal: nodes, reduction: nodes }, affine: false },
    (kind, width) => searchCell({ candidates, channels: width, nodes, reduction: kind === 'reduction' }),
  );
  const shape = [edgeCount(nodes), operations.length];
  return {
    operations,
    init: body.init,
    initArchitecture: (key) => ({
      normal: normal(foldIn(key, 0), shape, { deviation: 1e-3 }),
      reduction: normal(foldIn(key, 1), shape, { deviation: 1e-3 }),
    }),
    apply: (variables, architecture, x, context) =>
      body.apply(variables, x, context, (kind) => [architecture[kind]]).logits,
  };
}

export interface GenotypeNetworkOptions extends NetworkOptions {
  /**
   * Probability of {@link dropPath} after all operations but the identity, which skip connections are where they do not halve the resolution.
   * Default 0; the paper raises it to 0.2 over the training.
   */
  readonly pathDropout?: number;
  /** Whether there is an {@link auxiliaryHead} behind the second reduction, for images of 32 x 32. Default false. */
  readonly auxiliary?: boolean;
}

/** A network whose cells are genotypes. */
export interface GenotypeNetwork extends Layer<Variables> {
  /**
   * Logits, and those of the auxiliary head: in training add 0.4 times its loss, as the published code does.
   *
   * @throws TypeError for a network without `auxiliary`.
   */
  applyWithAuxiliary(
    variables: Symbolic<Variables>,
    x: Tensor,
    context: Context,
  ): { readonly logits: Tensor; readonly auxiliary: Tensor };
}

/**
 * The network of what a search has found: the same frame with the cells of two genotypes, learned scales and shifts, and paths dropped in
 * training. Liu et al. 2019 (arXiv 1806.09055).
 *
 * @param options `channels` default 36, `layers` 20, `candidates` {@link dartsOperations} with `affine`.
 */
export function genotypeNetwork(genotypes: ByCell<Genotype>, options: GenotypeNetworkOptions): GenotypeNetwork {
  const { channels = 36, layers = 20, candidates = dartsOperations({ affine: true }), pathDropout = 0 } = options;
  const nodes = { normal: genotypes.normal.length, reduction: genotypes.reduction.length };
  const body = frame<[]>(options, { channels, layers, nodes, affine: true }, (kind, width) =>
    genotypeCell(genotypes[kind], {
      candidates,
      channels: width,
      reduction: kind === 'reduction',
      transform: (y, { operation, stride }, context) =>
        operation === 'skip_connect' && stride === 1 ? y : dropPath(y, pathDropout, context),
    }),
  );
  const head = options.auxiliary ? auxiliaryHead(body.middleChannels, options.classes) : undefined;
  return {
    init: (key) => ({ ...body.init(key), ...(head && { auxiliary: head.init(foldIn(key, 3)) }) }),
    apply: (variables, x, context) => body.apply(variables, x, context, () => []).logits,
    applyWithAuxiliary: (variables, x, context) => {
      if (!head) throw new TypeError('genotypeNetwork: applyWithAuxiliary needs a network with `auxiliary`');
      const { logits, middle } = body.apply(variables, x, context, () => []);
      return { logits, auxiliary: head.apply(variables.auxiliary as Symbolic<Variables>, middle, context) };
    },
  };
}
