export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/** `[2, 3]`, for messages. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** NumPy's broadcast of shapes; throws naming `who` and the shapes when they do not fit. */
export function broadcastShapes(who: string, ...shapes: Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const offset = rank - shape.length;
    for (let i = 0; i < shape.length; i++) {
      const n = shape[i];
      if (n === 1) continue;
      if (result[offset + i] !== 1 && result[offset + i] !== n) {
        throw new RangeError(`${who}: shapes ${shapes.map(showShape).join(' and ')} do not broadcast`);
      }
      result[offset + i] = n;
    }
  }
  return result;
}

/** A possibly negative axis as a non-negative one; throws naming `who` when out of range. */
export function normalizeAxis(who: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new RangeError(`${who}: axis ${axis} is out of range for rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Axes sorted, non-negative and distinct; `undefined` means all. */
export function normalizeAxes(who: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = (typeof axes === 'number' ? [axes] : axes).map((axis) => normalizeAxis(who, axis, rank));
  if (new Set(list).size !== list.length) throw new RangeError(`${who}: axes [${list.join(', ')}] repeat`);
  return [...list].sort((a, b) => a - b);
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

export function checkShape(who: string, shape: Shape): void {
  for (const n of shape) {
    if (!Number.isInteger(n) || n < 0) {
      throw new RangeError(`${who}: shape ${showShape(shape)} must hold non-negative integers`);
    }
  }
}
