/** Bytes of the largest typed array or buffer asked for since the last reset, untouched memory included, which no process size would show. */
export const largest = { bytes: 0 };

/** Puts a watch on every constructor of typed arrays. Before anything that keeps one is imported. */
function watch() {
  for (const name of [
    'ArrayBuffer',
    'Uint8Array',
    'Int32Array',
    'Float32Array',
    'Float64Array',
    'BigInt64Array',
    'Uint16Array',
    'Uint32Array',
  ]) {
    const width = globalThis[name].BYTES_PER_ELEMENT ?? 1;
    globalThis[name] = new Proxy(globalThis[name], {
      construct(target, args, newTarget) {
        const size = typeof args[0] === 'number' ? args[0] * width : (args[0]?.length ?? 0) * width;
        if (!ArrayBuffer.isView(args[0]) && args[0]?.buffer === undefined && size > largest.bytes) largest.bytes = size;
        return Reflect.construct(target, args, newTarget);
      },
    });
  }
}
watch();
