/** Data sets and loaders. */
export type { DownloadProgress } from './datasets/download.js';
export { type MnistOptions, mnist } from './datasets/mnist.js';
export * from './index.web.js';
