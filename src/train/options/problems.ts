import type { z } from 'zod';

const kinds: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'settings by name',
  record: 'settings by name',
  string: 'text',
  tuple: 'a list',
};

/** What is wrong with a setting in words: what is there, and what it must be. Undefined where zod says it well enough. */
export function problemOf(issue: z.core.$ZodRawIssue): string | undefined {
  const given = typeof issue.input === 'number' ? `${issue.input}` : JSON.stringify(issue.input);
  switch (issue.code) {
    case 'invalid_type': {
      const kind = kinds[issue.expected] ?? issue.expected;
      return issue.input === undefined ? `is missing: it must be ${kind}` : `${given} must be ${kind}`;
    }
    case 'too_small':
      return issue.origin === 'array'
        ? `${given} must have ${issue.minimum} or more entries`
        : `${given} must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'array'
        ? `${given} must have ${issue.maximum} entries`
        : `${given} must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    case 'invalid_value':
      return `${given} must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return `${given} does not fit`;
    default:
      return undefined;
  }
}
