import { drawNumbers, runPrograms } from '../run-programs.js';
import { trainDigits } from '../train-digits.js';

Object.assign(globalThis, { trainDigits, runPrograms, drawNumbers });
