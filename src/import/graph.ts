import { create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  type ValueInfoProto,
} from '../onnx/generated/onnx_pb.js';
import { OnnxImportError } from './error.js';

/** One node of a model: an operator, the names of what it takes and makes, and its attributes. */
export interface GraphNode {
  /** Unique in the model: the node's own name, or its operator and position. */
  readonly label: string;
  /** The path of the PyTorch module that it comes from, where the exporter says so: `encoder.layer.0.query`, '' for the model itself. */
  readonly module: string | undefined;
  readonly type: string;
  /** '' for ONNX's own operators. */
  readonly domain: string;
  /** The version of the operator set of its domain that the model was written for. */
  readonly version: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeProto>;
  /** It stands in a function of the model, not in its graph. */
  readonly inlined: boolean;
  /** The graphs that it holds: branches, bodies of loops. */
  readonly bodies: ReadonlyMap<string, Graph>;
}

/** A graph with nodes before their users, functions of the model replaced by their nodes, every name defined once. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  readonly initializers: ReadonlyMap<string, TensorProto>;
  readonly nodes: readonly GraphNode[];
  /** Names of the graphs around it that its nodes use. */
  readonly captured: ReadonlySet<string>;
}

/** Nodes that a model may have once its functions are inlined. */
const mostNodes = 200_000;
/** Those that functions may make of them, calls included: their names are as long as the calls are deep. */
const mostInlined = 20_000;

/**
 * The graph of a model.
 *
 * @throws OnnxImportError naming a value that nothing makes or that is made twice, a node that stands before what it uses, a function that
 * calls itself.
 */
export function graphOf(model: ModelProto): Graph {
  if (!model.graph) throw new OnnxImportError('the file holds no graph: it is no ONNX model');
  const versions = new Map<string, number>();
  for (const { domain, version } of model.opsetImport) {
    const plain = plainDomain(domain);
    if (versions.has(plain)) throw new OnnxImportError(`the operator set of ${plain || 'ONNX'} stands there twice`);
    versions.set(plain, Number(version));
  }
  if (!versions.has('')) versions.set('', 1);
  const functions = new Map<string, FunctionProto>();
  for (const definition of model.functions) {
    const key = functionKey(definition.domain, definition.name, definition.overload);
    if (functions.has(key)) throw new OnnxImportError(`the function ${definition.name} stands there twice`);
    functions.set(key, definition);
  }
  return new Reader(functions).graph(model.graph, versions, new Set(), '');
}

function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

/** PyTorch's exporter by torch.export notes the names of the modules around a node, outermost first, its own last. */
function moduleOf({ metadataProps }: NodeProto): string | undefined {
  const scopes = metadataProps.find(({ key }) => key === 'pkg.torch.onnx.name_scopes')?.value;
  if (scopes === undefined) return undefined;
  return [...scopes.matchAll(/'([^']*)'/g)].at(-2)?.[1];
}

function functionKey(domain: string, name: string, overload: string): string {
  return `${plainDomain(domain)}\0${name}\0${overload}`;
}

type Versions = ReadonlyMap<string, number>;

class Reader {
  #count = 0;
  #inlined = 0;
  readonly #labels = new Set<string>();
  readonly #next = new Map<string, number>();

  constructor(readonly functions: ReadonlyMap<string, FunctionProto>) {}

  graph(proto: GraphProto, versions: Versions, outer: ReadonlySet<string>, scope: string): Graph {
    if (proto.sparseInitializer.length > 0) throw new OnnxImportError('sparse initializers are not supported');
    const defined = new Set<string>();
    const captured = new Set<string>();
    const define = (name: string, by: string) => {
      if (defined.has(name)) throw new OnnxImportError(`${by} makes '${name}', a name that is taken already`);
      if (outer.has(name)) throw new OnnxImportError(`${by} makes '${name}', a name of the graph around it`);
      defined.add(name);
    };
    const initializers = new Map<string, TensorProto>();
    const inputs = proto.input.filter(({ name }) => {
      if (!name) throw new OnnxImportError('an input has no name');
      define(name, 'an input');
      return true;
    });
    for (const tensor of proto.initializer) {
      if (!tensor.name) throw new OnnxImportError('an initializer has no name');
      if (initializers.has(tensor.name))
        throw new OnnxImportError(`the initializer '${tensor.name}' stands there twice`);
      // Up to version 3 of the format an initializer is an input's default.
      if (!defined.has(tensor.name)) define(tensor.name, 'an initializer');
      initializers.set(tensor.name, tensor);
    }
    const makers = new Map<string, string>();
    const nodes: GraphNode[] = [];
    const protos = [...this.inlined(proto.node, versions, scope, [])];
    for (const { node } of protos) for (const name of node.output) if (name) makers.set(name, node.opType);
    for (const { node, versions: own, scope: at } of protos) {
      const label = this.#label(node, at);
      for (const name of node.input) {
        if (name === '' || defined.has(name)) continue;
        if (outer.has(name)) captured.add(name);
        else if (makers.has(name))
          throw new OnnxImportError(
            `node '${label}' (${node.opType}) uses '${name}' before it is made: the graph is cyclic or not sorted`,
          );
        else throw new OnnxImportError(`node '${label}' (${node.opType}) uses '${name}', which nothing makes`);
      }
      const attributes = new Map<string, AttributeProto>();
      const bodies = new Map<string, Graph>();
      for (const attribute of node.attribute) {
        if (attributes.has(attribute.name))
          throw new OnnxImportError(`node '${label}' (${node.opType}) has the attribute ${attribute.name} twice`);
        attributes.set(attribute.name, attribute);
        if (!attribute.g) continue;
        const body = this.graph(attribute.g, own, new Set([...outer, ...defined]), `${label}/`);
        bodies.set(attribute.name, body);
        for (const name of body.captured) if (!defined.has(name)) captured.add(name);
      }
      for (const name of node.output) if (name) define(name, `node '${label}' (${node.opType})`);
      const domain = plainDomain(node.domain);
      const version = own.get(domain) ?? 1;
      nodes.push({
        label,
        module: moduleOf(node),
        type: node.opType,
        domain,
        version,
        inputs: node.input,
        outputs: node.output,
        attributes,
        inlined: at !== scope,
        bodies,
      });
    }
    for (const { name } of proto.output) {
      if (defined.has(name)) continue;
      if (outer.has(name)) captured.add(name);
      else throw new OnnxImportError(`the output '${name}' is made by nothing`);
    }
    const used = new Set(proto.output.map(({ name }) => name));
    for (const { inputs: taken, bodies } of nodes) {
      for (const name of taken) used.add(name);
      for (const body of bodies.values()) for (const name of body.captured) used.add(name);
    }
    // Some exporters name results that nothing uses, such as the positions of a pooling, which are not always supported.
    const wanted = nodes.map((node) => ({
      ...node,
      outputs: node.outputs.map((name, i) => (i === 0 || used.has(name) ? name : '')),
    }));
    return { name: proto.name || 'model', inputs, outputs: proto.output, initializers, nodes: wanted, captured };
  }

  /** The nodes with calls of the model's own functions replaced by what those do. */
  *inlined(
    nodes: readonly NodeProto[],
    versions: Versions,
    scope: string,
    calls: readonly FunctionProto[],
  ): Generator<{ node: NodeProto; versions: Versions; scope: string }> {
    for (const [i, node] of nodes.entries()) {
      const definition = this.functions.get(functionKey(node.domain, node.opType, node.overload));
      if (++this.#count > mostNodes)
        throw new OnnxImportError(`the model has more than ${mostNodes} nodes once its functions are inlined`);
      if (calls.length > 0 && ++this.#inlined > mostInlined)
        throw new OnnxImportError(`functions make more than ${mostInlined} nodes once they are inlined`);
      if (!definition) {
        yield { node, versions, scope };
        continue;
      }
      if (calls.includes(definition))
        throw new OnnxImportError(`the function ${definition.name} calls itself: ${node.name || node.opType}`);
      if (calls.length > 50) throw new OnnxImportError(`functions call each other too deep, at ${definition.name}`);
      const path = `${scope}${node.name || `${node.opType}_${i}`}/`;
      const own = new Map(definition.opsetImport.map((o) => [plainDomain(o.domain), Number(o.version)]));
      const body = instantiated(definition, node, path);
      yield* this.inlined(body, new Map([...versions, ...own]), path, [...calls, definition]);
    }
  }

  #label(node: NodeProto, scope: string): string {
    const stem = `${scope}${node.name || node.opType}`;
    let label = stem;
    if (!node.name || this.#labels.has(stem)) {
      let i = this.#next.get(stem) ?? (node.name ? 1 : 0);
      while (this.#labels.has(`${stem}_${i}`)) i++;
      this.#next.set(stem, i + 1);
      label = `${stem}_${i}`;
    }
    this.#labels.add(label);
    return label;
  }
}

/** The nodes of a function as one call makes them: its names replaced by the caller's or made the call's own, its attributes filled in. */
function instantiated(definition: FunctionProto, call: NodeProto, path: string): NodeProto[] {
  const names = new Map<string, string>([['', '']]);
  definition.input.forEach((name, i) => names.set(name, call.input[i] ?? ''));
  // A function may give back what it was given.
  const passed: NodeProto[] = [];
  definition.output.forEach((name, i) => {
    const to = call.output[i];
    if (!to) return;
    if (definition.input.includes(name))
      passed.push(create(NodeProtoSchema, { opType: 'Identity', input: [names.get(name) ?? ''], output: [to] }));
    else names.set(name, to);
  });
  const given = new Map(definition.attributeProto.map((a) => [a.name, a]));
  for (const a of call.attribute) given.set(a.name, a);
  const body = definition.node.map((node) => renamed(node, (name) => names.get(name) ?? `${path}${name}`, given));
  return [...body, ...passed];
}

function renamed(
  node: NodeProto,
  nameOf: (name: string) => string,
  given: ReadonlyMap<string, AttributeProto>,
): NodeProto {
  const attribute = node.attribute.flatMap((a) => {
    if (a.refAttrName) {
      const value = given.get(a.refAttrName);
      return value ? [changed(value, { name: a.name })] : [];
    }
    return [a.g ? changed(a, { g: renamedGraph(a.g, nameOf, given) }) : a];
  });
  return changed(node, { input: node.input.map(nameOf), output: node.output.map(nameOf), attribute });
}

/** A copy of a message with other fields. Fields that a file does not set are its prototype's, which a spread would lose. */
function changed<M extends object>(message: M, fields: Partial<M>): M {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, fields);
}

function renamedGraph(
  graph: GraphProto,
  nameOf: (name: string) => string,
  given: ReadonlyMap<string, AttributeProto>,
): GraphProto {
  const info = (value: ValueInfoProto) => changed(value, { name: nameOf(value.name) });
  return changed(graph, {
    input: graph.input.map(info),
    output: graph.output.map(info),
    initializer: graph.initializer.map((t) => changed(t, { name: nameOf(t.name) })),
    node: graph.node.map((node) => renamed(node, nameOf, given)),
  });
}

/** Every node, those of the graphs inside nodes too. */
export function* everyNode(graph: Graph): Generator<GraphNode> {
  for (const node of graph.nodes) {
    yield node;
    for (const body of node.bodies.values()) yield* everyNode(body);
  }
}
