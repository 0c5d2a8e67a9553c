import { Context, conv2d, type Layer, reluLayer, sequential, type Variables } from '../../nn/index.js';
import { type Key, split } from '../../runtime/random/index.js';
import { constant, type NDArray, ndarray, type Tensor, zerosArray } from '../../tensor/index.js';
import type { Arrays, Tensors } from '../step.js';

/** An invertible function of images [n, channels, height, width], whose Jacobian's determinant is known. */
export interface Flow {
  init(key: Key): Arrays;
  /** f(x), and log |det J| of f at each x, [n]. */
  forward(variables: Tensors, x: Tensor): { readonly z: Tensor; readonly logDeterminant: Tensor };
  /** The x of f(x) = z. */
  inverse(variables: Tensors, z: Tensor): Tensor;
}

export interface CouplingOptions {
  /** Of a batch of images, [n, channels, height, width]. */
  readonly shape: readonly number[];
  /** Channels of the convolutions. */
  readonly width: number;
  /** How many couplings. Default 6. */
  readonly depth?: number;
}

/**
 * A shift and a scale of each value, then affine couplings of Dinh et al. 2017 on chequered pixels: with x' the white pixels and s, t what three
 * convolutions make of them, z = x' on white ones and x exp(tanh s) + t on black ones; white and black change places each time. It begins as the identity.
 */
export function couplings({ shape, width, depth = 6 }: CouplingOptions): Flow {
  const [, channels, height, columns] = shape;
  const conv = (inputs: number, outputs: number) => conv2d(inputs, outputs, 3, { padding: 1 });
  const zero = conv2d(width, 2 * channels, 3, { padding: 1, weightInitializer: (_, size) => zerosArray(size) });
  const net: Layer<Variables> = sequential({
    conv1: conv(channels, width),
    relu1: reluLayer,
    conv2: conv(width, width),
    relu2: reluLayer,
    conv3: zero,
  });
  const white = (parity: number, { dtype }: Tensor): Tensor => {
    const cells = Float32Array.from({ length: height * columns }, (_, at) =>
      (Math.floor(at / columns) + (at % columns)) % 2 === parity ? 1 : 0,
    );
    return constant(ndarray(cells, { shape: [1, 1, height, columns] })).cast(dtype);
  };
  type Parts = { readonly shift: Tensor; readonly logScale: Tensor; readonly nets: Readonly<Record<string, Tensors>> };
  const partsOf = (variables: Tensors) => variables as unknown as Parts;
  /** s and t of the black pixels, 0 on the white ones. */
  const affineOf = (variables: Tensors, seen: Tensor, black: Tensor): [Tensor, Tensor] => {
    const [s, t] = net.apply(variables as never, seen, new Context()).split(2, 1);
    return [s.tanh().mul(black), t.mul(black)];
  };
  return {
    init: (key) => ({
      shift: zerosArray(shape.slice(1)),
      logScale: zerosArray(shape.slice(1)),
      nets: Object.fromEntries(
        split(key, depth).map((netKey, i) => {
          const variables = net.init(netKey);
          const last = variables.conv3 as Readonly<Record<string, NDArray>>;
          return [i, { ...variables, conv3: { ...last, bias: zerosArray(last.bias.shape) } }];
        }),
      ),
    }),
    forward: (variables, x) => {
      const { shift, logScale, nets } = partsOf(variables);
      let z = x.add(shift).mul(logScale.exp());
      let logDeterminant = logScale.sum().broadcastTo([x.shape[0]]);
      for (let i = 0; i < depth; i++) {
        const mask = white(i % 2, z);
        const [s, t] = affineOf(nets[i], z.mul(mask), mask.neg().add(1));
        z = z.mul(s.exp()).add(t);
        logDeterminant = logDeterminant.add(s.flatten(1).sum(-1));
      }
      return { z, logDeterminant };
    },
    inverse: (variables, z) => {
      const { shift, logScale, nets } = partsOf(variables);
      let x = z;
      for (let i = depth - 1; i >= 0; i--) {
        const mask = white(i % 2, x);
        const [s, t] = affineOf(nets[i], x.mul(mask), mask.neg().add(1));
        x = x.sub(t).mul(s.neg().exp());
      }
      return x.mul(logScale.neg().exp()).sub(shift);
    },
  };
}
