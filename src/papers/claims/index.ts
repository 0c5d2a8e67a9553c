import type { Claim } from '../claim.js';

/** The experiments, by slug. Each is loaded when it is asked for. */
export const claims: Readonly<Record<string, () => Promise<{ readonly claim: Claim }>>> = {
  acls: () => import('./acls.js'),
  'active-passive-loss': () => import('./active-passive-loss.js'),
  'align-uniform': () => import('./align-uniform.js'),
  arcface: () => import('./arcface.js'),
  aum: () => import('./aum.js'),
  'deconfounded-cka': () => import('./deconfounded-cka.js'),
  fish: () => import('./fish.js'),
  'forward-gradient': () => import('./forward-gradient.js'),
  'loss-landscape': () => import('./loss-landscape.js'),
  'losses-and-metrics': () => import('./losses-and-metrics.js'),
  maxsup: () => import('./maxsup.js'),
  'ms-ssim-training': () => import('./ms-ssim-training.js'),
  'neural-ndcg': () => import('./neural-ndcg.js'),
  'poly-loss': () => import('./poly-loss.js'),
  'regression-calibration': () => import('./regression-calibration.js'),
  saf: () => import('./saf.js'),
  sam: () => import('./sam.js'),
  'sensitivity-sampling': () => import('./sensitivity-sampling.js'),
  siglip: () => import('./siglip.js'),
  smoothgrad: () => import('./smoothgrad.js'),
  sparsemax: () => import('./sparsemax.js'),
  squentropy: () => import('./squentropy.js'),
  supcon: () => import('./supcon.js'),
  vat: () => import('./vat.js'),
};
