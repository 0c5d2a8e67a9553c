import { compile, item, ndarray, type Tensor, valueAndGrad } from 'cotangent';
import { gradientScaling, macl } from 'cotangent/losses';
import { key, normal } from 'cotangent/random';

const [x, y] = [normal(key(0), [8, 16]), normal(key(1), [8, 16])]; // two views of eight items
const loss = (a: Tensor, b: Tensor) => macl(a, b, { temperature: 0.1, adaptation: 0.5 });
const [value, gradient] = await compile(valueAndGrad(loss))(x, y);
console.log('loss', item(value), 'gradient', gradient.shape);

// What InfoNCE would leave of the gradient of a pair with a cosine of 0.9 and 15 negatives at 0.
const left = compile((s: Tensor, others: Tensor) => gradientScaling(s, others, { temperature: 0.1 }));
console.log('share of the gradient', item(await left(ndarray(0.9), ndarray(Array(15).fill(0)))));
