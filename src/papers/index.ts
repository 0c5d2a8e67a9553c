/**
 * The catalogue of papers, and the experiments that measure their claims. Node only.
 *
 * @module cotangent/papers
 */
export { catalogue, findPaper, type Paper, resolveExport } from './catalogue.js';
export type { Arm, Claim, ClaimResult, Measurement } from './claim.js';
export { claims } from './claims/index.js';
export { type Documentation, documentationOf } from './documentation.js';
export { armsFigure } from './figure.js';
export type { Option } from './options.js';
export type { PaperEntry } from './paper.js';
export { claimOf, type ReproduceOptions, reproduce } from './reproduce.js';
export { type Interval, meanInterval } from './statistics.js';
export { renderSummary } from './summary.js';
