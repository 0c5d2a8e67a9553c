import { compile, item, type Tensor } from 'cotangent';
import {
  type Architecture,
  type DartsState,
  darts,
  firstOrderGradient,
  genotypeOf,
  searchNetwork,
} from 'cotangent/algorithms';
import { crossEntropy } from 'cotangent/losses';
import type { Symbolic, Variables } from 'cotangent/nn';
import { key, normal, randint } from 'cotangent/random';

const network = searchNetwork({ classes: 10, channels: 4, layers: 3, nodes: 2 });
const search = darts({
  loss: (v: Symbolic<Variables>, alpha: Architecture, [x, y]: readonly [Tensor, Tensor], context) =>
    crossEntropy(network.apply(v, alpha, x, context), y),
  architectureGradient: firstOrderGradient, // or unrolledGradient, for small networks
});
type State = DartsState<Symbolic<Variables>, Architecture, Tensor>;
const step = compile((s: State, x: Tensor, y: Tensor, heldOutX: Tensor, heldOutY: Tensor) =>
  search.step(s, [x, y], [heldOutX, heldOutY]),
);
const [x, y] = [normal(key(2), [8, 3, 8, 8]), randint(key(3), [8], { high: 10 })];
const { state, trainingLoss } = await step(
  search.init(network.init(key(0)), network.initArchitecture(key(1))),
  x,
  y,
  x,
  y,
);
const cell = genotypeOf(state.architecture.normal, { operations: network.operations });
console.log('loss', item(trainingLoss), 'cell', JSON.stringify(cell));
