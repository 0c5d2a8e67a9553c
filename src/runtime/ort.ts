import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-common';
import { encodeModel, modelBytes } from '../onnx/encode.js';
import { type DType, isDType, type NDArray, sizeOf } from '../tensor/index.js';
import { input } from '../tensor/ops/constant.js';
import type { Device, Engine, Session, SessionOptions } from './engine.js';
import { isRefusal, noTensor, withoutCopies } from './in-place.js';

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
  { defaultDevice, writesInto, unwritten }: Pick<Engine, 'defaultDevice' | 'writesInto' | 'unwritten'>,
): Engine {
  let spares: Promise<boolean> | undefined;
  return {
    defaultDevice,
    writesInto,
    unwritten,
    async createSession(model, options) {
      const create = (bytes: Uint8Array) => ort.InferenceSession.create(bytes, sessionOptions(options, defaultDevice));
      // A profile is to show the program's own operators.
      if (writesInto && (options.device ?? defaultDevice) === 'cpu' && options.profile === undefined) {
        spares ??= sparesCopies(ort);
        if (await spares) {
          const session = await create(withoutCopies(model));
          if (session.outputMetadata.every(hasKnownShape)) return new OrtSession(ort, session, unwritten);
          await session.release();
        }
      }
      return new OrtSession(ort, await create(model));
    },
  };
}

/** ONNX Runtime knows no length where what it infers is not what the model says: of some pools whose last window begins beside the image. */
function hasKnownShape(result: InferenceSession.ValueMetadata): boolean {
  return !result.isTensor || result.shape.every((length) => typeof length === 'number');
}

/** Whether this build of ONNX Runtime lets a run end with its results written and none copied: tried once. */
async function sparesCopies(ort: Ort): Promise<boolean> {
  const x = input('x', [1], 'float32');
  const model = encodeModel({
    name: 'probe',
    inputs: [{ name: 'x', tensor: x }],
    outputs: [{ name: 'y', tensor: x.neg() }],
  });
  const session = await ort.InferenceSession.create(withoutCopies(modelBytes(model)), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const y = new ort.Tensor('float32', new Float32Array(1), [1]);
  try {
    await session.run({ x: new ort.Tensor('float32', Float32Array.of(1), [1]) }, { [noTensor]: null, y });
    return false;
  } catch (error) {
    return isRefusal(error) && y.data[0] === -1;
  } finally {
    await session.release();
  }
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
  readonly #wrapped = new WeakMap<NDArray['data'], OrtTensor>();
  readonly #results: readonly InferenceSession.ValueMetadata[];

  constructor(
    readonly ort: Ort,
    readonly session: InferenceSession,
    /** Where all results are written into arrays made beforehand, what makes those, see {@link withoutCopies}. */
    readonly unwritten?: Engine['unwritten'],
  ) {
    this.#results = session.outputMetadata.filter(({ name }) => name !== noTensor);
  }

  async run(inputs: readonly NDArray[], into: readonly (NDArray | undefined)[]): Promise<readonly NDArray[]> {
    const feeds: Record<string, OrtTensor> = {};
    this.session.inputNames.forEach((name, i) => {
      feeds[name] = this.#wrap(inputs[i]);
    });
    const fetches: Record<string, OrtTensor | null> = this.unwritten ? { [noTensor]: null } : {};
    const targets = this.#results.map((result, i) => {
      const target = into[i] ?? (this.unwritten && roomFor(result, this.unwritten));
      fetches[result.name] = target ? this.#wrap(target) : null;
      return target;
    });
    const results = await this.#run(feeds, fetches as InferenceSession.FetchesType);
    return targets.map((target, i) => target ?? unwrap(results[this.#results[i].name]));
  }

  async #run(feeds: InferenceSession.FeedsType, fetches: InferenceSession.FetchesType) {
    try {
      return await this.session.run(feeds, fetches);
    } catch (error) {
      if (this.unwritten && isRefusal(error)) return {};
      throw error;
    }
  }

  #wrap({ data, shape, dtype }: NDArray): OrtTensor {
    const known = this.#wrapped.get(data);
    if (known && known.dims === shape && known.type === dtype) return known;
    const tensor = new this.ort.Tensor(dtype, data as Float32Array, shape as number[]) as unknown as OrtTensor;
    this.#wrapped.set(data, tensor);
    return tensor;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** A new array for a result. */
function roomFor(result: InferenceSession.ValueMetadata, unwritten: Engine['unwritten']): NDArray {
  const { shape, type } = result as InferenceSession.TensorValueMetadata;
  const lengths = [...(shape as readonly number[])];
  return { data: unwritten(type as DType, sizeOf(lengths)), shape: lengths, dtype: type as DType };
}

function unwrap(tensor: OrtTensor): NDArray {
  if (!isDType(tensor.type)) throw new TypeError(`ONNX Runtime returned a tensor of type ${tensor.type}`);
  return { data: tensor.data as NDArray['data'], shape: tensor.dims, dtype: tensor.type as DType };
}
