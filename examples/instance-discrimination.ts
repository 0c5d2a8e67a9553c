import { compile, item, ndarray, type Tensor } from 'cotangent';
import { type InstanceDiscriminationState, instanceDiscrimination } from 'cotangent/algorithms';
import { adam } from 'cotangent/optim';
import { key, normal } from 'cotangent/random';

type Net = { readonly w: Tensor };
const procedure = instanceDiscrimination({
  embed: (p: Net, x: Tensor) => x.matmul(p.w),
  optimizer: adam({ learningRate: 0.001 }),
  items: 500,
  dimension: 16,
  noise: 64,
});
const step = compile((s: InstanceDiscriminationState<Net, Tensor>, x: Tensor, indices: Tensor, k: Tensor) =>
  procedure.step(s, x, indices, k),
);
const state = procedure.init(key(0), { w: normal(key(1), [20, 16]) });
const indices = ndarray(Int32Array.from({ length: 32 }, (_, i) => i));
const { loss } = await step(state, normal(key(2), [32, 20]), indices, key(3));
console.log('loss', item(loss));
