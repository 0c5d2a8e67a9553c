/** Borders, resizing, sliding windows and sampling of images. */
export { affineGrid, type GridSampleOptions, gridSample } from './grid-sample.js';
export { padCircular, padReflect, padReplicate, type Widths } from './padding.js';
export { pixelShuffle, pixelUnshuffle, type ResizeOptions, resize } from './resize.js';
export { fold, type UnfoldOptions, unfold } from './unfold.js';
