import { type Choice, chosenFrom, made, parseChoice } from '../../src/train/options/choice.js';

/** What a text of a command line chooses. @throws Error with what a user is told. */
export function chosenBy<T>(choices: Readonly<Record<string, Choice<T>>>, text: string): T {
  const parsed = chosenFrom('loss', choices).safeParse(parseChoice(text));
  if (!parsed.success) throw new Error(parsed.error.issues.map(({ message }) => message).join('; '));
  return made(choices, parsed.data);
}
