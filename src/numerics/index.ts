/**
 * Numerical methods on tensors: transport, relaxed sorting, iterative linear algebra, equations, loops.
 *
 * @module cotangent/numerics
 */
export * from './clustering/k-means.js';
export * from './equations/roots.js';
export * from './linear/iterations.js';
export * from './neighbours/codebook.js';
export * from './neighbours/nearest.js';
export { type ScanOptions, scan } from './scan.js';
export * from './signal/dct.js';
export * from './signal/stft.js';
export * from './sorting/neural-sort.js';
export { isotonic, type SoftRankOptions, softRank } from './sorting/soft-rank.js';
export { oddEvenSort, type SortingNetworkOptions } from './sorting/sorting-network.js';
export * from './statistics/example-state.js';
export * from './statistics/quantile.js';
export * from './transport/sinkhorn.js';
