import { schemas } from './generated/schemas.js';
import type { OnnxOperator } from './operator.js';
import { families } from './operators/index.js';

/** Operators that exist in newer drafts or for other ends than networks are told with the reason why they are left out. */
const leftOut: readonly (readonly [reason: string, types: readonly string[]])[] = [
  ['strings', ['RegexFullMatch', 'StringConcat', 'StringNormalizer', 'StringSplit', 'TfIdfVectorizer']],
  [
    'random numbers, which here need a key',
    ['Bernoulli', 'Multinomial', 'RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike'],
  ],
  ['integers of 8 bits with a sign', ['ConvInteger', 'MatMulInteger', 'QLinearConv', 'QLinearMatMul']],
  ['pictures in files', ['ImageDecoder']],
];

const code = (types: readonly string[]) => types.map((type) => `\`${type}\``).join(' ');

/** An operator as a model names it. */
const nameOf = ({ domain, type }: OnnxOperator) => (domain ? `${domain}.${type}` : type);

/**
 * The tables of what models may hold, in Markdown: operators with a gradient, those that have nothing to differentiate, those that run forward only,
 * and those that are not supported. Made of the operators themselves.
 */
export function operatorTables(): string {
  const all = Object.values(families).flat();
  const pick = (list: readonly OnnxOperator[], gradient: OnnxOperator['gradient']) =>
    code(list.filter((o) => o.gradient === gradient).map(nameOf));
  const rows = Object.entries(families).map(
    ([family, list]) => `| ${family} | ${pick(list, 'yes')} | ${pick(list, 'none')} | ${pick(list, 'forward only')} |`,
  );
  const notes = all.flatMap((o) => (o.note ? [`| \`${nameOf(o)}\` | ${o.note} |`] : []));
  const supported = new Set(all.filter((o) => !o.domain).map((o) => o.type));
  const missing = Object.keys(schemas).filter((type) => !supported.has(type));
  const reasoned = leftOut.flatMap(([reason, types]) => {
    const list = types.filter((type) => missing.includes(type));
    return list.length > 0 ? [`- ${reason}: ${code(list)}`] : [];
  });
  const others = missing.filter((type) => !leftOut.some(([, types]) => types.includes(type)));
  return [
    `${supported.size} of the ${Object.keys(schemas).length} operators of ONNX, and ${all.length - supported.size} of ONNX Runtime's own:`,
    '',
    '| family | with gradient | nothing to differentiate | forward only |',
    '|---|---|---|---|',
    ...rows,
    '',
    'Where the derivative is a choice, or the operator has limits:',
    '',
    '| operator | |',
    '|---|---|',
    ...notes,
    '',
    'Not supported:',
    '',
    ...reasoned,
    ...(others.length > 0 ? [`- others: ${code(others)}`] : []),
  ].join('\n');
}

const [begin, end] = ['<!-- operators of imported models -->', '<!-- end -->'];

/** A document with the tables of {@link operatorTables} between their marks. @throws Error where the marks are missing. */
export function withOperatorTables(document: string): string {
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no ${begin} ... ${end}`);
  return `${document.slice(0, from + begin.length)}\n\n${operatorTables()}\n\n${document.slice(to)}`;
}
