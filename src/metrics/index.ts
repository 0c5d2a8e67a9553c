/** Measures of concrete results: plain functions on arrays or nested lists that return numbers. */
export * from './retrieval/index.js';
export type { Values } from './values.js';
