import { exportOnnx } from '../runtime/index.js';
import { type NDArray, type Shape, type Tensor, zerosArray } from '../tensor/index.js';
import type { Arrays, Tensors } from './step.js';

/**
 * A model of images with its normalisation, for any batch size: input `images` [batch, channels, height, width] in [0, 1], one output.
 *
 * @param images [n, channels, height, width], for their size alone.
 */
export function exportInference(
  infer: (variables: Tensors, images: Tensor) => Tensor,
  variables: Arrays,
  images: NDArray,
  { name, output }: { readonly name: string; readonly output: string },
): Uint8Array {
  return exportImages((weights, x) => ({ [output]: infer(weights, x) }), variables, images, { name });
}

/** The same with any outputs by name. */
export function exportImages(
  infer: (variables: Tensors, images: Tensor) => Readonly<Record<string, Tensor>>,
  variables: Arrays,
  images: NDArray,
  { name }: { readonly name: string },
): Uint8Array {
  return exported(name, infer, variables, { name: 'images', shape: images.shape.slice(1) });
}

/** A model of the rows of a table with its standardisation, for any number of them: input `features` [batch, columns], outputs by name. */
export function exportRows(
  infer: (variables: Tensors, features: Tensor) => Readonly<Record<string, Tensor>>,
  variables: Arrays,
  columns: number,
  { name }: { readonly name: string },
): Uint8Array {
  return exported(name, infer, variables, { name: 'features', shape: [columns] });
}

/** A generator, for any number of codes: input `codes` [batch, latent], outputs by name. */
export function exportCodes(
  infer: (variables: Tensors, codes: Tensor) => Readonly<Record<string, Tensor>>,
  variables: Arrays,
  latent: number,
  { name }: { readonly name: string },
): Uint8Array {
  return exported(name, infer, variables, { name: 'codes', shape: [latent] });
}

/** A model of one float input, `shape` being that of a sample. */
function exported(
  name: string,
  infer: (variables: Tensors, x: Tensor) => Readonly<Record<string, Tensor>>,
  variables: Arrays,
  input: { readonly name: string; readonly shape: Shape },
): Uint8Array {
  const network = (weights: Tensors, x: Readonly<Record<string, Tensor>>) => infer(weights, x[input.name]);
  const example = { [input.name]: zerosArray([1, ...input.shape]) };
  return exportOnnx(network as never, variables, example, { name, dynamic: { name: 'batch', axis: 0 } });
}
