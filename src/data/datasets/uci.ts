import { join } from 'node:path';
import type { NDArray } from '../../tensor/index.js';
import type { Tabular } from '../tables/tabular.js';
import { localFolder, readIfPresent, unpack } from './files.js';

/** Where a set is, what its columns mean, and what is predicted. */
interface UciSet {
  readonly file: string;
  readonly columns: readonly string[];
  readonly target: string;
  readonly unit?: string;
  /** Columns after the target that are not used. Default 0. */
  readonly unused?: number;
}

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name} ${i + 1}`);

/** The sets that papers about uncertain regression compare on, in the form that they share: features, then the target. */
const sets = {
  'boston-housing': {
    file: 'bostonHousing.txt',
    columns: ['CRIM', 'ZN', 'INDUS', 'CHAS', 'NOX', 'RM', 'AGE', 'DIS', 'RAD', 'TAX', 'PTRATIO', 'B', 'LSTAT'],
    target: 'median value of homes',
    unit: 'thousand dollars',
  },
  concrete: {
    file: 'concrete.txt',
    columns: [
      'cement',
      'blast furnace slag',
      'fly ash',
      'water',
      'superplasticizer',
      'coarse aggregate',
      'fine aggregate',
      'age',
    ],
    target: 'compressive strength',
    unit: 'MPa',
  },
  energy: {
    file: 'energy.txt',
    columns: [
      'relative compactness',
      'surface area',
      'wall area',
      'roof area',
      'height',
      'orientation',
      'glazing area',
      'distribution of glazing',
    ],
    target: 'heating load',
    unit: 'kWh per square metre',
  },
  kin8nm: { file: 'kin8nm.txt', columns: numbered('joint', 8), target: 'distance of the end effector' },
  'naval-propulsion-plant': {
    file: 'naval-propulsion-plant.txt',
    columns: [
      'lever position',
      'ship speed',
      'gas turbine torque',
      'gas turbine revolutions',
      'gas generator revolutions',
      'starboard propeller torque',
      'port propeller torque',
      'turbine exit temperature',
      'compressor inlet temperature',
      'compressor outlet temperature',
      'turbine exit pressure',
      'compressor inlet pressure',
      'compressor outlet pressure',
      'exhaust pressure',
      'turbine injection control',
      'fuel flow',
    ],
    target: 'decay of the compressor',
    unused: 1,
  },
  'power-plant': {
    file: 'power-plant.txt',
    columns: ['temperature', 'vacuum', 'pressure', 'humidity'],
    target: 'electrical output',
    unit: 'MW',
  },
  'wine-quality-red': {
    file: 'wine-quality-red.txt',
    columns: [
      'fixed acidity',
      'volatile acidity',
      'citric acid',
      'residual sugar',
      'chlorides',
      'free sulfur dioxide',
      'total sulfur dioxide',
      'density',
      'pH',
      'sulphates',
      'alcohol',
    ],
    target: 'quality',
    unit: 'grade',
  },
  yacht: {
    file: 'yacht.txt',
    columns: [
      'position of buoyancy',
      'prismatic coefficient',
      'length by displacement',
      'beam by draught',
      'length by beam',
      'Froude number',
    ],
    target: 'residuary resistance',
  },
} as const satisfies Record<string, UciSet>;

export type UciName = keyof typeof sets;

/** Names of the sets that {@link uci} reads. */
export const uciNames = Object.keys(sets) as readonly UciName[];

export interface UciOptions {
  readonly set: UciName;
  /** Folder that holds the files, gzipped or not. Default: the subfolder `uci` of the folder that COTANGENT_DATA names. */
  readonly folder?: string;
}

/**
 * A regression set of the UCI repository, all of its samples in the order of the file: text with numbers between white space, a sample a line.
 *
 * @throws Error of one line that names the file, and the line where it is damaged.
 */
export async function uci({ set, folder = localFolder('uci') }: UciOptions): Promise<Tabular> {
  const { file, columns, target, unit, unused = 0 }: UciSet = sets[set];
  if (folder === undefined) throw new Error('uci: name a folder, here or in COTANGENT_DATA');
  const { path, text } = await contents(folder, file);
  const rows = text.split('\n').flatMap((line, i) => {
    const words = line.trim().split(/\s+/);
    if (words[0] === '') return [];
    const numbers = words.map(Number);
    if (words.length !== columns.length + 1 + unused || !numbers.every(Number.isFinite))
      throw new Error(`${path}: line ${i + 1} must have ${columns.length + 1 + unused} numbers`);
    return [numbers];
  });
  if (rows.length === 0) throw new Error(`${path}: is empty`);
  const width = columns.length;
  const features: NDArray<'float32'> = {
    data: new Float32Array(rows.length * width),
    shape: [rows.length, width],
    dtype: 'float32',
  };
  rows.forEach((row, i) => {
    features.data.set(row.slice(0, width), i * width);
  });
  return {
    name: `uci/${set}`,
    features,
    targets: { data: Float32Array.from(rows, (row) => row[width]), shape: [rows.length], dtype: 'float32' },
    columns,
    target,
    ...(unit && { unit }),
  };
}

async function contents(folder: string, file: string): Promise<{ path: string; text: string }> {
  for (const path of [join(folder, `${file}.gz`), join(folder, file)]) {
    const bytes = await readIfPresent(path);
    if (bytes) return { path, text: new TextDecoder().decode(unpack(bytes, { name: path })) };
  }
  throw new Error(`uci: ${file}(.gz) is not in ${folder}`);
}
