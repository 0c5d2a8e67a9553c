/**
 * Layers and models: plain values whose variables are trees named as PyTorch names them.
 *
 * @module cotangent/nn
 */
export { batchNormParameters } from './adaptation/batch-norm-parameters.js';
export { type Frozen, type FrozenOptions, freeze, thaw } from './adaptation/freeze.js';
export { layerGroups } from './adaptation/layer-groups.js';
export { type Adapters, type Lora, type LoraOptions, lora } from './adaptation/lora.js';
export { normalizationParameters } from './adaptation/normalization-parameters.js';
export { type BatchNormStatistics, Context, type ContextOptions, isBuffer } from './context.js';
export * from './functional/attention.js';
export { dropout as dropoutWithKey } from './functional/dropout.js';
export * from './functional/harmonic.js';
export {
  batchNorm as batchNormalize,
  batchNormByBatch as batchNormalizeByBatch,
  type ChannelMoments,
  calibratedMoments,
  channelMoments,
  groupNorm as groupNormalize,
  instanceNorm as instanceNormalize,
  layerNorm as layerNormalize,
  standardize,
  weightNorm as weightNormalize,
} from './functional/normalization.js';
export {
  attentionGrid,
  type ControlPoints,
  controlGrid,
  type GridOptions,
  projectiveGrid,
  similarityGrid,
  thinPlateSplineGrid,
} from './functional/sampling-grids.js';
export * from './functional/sparsemax.js';
export * from './initializers.js';
export { type Affine, type Layer, type NoVariables, type Symbolic, stateless, type Variables } from './layer.js';
export * from './layers/attention.js';
export * from './layers/composition.js';
export * from './layers/convolution.js';
export * from './layers/harmonic.js';
export * from './layers/linear.js';
export * from './layers/normalization.js';
export { gru, lstm, type RecurrentOptions, type RecurrentVariables } from './layers/recurrent.js';
export {
  affineTransformation,
  attentionTransformation,
  type ConvLocalizationOptions,
  convLocalization,
  projectiveTransformation,
  type SpatialTransformer,
  type SpatialTransformerOptions,
  type SpatialTransformerVariables,
  similarityTransformation,
  spatialTransformer,
  type Transformation,
  thinPlateSplineTransformation,
} from './layers/spatial-transformer.js';
export * from './layers/stateless.js';
export { type WeightNormVariables, weightNorm } from './layers/weight-norm.js';
export {
  type WindowAttentionOptions,
  type WindowAttentionVariables,
  windowAttention,
} from './layers/window-attention.js';
export {
  type AutoencoderOptions,
  autoencoder,
  type ConvDecoderOptions,
  type ConvEncoderOptions,
  type ConvolutionsOptions,
  convDecoder,
  convEncoder,
} from './models/autoencoder.js';
export { detectorStride, type GridDetectorOptions, gridDetector } from './models/grid-detector.js';
export { type LineReaderOptions, lineReader, readerStride } from './models/line-reader.js';
export { type MlpOptions, mlp } from './models/mlp.js';
export type { Normalization } from './models/normalization.js';
export { type ResnetOptions, resnet } from './models/resnet.js';
export { type Resnet9Options, resnet9 } from './models/resnet9.js';
export { type UnetOptions, unet } from './models/unet.js';
export { type VitOptions, type VitVariables, vit } from './models/vit.js';
