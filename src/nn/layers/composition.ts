import { foldIn, split } from '../../runtime/random/index.js';
import type { Layer, Symbolic, Variables } from '../layer.js';

/**
 * Layers one after the other. Given as a list their variables stand under '0', '1', ... as in PyTorch's Sequential; given as an object,
 * under its names, in the order of its entries (JavaScript puts names that are whole numbers first). Layers without variables take a
 * number but leave no entry.
 */
export function sequential(
  layers: readonly Layer<Variables>[] | { readonly [name: string]: Layer<Variables> },
): Layer<Variables> {
  const named = Object.entries(layers) as [string, Layer<Variables>][];
  return {
    init: (key) => {
      const keys = split(key, named.length);
      return Object.fromEntries(
        named
          .map(([name, layer], i) => [name, layer.init(keys[i])] as const)
          .filter(([, variables]) => Object.keys(variables).length > 0),
      );
    },
    apply: (variables, x, context) =>
      named.reduce((y, [name, layer]) => layer.apply((variables[name] ?? {}) as Symbolic<Variables>, y, context), x),
  };
}

/** x + body(x), or shortcut(x) + body(x); the variables stand under `body` and `shortcut`. */
export function residual(body: Layer<Variables>, shortcut?: Layer<Variables>): Layer<Variables> {
  return {
    init: (key) => ({ body: body.init(foldIn(key, 0)), ...(shortcut && { shortcut: shortcut.init(foldIn(key, 1)) }) }),
    apply: (variables, x, context) => {
      const skipped = shortcut ? shortcut.apply(variables.shortcut as Symbolic<Variables>, x, context) : x;
      return skipped.add(body.apply(variables.body as Symbolic<Variables>, x, context));
    },
  };
}

/** The layer's output added to its input; the variables are the layer's own. */
export function skip(layer: Layer<Variables>): Layer<Variables> {
  return { init: layer.init, apply: (variables, x, context) => x.add(layer.apply(variables, x, context)) };
}
