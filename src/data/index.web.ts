/** Data sets and loaders that need no file system. */

export type { Corruption, CorruptionOptions, Images } from './corruptions/images.js';
export { type CorruptionName, corrupted, corruptions } from './corruptions/index.js';
export { type Dataset, head, subset } from './dataset.js';
export { type DigitsOptions, digits } from './datasets/digits.js';
export { decodeIdx, encodeIdx } from './datasets/idx.js';
export { type QueriesOptions, queries } from './datasets/queries.js';
export { type Scenes, type ScenesOptions, scenes } from './datasets/scenes.js';
export { type DepthScenes, type SpheresOptions, spheres } from './datasets/spheres.js';
export { type Strings, type StringsOptions, strings } from './datasets/strings.js';
export { type Batch, type Loader, type LoaderOptions, loader } from './loader.js';
export type { PixelNormalization } from './normalization.js';
export { type Columns, type RowLoaderOptions, rowLoader, rowsAt } from './rows.js';
export { featuresOf, labelsOf, targetsOf, textsOf } from './tables/columns.js';
export { type HeldOut, holdOut, holdOutGroups } from './tables/hold-out.js';
export { listsOf, type RankedLists } from './tables/lists.js';
export { type Standardization, standardizationOf } from './tables/standardization.js';
export {
  type RankingTable,
  rankingTableOf,
  type Tabular,
  type TabularOptions,
  tabularOf,
  tabularRows,
} from './tables/tabular.js';
