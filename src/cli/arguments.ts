import { InvalidArgumentError } from 'commander';

/** Text of a flag as a number. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('not a number');
  return value;
}

/** Numbers with commas between them. */
export const numbers = (text: string): number[] => text.split(',').map(number);

/** Texts with commas between them. */
export const texts = (text: string): string[] => text.split(',').map((part) => part.trim());

/** For a flag that may be given several times. */
export const several = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** The names that a flag may take. */
export const list = (choices: object): string => Object.keys(choices).join(', ');
