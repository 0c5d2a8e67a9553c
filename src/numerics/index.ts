/** Numerical methods on tensors: transport, relaxed sorting, iterative linear algebra, equations, loops. */
export * from './equations/roots.js';
export * from './linear/iterations.js';
export { scan } from './scan.js';
export * from './sorting/neural-sort.js';
export { isotonic, type SoftRankOptions, softRank } from './sorting/soft-rank.js';
export * from './transport/sinkhorn.js';
