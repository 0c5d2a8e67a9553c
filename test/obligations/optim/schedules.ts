import * as optim from '../../../src/optim/index.js';

export interface ScheduleEntry {
  readonly schedule: optim.Schedule;
  /** Values that the documentation promises. */
  readonly at: readonly (readonly [step: number, value: number])[];
  /** From here on it stays as it is. */
  readonly end?: number;
}

/** Every export that makes a schedule. */
export const schedules: Record<string, ScheduleEntry> = {
  constant: {
    schedule: optim.constant(0.3),
    at: [
      [0, 0.3],
      [1e6, 0.3],
    ],
    end: 0,
  },
  stepDecay: {
    schedule: optim.stepDecay(2, { every: 10, factor: 0.5 }),
    at: [
      [0, 2],
      [9, 2],
      [10, 1],
      [25, 0.5],
    ],
  },
  multiStep: {
    schedule: optim.multiStep(2, { milestones: [5, 8] }),
    at: [
      [4, 2],
      [5, 0.2],
      [8, 0.02],
    ],
    end: 8,
  },
  exponential: {
    schedule: optim.exponential(2, { factor: 0.9 }),
    at: [
      [0, 2],
      [2, 1.62],
    ],
  },
  cosine: {
    schedule: optim.cosine(2, { steps: 10, final: 1 }),
    at: [
      [0, 2],
      [5, 1.5],
      [10, 1],
    ],
    end: 10,
  },
  cosineWarmRestarts: {
    schedule: optim.cosineWarmRestarts(2, { period: 4, growth: 2 }),
    at: [
      [0, 2],
      [2, 1],
      [4, 2],
      [8, 1],
      [12, 2],
    ],
  },
  linearWarmup: {
    schedule: optim.linearWarmup(3, { steps: 10 }),
    at: [
      [0, 1],
      [5, 2],
      [10, 3],
    ],
    end: 10,
  },
  polynomial: {
    schedule: optim.polynomial(2, { steps: 10, power: 2 }),
    at: [
      [0, 2],
      [5, 0.5],
      [10, 0],
    ],
    end: 10,
  },
  join: {
    schedule: optim.join([optim.constant(1), optim.linearWarmup(2, { steps: 2, start: 0 })], [3]),
    at: [
      [2, 1],
      [3, 0],
      [5, 2],
    ],
    end: 5,
  },
  warmupCosine: {
    schedule: optim.warmupCosine(2, { steps: 10, warmup: 4, final: 1 }),
    at: [
      [0, 0],
      [4, 2],
      [7, 1.5],
      [10, 1],
    ],
    end: 10,
  },
  oneCycle: {
    schedule: optim.oneCycle(2, { steps: 10 }),
    at: [
      [0, 2 / 25],
      [2, 2],
      [9, 2 / 25 / 1e4],
    ],
    end: 9,
  },
};
