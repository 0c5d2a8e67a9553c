import { z } from 'zod';
import { ctcLoss, minimumRisk, policyGradient } from '../../losses/index.js';
import { concat, full, type Tensor, zeros } from '../../tensor/index.js';
import { type Choice, choice } from '../options/choice.js';
import { type Candidates, drawCandidates } from './candidates.js';

/** What a loss of a reader is given. */
export interface ReadingInput {
  /** [n, steps, classes]; the last class is the blank. */
  readonly logProbabilities: Tensor;
  /** Of the right strings, integers [n, most]. */
  readonly labels: Tensor;
  /** Integers [n]. */
  readonly lengths: Tensor;
  readonly key: Tensor;
}

export type ReadingLoss = (input: ReadingInput) => Tensor;

const blankOf = ({ logProbabilities }: ReadingInput): number => logProbabilities.shape[2] - 1;

const likelihood: ReadingLoss = (input) =>
  ctcLoss(input.logProbabilities, input.labels, { blank: blankOf(input), labelLengths: input.lengths });

/** The log-probabilities of strings [n, candidates]: of all paths that say them. */
function logProbabilitiesOf(input: ReadingInput, { labels, lengths }: Pick<Candidates, 'labels' | 'lengths'>): Tensor {
  const [n, count, longest] = labels.shape;
  const [, steps, classes] = input.logProbabilities.shape;
  const repeated = input.logProbabilities.expandDims(1).broadcastTo([n, count, steps, classes]);
  const losses = ctcLoss(repeated.reshape([n * count, steps, classes]), labels.reshape([n * count, longest]), {
    blank: blankOf(input),
    labelLengths: lengths.reshape([n * count]),
    reduction: 'none',
  });
  return losses.reshape([n, count]).neg();
}

/** Stands for the logarithm of 0. */
const impossible = -1e30;

const drawn = {
  /** Strings that are drawn for each picture. */
  candidates: z.number().int().min(2).default(8),
  /** Of {@link ctcLoss}, added: a reader that knows nothing yet draws nothing that tells it where to go. */
  likelihoodWeight: z.number().min(0).default(0.1),
};

/** The losses of readers by the names of their functions. Those of a risk draw strings from the reader; the risk is the character error rate. */
export const readingLosses: Readonly<Record<string, Choice<ReadingLoss>>> = {
  ctcLoss: choice({}, () => likelihood),
  // Over what was drawn, once each, and the right string, as in its paper.
  minimumRisk: choice(
    { sharpness: z.number().positive().optional(), ...drawn },
    ({ candidates: count, likelihoodWeight, ...options }) =>
      (input) => {
        const { logProbabilities, labels, lengths, key } = input;
        const [n, steps] = logProbabilities.shape;
        const found = drawCandidates(key, logProbabilities, labels, lengths, { count, blank: blankOf(input) });
        const right = labels
          .cast('int32')
          .pad([
            [0, 0],
            [0, steps - labels.shape[1]],
          ])
          .expandDims(1);
        const all = {
          labels: concat([right, found.labels], 1),
          lengths: concat([lengths.cast('int32').expandDims(1), found.lengths], 1),
        };
        const risks = zeros([n, 1]).concat(found.risks, 1);
        // The right string stands there already.
        const once = full([n, 1], 1, 'bool').concat(found.first.and(found.risks.greater(0)), 1);
        const known = once.where(logProbabilitiesOf(input, all), impossible);
        const risk = minimumRisk(known, risks, options);
        return likelihoodWeight > 0 ? risk.add(likelihood(input).mul(likelihoodWeight)) : risk;
      },
  ),
  // The baseline of a string is the mean reward of the others, which leaves the gradient right on average.
  policyGradient: choice(drawn, ({ candidates: count, likelihoodWeight }) => (input) => {
    const { logProbabilities, labels, lengths, key } = input;
    const found = drawCandidates(key, logProbabilities, labels, lengths, { count, blank: blankOf(input) });
    const rewards = found.risks.neg();
    const baseline = rewards
      .sum(1, { keepDims: true })
      .sub(rewards)
      .div(count - 1);
    const loss = policyGradient(logProbabilitiesOf(input, found), rewards, { baseline });
    return likelihoodWeight > 0 ? loss.add(likelihood(input).mul(likelihoodWeight)) : loss;
  }),
};
