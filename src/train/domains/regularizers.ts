import { z } from 'zod';
import {
  domainObjective,
  type GramianOptions,
  irmAdaptivePenalty,
  irmExcessRiskPenalty,
  irmPenalty,
  irmScaleExcessRiskPenalty,
  irmScalePenalty,
  type PenaltyOptions,
  riskVariance,
} from '../../losses/index.js';
import { concat, stack, type Tensor } from '../../tensor/index.js';
import { type LastLayer, lastLayer } from '../classification/last-layer.js';
import type { ClassifierRegularizer, RegularizerInput } from '../classification/regularizer.js';
import { type AugmentedBatch, overTargets } from '../options/augmentations.js';
import { type Choice, choice } from '../options/choice.js';
import { parts } from '../step.js';

/** What is of one domain in a batch. */
interface DomainPart {
  readonly logits: Tensor;
  readonly batch: AugmentedBatch;
  /** Undefined where the logits come out of no linear layer. */
  readonly layer: LastLayer | undefined;
}

/** The parts of a batch, one of each domain. */
function domainParts({ logits, batch: { images, targets }, domains = 1 }: RegularizerInput): DomainPart[] {
  const layer = lastLayer(logits);
  const rows = {
    logits,
    images,
    labels: targets.map(({ labels }) => labels),
    ...(layer && { features: layer.features }),
  };
  return parts(rows, domains).map((part) => ({
    logits: part.logits,
    batch: { images: part.images, targets: targets.map(({ share }, i) => ({ labels: part.labels[i], share })) },
    layer: layer && { ...layer, features: part.features as Tensor },
  }));
}

type Penalty = (part: DomainPart) => Tensor;
type Options = PenaltyOptions & GramianOptions;

/** Of the prediction, with a scale as its head. */
const ofScale =
  (penalty: typeof irmScalePenalty) =>
  (options: Options): Penalty =>
  ({ logits, batch }) =>
    overTargets(batch, (labels) => penalty(logits, labels, options));

/** Of the last layer; its bias is the weight of a feature that is 1. */
const ofLastLayer =
  (name: string, penalty: typeof irmExcessRiskPenalty) =>
  (options: Options): Penalty =>
  ({ layer, batch }) => {
    if (!layer) throw new TypeError(`train: regularizer ${name} is of models that end in a linear layer`);
    const { features, weight, bias } = layer;
    const ones = features.slice([null, [0, 1]]).onesLike();
    const phi = bias ? concat([features, ones], 1) : features;
    const head = bias ? concat([weight, bias.expandDims(1)], 1) : weight;
    return overTargets(batch, (labels) => penalty(phi, head, labels, options));
  };

const penalties = {
  irmAdaptivePenalty: ofLastLayer('irmAdaptivePenalty', irmAdaptivePenalty),
  irmExcessRiskPenalty: ofLastLayer('irmExcessRiskPenalty', irmExcessRiskPenalty),
  irmPenalty: ofLastLayer('irmPenalty', irmPenalty),
  irmScaleExcessRiskPenalty: ofScale(irmScaleExcessRiskPenalty),
  irmScalePenalty: ofScale(irmScalePenalty),
} as const;

type PenaltyName = keyof typeof penalties;

const weight = z.number().min(0).optional();
/** The first epoch in which it counts. */
const start = z.number().int().min(0).optional();
const splitBatch = z.boolean().optional();
const ridge = z.number().positive().optional();

const ofDomains = (
  value: (pieces: readonly DomainPart[], input: RegularizerInput) => Tensor,
): ClassifierRegularizer => ({
  ofDomains: true,
  penalty: (input) => ({ value: value(domainParts(input), input) }),
});

/** A penalty from an epoch on, none before. */
const from = (epoch: Tensor, first: number, penalty: Tensor): Tensor => epoch.greaterEqual(first).where(penalty, 0);

const risksOf = (pieces: readonly DomainPart[], { loss }: RegularizerInput): Tensor[] =>
  pieces.map(({ logits, batch }) => overTargets(batch, (labels) => loss(logits, labels)));

/**
 * Regularisers that compare the domains of a batch, by the names of their functions. Each takes its function's options, a `weight`, 1 unless told,
 * and `start`, the first epoch in which it counts.
 */
export const domainRegularizers: Readonly<Record<string, Choice<ClassifierRegularizer>>> = {
  // The mean penalty of the domains.
  ...Object.fromEntries(
    (Object.keys(penalties) as PenaltyName[]).map((name) => [
      name,
      choice(
        { weight, start, splitBatch, ...(penaltyHasRidge(name) && { ridge }) },
        ({ weight = 1, start = 0, ...options }) => {
          const penalty = penalties[name](options as Options);
          return ofDomains((pieces, { epoch }) => from(epoch, start, stack(pieces.map(penalty)).mean().mul(weight)));
        },
      ),
    ]),
  ),
  // The whole objective of invariant risk minimisation in place of the mean risk, its scaling by the weight with it; before `start` of weight 1.
  domainObjective: choice(
    {
      penalty: z.enum(Object.keys(penalties) as [PenaltyName, ...PenaltyName[]]).optional(),
      weight,
      start,
      splitBatch,
      ridge,
    },
    ({ penalty: name = 'irmScalePenalty', weight = 100, start = 1, ...options }) => {
      const penalty = penalties[name](options);
      return ofDomains((pieces, input) => {
        const risks = risksOf(pieces, input);
        const whole = domainObjective(risks, pieces.map(penalty), {
          weight: input.epoch.greaterEqual(start).where(weight, 1),
        });
        return whole.sub(stack(risks).mean());
      });
    },
  ),
  riskVariance: choice({ weight, start }, ({ weight = 1, start = 0 }) =>
    ofDomains((pieces, input) => from(input.epoch, start, riskVariance(risksOf(pieces, input)).mul(weight))),
  ),
};

function penaltyHasRidge(name: PenaltyName): boolean {
  return name === 'irmAdaptivePenalty' || name === 'irmExcessRiskPenalty';
}
