import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, KernelTime } from './engine.js';

interface Event {
  readonly cat?: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur?: number;
  readonly args?: { readonly op_name?: string };
}

const suffix = '_kernel_time';

/** {@link Engine.profiled} by ONNX Runtime's own profiler, which writes a file for each session when that is released. */
export async function profiled(engine: Engine, work: (engine: Engine) => Promise<void>): Promise<KernelTime[]> {
  const folder = await mkdtemp(join(tmpdir(), 'cotangent-profile-'));
  try {
    let sessions = 0;
    await work({
      ...engine,
      createSession: (model, options) =>
        engine.createSession(model, { ...options, profile: join(folder, `${sessions++}`) }),
    });
    const files = (await readdir(folder)).sort();
    const times = await Promise.all(
      files.map(async (file) => {
        const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as Event[];
        return events
          .filter(({ cat, name }) => cat === 'Node' && name.endsWith(suffix))
          .map(({ name, dur = 0, args }) => ({
            node: name.slice(0, -suffix.length),
            operator: args?.op_name ?? '?',
            milliseconds: dur / 1000,
          }));
      }),
    );
    return times.flat();
  } finally {
    await rm(folder, { recursive: true });
  }
}
