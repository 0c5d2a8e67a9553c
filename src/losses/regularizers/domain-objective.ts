import { isTensor, showShape, stack, type Tensor } from '../../tensor/index.js';
import { requireFloats } from '../checks.js';

export interface DomainObjectiveOptions {
  /**
   * Weight lambda of the penalties, a number or a tensor of one, not negative; as a rule 1 for the first steps and 1e2 or more after (a
   * schedule), with fresh moments of the optimizer from there.
   */
  readonly weight: number | Tensor;
}

/**
 * Risk and invariance over domains e: 1/E sum over e of (R_e + lambda rho_e), divided by lambda where that is above 1, so that steps keep
 * their size. Arjovsky et al. 2019, equation (IRMv1), with the scaling of their code.
 *
 * @param risks the mean loss of each domain, scalars; `penalties` one for each, such as `irmPenalty`.
 * @throws RangeError where the two lists do not fit or the weight is negative.
 */
export function domainObjective(
  risks: readonly Tensor[],
  penalties: readonly Tensor[],
  { weight }: DomainObjectiveOptions,
): Tensor {
  requireScalars('domainObjective', 'risks', risks);
  requireScalars('domainObjective', 'penalties', penalties);
  if (risks.length !== penalties.length)
    throw new RangeError(
      `domainObjective: ${risks.length} risks and ${penalties.length} penalties must be one for each domain`,
    );
  if (!isTensor(weight) && !(weight >= 0))
    throw new RangeError(`domainObjective: weight ${weight} must not be negative`);
  const [risk, penalty] = [stack(risks).mean(), stack(penalties).mean()];
  if (!isTensor(weight)) return risk.add(penalty.mul(weight)).div(Math.max(1, weight));
  const factor = weight.cast(risk.dtype);
  return risk.add(penalty.mul(factor)).div(factor.maximum(1));
}

/**
 * The variance of the risks of several domains, with their number in the denominator: the penalty of risk extrapolation (V-REx), 0 for
 * domains of equal risk. Krueger et al. 2021, equation 8 (arXiv 2003.00688).
 *
 * @param risks the mean loss of each domain, scalars, at least one.
 * @throws RangeError where there is none or one is no scalar.
 */
export function riskVariance(risks: readonly Tensor[]): Tensor {
  requireScalars('riskVariance', 'risks', risks);
  return stack(risks).variance();
}

function requireScalars(who: string, name: string, values: readonly Tensor[]): void {
  for (const value of values) requireFloats(who, { [name]: value });
  const wrong = values.find((value) => value.rank !== 0);
  if (values.length === 0 || wrong)
    throw new RangeError(
      `${who}: ${name} must be scalars, at least one${wrong ? `, not ${showShape(wrong.shape)}` : ''}`,
    );
}
