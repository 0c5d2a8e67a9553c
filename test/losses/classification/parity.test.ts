import { describe } from 'vitest';
import * as losses from '../../../src/losses/index.js';
import { agreesWithPyTorch } from '../../support/losses.js';

describe('losses of classifiers agree with their definitions in PyTorch', () => {
  agreesWithPyTorch('classification', losses, 1e-11);
});
