import { compile, item, type Tensor, valueAndGrad } from 'cotangent';
import { circleLogits, circlePairLoss, classCosines, crossEntropy } from 'cotangent/losses';
import { key, normal, randint } from 'cotangent/random';

const [embeddings, labels] = [normal(key(0), [32, 16]), randint(key(1), [32], { high: 8 })];
const ofPairs = (x: Tensor, y: Tensor) => circlePairLoss(x, y, { margin: 0.4, scale: 80 });
const [pairs] = await compile(valueAndGrad(ofPairs))(embeddings, labels);

const ofClasses = (w: Tensor, x: Tensor, y: Tensor) => crossEntropy(circleLogits(classCosines(x, w), y), y);
const [classes] = await compile(valueAndGrad(ofClasses))(normal(key(2), [8, 16]), embeddings, labels);
console.log('loss of pairs', item(pairs), 'of classes', item(classes));
