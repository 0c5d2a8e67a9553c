/**
 * Augmentations: pure functions of examples and a random key. The same key changes the same examples in the same way; derivatives flow through
 * to the examples wherever there are any.
 */
export { type FlipOptions, randomHorizontalFlip } from './image/flip.js';
export { type Mixture, mixExamples, mixedLoss } from './mixing/mixture.js';
export { type MixupOptions, mixup } from './mixing/mixup.js';
