import { type Attributes, applyAll, type Operator, type Spec, type Tensor } from '../../tensor/tensor.js';

/**
 * A node of an ONNX operator that is run but not differentiated here: a gradient that would flow through it is an error that names it.
 *
 * @param specs shapes and dtypes of its results.
 */
export function forwardOnly(
  type: string,
  inputs: readonly (Tensor | undefined)[],
  attributes: Attributes,
  specs: readonly Spec[],
  domain: '' | 'com.microsoft' = '',
): readonly Tensor[] {
  const operator: Operator = {
    type,
    domain,
    infer: () => specs,
    vjp: () => {
      throw new Error(`${type} is forward only: it has no derivative here, and a gradient would flow through it`);
    },
  };
  return applyAll(operator, inputs as readonly Tensor[], attributes);
}
