import { compile, item, type Tensor } from 'cotangent';
import { type AdaptableModel, cafa, type FeaturesAndLogits } from 'cotangent/algorithms';
import { fitClassGaussians } from 'cotangent/losses';
import { batchNorm, Context, linear, type Symbolic, sequential, type Variables } from 'cotangent/nn';
import { adam } from 'cotangent/optim';
import { key, normal, randint } from 'cotangent/random';

const [body, head] = [sequential([linear(20, 16), batchNorm(16)]), linear(16, 5)];
type V = { readonly body: Symbolic<Variables>; readonly head: Symbolic<Variables> };
const model: AdaptableModel<FeaturesAndLogits> = {
  apply: (v, x, context) => {
    const features = body.apply((v as V).body, x, context);
    return { features, logits: head.apply((v as V).head as never, features, context) };
  },
};
const variables = { body: body.init(key(0)), head: head.init(key(1)) };
const [x, y] = [normal(key(2), [200, 20]), randint(key(3), [200], { high: 5 })];
const fitted = compile((v: Symbolic<Variables>, images: Tensor, labels: Tensor) =>
  fitClassGaussians(model.apply(v, images, new Context()).features, labels, { classes: 5, ridge: 1e-3 }),
);
const gaussians = await fitted(variables, x, y);
const { init, step } = cafa({ model, gaussians, optimizer: adam({ learningRate: 1e-3 }) });
const { loss } = await compile(step)(init(variables), normal(key(4), [64, 20]));
console.log('loss', item(loss));
