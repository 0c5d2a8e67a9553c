import { type Assembler, inlineAssembler, type Samples } from './assembler.js';

/** In a page batches are put together on the calling thread: WebAssembly runs its own threads beside it. */
export function backgroundAssembler(samples: Samples): Assembler {
  return inlineAssembler(samples);
}
