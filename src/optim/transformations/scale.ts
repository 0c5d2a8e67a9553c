import type { Tensor } from '../../tensor/index.js';
import type { Schedule } from '../schedules/schedule.js';
import { type GradientTransformation, map1, statelessTransformation, zeroCount } from '../transformation.js';

/** Updates times a number. */
export function scale(factor: number): GradientTransformation {
  return statelessTransformation((gradients) => map1(gradients, (g) => g.mul(factor)));
}

/** Updates times `factor` times the schedule's value at the number of the step, counted from 0. */
export function scaleBySchedule(schedule: Schedule, factor = 1): GradientTransformation {
  return {
    init: (params) => ({ count: zeroCount(params) }),
    update: (gradients, state, _params) => {
      const { count } = state as { count: Tensor };
      const value = schedule(count).mul(factor);
      return { updates: map1(gradients, (g) => g.mul(value.cast(g.dtype))), state: { count: count.add(1) } };
    },
  };
}

/** The usual end of a chain: updates times minus the learning rate. */
export function scaleByLearningRate(learningRate: number | Schedule): GradientTransformation {
  return typeof learningRate === 'number' ? scale(-learningRate) : scaleBySchedule(learningRate, -1);
}
