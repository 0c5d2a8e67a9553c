// Fine-tunes all-MiniLM-L6-v2 with InfoNCE for 50 steps here and in PyTorch, from the same weights and batches, and writes minilm.json beside this file:
//   COTANGENT_DATA=... npm run compare:minilm
// A batch is 32 pairs of neighbouring speeches of tiny Shakespeare, each cut to 64 tokens. The model is exported by PyTorch and imported here.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import ort from 'onnxruntime-node';
import { tokenizerOf } from '../../dist/data/index.js';
import { importOnnx, withWeights } from '../../dist/import/index.js';
import { compile } from '../../dist/index.js';
import { infoNCE } from '../../dist/losses/index.js';
import { adamW, firstOrder } from '../../dist/optim/index.js';

const settings = { steps: 50, pairs: 32, maxLength: 64, temperature: 0.05, learningRate: 2e-5, weightDecay: 0.01 };
const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cotangent-minilm-'));
const python = (verb) =>
  execFileSync('python3', [here('minilm.py'), verb, folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

/** Speeches without their speakers, in the order of the text. */
function speeches() {
  const file = join(process.env.COTANGENT_DATA ?? '', 'text', 'tinyshakespeare.txt.gz');
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  return text.split('\n\n').map((part) =>
    part
      .slice(part.indexOf('\n') + 1)
      .replace(/\s+/g, ' ')
      .trim(),
  );
}

/** Means over the tokens: hidden [n, t, d], mask [n, t]. */
const pooled = (hidden, mask) => {
  const weight = mask.cast('float32').expandDims(2);
  return hidden.mul(weight).sum(1).div(weight.sum(1));
};

try {
  python('export');
  const file = readFileSync(join(folder, 'model.onnx'));
  const model = importOnnx(file);
  const tokenizer = await tokenizerOf(join(folder, 'tokenizer.json'));
  const { steps, pairs, maxLength, temperature } = settings;
  const said = speeches().filter((speech) => speech.length > 20);
  // First halves, then second ones: row i and row pairs + i are neighbours.
  const texts = Array.from({ length: steps }, (_, step) =>
    [0, 1].flatMap((half) => Array.from({ length: pairs }, (_, i) => said[2 * (step * pairs + i) + half])),
  );
  const { ids, mask } = tokenizer.tokenize(texts.flat(), { maxLength });
  const length = ids.shape[1];
  const rows = 2 * pairs;
  const part = (array, step) => ({
    ...array,
    data: array.data.slice(step * rows * length, (step + 1) * rows * length),
    shape: [rows, length],
  });
  const nested = ({ data }) =>
    Array.from({ length: rows }, (_, i) => Array.from(data.slice(i * length, (i + 1) * length), Number));
  const batches = Array.from({ length: steps }, (_, step) => ({ ids: part(ids, step), mask: part(mask, step) }));
  const written = batches.map((batch) => ({ ids: nested(batch.ids), mask: nested(batch.mask) }));
  writeFileSync(join(folder, 'batches.json'), JSON.stringify({ ...settings, texts, batches: written }));

  const embed = (weights, x) =>
    pooled(
      model.apply(weights, { input_ids: x.ids, attention_mask: x.mask, token_type_ids: x.ids.zerosLike() }),
      x.mask,
    );
  const minimizer = firstOrder(adamW(settings));
  const step = compile(
    ({ weights, moments }, x) => {
      const objective = (w) => {
        const [first, second] = embed(w, x).split(2, 0);
        return infoNCE(first, second, { temperature });
      };
      const next = minimizer.step(objective, weights, moments);
      return { state: { weights: next.params, moments: next.state }, loss: next.value };
    },
    { name: 'finetune', donate: [0] },
  );
  let weights = model.init();
  let state = { weights, moments: minimizer.init(weights) };
  const [losses, seconds] = [[], []];
  for (const batch of batches) {
    const start = performance.now();
    const made = await step(state, batch);
    state = made.state;
    seconds.push((performance.now() - start) / 1000);
    losses.push(made.loss.data[0]);
    console.error(`step ${losses.length}: ${losses.at(-1).toFixed(6)}`);
  }
  await step.release();
  weights = state.weights;

  // The exported model in ONNX Runtime itself gives the embeddings of the trained weights.
  const trained = await compile(embed)(weights, batches[0]);
  const session = await ort.InferenceSession.create(withWeights(file, weights));
  const int64 = ({ data, shape }) => new ort.Tensor('int64', data, shape);
  const { last_hidden_state: hidden } = await session.run({
    input_ids: int64(batches[0].ids),
    attention_mask: int64(batches[0].mask),
    token_type_ids: new ort.Tensor('int64', new BigInt64Array(rows * length), [rows, length]),
  });
  const exported = await compile(pooled)({ data: hidden.data, shape: hidden.dims, dtype: 'float32' }, batches[0].mask);
  const exportDifference = Math.max(...exported.data.map((v, i) => Math.abs(v - trained.data[i])));

  const torch = JSON.parse(python('train'));
  const relative = losses.map((loss, i) => Math.abs(loss - torch.losses[i]) / Math.abs(torch.losses[i]));
  const sorted = [...seconds].sort((a, b) => a - b);
  const result = {
    ...settings,
    tokens: length,
    parameters: Object.values(weights).reduce((sum, { data }) => sum + data.length, 0),
    torch: torch.torch,
    rowsOfOtherTokens: torch.rowsOfOtherTokens,
    losses,
    torchLosses: torch.losses,
    largestRelativeDifference: Math.max(...relative),
    exportDifference,
    secondsPerStep: sorted[sorted.length >> 1],
    torchSecondsPerStep: torch.seconds,
  };
  writeFileSync(here('minilm.json'), `${JSON.stringify(result, null, 2)}\n`);
  const { losses: _, torchLosses: __, ...summary } = result;
  console.log(summary);
  if (!(result.largestRelativeDifference <= 1e-3)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
