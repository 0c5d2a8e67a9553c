import { intl } from '../../losses/index.js';
import type { Claim } from '../claim.js';
import { onNuisance } from '../experiments/nuisance.js';

export const claim: Claim = {
  statement:
    'Approximate whitening keeps embeddings from collapsing, and with the trace loss their spectrum is more even: they lie in more dimensions.',
  effect: 'effective rank of embeddings by INTL less that by alignment after iterative whitening alone',
  unit: 'difference of numbers of dimensions',
  threshold: 1,
  data: '8 centres in 20 dimensions, items at a deviation of 0.3; views add as much noise, and 20 dimensions of noise alone',
  seeds: 5,
  remarks:
    'An encoder 40-64-16, Adam, 1,500 steps of 128, features whitened over the batch. Alignment without whitening stands beside: it collapses, to embeddings that all but coincide, as their standard deviation says; its rank is that of what little is left.',
  async measure(seed, note) {
    const arm = async (name: string, loss: Parameters<typeof onNuisance>[0]['loss']) => {
      const scores = await onNuisance({ seed, classes: 8, noise: 0.3, steps: 1500, batchSize: 128, loss });
      note(`${name}: rank ${scores['effective rank'].toFixed(2)}, probe ${scores['probe accuracy'].toFixed(3)}`);
      return { ...scores };
    };
    const aligned = await arm('alignment', ({ first, second }) => first.sub(second).square().sum(-1).mean());
    const white = await arm('whitening', ({ first, second }) =>
      intl([first, second], { axis: 'batch', traceWeight: 0 }),
    );
    const even = await arm('INTL', ({ first, second }) => intl([first, second], { axis: 'batch' }));
    return {
      effect: even['effective rank'] - white['effective rank'],
      arms: { 'alignment alone': aligned, 'whitening alone': white, INTL: even },
    };
  },
};
