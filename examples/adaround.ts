import { constant, type Tensor } from 'cotangent';
import { adaRoundLayers, type LayerToRound } from 'cotangent/algorithms';
import { key, normal } from 'cotangent/random';

const bias = normal(key(1), [8]);
const layers: LayerToRound[] = [
  { weights: normal(key(0), [16, 8]), apply: (w: Tensor, x: Tensor) => x.matmul(w).add(constant(bias)).relu() },
];
const examples = normal(key(2), [200, 16]);
const [rounded] = await adaRoundLayers(layers, examples, key(3), { steps: 200, grid: { bits: 3, range: 'mse' } });
console.log('weights on the grid', rounded.weights.shape, 'not decided', rounded.open);
