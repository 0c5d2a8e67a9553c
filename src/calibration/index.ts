/**
 * Probabilities and predictive distributions that mean what they say: regularisers for training, and maps fitted on held-out data after it.
 *
 * @module cotangent/calibration
 */
export { dempsterShaferUncertainty } from './classification/dempster-shafer.js';
export * from './classification/isotonic.js';
export { type LogitCalibration, type TemperatureScaling, temperatureScaling } from './classification/temperature.js';
export * from './regression/conformal.js';
export * from './regression/recalibration.js';
export * from './regression/regularizers.js';
