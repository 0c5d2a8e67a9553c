/** Elements that a model may have made from a number alone. */
const most = 2 ** 26;

/** A length that a model gives as a number. @throws RangeError where it is no length, or one that no model needs. */
export function bounded(what: string, n: number): number {
  if (Number.isInteger(n) && n >= 0 && n <= most) return n;
  throw new RangeError(`the ${what} ${n} is not between 0 and ${most}`);
}
