import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.includes('generated'),
);

/** Ground floor first: a floor imports only those before it. */
const floors = [
  'tensor',
  'autodiff',
  'onnx',
  'runtime',
  'numerics',
  'nn',
  'import',
  'optim',
  'losses',
  'metrics',
  'augment',
  'samplers',
  'diagnostics',
  'calibration',
  'algorithms',
  'data',
  'train',
  'papers',
  'cli',
];
/** Floors that run in a browser. */
const portable = floors.slice(0, floors.indexOf('algorithms') + 1);
const floorOf = (file: string) => file.split('/')[0];

interface Import {
  readonly from: string;
  readonly to: string;
  /** Of types alone: nothing of it is there when programs run. */
  readonly types: boolean;
}
const imports: Import[] = files.flatMap((file) => {
  const source = readFileSync(join(src, file), 'utf8');
  return [...source.matchAll(/^(?:import|export)\s+[^'";]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm)].map((match) => ({
    from: file,
    to: match[1] ?? match[2],
    types: /^(?:import|export)\s+type\b/.test(match[0]),
  }));
});
const local = imports
  .filter(({ to }) => to.startsWith('.'))
  .map((i) => ({ ...i, to: relative(src, resolve(src, dirname(i.from), i.to)).replace(/\.js$/, '.ts') }));

describe('the house', () => {
  it('has no floors that nobody named', () => {
    expect(
      [...new Set(files.filter((f) => f.includes('/')).map(floorOf))].filter((floor) => !floors.includes(floor)),
    ).toEqual([]);
  });

  it('imports only the floors below', () => {
    const wrong = local.filter(
      ({ from, to }) =>
        from.includes('/') && to.includes('/') && floors.indexOf(floorOf(to)) > floors.indexOf(floorOf(from)),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps Node out of what runs in a browser', () => {
    // What is Node's alone has that in its name, and only its like imports it; the rest comes to it by the package's conditions.
    const ofNode = (file: string) => /\.node\.[jt]s$/.test(file);
    const wrong = imports.filter(
      ({ from, to }) => (to.startsWith('node:') || ofNode(to)) && portable.includes(floorOf(from)) && !ofNode(from),
    );
    expect(wrong).toEqual([]);
    expect(imports.filter(({ to }) => to === 'onnxruntime-node').map(({ from }) => from)).toEqual([
      'runtime/engine.node.ts',
    ]);
  });

  it('loads what draws, and what reads pictures and settings in TypeScript, when it is asked to', () => {
    const reached = new Set(['train/index.ts']);
    for (const file of reached) for (const { from, to, types } of local) if (from === file && !types) reached.add(to);
    expect(reached.size).toBeGreaterThan(300);
    const heavy = ['@observablehq/plot', 'linkedom', 'sharp', 'jiti'];
    const wrong = imports.filter(({ from, to, types }) => reached.has(from) && heavy.includes(to) && !types);
    expect(wrong).toEqual([]);
  });

  it('has no circles, of types neither', () => {
    const next = new Map<string, string[]>();
    for (const { from, to } of local) next.set(from, [...(next.get(from) ?? []), to]);
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      expect(path.includes(file), [...path, file].join(' -> ')).toBe(false);
      if (done.has(file)) return;
      for (const other of next.get(file) ?? []) visit(other, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
  });
});
