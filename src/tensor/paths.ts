/**
 * Which leaves of a tree are meant: a pattern over their dotted paths, a regular expression that finds something in them, or a function.
 *
 * In a pattern `*` stands for any run of characters, dots included, `?` for one character, `{query,value}` for one of several texts and
 * `{0..11}` for one of the whole numbers from 0 to 11; anything else for itself. The whole path must match: `encoder.layer.{0..3}.*`,
 * `*.bias`, `classifier.*`.
 */
export type PathPattern = string | RegExp | ((path: string) => boolean);

/** One pattern or several, of which any may match. */
export type PathPatterns = PathPattern | readonly PathPattern[];

// Libraries for globs know folders: their star stops at a separator and passes over names that begin with a dot, their numeric ranges
// are ranges of digits. Names of parameters want the star of PyTorch's configuration files.
function expressionOf(pattern: string): RegExp {
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const source = pattern.replace(/\{([^{}]*)\}|\*+|\?|[^{*?]+|\{/g, (part, inner: string | undefined) => {
    if (inner !== undefined) return `(?:${alternatives(pattern, inner).map(literal).join('|')})`;
    if (part[0] === '*') return '.*';
    return part === '?' ? '.' : literal(part);
  });
  return new RegExp(`^${source}$`, 's');
}

/** Longest list that a range stands for: a guard against `{0..1000000000}`. */
const longestRange = 10_000;

function alternatives(pattern: string, inner: string): string[] {
  const range = /^(\d+)\.\.(\d+)$/.exec(inner);
  if (!range) return inner.split(',');
  const [from, to] = [Number(range[1]), Number(range[2])];
  if (to < from || to - from >= longestRange)
    throw new RangeError(`pattern ${pattern}: the range {${inner}} must go up, by fewer than ${longestRange}`);
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`);
}

/** Whether a path matches any of the patterns. */
export function pathMatcher(patterns: PathPatterns): (path: string) => boolean {
  const tests = listOf(patterns).map(testOf);
  return (path) => tests.some((test) => test(path));
}

function testOf(pattern: PathPattern): (path: string) => boolean {
  if (typeof pattern === 'function') return pattern;
  const expression =
    typeof pattern === 'string' ? expressionOf(pattern) : new RegExp(pattern, pattern.flags.replace(/[gy]/g, ''));
  return (path) => expression.test(path);
}

function listOf(patterns: PathPatterns): readonly PathPattern[] {
  return Array.isArray(patterns) ? patterns : [patterns as PathPattern];
}

/**
 * Those of `paths` that match any of the patterns, in their order.
 *
 * @throws RangeError naming `who` and the pattern that matches nothing, which is most likely misspelt.
 */
export function selectPaths(who: string, paths: readonly string[], patterns: PathPatterns): string[] {
  for (const pattern of listOf(patterns)) {
    if (paths.some(testOf(pattern))) continue;
    const some = paths.slice(0, 5).join(', ');
    const rest = paths.length > 5 ? ` and ${paths.length - 5} more` : '';
    throw new RangeError(
      `${who}: the pattern ${typeof pattern === 'function' ? 'function' : pattern} matches none of the ${paths.length} names: ${some || 'there are none'}${rest}`,
    );
  }
  return paths.filter(pathMatcher(patterns));
}
