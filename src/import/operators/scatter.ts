import { type Shape, showShape, type Tensor } from '../../tensor/index.js';
import type { OnnxOperator, OperatorCall } from '../operator.js';
import { forwardOnly } from './forward-only.js';

const scatterNote = 'repeated indices: those of addition add up; multiplication, max and min are forward only';

/** @throws RangeError where the updates have not the shape that indices ask for. */
function requireFit(x: Tensor, indices: Tensor, updates: Tensor, wanted: Shape): void {
  if (updates.shape.join() !== wanted.join())
    throw new RangeError(
      `updates ${showShape(updates.shape)} at ${showShape(indices.shape)} of x ${showShape(x.shape)} must be ${showShape(wanted)}`,
    );
}

function scatterElements(call: OperatorCall): Tensor {
  const [x, indices, updates] = call.tensors();
  const axis = call.integer('axis', 0);
  const reduction = call.string('reduction', 'none');
  if (reduction === 'none' || reduction === 'add') return x.scatterElements(indices, updates, axis, reduction);
  requireFit(x, indices, updates, indices.shape);
  return forwardOnly('ScatterElements', [x, indices, updates], { axis, reduction }, [x])[0];
}

function scatterND(call: OperatorCall): Tensor {
  const [x, indices, updates] = call.tensors();
  const reduction = call.string('reduction', 'none');
  if (reduction === 'none' || reduction === 'add') return x.scatterND(indices, updates, reduction);
  const depth = indices.shape[indices.rank - 1];
  requireFit(x, indices, updates, [...indices.shape.slice(0, -1), ...x.shape.slice(depth)]);
  return forwardOnly('ScatterND', [x, indices, updates], { reduction }, [x])[0];
}

/** Updates of parts of a tensor. */
export const scatter: readonly OnnxOperator[] = [
  { type: 'Scatter', gradient: 'yes', since: 9, controls: [1], build: scatterElements },
  { type: 'ScatterElements', gradient: 'yes', since: 11, controls: [1], note: scatterNote, build: scatterElements },
  { type: 'ScatterND', gradient: 'yes', since: 11, controls: [1], note: scatterNote, build: scatterND },
];
