import { isReversed, isScan, makeScan, partsOf, type ScanNode } from '../../autodiff/scan.js';
import { substitute, topological } from '../../tensor/graph.js';
import type { Tensor } from '../../tensor/index.js';
import type { Node } from '../../tensor/tensor.js';

/**
 * The outputs with loops made one that go over a sequence both and do not need each other, so that what both compute of it is computed once: a
 * loop and its own derivative, where the cotangents do not come of what the loop makes.
 */
export function fuseLoops(outputs: readonly Tensor[]): readonly Tensor[] {
  const loops = topological(outputs).filter(isScan);
  const before = new Map(loops.map((loop) => [loop, new Set(topological(loop.inputs.filter(Boolean)))]));
  const follows = (a: ScanNode, b: ScanNode) => before.get(a)?.has(b as unknown as Node);
  for (const [i, a] of loops.entries())
    for (const b of loops.slice(i + 1))
      if (sharesSequence(a, b) && agree(a, b) && !follows(a, b) && !follows(b, a))
        return fuseLoops(substitute(outputs, fused(a, b)));
  return outputs;
}

function sharesSequence(a: ScanNode, b: ScanNode): boolean {
  const { sequences } = partsOf(b);
  return partsOf(a).sequences.some((x) => sequences.includes(x));
}

const hasState = (loop: ScanNode) => partsOf(loop).carry.length > 0;

/** Whether both may run the same way; a loop without state may run either. */
function agree(a: ScanNode, b: ScanNode): boolean {
  return isReversed(a) === isReversed(b) || !hasState(a) || !hasState(b);
}

/** What the results of both loops become. */
function fused(a: ScanNode, b: ScanNode): Map<Tensor, Tensor> {
  const [givenA, givenB] = [partsOf(a), partsOf(b)];
  const [insideA, insideB] = [partsOf(a, a.attributes.body.parameters), partsOf(b, b.attributes.body.parameters)];
  // What goes into both has one name inside.
  const names = new Map<Tensor, Tensor>();
  const shared = (role: 'sequences' | 'captured') => {
    const [given, inside] = [[...givenA[role]], [...insideA[role]]];
    givenB[role].forEach((x, i) => {
      const at = givenA[role].indexOf(x);
      if (at >= 0) names.set(insideB[role][i], insideA[role][at]);
      else {
        given.push(x);
        inside.push(insideB[role][i]);
      }
    });
    return { given, inside };
  };
  const [sequences, captured] = [shared('sequences'), shared('captured')];
  const resultsA = a.attributes.body.results;
  const resultsB = substitute(b.attributes.body.results, names);
  const [statesA, statesB] = [givenA.carry.length, givenB.carry.length];
  const made = makeScan(
    { carry: [...insideA.carry, ...insideB.carry], sequences: sequences.inside, captured: captured.inside },
    [
      ...resultsA.slice(0, statesA),
      ...resultsB.slice(0, statesB),
      ...resultsA.slice(statesA),
      ...resultsB.slice(statesB),
    ],
    { carry: [...givenA.carry, ...givenB.carry], sequences: sequences.given, captured: captured.given },
    isReversed(hasState(a) ? a : b),
  );
  const places = [
    ...a.outputs.slice(0, statesA),
    ...b.outputs.slice(0, statesB),
    ...a.outputs.slice(statesA),
    ...b.outputs.slice(statesB),
  ];
  return new Map(places.map((y, i) => [y, made[i]]));
}
