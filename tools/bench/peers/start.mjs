import { readFileSync } from 'node:fs';
import { decodeSafetensors } from '../../../dist/train/storage/safetensors.js';

/** What steps.mjs left of a workload: weights by name, inputs by name. A peer starts from the same numbers and so does the same work. */
export function startOf(file) {
  const { tensors } = decodeSafetensors(readFileSync(file), file);
  const under = (prefix) =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, array]) => [name.slice(prefix.length), array])
        .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })),
    );
  return { params: under('params/'), inputs: under('inputs/'), direction: under('direction/') };
}

/** Names of the layers that have a weight, in order. */
export const layersOf = (params) =>
  Object.keys(params)
    .filter((name) => name.endsWith('.weight'))
    .map((name) => name.slice(0, -'.weight'.length));

/** A peer's answer: one line of JSON. What it cannot do it says in its own words. */
export async function answer(run) {
  try {
    console.log(JSON.stringify(await run()));
  } catch (error) {
    console.log(
      JSON.stringify({
        failed: String(error.message ?? error)
          .split('\n')[0]
          .slice(0, 200),
      }),
    );
  }
}
