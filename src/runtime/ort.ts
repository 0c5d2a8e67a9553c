import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-common';
import { type DType, isDType, type NDArray } from '../tensor/index.js';
import type { Device, Engine, Session, SessionOptions } from './engine.js';

/** What the Node and the web build of ONNX Runtime have in common. */
interface Ort {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

/** An engine on a build of ONNX Runtime. */
export function ortEngine(
  ort: Ort,
  { defaultDevice, writesInto }: Pick<Engine, 'defaultDevice' | 'writesInto'>,
): Engine {
  return {
    defaultDevice,
    writesInto,
    async createSession(model, options) {
      const session = await ort.InferenceSession.create(model, sessionOptions(options, defaultDevice));
      return new OrtSession(ort, session);
    },
  };
}

/** Pad_Fusion of ONNX Runtime 1.30 leaves other users of the padded value without it. */
const brokenOptimizers = 'Pad_Fusion';

function sessionOptions(
  { device, threads, profile, fuse = true }: SessionOptions,
  defaultDevice: Device,
): InferenceSession.SessionOptions {
  return {
    executionProviders: [device ?? defaultDevice],
    ...(threads !== undefined && { intraOpNumThreads: threads }),
    ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
    // Results must not depend on which thread was first.
    extra: {
      session: { use_deterministic_compute: '1' },
      optimization: { disable_specified_optimizers: brokenOptimizers },
    },
    graphOptimizationLevel: fuse ? 'all' : 'basic',
    // A plan of memory for whole runs keeps what the first run took beside it: half as much again for the steps of large models.
    enableMemPattern: false,
    logSeverityLevel: 3,
  };
}

class OrtSession implements Session {
  /** Wrappers of arrays that are fed again and again, such as parameters, so that none is made twice. */
  readonly #wrapped = new WeakMap<NDArray, OrtTensor>();

  constructor(
    readonly ort: Ort,
    readonly session: InferenceSession,
  ) {}

  async run(
    inputs: ReadonlyMap<string, NDArray>,
    outputs: readonly string[],
    into: ReadonlyMap<string, NDArray>,
  ): Promise<Map<string, NDArray>> {
    const feeds: Record<string, OrtTensor> = {};
    for (const [name, array] of inputs) feeds[name] = this.#wrap(array);
    const fetches: Record<string, OrtTensor | null> = {};
    for (const name of outputs) {
      const target = into.get(name);
      fetches[name] = target ? this.#wrap(target) : null;
    }
    const results = await this.session.run(feeds, fetches as InferenceSession.FetchesType);
    return new Map(outputs.map((name) => [name, into.get(name) ?? unwrap(results[name])]));
  }

  #wrap(array: NDArray): OrtTensor {
    let tensor = this.#wrapped.get(array);
    if (!tensor) {
      tensor = new this.ort.Tensor(
        array.dtype,
        array.data as Float32Array,
        array.shape as number[],
      ) as unknown as OrtTensor;
      this.#wrapped.set(array, tensor);
    }
    return tensor;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

function unwrap(tensor: OrtTensor): NDArray {
  if (!isDType(tensor.type)) throw new TypeError(`ONNX Runtime returned a tensor of type ${tensor.type}`);
  return { data: tensor.data as NDArray['data'], shape: tensor.dims, dtype: tensor.type as DType };
}
