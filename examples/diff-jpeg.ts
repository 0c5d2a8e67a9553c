import { compile, grad, item, ndarray, type Tensor } from 'cotangent';
import { diffJpeg, straightThroughArithmetic } from 'cotangent/augment';
import { meanSquaredError } from 'cotangent/losses';
import { key, uniform } from 'cotangent/random';

const images = uniform(key(0), [2, 3, 16, 16], { high: 255 }); // in [0, 255]
const coded = await compile((x: Tensor, q: Tensor) => diffJpeg(x, q, { arithmetic: straightThroughArithmetic }))(
  images,
  ndarray([50, 90]),
);
const byQuality = compile((x: Tensor, q: Tensor) => grad((p: Tensor) => meanSquaredError(diffJpeg(x, p), x))(q));
console.log(
  'coded',
  coded.shape,
  'derivative of the error by quality',
  item(await byQuality(images, ndarray([50, 90]))),
);
