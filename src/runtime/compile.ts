import { engine } from '#engine';
import { encodeModel, modelBytes } from '../onnx/encode.js';
import { isNDArray, isTensor, type NDArray, type Spec, type Tensor } from '../tensor/index.js';
import { constantOf } from '../tensor/tensor.js';
import { leavesOf, mapLeaves } from '../tensor/tree.js';
import {
  type Argument,
  type ArrayArgument,
  type ArraysIn,
  type ArraysOut,
  argumentsOf,
  nameOfArgument,
} from './arrays.js';
import { Buffers, keyOf } from './buffers.js';
import type { Device, SessionOptions } from './engine.js';
import { Layout } from './layout.js';
import { multiplyAdds } from './operations.js';
import { distinctNames, type Plan, plan, runPlan } from './plan.js';
import { type OperatorProfile, operatorProfiles } from './profile.js';
import { type Traced, trace } from './trace.js';

export interface CompileOptions extends SessionOptions {
  /** For messages and model files. Default: the function's own name. */
  readonly name?: string;
  /** Names of the arguments, for messages and model inputs. Default: their positions. */
  readonly argumentNames?: readonly string[];
  /**
   * Positions of arguments whose arrays the caller gives up with the call: their memory is used for later results, and passing one
   * again is an error. State that goes in and comes back (parameters, moments) is best donated.
   */
  readonly donate?: readonly number[];
}

/** What a compiled function did for one signature. */
export interface SignatureStats {
  /** Paths, dtypes and shapes of the arguments. */
  readonly signature: string;
  /** Operators in the program. */
  readonly nodes: number;
  /** Multiplications with an addition of its matrix products and convolutions, a run; two floating-point operations each. */
  readonly multiplyAdds: number;
  /** ONNX Runtime sessions: one more than the places where the host must step in. */
  readonly sessions: number;
  readonly traceMilliseconds: number;
  readonly sessionMilliseconds: number;
  readonly runs: number;
}

/** A function of arrays made of a function of tensors. */
export interface Compiled<A extends unknown[], R> {
  (...args: { [K in keyof A]: ArraysIn<A[K]> }): Promise<ArraysOut<R>>;
  /** What it did so far, a row a signature. */
  stats(): readonly SignatureStats[];
  /**
   * Where the time goes, an operator a row, the slowest first: runs the program for arguments like these on its own sessions, which time every
   * operator. The arguments are not donated. Node only.
   *
   * @throws Error where the engine cannot, as in a browser.
   */
  profile(...args: { [K in keyof A]: ArraysIn<A[K]> }): Promise<OperatorProfile[]>;
  /**
   * Gives back results that are no longer needed, or any part of them: later calls write into their memory, where fresh memory costs some
   * 0.35 ms a megabyte. Their data are empty from then on, and passing one to a call is an error; what must be kept is copied first. What
   * is no result of this function, such as an argument that was handed through, is left alone, and everything where the engine cannot write
   * into given arrays, as in a browser.
   *
   * ```ts
   * const [loss, gradient] = await run(params, x);
   * apply(gradient);
   * run.recycle(gradient);
   * ```
   */
  recycle(...results: readonly unknown[]): void;
  /** The bytes of the ONNX model for arguments like these. */
  toOnnx(...args: { [K in keyof A]: ArraysIn<A[K]> }): Uint8Array;
  /** Frees its sessions. */
  release(): Promise<void>;
}

interface Program extends Traced {
  readonly plan: Plan;
  readonly leaves: readonly Argument[];
  readonly layout: Layout;
  /** For each input, which of the leaves it is. */
  readonly places: readonly number[];
  /** The leaves of donated arguments: which they are, and the kind of buffer. */
  readonly donated: readonly { readonly at: number; readonly key: string }[];
  /** The results that are computed, with the kind of buffer each is written into. */
  readonly computed: readonly { readonly tensor: Tensor; readonly key: string }[];
  /** How many of them are of a kind, where the engine can write into given arrays. */
  readonly wanted: ReadonlyMap<string, number>;
  readonly stats: { -readonly [K in keyof SignatureStats]: SignatureStats[K] };
}

/**
 * Compiles a function of tensors into a function of arrays.
 *
 * The first call for each signature (the shapes and dtypes of all array leaves, and the values of strings, booleans and nulls,
 * which are static) runs `fn` on symbols, makes an ONNX Runtime session of the graph and keeps it. Arguments and result are trees:
 * plain objects and lists of `{ data, shape, dtype }`; a number is a float32 scalar, an ONNX Runtime tensor an array. All calls
 * must have the tree structure of the first.
 *
 * ```ts
 * const step = compile((w: Tensor, x: Tensor) => w.sub(grad(loss)(w, x).mul(0.1)), { donate: [0] });
 * w = await step(w, x);
 * ```
 *
 * @throws TypeError naming the path of a leaf that is missing, not expected, not an array or was donated; errors of operators that
 * do not fit carry the shapes, and the leaves that differ from a call that worked.
 */
export function compile<A extends unknown[], R>(fn: (...args: A) => R, options: CompileOptions = {}): Compiled<A, R> {
  const { name = fn.name || 'program', argumentNames = [], donate = [], ...session } = options;
  const programs = new Map<string, Promise<Program>>();
  const worked: Program[] = [];
  const buffers = new Buffers(engine.unwritten);
  const device = session.device ?? engine.defaultDevice;
  const who = `compile(${name})`;

  const checked = (leaves: Argument[]): Argument[] => {
    for (const leaf of leaves) {
      if ('given' in leaf && buffers.isDonated(leaf.given)) {
        throw new TypeError(`${who}: ${leaf.path} was donated to an earlier call; pass the array that call returned`);
      }
    }
    return leaves;
  };
  const flatten = (args: readonly unknown[]): Argument[] => {
    const leaves = checked(argumentsOf(who, args, argumentNames));
    return worked.length > 0 ? inOrderOf(who, leaves, worked[0].leaves) : leaves;
  };
  const traced = (args: readonly unknown[], leaves: readonly Argument[], device?: Device): Traced => {
    try {
      return trace(fn as (...args: never[]) => unknown, args, argumentNames, leaves, device);
    } catch (error) {
      throw new Error(`${who}: ${(error as Error).message}${differences(leaves, worked)}`, { cause: error });
    }
  };
  const make = async (args: readonly unknown[], leaves: readonly Argument[], signature: string): Promise<Program> => {
    const start = performance.now();
    const program = traced(args, leaves, device);
    const between = performance.now();
    const made = await plan(
      engine,
      name,
      program.outputs,
      new Map(program.inputs.map((i) => [i.tensor, i.name])),
      session,
    );
    const stats = {
      signature,
      nodes: made.nodes,
      multiplyAdds: multiplyAdds(program.outputs.map(({ tensor }) => tensor)),
      sessions: made.stages.filter((stage) => stage.segment).length,
      traceMilliseconds: between - start,
      sessionMilliseconds: performance.now() - between,
      runs: 0,
    };
    const result = { ...program, plan: made, leaves: leaves.map(withoutData), stats, ...places(args, leaves, program) };
    worked.push(result);
    return result;
  };
  /** Where the leaves of a call and its results go. */
  const places = (args: readonly unknown[], leaves: readonly Argument[], { inputs, outputs }: Traced) => {
    const at = new Map(leaves.map(({ path }, i) => [path, i]));
    const given = new Set(inputs.map(({ tensor }) => tensor));
    const donated = donate.flatMap((i) =>
      leavesOf(args[i], nameOfArgument(argumentNames, i)).flatMap(({ path }) => {
        const leaf = leaves[at.get(path) as number];
        if (!('array' in leaf)) return [];
        const key = keyOf(leaf.array);
        return [{ at: at.get(path) as number, key }];
      }),
    );
    const computed = new Set(outputs.map(({ tensor }) => tensor).filter((x) => !given.has(x) && !constantOf(x)));
    const wanted = new Map<string, number>();
    if (engine.writesInto)
      for (const tensor of computed) wanted.set(keyOf(tensor), (wanted.get(keyOf(tensor)) ?? 0) + 1);
    return {
      layout: new Layout(args, leaves.map(withoutData), (i) => nameOfArgument(argumentNames, i)),
      places: inputs.map(({ name }) => at.get(name) as number),
      donated,
      computed: [...computed].map((tensor) => ({ tensor, key: keyOf(tensor) })),
      wanted,
    };
  };
  /** The program of the last call, to which the next is like as a rule. */
  let latest: Program | undefined;

  const programFor = async (args: readonly unknown[]): Promise<[Program, readonly Argument[]]> => {
    const known = latest?.layout.read(args);
    if (latest && known) return [latest, checked(known)];
    const leaves = flatten(args);
    const signature = leaves.map(show).join(' ');
    let promise = programs.get(signature);
    if (!promise) {
      promise = make(args, leaves, signature);
      programs.set(signature, promise);
      // A signature that failed may work later, for instance when memory is there again.
      promise.catch(() => programs.delete(signature));
    }
    latest = await promise;
    return [latest, leaves];
  };
  const call = async (...args: unknown[]): Promise<unknown> => {
    const [program, leaves] = await programFor(args);
    program.stats.runs++;
    const values = new Map<Tensor, NDArray>();
    program.inputs.forEach(({ tensor }, i) => {
      values.set(tensor, (leaves[program.places[i]] as ArrayArgument).array);
    });
    const into = new Map<Tensor, NDArray>();
    if (engine.writesInto) for (const { tensor, key } of program.computed) into.set(tensor, buffers.take(tensor, key));
    await runPlan(program.plan, values, into);
    const results = program.outputs.map(({ tensor }) => own(tensor, values));
    // Memory that is a result, or was given already under another name, must not be given to a later call.
    const taken = new Set(results.map((array) => array.data.buffer));
    for (const { at, key } of program.donated) {
      const { array, given } = leaves[at] as ArrayArgument;
      if (taken.has(array.data.buffer)) continue;
      taken.add(array.data.buffer);
      buffers.give(given, array, key, program.wanted.get(key) ?? 0);
    }
    let next = 0;
    return mapLeaves(program.result, (leaf) => (isTensor(leaf) ? results[next++] : leaf));
  };

  return Object.assign(call as (...args: { [K in keyof A]: ArraysIn<A[K]> }) => Promise<ArraysOut<R>>, {
    stats: () => worked.map((program) => ({ ...program.stats })),
    recycle: (...results: readonly unknown[]) => {
      for (const { value } of leavesOf(results)) {
        if (!isNDArray(value) || !buffers.isLent(value)) continue;
        const key = keyOf(value);
        buffers.takeBack(value, key, Math.max(0, ...worked.map(({ wanted }) => wanted.get(key) ?? 0)));
      }
    },
    toOnnx: (...args: { [K in keyof A]: ArraysIn<A[K]> }) => {
      const { inputs, outputs } = traced(args, flatten(args));
      return modelBytes(encodeModel({ name, inputs, outputs: distinctNames(outputs, inputs) }));
    },
    profile: async (...args: { [K in keyof A]: ArraysIn<A[K]> }) => {
      if (!engine.profiled) throw new Error(`${who}: this build of ONNX Runtime cannot time operators`);
      const leaves = flatten(args);
      const { inputs, outputs } = traced(args, leaves, device);
      const names = new Map(inputs.map((i) => [i.tensor, i.name]));
      const given = new Map(leaves.flatMap((leaf) => ('array' in leaf ? [[leaf.path, leaf.array]] : [])));
      const times = await engine.profiled(async (timing) => {
        const made = await plan(timing, name, outputs, names, session);
        for (let run = 0; run < profiledRuns; run++) {
          const values = new Map(inputs.map(({ name: path, tensor }) => [tensor, given.get(path) as NDArray]));
          await runPlan(made, values, new Map());
        }
        await releasePlan(made);
      });
      return operatorProfiles(times, profiledRuns);
    },
    release: async () => {
      latest = undefined;
      for (const program of worked.splice(0)) await releasePlan(program.plan);
      programs.clear();
    },
  });
}

/** Runs whose mean a profile is. */
const profiledRuns = 10;

async function releasePlan({ stages }: Plan): Promise<void> {
  for (const { segment } of stages) await segment?.session.release();
}

/** A result the caller may keep: constants are copied, so that no one can change the program. */
function own(tensor: Tensor, values: ReadonlyMap<Tensor, NDArray>): NDArray {
  const value = constantOf(tensor);
  return value ? { ...value, data: value.data.slice() } : (values.get(tensor) as NDArray);
}

function withoutData(leaf: Argument): Argument {
  return 'array' in leaf
    ? { path: leaf.path, array: { ...leaf.array, data: new Float32Array(0) } as NDArray, given: undefined }
    : leaf;
}

function show(leaf: Argument): string {
  return 'array' in leaf ? `${leaf.path}: ${showSpec(leaf.array)}` : `${leaf.path}: ${typeof leaf.fixed} ${leaf.fixed}`;
}

function showSpec({ dtype, shape }: Spec): string {
  return `${dtype}[${shape.join(', ')}]`;
}

/** The leaves in the order of the first call's, whose structure they must have. */
function inOrderOf(who: string, leaves: readonly Argument[], first: readonly Argument[]): Argument[] {
  const byPath = new Map(leaves.map((leaf) => [leaf.path, leaf]));
  const ordered = first.map((known) => {
    const leaf = byPath.get(known.path);
    if (!leaf)
      throw new TypeError(
        `${who}: ${known.path} is missing; the first call had ${show(known).slice(known.path.length + 2)} there`,
      );
    return leaf;
  });
  if (leaves.length > first.length) {
    const paths = new Set(first.map((leaf) => leaf.path));
    throw new TypeError(
      `${who}: ${leaves.find((leaf) => !paths.has(leaf.path))?.path} is not expected; the first call had no such leaf`,
    );
  }
  return ordered;
}

/** How the leaves differ from those of the last call that worked. */
function differences(leaves: readonly Argument[], worked: readonly Program[]): string {
  const last = worked.at(-1)?.leaves ?? [];
  const changed = leaves.flatMap((leaf, i) =>
    last[i] && show(leaf) !== show(last[i])
      ? [`${show(leaf)}, earlier ${show(last[i]).slice(leaf.path.length + 2)}`]
      : [],
  );
  return changed.length > 0 ? ` (${changed.join('; ')})` : '';
}
