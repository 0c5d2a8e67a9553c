import { isFloat, showShape, type Tensor } from '../../tensor/index.js';
import { requireSameShape } from '../checks.js';
import { type ReductionOptions, reduce } from '../reduction.js';

/** What box losses are made of, [...] each. */
interface Overlap {
  readonly intersection: Tensor;
  readonly union: Tensor;
  /** Intersection over union; 0 where both boxes are empty. */
  readonly iou: Tensor;
}

interface Corners {
  readonly left: Tensor;
  readonly top: Tensor;
  readonly right: Tensor;
  readonly bottom: Tensor;
}

const corners = (boxes: Tensor): Corners => {
  const [left, top, right, bottom] = [0, 1, 2, 3].map((i) => boxes.at(i, -1));
  return { left, top, right, bottom };
};
const width = (box: Corners) => box.right.sub(box.left);
const height = (box: Corners) => box.bottom.sub(box.top);
const area = (box: Corners) => width(box).relu().mul(height(box).relu());

/** a / b, 0 where b is 0, with a derivative of 0 there. */
function ratio(a: Tensor, b: Tensor): Tensor {
  const none = b.equal(0);
  return none.where(0, a.div(none.where(1, b)));
}

function overlap(p: Corners, t: Corners): Overlap {
  const intersection = p.right
    .minimum(t.right)
    .sub(p.left.maximum(t.left))
    .relu()
    .mul(p.bottom.minimum(t.bottom).sub(p.top.maximum(t.top)).relu());
  const union = area(p).add(area(t)).sub(intersection);
  return { intersection, union, iou: ratio(intersection, union) };
}

/** The smallest box around both. */
const enclosing = (p: Corners, t: Corners): Corners => ({
  left: p.left.minimum(t.left),
  top: p.top.minimum(t.top),
  right: p.right.maximum(t.right),
  bottom: p.bottom.maximum(t.bottom),
});

/**
 * Intersection over union of boxes (left, top, right, bottom), box by box or broadcast: boxes [..., n, 1, 4] and [..., 1, m, 4] give all pairs.
 * 0 where both are empty.
 * @throws TypeError or RangeError where arguments or options do not fit.
 */
export function boxIou(boxes: Tensor, others: Tensor): Tensor {
  for (const [name, x] of Object.entries({ boxes, others }))
    if (!isFloat(x.dtype) || x.shape[x.rank - 1] !== 4)
      throw new RangeError(`boxIou: ${name} ${x.dtype}${showShape(x.shape)} must be float [..., 4]`);
  return overlap(corners(boxes), corners(others)).iou;
}

function parts(who: string, predictions: Tensor, targets: Tensor): [p: Corners, t: Corners, Overlap] {
  if (!isFloat(predictions.dtype) || predictions.shape[predictions.rank - 1] !== 4)
    throw new RangeError(
      `${who}: predictions ${predictions.dtype}${showShape(predictions.shape)} must be float [..., 4]`,
    );
  requireSameShape(who, predictions, targets);
  const [p, t] = [corners(predictions), corners(targets)];
  return [p, t, overlap(p, t)];
}

/**
 * 1 - IoU of boxes. Boxes that do not touch all cost 1, with derivative 0. Yu et al. 2016 (whose loss is -log IoU); Rezatofighi et al. 2019.
 *
 * @param predictions boxes (left, top, right, bottom), [..., 4]; `targets` of the same shape.
 * @returns a scalar, or [...] with reduction `none`. The mean over no boxes is 0.
 */
export function iouLoss(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  const [, , { iou }] = parts('iouLoss', predictions, targets);
  return reduce(iou.neg().add(1), options.reduction);
}

/**
 * Generalised IoU loss 1 - IoU + (C - U) / C, with U the area of the union and C that of the smallest box around both: in [0, 2], with a
 * derivative for boxes that do not touch. Rezatofighi et al. 2019.
 *
 * @param predictions boxes (left, top, right, bottom), [..., 4]; `targets` of the same shape.
 * @returns a scalar, or [...] with reduction `none`. The mean over no boxes is 0.
 */
export function generalizedIouLoss(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  const [p, t, { iou, union }] = parts('generalizedIouLoss', predictions, targets);
  const hull = area(enclosing(p, t));
  return reduce(
    iou
      .neg()
      .add(1)
      .add(ratio(hull.sub(union), hull)),
    options.reduction,
  );
}

/** The squared distance of the centres over the squared diagonal of the smallest box around both. */
function centreDistance(p: Corners, t: Corners): Tensor {
  const hull = enclosing(p, t);
  const dx = p.left.add(p.right).sub(t.left.add(t.right)).mul(0.5);
  const dy = p.top.add(p.bottom).sub(t.top.add(t.bottom)).mul(0.5);
  return ratio(dx.square().add(dy.square()), width(hull).square().add(height(hull).square()));
}

/**
 * Distance IoU loss 1 - IoU + d^2 / c^2, with d the distance of the centres and c the diagonal of the smallest box around both. Zheng et al.
 * 2020, equation 7.
 *
 * @param predictions boxes (left, top, right, bottom), [..., 4]; `targets` of the same shape.
 * @returns a scalar, or [...] with reduction `none`. The mean over no boxes is 0.
 */
export function distanceIouLoss(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  const [p, t, { iou }] = parts('distanceIouLoss', predictions, targets);
  return reduce(iou.neg().add(1).add(centreDistance(p, t)), options.reduction);
}

/**
 * Complete IoU loss: {@link distanceIouLoss} + a v, with v = (4 / pi^2) (atan(w_t / h_t) - atan(w / h))^2 the difference of the aspect ratios and
 * a = v / (1 - IoU + v) taken as a constant. Heights count as at least 1e-7. Zheng et al. 2020, equations 8 to 11.
 *
 * @param predictions boxes (left, top, right, bottom), [..., 4]; `targets` of the same shape.
 * @returns a scalar, or [...] with reduction `none`. The mean over no boxes is 0.
 */
export function completeIouLoss(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  const [p, t, { iou }] = parts('completeIouLoss', predictions, targets);
  const angle = (box: Corners) => width(box).div(height(box).maximum(1e-7)).atan();
  const v = angle(t)
    .sub(angle(p))
    .square()
    .mul(4 / Math.PI ** 2);
  const miss = iou.neg().add(1);
  const weight = ratio(v, miss.add(v)).stopGradient();
  return reduce(miss.add(centreDistance(p, t)).add(weight.mul(v)), options.reduction);
}
