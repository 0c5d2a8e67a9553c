import { z } from 'zod';
import { nearest } from './nearest.js';
import { problemOf } from './problems.js';

/** Something that is chosen by name, with options of its own. */
export interface Choice<T> {
  readonly schema: z.ZodType<Record<string, unknown>>;
  readonly make: (options: Record<string, unknown>) => T;
}

/** A choice whose options have types. Options left out have the defaults of what is made. */
export function choice<S extends z.ZodRawShape, T>(
  shape: S,
  make: (options: z.output<z.ZodObject<S>>) => T,
): Choice<T> {
  return {
    schema: z.strictObject(shape) as unknown as Choice<T>['schema'],
    make: make as (options: Record<string, unknown>) => T,
  };
}

/** A name with options, as a configuration holds it. */
export interface Chosen {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What may stand for a choice: a name; a name with options in one text, `polyLoss:coefficients=[2]`; an object with `name` and the options. */
const written = z.union([z.string(), z.record(z.string(), z.unknown())]);

/** A choice as it is written, not yet looked for. */
export const chosen = written.transform((input) =>
  typeof input === 'string' ? parseChoice(input) : fromObject(input),
);

/** The name among `names` that is meant: itself, or the one that differs in capitals alone; undefined where there is none. */
export const spelled = (name: string, names: readonly string[]): string | undefined =>
  names.find((known) => known === name) ?? names.find((known) => known.toLowerCase() === name.toLowerCase());

/**
 * The schema of a field that names one of `choices`, as a {@link Choice} is written; capitals do not count. Unknown names and options are refused
 * with the nearest that exist.
 *
 * @param elsewhere says of a name that is not among them where it is; undefined where it is nowhere.
 * @param names from which the nearest is named.
 * @param attempt computes with what was chosen; the errors that it throws are what options are refused with.
 */
export function chosenFrom<T>(
  what: string,
  choices: Readonly<Record<string, Choice<T>>>,
  elsewhere: (name: string) => string | undefined = () => undefined,
  names: readonly string[] = Object.keys(choices),
  attempt: (chosen: Chosen) => void = () => {},
) {
  return chosen.transform(({ name: wanted, options }, context): Chosen => {
    const fail = (message: string): Chosen => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER as Chosen;
    };
    const name = spelled(wanted, Object.keys(choices));
    if (name === undefined) {
      const near = nearest(wanted, names).join(', ');
      return fail(elsewhere(wanted) ?? `no ${what} is called ${wanted}; did you mean ${near}?`);
    }
    const parsed = choices[name].schema.safeParse(options, { error: problemOf });
    if (parsed.success) {
      const found = { name, options: parsed.data };
      try {
        attempt(found);
        return found;
      } catch (error) {
        return fail((error as Error).message);
      }
    }
    const known = Object.keys((choices[name].schema as unknown as z.ZodObject).shape);
    const problems = parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) =>
            known.length > 0
              ? `${name} has no option ${key}; did you mean ${nearest(key, known).join(', ')}?`
              : `${name} has no options, so no ${key}`,
          )
        : [`${name}, ${issue.path.join('.')}: ${issue.message}`],
    );
    return fail(problems.join('; '));
  });
}

function fromObject({ name, options, ...rest }: Record<string, unknown>): Chosen {
  return { name: String(name), options: { ...(options as Record<string, unknown> | undefined), ...rest } };
}

/** `name` or `name:key=value,key=value`; values are JSON where they can be, else text. */
export function parseChoice(text: string): Chosen {
  const colon = text.indexOf(':');
  if (colon < 0) return { name: text.trim(), options: {} };
  // A comma within brackets or braces belongs to a list or to a choice with options of its own.
  const parts = text
    .slice(colon + 1)
    .split(/,(?![^[]*\]|[^{]*\})/)
    .filter((part) => part.trim() !== '');
  const pairs = parts.map((part) => {
    const equals = part.indexOf('=');
    return equals < 0 ? [part.trim(), true] : [part.slice(0, equals).trim(), valueOf(part.slice(equals + 1).trim())];
  });
  return { name: text.slice(0, colon).trim(), options: Object.fromEntries(pairs) };
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a choice stands for. */
export function made<T>(choices: Readonly<Record<string, Choice<T>>>, { name, options }: Chosen): T {
  return choices[name].make(options);
}
