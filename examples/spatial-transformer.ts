import { compile, type Tensor } from 'cotangent';
import { Context, convLocalization, type Symbolic, spatialTransformer } from 'cotangent/nn';
import { key, uniform } from 'cotangent/random';

const layer = spatialTransformer({ localization: convLocalization(1, [28, 28]), features: 20 });
const variables = layer.init(key(0));
const straighten = compile((v: Symbolic<typeof variables>, x: Tensor) => layer.apply(v, x, new Context()));
const images = await straighten(variables, uniform(key(1), [4, 1, 28, 28]));
console.log('images', images.shape); // as they were: it begins as the identity
