// ONNX Runtime on the bytes of a model, without this library: what the importer's results are compared with.
process.env.ORT_DISABLE_TELEMETRY ??= '1';
const { default: ort } = await import('onnxruntime-node');

process.on('message', async ({ bytes, inputs }) => {
  try {
    const session = await ort.InferenceSession.create(bytes, {
      graphOptimizationLevel: 'disabled',
      intraOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    const feeds = {};
    for (const name of session.inputNames) {
      const { dtype, data, shape } = inputs[name];
      feeds[name] = new ort.Tensor(dtype, data, shape);
    }
    const results = await session.run(feeds);
    const outputs = {};
    for (const [name, { type, data, dims }] of Object.entries(results))
      outputs[name] = { dtype: type, data, shape: [...dims] };
    await session.release();
    process.send({ outputs });
  } catch (error) {
    process.send({ refusal: `${error?.message}` });
  }
});
