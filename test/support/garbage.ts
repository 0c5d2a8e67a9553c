import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Collects what is no longer used, now. */
export const collectGarbage: () => void = runInNewContext('gc');
