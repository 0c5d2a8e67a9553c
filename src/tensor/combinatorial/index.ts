/** Combinatorial problems, solved on the host. */
export { assignRows, linearSumAssignment } from './assignment.js';
export { connectedComponents, UnionFind } from './components.js';
