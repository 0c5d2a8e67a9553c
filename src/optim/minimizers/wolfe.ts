/** A function along a line at one step: its value and slope, and whatever else the caller keeps with them. */
export interface LinePoint {
  readonly step: number;
  readonly value: number;
  readonly slope: number;
}

export interface WolfeOptions {
  /** Sufficient decrease: f(t) <= f(0) + c1 t f'(0). Default 1e-4. */
  readonly decrease?: number;
  /** Curvature: |f'(t)| <= c2 |f'(0)|. Default 0.9. */
  readonly curvature?: number;
  /** Evaluations at most. Default 25. */
  readonly evaluations?: number;
}

/**
 * A step along a line that satisfies the strong Wolfe conditions: first steps grow until they enclose one, then the interval shrinks by
 * cubic interpolation. Nocedal and Wright 2006, algorithms 3.5 and 3.6.
 *
 * @param start the line's beginning, step 0, with a negative slope.
 * @returns the point found, or the lowest one seen when the evaluations are used up; `undefined` when none was lower than the start.
 */
export async function strongWolfe<P extends LinePoint>(
  evaluate: (step: number) => Promise<P>,
  start: LinePoint,
  firstStep: number,
  { decrease = 1e-4, curvature = 0.9, evaluations = 25 }: WolfeOptions = {},
): Promise<P | undefined> {
  const sufficient = (p: LinePoint) => p.value <= start.value + decrease * p.step * start.slope;
  const flat = (p: LinePoint) => Math.abs(p.slope) <= -curvature * start.slope;
  let left = evaluations;
  let best: P | undefined;
  const at = async (step: number): Promise<P> => {
    left--;
    const point = await evaluate(step);
    if (point.value < (best?.value ?? start.value)) best = point;
    return point;
  };

  let previous = start;
  let step = firstStep;
  while (left > 0) {
    const point = await at(step);
    // What is not finite lies beyond the interval, as what does not decrease does.
    const high = !(sufficient(point) && (previous === start || point.value < previous.value));
    if (high) return (await zoom(previous, point)) ?? best;
    if (flat(point)) return point;
    if (point.slope >= 0) return (await zoom(point, previous)) ?? best;
    const next = cubicMinimum(previous, point, 2 * step, 10 * step);
    previous = point;
    step = next;
  }
  return best;

  /** Shrinks the interval between a point that satisfies the first condition and another, beyond which the function rises. */
  async function zoom(a: LinePoint, b: LinePoint): Promise<P | undefined> {
    let [low, high] = [a, b];
    while (left > 0) {
      const [from, to] = [Math.min(low.step, high.step), Math.max(low.step, high.step)];
      const margin = 0.1 * (to - from);
      if (margin < 1e-16 * Math.max(1, to)) return undefined;
      const point = await at(cubicMinimum(low, high, from + margin, to - margin));
      if (!(sufficient(point) && point.value < low.value)) high = point;
      else {
        if (flat(point)) return point;
        if (point.slope * (high.step - low.step) >= 0) high = low;
        low = point;
      }
    }
    return undefined;
  }
}

/** Where the cubic through two points with their slopes is least, within bounds; their middle where there is no such cubic. Equation 3.59. */
function cubicMinimum(a: LinePoint, b: LinePoint, lowest: number, highest: number): number {
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.step - b.step);
  const square = d1 * d1 - a.slope * b.slope;
  const d2 = Math.sign(b.step - a.step) * Math.sqrt(square);
  const step = b.step - ((b.step - a.step) * (b.slope + d2 - d1)) / (b.slope - a.slope + 2 * d2);
  return Number.isFinite(step) ? Math.min(Math.max(step, lowest), highest) : (lowest + highest) / 2;
}
