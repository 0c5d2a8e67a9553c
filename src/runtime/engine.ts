import type { DType, NDArray, TypedArray } from '../tensor/index.js';

/** Where programs run: `cpu` in Node, `wasm` in a browser, `webgpu` in either. */
export type Device = 'cpu' | 'wasm' | 'webgpu';

export interface SessionOptions {
  readonly device?: Device;
  /**
   * Threads inside one operator. Default: one where all of the program's operators are small, else COTANGENT_THREADS in Node, or the engine's own
   * choice, one a physical core.
   */
  readonly threads?: number;
  /** Let ONNX Runtime fuse operators into its own. Default true. */
  readonly fuse?: boolean;
  /** Write a profile of every operator. Node only. */
  readonly profile?: string;
}

/** A model made ready to run. */
export interface Session {
  /**
   * Runs the model on its inputs, in its order, and gives its results, in its order. `into` gives, for some of them, the array to write the
   * result into, where the engine can.
   */
  run(inputs: readonly NDArray[], into: readonly (NDArray | undefined)[]): Promise<readonly NDArray[]>;
  /** Frees the model. */
  release(): Promise<void>;
}

/** ONNX Runtime in one of its builds. */
export interface Engine {
  readonly defaultDevice: Device;
  /** Whether results can be written into given arrays. The web build always makes new ones. */
  readonly writesInto: boolean;
  /** Memory for a result, of any content: all of it will be written. */
  unwritten(dtype: DType, size: number): TypedArray;
  createSession(model: Uint8Array, options: SessionOptions): Promise<Session>;
  /**
   * Runs `work` with an engine whose sessions time every operator, and tells the times of all of them once they are released. Absent where
   * the engine cannot.
   */
  profiled?(work: (engine: Engine) => Promise<void>): Promise<KernelTime[]>;
}

/** One run of one operator. */
export interface KernelTime {
  /** Name of the node in the model. */
  readonly node: string;
  /** What ONNX Runtime ran, which may be an operator of its own that several nodes were fused into. */
  readonly operator: string;
  readonly milliseconds: number;
}
