/**
 * Random keys and what is drawn from them. Every function takes a concrete key and gives concrete numbers, or a symbolic key, inside a
 * compiled function, and gives a tensor: the same numbers, drawn on the host before the program runs. Nothing drawn has a derivative.
 *
 * The same key gives the same bits on every platform. Element i of a draw depends on the key and on i alone, so a longer draw begins
 * with the shorter one (a permutation does not). Two draws from one key are not independent: {@link split} it first.
 *
 * @module cotangent/random
 */
export { beta, dirichlet, exponential, gamma, gumbel, normal, truncatedNormal, uniform } from './continuous.js';
export { bernoulli, bits, categorical, permutation, randint } from './discrete.js';
export { foldIn, type Key, key, split } from './key.js';
