import { trainDigits } from '../train-digits.js';

Object.assign(globalThis, { trainDigits });
