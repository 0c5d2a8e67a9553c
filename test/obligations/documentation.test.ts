import { describe, expect, it } from 'vitest';
import * as augment from '../../src/augment/index.js';
import * as losses from '../../src/losses/index.js';
import * as metrics from '../../src/metrics/index.js';
import * as optim from '../../src/optim/index.js';
import { missingDocumentation } from './documentation.js';

describe('documentation', () => {
  it.each(Object.entries({ augment, losses, metrics, optim }))(
    'of cotangent/%s says what each export is, what its options are when left out, and that it throws',
    (floor, module) => {
      expect(missingDocumentation(floor, Object.keys(module))).toEqual([]);
    },
  );
});
