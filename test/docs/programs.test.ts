import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportOnnx, leavesOf, type NDArray, type Tensor, zerosArray } from '../../src/index.js';
import {
  activation,
  batchNorm,
  Context,
  conv2d,
  linear,
  mlp,
  reluLayer,
  type Symbolic,
  sequential,
  type Variables,
} from '../../src/nn/index.js';
import { key } from '../../src/runtime/random/index.js';
import { encodeSafetensors, parseConfig, readConfig } from '../../src/train/index.js';
import { blocks, root } from './documents.js';

/** A project that has the package installed, as a reader's own. */
const project = mkdtempSync(join(tmpdir(), 'cotangent-docs-'));
const write = (name: string, content: string | Uint8Array) => writeFileSync(join(project, name), content);
afterAll(() => rmSync(project, { recursive: true }));

const isConfig = (text: string) => /^export default/m.test(text);
const nameOf = (where: string) => where.replace(/[^\w]/g, '-');
const programs = blocks('ts').map(({ where, text }) => ({ where, text, name: nameOf(where) }));
const configs = [
  ...programs.filter(({ text }) => isConfig(text)).map((block) => ({ ...block, file: `${block.name}.ts` })),
  ...blocks('yaml').map(({ where, text }) => ({ where, text, file: `${nameOf(where)}.yaml` })),
];

beforeAll(() => {
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
  symlinkSync(root, join(project, 'node_modules/cotangent'));
  symlinkSync(join(root, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
  write('package.json', JSON.stringify({ name: 'reader', type: 'module' }));
  for (const { name, text } of programs) write(`${name}.ts`, text);
  for (const { file, text } of configs) write(file, text);
  // The models and weights that programs read.
  const net = leavesOf<NDArray>(mlp({ sizes: [784, 256, 10] }).init(key(0)));
  write('net.safetensors', encodeSafetensors(Object.fromEntries(net.map(({ path, value }) => [path, value]))));
  write('model.onnx', exported(32, 3));
  write('resnet.onnx', exported(224, 1000));
});

/** A small convolutional net whose layers have the names of a residual one's. */
function exported(size: number, classes: number): Uint8Array {
  const layer = (inputs: number, outputs: number) =>
    sequential([conv2d(inputs, outputs, 3, { stride: 2, padding: 1, bias: false }), batchNorm(outputs), reluLayer]);
  const model = sequential({
    layer1: layer(3, 4),
    layer2: layer(4, 8),
    layer3: layer(8, 16),
    layer4: layer(16, 32),
    pool: activation((x) => x.mean([2, 3])),
    fc: linear(32, classes),
  });
  const infer = (variables: Symbolic<Variables>, { images }: { images: Tensor }) => ({
    logits: model.apply(variables, images, new Context()),
  });
  const example = { images: zerosArray([1, 3, size, size]) };
  return exportOnnx(infer, model.init(key(0)), example, { dynamic: { name: 'batch', axis: 0 } });
}

describe('programs of the documentation', () => {
  it('are found, and whole: what they use they import or declare', () => {
    expect(programs.length).toBeGreaterThan(8);
    write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          target: 'es2023',
          lib: ['es2023'],
          module: 'nodenext',
          moduleDetection: 'force',
          strict: true,
          noUnusedLocals: true,
          types: ['node'],
          skipLibCheck: true,
          outDir: '.',
        },
        files: programs.map(({ name }) => `${name}.ts`),
      }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    let complaints = '';
    try {
      execFileSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
    } catch (error) {
      complaints = (error as { stdout: string }).stdout;
    }
    expect(complaints).toBe('');
  });

  it.each(programs.filter(({ text }) => !isConfig(text)))('$where: runs and prints what it says', ({ name, text }) => {
    const printed = execFileSync(process.execPath, [`${name}.js`], {
      cwd: project,
      encoding: 'utf8',
    });
    const said = [...text.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1]);
    for (const line of said) expect(printed).toContain(line);
    expect(printed).not.toMatch(/NaN|undefined/);
  });

  it.each(configs)('$where: settings that can be trained with', async ({ file }) => {
    expect(parseConfig(await readConfig(join(project, file))).epochs).toBeGreaterThan(0);
  });
});
