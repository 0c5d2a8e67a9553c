/** Training procedures that are more than a loss. */
export * from './domain-generalization/fish.js';
export * from './self-supervised/instance-discrimination.js';
