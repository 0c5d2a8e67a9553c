import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'cotangent-consumer-'));
const write = (name: string, text: string) => writeFileSync(join(project, name), text);
afterAll(() => rmSync(project, { recursive: true }));

/** A project with the packed package installed, its dependencies borrowed from this checkout. */
beforeAll(() => {
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, 'cotangent'), { recursive: true });
  execFileSync('tar', ['-xzf', join(project, filename), '-C', join(modules, 'cotangent'), '--strip-components=1']);
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  write('package.json', JSON.stringify({ name: 'consumer', type: 'module' }));
});

const compilerOptions = {
  target: 'es2023',
  lib: ['es2023', 'dom'],
  strict: true,
  noEmit: true,
  types: [],
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
};
const typecheck = (file: string, resolution: 'nodenext' | 'bundler') => {
  write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        ...compilerOptions,
        module: resolution === 'bundler' ? 'esnext' : 'nodenext',
        moduleResolution: resolution,
      },
      files: [file],
    }),
  );
  return execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], {
    encoding: 'utf8',
  });
};

/** The README's first TypeScript example, and what it says it prints. */
function readmeExample(): { code: string; prints: string } {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  return { code, prints: /console\.log\(.*\); \/\/ (.*)/.exec(code)?.[1] ?? '' };
}

describe('the packed package', () => {
  it("runs and type checks the README's example", () => {
    const { code, prints } = readmeExample();
    expect(code.split('\n').length).toBeGreaterThan(8);
    write('example.ts', code);
    expect(typecheck('example.ts', 'bundler')).toBe('');
    expect(typecheck('example.ts', 'nodenext')).toBe('');
    // Compiled as a user's would be.
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project, '--noEmit', 'false']);
    expect(execFileSync(process.execPath, ['example.js'], { cwd: project, encoding: 'utf8' }).trim()).toBe(prints);
  });

  it('has every floor under its own path, with types that know structures', () => {
    write(
      'floors.ts',
      `import { compile, grad, type NDArray, ndarray, type Tensor } from 'cotangent';
import { mixup } from 'cotangent/augment';
import { digits, loader, mnist } from 'cotangent/data';
import { crossEntropy } from 'cotangent/losses';
import { Context, mlp, resnet9, vit } from 'cotangent/nn';
import { encodeModel } from 'cotangent/onnx';
import { adamW, cosine, sgd } from 'cotangent/optim';
import { key, normal, split } from 'cotangent/random';
import { defineConfig, parseConfig, runTraining } from 'cotangent/train';

const used = [mixup, digits, loader, mnist, crossEntropy, Context, mlp, resnet9, vit, encodeModel, adamW, cosine, sgd, key, normal, split, defineConfig, parseConfig, runTraining];
type P = { w: Tensor; layers: { b: Tensor }[] };
const f = compile((p: P, x: Tensor) => grad((q: P) => x.matmul(q.w).sum())(p));
const result: Promise<{ w: NDArray; layers: { b: NDArray }[] }> = f({ w: ndarray([[1]]), layers: [] }, ndarray([[2]]));
// @ts-expect-error a missing leaf is a type error
f({ layers: [] }, ndarray([[2]]));
// @ts-expect-error and so is text in place of an array
f({ w: 'text', layers: [] }, ndarray([[2]]));
console.log(used.every((fn) => typeof fn === 'function' || typeof fn === 'object'), (await result).w.shape.join());
`,
    );
    expect(typecheck('floors.ts', 'nodenext')).toBe('');
    expect(typecheck('floors.ts', 'bundler')).toBe('');
  });

  const bundle = async (code: string) => {
    write('entry.js', code);
    const result = await build({
      root: project,
      configFile: false,
      logLevel: 'silent',
      build: { write: false, target: 'esnext', minify: false, rolldownOptions: { input: join(project, 'entry.js') } },
    });
    const [{ output }] = (Array.isArray(result) ? result : [result]) as {
      output: { type: string; code?: string; fileName: string }[];
    }[];
    return output.flatMap((chunk) => (chunk.type === 'chunk' ? [chunk.code ?? ''] : [])).join('\n');
  };

  it('bundles for a browser without anything of Node, methods of tensors included', async () => {
    const code = await bundle(`
      import { compile, ndarray } from 'cotangent';
      import { digits, loader } from 'cotangent/data';
      import { crossEntropy } from 'cotangent/losses';
      import { mlp } from 'cotangent/nn';
      import { sgd } from 'cotangent/optim';
      globalThis.all = [compile, ndarray, digits, loader, crossEntropy, mlp, sgd];`);
    expect(code).not.toMatch(/onnxruntime-node|from ["']node:|__vite-browser-external/);
    expect(code).toContain('logSumExp');
  }, 60_000);

  it('leaves out of a bundle what is not used', async () => {
    const code = await bundle(
      `import { meanSquaredError } from 'cotangent/losses'; globalThis.loss = meanSquaredError;`,
    );
    expect(code).toContain('meanSquaredError');
    for (const unused of ['huber', 'binaryCrossEntropyWithLogits', 'InferenceSession'])
      expect(code).not.toContain(unused);
  }, 60_000);

  it('holds what it should and nothing else', () => {
    const files = readdirSync(join(project, 'node_modules/cotangent'));
    expect(files.sort()).toEqual(['LICENSE', 'README.md', 'claims', 'dist', 'examples', 'package.json', 'src']);
    const { bin } = JSON.parse(readFileSync(join(project, 'node_modules/cotangent/package.json'), 'utf8'));
    expect(
      execFileSync(process.execPath, [join(project, 'node_modules/cotangent', bin.cotangent), '--version'], {
        encoding: 'utf8',
      }).trim(),
    ).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("runs and type checks the catalogue's examples as a user's own", () => {
    const example = execFileSync(
      process.execPath,
      [join(project, 'node_modules/cotangent/dist/cli/main.js'), 'papers', 'alpha-bn'],
      { encoding: 'utf8' },
    );
    const [, code] = /\nexample:\n([\s\S]*?)\nclaim:/.exec(example) ?? [];
    write('alpha-bn.ts', code.replace(/^ {2}/gm, ''));
    expect(typecheck('alpha-bn.ts', 'nodenext')).toBe('');
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project, '--noEmit', 'false']);
    expect(execFileSync(process.execPath, ['alpha-bn.js'], { cwd: project, encoding: 'utf8' })).toContain(
      'logits [ 32, 10 ]',
    );
  });
});
