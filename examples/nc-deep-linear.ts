import { generalOrthogonalFrame, neuralCollapse, orthogonalFrameDistance } from 'cotangent/diagnostics';
import { key, normal, randint } from 'cotangent/random';

const [features, labels] = [normal(key(0), [150, 16]), randint(key(1), [150], { high: 3 })];
const weights = normal(key(2), [3, 16]); // of the last layer
const { withinClassVariability, classifier } = neuralCollapse(features, labels, { weights, centred: false });
console.log('NC1', withinClassVariability, 'NC2', classifier.orthogonal);
// What training comes to with classes of unequal size: lengths, and how far the weights are from them.
const { classifierLengths } = generalOrthogonalFrame({
  counts: [600, 300, 150],
  weightDecays: [5e-3],
  featureDecay: 1e-5,
});
console.log('lengths', classifierLengths, 'distance', orthogonalFrameDistance(weights, classifierLengths));
