/** What is wrong with a model, named by the node, value or tensor it is wrong with. */
export class OnnxImportError extends Error {
  override readonly name = 'OnnxImportError';

  constructor(message: string, options?: ErrorOptions) {
    super(`importOnnx: ${message}`, options);
  }
}
