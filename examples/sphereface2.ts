import { compile, item, ndarray, type Tensor, valueAndGrad } from 'cotangent';
import { sphereFace2, sphereFace2Bias } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [embeddings, labels] = [normal(key(0), [32, 64]), randint(key(1), [32], { high: 100 })];
type Head = { weights: Tensor; bias: Tensor }; // one row for each class, one bias for all of them
const loss = ({ weights, bias }: Head, x: Tensor, y: Tensor) => sphereFace2(x, weights, y, { bias, margin: 0.4 });
const head = { weights: normal(key(2), [100, 64]), bias: ndarray(sphereFace2Bias(100)) };
const [value, gradient] = await compile(valueAndGrad(loss))(head, embeddings, labels);
console.log('loss', item(value), 'derivative by the bias', item(gradient.bias));
