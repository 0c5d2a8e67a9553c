/** How well embeddings bring together what belongs together. */
export * from './clusters.js';
export * from './knn.js';
export type { Labelled, NeighbourOptions } from './neighbours.js';
export {
  type OperatingPointOptions,
  type OperatingPoints,
  operatingPointInconsistency,
  operatingPoints,
} from './operating-points.js';
export * from './ranking.js';
export * from './verification.js';
