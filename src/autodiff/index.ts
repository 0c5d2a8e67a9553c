/** Derivatives of functions of tensors: reverse and forward mode, any order. */
export { hessian, hvp, jacobian, jvp } from './forward.js';
export { pullback } from './pullback.js';
export { customGradient, grad, type ScalarOrWithAux, valueAndGrad, vjp } from './reverse.js';
export {
  clipStraightThrough,
  floorStraightThrough,
  reverseGradient,
  roundStraightThrough,
  signStraightThrough,
  straightThrough,
} from './straight-through.js';
export { type BatchAxis, vmap } from './vmap.js';
