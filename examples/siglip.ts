import { compile, item, ndarray, type Tensor, valueAndGrad } from 'cotangent';
import { sigmoidPairLoss } from 'cotangent/losses';
import { key, normal } from 'cotangent/random';

type Params = { readonly x: Tensor; readonly y: Tensor; readonly logScale: Tensor; readonly bias: Tensor };
const loss = ({ x, y, logScale, bias }: Params) => sigmoidPairLoss(x, y, { logScale, bias });
const [images, texts] = [normal(key(0), [32, 16]), normal(key(1), [32, 16])]; // embeddings of pairs, row by row
const params = { x: images, y: texts, logScale: ndarray(Math.log(10)), bias: ndarray(-10) };
const [value, gradient] = await compile(valueAndGrad(loss))(params);
console.log('loss', item(value), 'derivative by the bias', item(gradient.bias));
