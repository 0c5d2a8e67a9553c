/**
 * Data sets and loaders.
 *
 * @module cotangent/data
 */
export { type Cifar10Options, cifar10 } from './datasets/cifar10.js';
export type { DownloadProgress } from './datasets/download.js';
export { type MnistOptions, mnist } from './datasets/mnist.js';
export { type UciName, type UciOptions, uci, uciNames } from './datasets/uci.js';
export { type ImageFolderOptions, imageFolder } from './images/image-folder.js';
export * from './index.web.js';
export { type Cell, type ReadTableOptions, readTable, type Table } from './tables/table.js';
export { type TokenizeOptions, type Tokenizer, type Tokens, tokenizerOf } from './text/tokenizer.js';
