/** The middle of a list of numbers, the upper of the two middle ones where their number is even. */
export const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/**
 * Runs a step until its time is known: a second of warm-up, in which an engine of JavaScript compiles what it runs, then five to three hundred runs
 * or about four seconds. A step of more than five seconds is warmed up once and timed three times, one of more than twenty once.
 *
 * @returns the median in ms, the peak resident memory of the process, and what the first run returned.
 */
export async function timed(step) {
  const first = performance.now();
  const value = await step();
  const seconds = (performance.now() - first) / 1000;
  const warm = performance.now();
  if (seconds < 5) for (let i = 0; i < 2 || performance.now() - warm < 1000; i++) await step();
  const times = [];
  const begin = performance.now();
  const least = seconds < 5 ? 5 : seconds < 20 ? 3 : 1;
  while (times.length < least || (times.length < 300 && performance.now() - begin < 4000)) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  return { ms: median(times), rssMb: process.resourceUsage().maxRSS / 1024, value };
}
