import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { classCosines, sFace, sFaceWeights } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [embeddings, labels] = [normal(key(0), [32, 64]), randint(key(1), [32], { high: 100 })];
const weights = normal(key(2), [100, 64]); // one row for each class
const loss = (w: Tensor, x: Tensor, y: Tensor) => sFace(x, w, y, { intraAngle: 0.8, interAngle: 1.23 });
const [value, gradient] = await compile(valueAndGrad(loss))(weights, embeddings, labels);
const moved = (w: Tensor, x: Tensor, y: Tensor) => sFaceWeights(classCosines(x, w), y).mean();
const share = await compile(moved)(weights, embeddings, labels);
console.log('loss', item(value), 'gradient', gradient.shape, 'share of pairs that are moved', item(share));
