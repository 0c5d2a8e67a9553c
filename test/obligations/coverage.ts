/** The names of exports that registries speak of: `name`, or `name: what is special`. */
const named = (entries: object) => Object.keys(entries).map((name) => name.split(':')[0]);

/**
 * What is wrong with the registries of a module: its functions without an entry, and entries without a function.
 *
 * @param others functions that a test of its own treats.
 */
export function withoutEntry(module: object, registries: readonly object[], others: readonly string[] = []): string[] {
  const exported = Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  const known = new Set([...registries.flatMap(named), ...others]);
  return [
    ...exported.filter((name) => !known.has(name)).map((name) => `${name} has no entry`),
    ...[...known].filter((name) => !(name in module)).map((name) => `${name} is no export`),
  ];
}
