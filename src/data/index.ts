/** Data sets and loaders. */
export { type Cifar10Options, cifar10 } from './datasets/cifar10.js';
export type { DownloadProgress } from './datasets/download.js';
export { type MnistOptions, mnist } from './datasets/mnist.js';
export * from './index.web.js';
