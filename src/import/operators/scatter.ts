import type { Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';
import { forwardOnly } from './forward-only.js';

const scatterNote = 'repeated indices: those of addition add up; multiplication, max and min are forward only';

function scatterElements(call: OperatorCall): Tensor {
  const [x, indices, updates] = call.tensors();
  const axis = call.integer('axis', 0);
  const reduction = call.string('reduction', 'none');
  if (reduction === 'none' || reduction === 'add') return x.scatterElements(indices, updates, axis, reduction);
  return forwardOnly('ScatterElements', [x, indices, updates], { axis, reduction }, [x])[0];
}

function scatterND(call: OperatorCall): Tensor {
  const [x, indices, updates] = call.tensors();
  const reduction = call.string('reduction', 'none');
  if (reduction === 'none' || reduction === 'add') return x.scatterND(indices, updates, reduction);
  return forwardOnly('ScatterND', [x, indices, updates], { reduction }, [x])[0];
}

/** Updates of parts of a tensor. */
export const scatter: readonly OnnxOperator[] = [
  { type: 'Scatter', gradient: 'yes', since: 9, controls: [1], build: scatterElements },
  { type: 'ScatterElements', gradient: 'yes', since: 11, controls: [1], note: scatterNote, build: scatterElements },
  { type: 'ScatterND', gradient: 'yes', since: 11, controls: [1], note: scatterNote, build: scatterND },
];
