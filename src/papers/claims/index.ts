import type { Claim } from '../claim.js';

/** The experiments, by slug. Each is loaded when it is asked for. */
export const claims: Readonly<Record<string, () => Promise<{ readonly claim: Claim }>>> = {
  arcface: () => import('./arcface.js'),
  fish: () => import('./fish.js'),
  'forward-gradient': () => import('./forward-gradient.js'),
  saf: () => import('./saf.js'),
  sam: () => import('./sam.js'),
};
