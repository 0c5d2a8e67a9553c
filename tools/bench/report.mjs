// What `npm run bench` says of what it measured: the numbers for machines, and the tables. Nothing here takes time or touches the machine.

export const peerNames = { pytorch: 'PyTorch', torchCompile: 'torch.compile', tfjs: 'TensorFlow.js', jaxjs: 'jax-js' };

/**
 * A workload with its rates: GFLOP/s, the share of the matmul peak of the same sitting, and how many times as long each peer takes.
 *
 * @param measured { name, what, ms, rssMb, setupMs, flops, peers, peerRssMb, reasons }, times in ms, null where there is none.
 */
export function rowOf({ flops, ...measured }, matmulPeakGflops) {
  const { ms, peers } = measured;
  const gflops = flops && ms ? flops / ms / 1e6 : null;
  const timesAsFastAs = Object.fromEntries(
    Object.entries(peers).map(([peer, theirs]) => [peer, theirs && ms ? theirs / ms : null]),
  );
  return { ...measured, gflops, ofPeak: gflops === null ? null : gflops / matmulPeakGflops, timesAsFastAs };
}

/** Everything, for `--json`, of the machine, { versions, cores, matmulPeakGflops, peerPeakGflops }, and the rows. */
export function reportOf(machine, workloads) {
  const faster = workloads.flatMap(({ timesAsFastAs: { pytorch } }) => (pytorch ? [pytorch] : []));
  const geometricMeanVsPyTorch =
    faster.length > 0 ? Math.exp(faster.reduce((sum, ratio) => sum + Math.log(ratio), 0) / faster.length) : null;
  return { ...machine, workloads, geometricMeanVsPyTorch };
}

export const shown = (ms) => (ms === null ? '-' : ms < 10 ? ms.toFixed(2) : ms.toFixed(0));

/** The report as text: versions, a table with the ratio to each peer, and why a time is missing, a line each. */
export function textOf({ versions, cores, matmulPeakGflops, peerPeakGflops, workloads, geometricMeanVsPyTorch }) {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version ?? 'not installed'}`);
  const peaks = Object.entries(peerPeakGflops).flatMap(([peer, rate]) =>
    rate ? [`${peerNames[peer]} ${rate.toFixed(0)}`] : [],
  );
  const head = [
    'workload',
    'ms',
    'GFLOP/s',
    'of peak',
    'MB',
    'PyTorch',
    'MB',
    'torch.compile',
    'TensorFlow.js',
    'jax-js',
  ];
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const lines = workloads.map(({ what, ms, gflops, ofPeak, rssMb, setupMs, peers, peerRssMb, timesAsFastAs }) => {
    const beside = (peer) =>
      peers[peer] === null || peers[peer] === undefined
        ? '-'
        : `${shown(peers[peer])} (${timesAsFastAs[peer]?.toFixed(2) ?? '-'})`;
    const rate = gflops === null ? ['-', '-'] : [gflops.toFixed(0), `${(100 * ofPeak).toFixed(0)}%`];
    const whole = (mb) => mb?.toFixed(0) ?? '-';
    const others = [
      beside('pytorch'),
      whole(peerRssMb.pytorch),
      beside('torchCompile'),
      beside('tfjs'),
      beside('jaxjs'),
    ];
    return row([what, shown(ms), ...rate, whole(rssMb), ...others, whole(setupMs)]);
  });
  const missing = workloads.flatMap(({ name, reasons }) =>
    Object.entries(reasons).map(([of, why]) => `${name}, ${peerNames[of] ?? of}: ${why}`),
  );
  return [
    `${named.join(', ')}; ${cores} cores; matmul of 1024: ${matmulPeakGflops.toFixed(0)} GFLOP/s`,
    `the same matmul elsewhere, GFLOP/s: ${peaks.join(', ') || 'not measured'}`,
    '',
    'Milliseconds, and in brackets how many times as long as here.',
    '',
    row([...head, 'set-up, ms']),
    row([...head, ''].map(() => '---')),
    ...lines,
    ...(geometricMeanVsPyTorch === null
      ? []
      : ['', `geometric mean: ${geometricMeanVsPyTorch.toFixed(2)} times as fast as PyTorch`]),
    ...missing,
  ].join('\n');
}
