import { describe } from 'vitest';
import type { Tensor } from '../../src/index.js';
import * as losses from '../../src/losses/index.js';
import { agreesWithPyTorch } from '../support/losses.js';

type Options = losses.ReductionOptions & Record<'other' | 'inputLengths' | 'labelLengths', Tensor>;

describe('losses of many fields agree with PyTorch', () => {
  agreesWithPyTorch(
    'survey',
    {
      ...losses,
      marginRanking: (x: Tensor, u: Tensor, o: Options) => losses.marginRanking(x, o.other, u, o),
      cosineEmbedding: (x: Tensor, u: Tensor, o: Options) => losses.cosineEmbedding(x, o.other, u, o),
      ctcLoss: (x: Tensor, y: Tensor, o: Options) =>
        losses.ctcLoss(x.logSoftmax(-1), y, {
          reduction: o.reduction,
          inputLengths: o.inputLengths.cast('int32'),
          labelLengths: o.labelLengths.cast('int32'),
        }),
    },
    1e-10,
  );
});
