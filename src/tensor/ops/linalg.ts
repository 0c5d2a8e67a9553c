import { broadcastShapes, normalizeAxes, showShape, sizeOf } from '../shape.js';
import { apply, type Operator, type Tensor } from '../tensor.js';
import { requireArithmetic, requireFloat, sameDType } from './constant.js';

const MatMul: Operator = {
  type: 'MatMul',
  domain: '',
  infer: ([x, y]) => {
    const dtype = sameDType('matmul', [x, y]);
    requireArithmetic('matmul', x);
    if (x.shape[x.rank - 1] !== y.shape[y.rank - 2]) {
      throw new RangeError(`matmul: x ${showShape(x.shape)} and y ${showShape(y.shape)} differ in the inner dimension`);
    }
    const batch = broadcastShapes('matmul', x.shape.slice(0, -2), y.shape.slice(0, -2));
    return { shape: [...batch, x.shape[x.rank - 2], y.shape[y.rank - 1]], dtype };
  },
  vjp: ([ct], { inputs: [x, y] }) => [
    ct.matmul(y.swapAxes(-1, -2)).sumTo(x.shape),
    // A matrix shared by a batch of matrices: one product over all rows, not one a matrix and a sum.
    y.rank === 2 && x.rank > 2
      ? x
          .reshape([-1, x.shape[x.rank - 1]])
          .transpose()
          .matmul(ct.reshape([-1, y.shape[1]]))
      : x.swapAxes(-1, -2).matmul(ct).sumTo(y.shape),
  ],
};

/**
 * Matrix product over the last two axes, leading axes broadcast, as NumPy's `@`: a one-dimensional `x` is a row, a one-dimensional
 * `y` a column, and that axis is absent from the result.
 */
export function matmul(x: Tensor, y: Tensor): Tensor {
  if (x.rank === 0 || y.rank === 0)
    throw new RangeError(`matmul: x ${showShape(x.shape)} and y ${showShape(y.shape)} need an axis each`);
  if (x.rank === 1)
    return x
      .expandDims(0)
      .matmul(y)
      .squeeze(y.rank === 1 ? 0 : -2);
  if (y.rank === 1) return x.matmul(y.expandDims(1)).squeeze(-1);
  return apply(MatMul, [x, y], {});
}

/** The sum of products of all elements of two tensors of one shape. */
export function dot(x: Tensor, y: Tensor): Tensor {
  return x.mul(y).sum();
}

/** The outer product of two vectors: result[i, j] = x[i] y[j]. */
export function outer(x: Tensor, y: Tensor): Tensor {
  return x.flatten().expandDims(1).mul(y.flatten().expandDims(0));
}

/** The sum of the main diagonal of the last two axes. */
export function trace(x: Tensor): Tensor {
  return x.diagonal().sum(-1);
}

/**
 * `x` times `weight` transposed, plus `bias`: x [..., in], weight [out, in], bias [out] give [..., out]. PyTorch's layout.
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  if (weight.rank !== 2 || x.shape[x.rank - 1] !== weight.shape[1]) {
    throw new RangeError(
      `linear: x ${showShape(x.shape)} and weight ${showShape(weight.shape)} must agree in the last dimension`,
    );
  }
  const y = x.matmul(weight.transpose());
  return bias ? y.add(bias) : y;
}

/**
 * Einstein summation, as NumPy's: `einsum('bik,bkj->bij', x, y)`. Letters name axes; a letter absent from the result is summed
 * over; without `->` the result has the letters that occur once, in alphabetical order; `...` stands for leading axes that
 * broadcast; a letter twice in one operand takes its diagonal. Operands are contracted from left to right by batched matrix products.
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  const [inputs, output] = parseEinsum(equation, operands);
  const lengths = new Map<string, number>();
  inputs.forEach((letters, k) => {
    letters.forEach((letter, i) => {
      const n = operands[k].shape[i];
      const known = lengths.get(letter) ?? 1;
      if (known !== 1 && n !== 1 && known !== n) {
        throw new RangeError(
          `einsum: ${equation} gives axis ${letter} the lengths ${known} and ${n}, operands ${operands.map((t) => showShape(t.shape)).join(', ')}`,
        );
      }
      lengths.set(letter, Math.max(known, n));
    });
  });
  let [x, letters] = takeDiagonals(operands[0], inputs[0]);
  for (let k = 1; k < operands.length; k++) {
    const later = new Set([...output, ...inputs.slice(k + 1).flat()]);
    const [y, other] = takeDiagonals(operands[k], inputs[k]);
    [x, letters] = contract(x, letters, y, other, later);
  }
  const gone = letters.flatMap((letter, i) => (output.includes(letter) ? [] : [i]));
  if (gone.length > 0) x = x.sum(gone);
  letters = letters.filter((letter) => output.includes(letter));
  return x.transpose(output.map((letter) => letters.indexOf(letter)));
}

function parseEinsum(equation: string, operands: readonly Tensor[]): [string[][], string[]] {
  const compact = equation.replaceAll(' ', '');
  if (!/^[A-Za-z.,]*(->[A-Za-z.]*)?$/.test(compact)) throw new SyntaxError(`einsum: '${equation}' is not an equation`);
  const [left, right] = compact.split('->');
  const terms = left.split(',');
  if (terms.length !== operands.length)
    throw new RangeError(`einsum: '${equation}' has ${terms.length} terms for ${operands.length} operands`);
  const dots = Math.max(...terms.map((term, k) => (term.includes('...') ? operands[k].rank - term.length + 3 : 0)));
  const expand = (term: string, count: number) =>
    term.includes('...')
      ? [
          ...term.split('...')[0],
          ...Array.from({ length: count }, (_, i) => `.${dots - count + i}`),
          ...term.split('...')[1],
        ]
      : [...term];
  const inputs = terms.map((term, k) => {
    const letters = expand(term, term.includes('...') ? operands[k].rank - term.length + 3 : 0);
    if (letters.length !== operands[k].rank || letters.includes('.')) {
      throw new RangeError(`einsum: term '${term}' does not fit operand ${k} ${showShape(operands[k].shape)}`);
    }
    return letters;
  });
  const all = inputs.flat();
  const once = [...new Set(all)]
    .filter((letter) => !letter.startsWith('.') && all.indexOf(letter) === all.lastIndexOf(letter))
    .sort();
  const output = right === undefined ? [...expand('...', dots), ...once] : expand(right, dots);
  for (const letter of output)
    if (!all.includes(letter))
      throw new RangeError(`einsum: '${letter}' of the result is in no operand of '${equation}'`);
  if (new Set(output).size !== output.length)
    throw new RangeError(`einsum: the result of '${equation}' repeats a letter`);
  return [inputs, output];
}

function takeDiagonals(x: Tensor, letters: readonly string[]): [Tensor, string[]] {
  const twice = letters.findIndex((letter, i) => letters.indexOf(letter) !== i);
  if (twice < 0) return [x, [...letters]];
  const first = letters.indexOf(letters[twice]);
  const rest = letters.filter((_, i) => i !== first && i !== twice);
  const order = [...letters.keys()].filter((i) => i !== first && i !== twice);
  return takeDiagonals(x.transpose([...order, first, twice]).diagonal(), [...rest, letters[twice]]);
}

function contract(
  x: Tensor,
  a: readonly string[],
  y: Tensor,
  b: readonly string[],
  later: ReadonlySet<string>,
): [Tensor, string[]] {
  const lone = (letters: readonly string[], others: readonly string[]) =>
    letters.flatMap((letter, i) => (others.includes(letter) || later.has(letter) ? [] : [i]));
  const [goneX, goneY] = [lone(a, b), lone(b, a)];
  const left = goneX.length > 0 ? x.sum(goneX) : x;
  const right = goneY.length > 0 ? y.sum(goneY) : y;
  const [p, q] = [a.filter((_, i) => !goneX.includes(i)), b.filter((_, i) => !goneY.includes(i))];
  const lengthIn = (t: Tensor, letters: readonly string[], letter: string) => t.shape[letters.indexOf(letter)];
  const shared = p.filter((letter) => q.includes(letter));
  // An axis of length 1 on one side only broadcasts: it is a batch axis, to be summed afterwards where the result lacks it.
  const even = (letter: string) => lengthIn(left, p, letter) === lengthIn(right, q, letter);
  const batch = shared.filter((letter) => later.has(letter) || !even(letter));
  const inner = shared.filter((letter) => !batch.includes(letter));
  const rows = p.filter((letter) => !shared.includes(letter));
  const columns = q.filter((letter) => !shared.includes(letter));
  const arrange = (t: Tensor, letters: readonly string[], groups: readonly (readonly string[])[]) => {
    const flat = t.transpose(groups.flat().map((letter) => letters.indexOf(letter)));
    const batchShape = groups[0].map((letter) => lengthIn(t, letters, letter));
    return flat.reshape([
      ...batchShape,
      ...groups.slice(1).map((group) => sizeOf(group.map((letter) => lengthIn(t, letters, letter)))),
    ]);
  };
  const product = arrange(left, p, [batch, rows, inner]).matmul(arrange(right, q, [batch, inner, columns]));
  const shape = [
    ...batch.map((letter) => Math.max(lengthIn(left, p, letter), lengthIn(right, q, letter))),
    ...rows.map((letter) => lengthIn(left, p, letter)),
    ...columns.map((letter) => lengthIn(right, q, letter)),
  ];
  return [product.reshape(shape), [...batch, ...rows, ...columns]];
}

/** Contraction of the last `axes` axes of `x` with the first `axes` of `y` (default 1), or of the axes listed for each. */
export function tensordot(
  x: Tensor,
  y: Tensor,
  axes: number | readonly [readonly number[], readonly number[]] = 1,
): Tensor {
  requireFloat('tensordot', 'x', x);
  const [a, b] =
    typeof axes === 'number'
      ? [Array.from({ length: axes }, (_, i) => x.rank - axes + i), Array.from({ length: axes }, (_, i) => i)]
      : [axes[0].map((i) => (i < 0 ? i + x.rank : i)), axes[1].map((i) => (i < 0 ? i + y.rank : i))];
  normalizeAxes('tensordot', a, x.rank);
  normalizeAxes('tensordot', b, y.rank);
  const keepX = x.shape.map((_, i) => i).filter((i) => !a.includes(i));
  const keepY = y.shape.map((_, i) => i).filter((i) => !b.includes(i));
  const n = sizeOf(a.map((i) => x.shape[i]));
  const left = x.transpose([...keepX, ...a]).reshape([-1, n]);
  const right = y.transpose([...b, ...keepY]).reshape([n, -1]);
  return left.matmul(right).reshape([...keepX.map((i) => x.shape[i]), ...keepY.map((i) => y.shape[i])]);
}
