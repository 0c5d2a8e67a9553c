import type { NDArray, Spec, Tensor } from '../../tensor/index.js';
import { input } from '../../tensor/ops/constant.js';
import { type ImportOptions, importOnnx } from '../import.js';

/** Shape and dtype of a value of a model for inputs like these. Nothing is run. */
export function valueShape(
  bytes: Uint8Array,
  name: string,
  example: Readonly<Record<string, NDArray>>,
  options: ImportOptions = {},
): Spec {
  const model = importOnnx(bytes, options);
  const symbols = (arrays: Readonly<Record<string, NDArray>>): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(arrays).map(([path, { shape, dtype }]) => [path, input(path, shape, dtype)]));
  const { [name]: value } = model.outputsOf(symbols(model.init()), symbols(example), undefined, [name]);
  return { shape: value.shape, dtype: value.dtype };
}
