import { type FileHandle, open, readFile } from 'node:fs/promises';
import { unwritable, writeFileAtomic } from './files.js';

/** One line of metrics.jsonl: a training step, or an evaluation. Measures stand beside the loss under their names, those of the test set as `testAccuracy`. */
export interface MetricLine {
  /** Steps done. */
  readonly step: number;
  readonly epoch: number;
  /** Of the batch. */
  readonly loss?: number;
  readonly learningRate?: number;
  readonly samplesPerSecond?: number;
  /** Of the whole test set. */
  readonly testLoss?: number;
  /** Since the beginning of the run, interruptions not counted. */
  readonly seconds?: number;
  readonly [measure: string]: number | undefined;
}

/** The lines of a log; a last line that was cut short is left out. @throws Error naming the file and line where another is damaged. */
export async function readMetrics(path: string): Promise<MetricLine[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const rows = text.split('\n');
  // What follows the last line break was cut short; even where it reads well it may lack digits.
  rows.pop();
  return rows.map((row, i) => {
    try {
      return JSON.parse(row) as MetricLine;
    } catch {
      throw new Error(`${path}: line ${i + 1} is not valid JSON`);
    }
  });
}

/** An append-only log of metrics, one JSON object a line. */
export class MetricsLog {
  readonly lines: MetricLine[];
  readonly #path: string;
  readonly #file: FileHandle;
  #waiting = '';

  private constructor(lines: MetricLine[], path: string, file: FileHandle) {
    this.lines = lines;
    this.#path = path;
    this.#file = file;
  }

  /** Opens a log to go on after a step: later lines, of a run that was killed after its last checkpoint, are dropped. */
  static async open(path: string, { resumeAfterStep }: { readonly resumeAfterStep: number }): Promise<MetricsLog> {
    const kept = resumeAfterStep === 0 ? [] : (await readMetrics(path)).filter((line) => line.step <= resumeAfterStep);
    await writeFileAtomic(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return new MetricsLog(kept, path, await open(path, 'a'));
  }

  append(line: MetricLine): void {
    this.lines.push(line);
    this.#waiting += `${JSON.stringify(line)}\n`;
  }

  /** Writes what was appended. */
  async flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = '';
    if (text === '') return;
    await this.#file.appendFile(text).catch((error: unknown) => {
      throw unwritable(this.#path, error);
    });
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file.close();
  }
}
