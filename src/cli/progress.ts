import cliProgress from 'cli-progress';
import type { DownloadProgress } from '../data/index.js';
import { type Measures, showMeasures, type TrainEvent } from '../train/index.js';

/** Shows a run as it goes: a live bar on a terminal, a line an epoch elsewhere. */
export function trainingProgress(
  epochs: number,
  stream: NodeJS.WriteStream,
): { onEvent(event: TrainEvent): void; stop(): void } {
  const bar = new cliProgress.SingleBar(
    {
      stream,
      format:
        'epoch {epoch} |{bar}| {value}/{total} steps | loss {loss} | {measures} | {rate} samples/s | ETA {eta_formatted}',
      hideCursor: true,
      clearOnComplete: true,
      etaBuffer: 50,
      barCompleteChar: '=',
      barIncompleteChar: ' ',
      fps: 8,
    },
    cliProgress.Presets.legacy,
  );
  let running = false;
  let total = 0;
  // Single batches jump about: the bar shows moving averages.
  let means: { loss: number; measures: Measures; rate: number } | undefined;
  const follow = (old: number | undefined, now: number) => (old === undefined ? now : old + 0.05 * (now - old));
  const followed = (now: Measures): Measures =>
    Object.fromEntries(Object.entries(now).map(([name, value]) => [name, follow(means?.measures[name], value)]));
  const shown = (epoch: number) => ({
    epoch: `${epoch + 1}/${epochs}`,
    loss: means?.loss.toFixed(4) ?? '-',
    measures: (means && showMeasures(means.measures)) || '-',
    rate: means ? Math.round(means.rate) : '-',
  });
  const start = (epoch: number, step: number) => {
    if (!stream.isTTY || epoch >= epochs) return;
    bar.start(total, step, shown(epoch));
    running = true;
  };
  const stop = () => {
    if (running) bar.stop();
    running = false;
  };
  const onEvent = (event: TrainEvent) => {
    if (event.type === 'start') {
      total = event.stepsPerEpoch * epochs;
      start(event.progress.epoch, event.progress.step);
    } else if (event.type === 'step') {
      means = {
        loss: follow(means?.loss, event.loss),
        measures: followed(event.measures),
        rate: follow(means?.rate, event.samplesPerSecond),
      };
      if (running) bar.update(event.progress.step, shown(event.progress.epoch));
    } else {
      // The line takes the bar's place, and the bar begins anew below it.
      stop();
      stream.write(
        `epoch ${event.epoch + 1}/${epochs}: training loss ${means?.loss.toFixed(4)}, test loss ${event.testLoss.toFixed(4)}, test ${showMeasures(event.testMeasures)}, ${Math.round(means?.rate ?? 0)} samples/s\n`,
      );
      start(event.epoch + 1, (total / epochs) * (event.epoch + 1));
    }
  };
  return { onEvent, stop };
}

/** Shows a download as a bar of its own for each file. */
export function downloadProgress(stream: NodeJS.WriteStream): {
  onProgress(progress: DownloadProgress): void;
  stop(): void;
} {
  let bars: cliProgress.MultiBar | undefined;
  const known = new Map<string, cliProgress.SingleBar>();
  return {
    onProgress: ({ file, received, total }) => {
      if (!stream.isTTY) return;
      const size = ((total ?? received) / 1e6).toFixed(1);
      bars ??= new cliProgress.MultiBar(
        { stream, format: '{file} |{bar}| {percentage}% of {size} MB', hideCursor: true, clearOnComplete: false },
        cliProgress.Presets.legacy,
      );
      const bar = known.get(file) ?? bars.create(total ?? received, 0, { file, size });
      known.set(file, bar);
      bar.update(received, { file, size });
    },
    stop: () => bars?.stop(),
  };
}
