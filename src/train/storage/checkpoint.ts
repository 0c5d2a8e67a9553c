import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isNDArray, type NDArray } from '../../tensor/index.js';
import { leavesOf, mapTree } from '../../tensor/tree.js';
import { writeFileAtomic } from './files.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

export interface Checkpoint<S> {
  /** A tree of arrays. */
  readonly state: S;
  /** Anything JSON can hold. */
  readonly progress: unknown;
}

function digestOf(tensors: Readonly<Record<string, NDArray>>): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(tensors).sort()) {
    const { dtype, shape, data } = tensors[name];
    hash.update(`${name} ${dtype}[${shape.join()}]`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** Saves a tree of arrays as a safetensors file, tensors named by their paths, in one step. Equal states give equal bytes. */
export async function saveCheckpoint<S>(path: string, { state, progress }: Checkpoint<S>): Promise<void> {
  const tensors = Object.fromEntries(leavesOf<NDArray>(state).map(({ path: name, value }) => [name, value]));
  const metadata = { format: 'cotangent', progress: JSON.stringify(progress), sha256: digestOf(tensors) };
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}

/**
 * Reads a checkpoint into the structure of `like`.
 *
 * @throws Error of one line when the file is absent, damaged, no checkpoint, or of another model: the first tensor that does not fit is
 * named.
 */
export async function loadCheckpoint<S>(path: string, like: S): Promise<Checkpoint<S>> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${path}: ${error.code === 'ENOENT' ? 'does not exist' : error.message}`);
  });
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  if (metadata.format !== 'cotangent' || metadata.progress === undefined)
    throw new Error(`${path}: not a checkpoint of a training run`);
  if (digestOf(tensors) !== metadata.sha256)
    throw new Error(`${path}: damaged (its contents do not have the checksum it names)`);
  const expected = new Set(leavesOf(like).map((leaf) => leaf.path));
  const extra = Object.keys(tensors).find((name) => !expected.has(name));
  if (extra) throw new Error(`${path}: ${extra} belongs to another model`);
  const state = mapTree(like, (leaf: NDArray, name) => {
    const saved = tensors[name];
    if (!saved) throw new Error(`${path}: ${name} is missing; the checkpoint belongs to another model`);
    if (isNDArray(leaf) && (saved.dtype !== leaf.dtype || saved.shape.join() !== leaf.shape.join())) {
      throw new Error(
        `${path}: ${name} is ${saved.dtype}[${saved.shape.join(', ')}], the model has ${leaf.dtype}[${leaf.shape.join(', ')}]`,
      );
    }
    return saved;
  });
  return { state: state as S, progress: JSON.parse(metadata.progress) };
}
