import ort from 'onnxruntime-node';
import type { NDArray } from '../../../src/index.js';

/** What a model file says of pictures of bytes, in plain ONNX Runtime, by the names of its outputs. */
export async function answersOf(
  path: string,
  images: NDArray<'uint8'>,
): Promise<Readonly<Record<string, { readonly dims: readonly number[]; readonly data: Float32Array }>>> {
  const session = await ort.InferenceSession.create(path);
  const pixels = Float32Array.from(images.data, (byte) => byte / 255);
  const answers = await session.run({ images: new ort.Tensor('float32', pixels, images.shape) });
  await session.release();
  return answers as never;
}
