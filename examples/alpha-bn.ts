import { compile, item, type Tensor } from 'cotangent';
import { core } from 'cotangent/algorithms';
import { batchNorm, Context, linear, type Symbolic, sequential, type Variables } from 'cotangent/nn';
import { adam } from 'cotangent/optim';
import { key, normal } from 'cotangent/random';

const model = sequential([linear(20, 64), batchNorm(64), linear(64, 10)]);
const variables = model.init(key(0));
const batch = normal(key(1), [32, 20]);
// alpha-BN: 0.9 of the statistics of training, 0.1 of the batch's.
const infer = compile((v: Symbolic<Variables>, x: Tensor) =>
  model.apply(v, x, new Context({ statistics: { sourceWeight: 0.9 } })),
);
console.log('logits', (await infer(variables, batch)).shape);
// Core: scale and shift follow the correlation of classes.
const { init, step } = core({ model, sourceWeight: 0.9, optimizer: adam({ learningRate: 1e-3 }) });
const { loss } = await compile(step)(init(variables), batch);
console.log('correlation of classes', item(loss));
