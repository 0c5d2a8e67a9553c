import { compile, item } from 'cotangent';
import { tent } from 'cotangent/algorithms';
import { batchNorm, linear, sequential } from 'cotangent/nn';
import { adam } from 'cotangent/optim';
import { key, normal } from 'cotangent/random';

const model = sequential([linear(20, 64), batchNorm(64), linear(64, 10)]); // trained, as a rule
const { init, step } = tent({ model, optimizer: adam({ learningRate: 1e-2 }) });
const adapt = compile(step);
let state = init(model.init(key(0)));
for (let i = 0; i < 5; i++) {
  const made = await adapt(state, normal(key(1 + i), [64, 20])); // a batch without labels
  state = made.state;
  console.log('entropy', item(made.loss), 'predictions', made.outputs.shape);
}
