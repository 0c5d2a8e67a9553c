import { foldIn, type Key, uniform } from '../../runtime/random/index.js';
import type { NDArray } from '../../tensor/index.js';

export interface SpheresOptions {
  /** How many scenes to draw. */
  readonly count: number;
  readonly key: Key;
  /** Height and width of the images. Default 32. */
  readonly size?: number;
  /** Draw every scene from a camera to the left and from one to the right as well. Default false. */
  readonly stereo?: boolean;
}

/** Pictures of scenes and how far away everything in them is. */
export interface DepthScenes {
  readonly name: string;
  /** [n, 3, size, size], 0 to 255. */
  readonly images: NDArray<'uint8'>;
  /** Distance along the optical axis, in metres of the scene, at the middle of each pixel, [n, 1, size, size]. */
  readonly depths: NDArray<'float32'>;
  /** From the camera `baseline` to the left, and to the right, as `images`; only of stereo scenes. */
  readonly left?: NDArray<'uint8'>;
  readonly right?: NDArray<'uint8'>;
  /** In pixels. A point at a depth stands focalLength baseline / depth pixels further to the left in the right image. */
  readonly focalLength: number;
  /** Between neighbouring cameras, in metres. */
  readonly baseline: number;
}

type Vector = readonly [number, number, number];

interface Sphere {
  readonly centre: Vector;
  readonly radius: number;
  readonly colour: Vector;
  /** Bands across this axis, of unit length. */
  readonly axis: Vector;
  readonly bands: number;
}

interface Scene {
  readonly spheres: readonly Sphere[];
  /** How far the floor is below the camera, and the wall in front of it. */
  readonly floor: number;
  readonly wall: number;
  readonly floorColour: Vector;
  readonly wallColour: Vector;
  /** Towards the light, of unit length. */
  readonly light: Vector;
}

/** Where a ray meets a surface first. */
interface Hit {
  readonly distance: number;
  readonly normal: Vector;
  readonly colour: Vector;
}

/** Between cameras, in metres: at 32 pixels disparities go from 0.7 to 5 pixels. */
const baseline = 0.25;
const [nearest, wallFrom, wallTo] = [2, 8, 12] as const;
const ambient = 0.3;

/**
 * Spheres on a chequered floor before a wall of tiles, with shading and shadows, as a pinhole camera with a field of view of 53 degrees sees them, and
 * the depth of every pixel: scenes that the program draws, the same on every machine. There are two to four spheres, of banded colours and
 * radii of 0.3 to 0.9 metres, 2 to 8 metres away; the wall is 8 to 12 metres away. Scene i depends on the key and on i alone.
 *
 * @throws RangeError for a count that is no non-negative integer or a size below 8.
 */
export function spheres({ count, key, size = 32, stereo = false }: SpheresOptions): DepthScenes {
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`spheres: count ${count} must be a non-negative integer`);
  if (!Number.isInteger(size) || size < 8)
    throw new RangeError(`spheres: size ${size} must be an integer of at least 8`);
  const plane = size * size;
  const images = (): NDArray<'uint8'> => ({
    data: new Uint8Array(count * 3 * plane),
    shape: [count, 3, size, size],
    dtype: 'uint8',
  });
  const views = [{ offset: 0, images: images() }];
  if (stereo) views.push({ offset: -baseline, images: images() }, { offset: baseline, images: images() });
  const depths = new Float32Array(count * plane);
  for (let i = 0; i < count; i++) {
    const scene = sceneOf(foldIn(key, i));
    for (const { offset, images } of views)
      paint(scene, offset, size, images.data.subarray(i * 3 * plane, (i + 1) * 3 * plane));
    for (let at = 0; at < plane; at++)
      depths[i * plane + at] = meet(
        scene,
        [0, 0, 0],
        rayOf((at % size) + 0.5, Math.floor(at / size) + 0.5, size),
      ).distance;
  }
  const [centre, left, right] = views.map((view) => view.images);
  return {
    name: 'spheres',
    images: centre,
    depths: { data: depths, shape: [count, 1, size, size], dtype: 'float32' },
    ...(stereo && { left, right }),
    focalLength: size,
    baseline,
  };
}

/** The direction through a point of the image; its part along the optical axis is 1, so that distances along it are depths. */
const rayOf = (column: number, row: number, size: number): Vector => [column / size - 0.5, row / size - 0.5, 1];

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const plus = (a: Vector, b: Vector, factor = 1): Vector => [
  a[0] + factor * b[0],
  a[1] + factor * b[1],
  a[2] + factor * b[2],
];
const unit = (a: Vector): Vector => plus([0, 0, 0], a, 1 / Math.sqrt(dot(a, a)));

function sceneOf(key: Key): Scene {
  const { data } = uniform(key, [64]);
  let next = 0;
  const between = (low: number, high: number) => low + (high - low) * data[next++];
  const floor = between(0.8, 1.4);
  const wall = between(wallFrom, wallTo);
  const colour = (low: number, high: number): Vector => [between(low, high), between(low, high), between(low, high)];
  // In the camera's axes, right, down and forward: from above, behind the camera.
  const light = unit([between(-0.8, 0.8), -1, between(-0.9, -0.2)]);
  const [floorColour, wallColour] = [colour(0.4, 0.9), colour(0.4, 0.9)];
  const count = 2 + Math.floor(between(0, 3));
  const made = Array.from({ length: count }, (): Sphere => {
    const radius = between(0.3, 0.9);
    const depth = between(nearest + radius, 8 - radius);
    // Half of them lie on the floor, the others hang in the air.
    const [lies, height] = [between(0, 1) < 0.5, between(-0.3, 0.3) * depth];
    const down = lies ? floor - radius : Math.min(floor - radius, height);
    return {
      centre: [between(-0.4, 0.4) * depth, down, depth],
      radius,
      colour: colour(0.25, 1),
      axis: unit([between(-1, 1), between(-1, 1), between(0.1, 1)]),
      bands: between(1.5, 3.5),
    };
  });
  return { spheres: made, floor, wall, floorColour, wallColour, light };
}

/** Where a ray from `origin` meets a sphere, as a multiple of its direction; Infinity where it does not. */
function distanceTo({ centre, radius }: Sphere, origin: Vector, direction: Vector): number {
  const offset = plus(origin, centre, -1);
  const [a, b, c] = [dot(direction, direction), dot(direction, offset), dot(offset, offset) - radius * radius];
  const root = b * b - a * c;
  if (root < 0) return Infinity;
  const distance = (-b - Math.sqrt(root)) / a;
  return distance > 1e-6 ? distance : Infinity;
}

function meet(scene: Scene, origin: Vector, direction: Vector): Hit {
  let first: Sphere | undefined;
  const toFloor = direction[1] > 0 ? (scene.floor - origin[1]) / direction[1] : Infinity;
  const toWall = (scene.wall - origin[2]) / direction[2];
  let distance = Math.min(toFloor, toWall);
  for (const sphere of scene.spheres) {
    const to = distanceTo(sphere, origin, direction);
    if (to < distance) [first, distance] = [sphere, to];
  }
  const point = plus(origin, direction, distance);
  if (first) {
    const normal = unit(plus(point, first.centre, -1));
    const even = Math.floor(first.bands * (dot(normal, first.axis) + 1)) % 2 === 0;
    return { distance, normal, colour: plus([0, 0, 0], first.colour, even ? 1 : 0.55) };
  }
  const onFloor = toFloor < toWall;
  const [u, v] = onFloor ? [point[0], point[2]] : [point[0], 1.5 * point[1]];
  const even = (Math.floor(u) + Math.floor(v)) % 2 === 0;
  return {
    distance,
    normal: onFloor ? [0, -1, 0] : [0, 0, -1],
    colour: plus([0, 0, 0], onFloor ? scene.floorColour : scene.wallColour, even ? 1 : 0.6),
  };
}

/** What is seen along a ray: Lambert's law, with what is in shadow lit by the surroundings alone. */
function seen(scene: Scene, origin: Vector, direction: Vector): Vector {
  const { distance, normal, colour } = meet(scene, origin, direction);
  const point = plus(plus(origin, direction, distance), normal, 1e-4);
  const shadow = scene.spheres.some((sphere) => distanceTo(sphere, point, scene.light) < Infinity);
  const lit = shadow ? 0 : Math.max(0, dot(normal, scene.light));
  return plus([0, 0, 0], colour, ambient + (1 - ambient) * lit);
}

/** Draws a scene from a camera to the right of the middle: each pixel the mean of 2 x 2 rays. */
function paint(scene: Scene, offset: number, size: number, pixels: Uint8Array): void {
  const plane = size * size;
  const origin: Vector = [offset, 0, 0];
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      let sum: Vector = [0, 0, 0];
      for (const x of [0.25, 0.75])
        for (const y of [0.25, 0.75]) sum = plus(sum, seen(scene, origin, rayOf(column + x, row + y, size)));
      for (let c = 0; c < 3; c++) pixels[c * plane + row * size + column] = Math.round(255 * Math.min(1, sum[c] / 4));
    }
}
