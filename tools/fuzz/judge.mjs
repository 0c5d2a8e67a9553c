import { AssertionError } from 'node:assert';

/** Messages of the engine, not of this project: something was not checked. */
const accidents =
  /Cannot (?:read|set|convert|mix|destructure|access)|is not (?:a function|iterable|defined|a constructor|an object)|Invalid (?:typed )?array|call stack|out of (?:bounds|memory)|Array buffer allocation|cannot be converted to a BigInt|\bundefined\b|\[object|(?<![A-Za-z])NaN\b/;

/** What became of a case: `outcome` in one word, `message` of a refusal, `failure` where it did not pass. */
export async function judge(run) {
  try {
    return { outcome: (await run()) ?? 'correct' };
  } catch (error) {
    if (error instanceof AssertionError)
      return { outcome: 'wrong', failure: `wrong result: ${error.message.slice(0, 2000)}` };
    const message = error?.message;
    if (!(error instanceof Error) || !message) return { outcome: 'accident', failure: `threw ${error}` };
    if (error.outcome) return { outcome: error.outcome, message };
    if (accidents.test(message) || error instanceof ReferenceError || error instanceof SyntaxError)
      return { outcome: 'accident', failure: `threw by accident: ${error.stack}`.slice(0, 3000) };
    return { outcome: 'refused', message: message.slice(0, 500) };
  }
}
