import { compile, item, type Tensor } from 'cotangent';
import { linearRecalibration, pceKde } from 'cotangent/calibration';
import { gaussianMixtureCdf, gaussianMixtureNegativeLogLikelihood } from 'cotangent/losses';
import { key, normal } from 'cotangent/random';

const [outputs, targets] = [normal(key(0), [200, 9]), normal(key(1), [200])];
const run = compile((z: Tensor, y: Tensor) => {
  const [logits, means, raw] = z.split(3, 1); // three components
  const mixture = { logits, means, scales: raw.softplus().add(0.01) };
  const pits = gaussianMixtureCdf(mixture, y);
  return { loss: gaussianMixtureNegativeLogLikelihood(mixture, y).add(pceKde(pits).mul(5)), pits };
});
const { loss, pits } = await run(outputs, targets);
const { cdf } = linearRecalibration(pits); // of held-out examples
console.log('loss', item(loss), 'a probability of 0.9 becomes', cdf(0.9));
