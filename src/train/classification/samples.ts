import type { Dataset } from '../../data/index.js';
import type { SamplePrediction } from '../pages/report.js';
import type { Evaluation } from './evaluate.js';

/** Up to `count` samples for the eye: the wrong ones first, the surest of them leading, then right ones in order. */
export function samplePredictions(
  test: Dataset,
  { predicted, confidence }: Pick<Evaluation, 'predicted' | 'confidence'>,
  count: number,
): SamplePrediction[] {
  const [n, ...shape] = test.images.shape;
  const size = shape.reduce((a, b) => a * b, 1);
  const all = Array.from({ length: n }, (_, i) => i);
  const wrong = all.filter((i) => predicted[i] !== test.labels.data[i]).sort((a, b) => confidence[b] - confidence[a]);
  const right = all.filter((i) => predicted[i] === test.labels.data[i]);
  const chosen = [...wrong.slice(0, Math.floor((count * 2) / 3)), ...right].slice(0, count);
  return chosen.map((i) => ({
    image: { data: test.images.data.slice(i * size, (i + 1) * size), shape, dtype: 'uint8' },
    label: test.labels.data[i],
    predicted: predicted[i],
    confidence: confidence[i],
  }));
}
