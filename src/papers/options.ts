import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from '@babel/parser';

/** An option of a function, as its sources declare it. */
export interface Option {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  /** What its documentation says; what it is by default stands there, or else in the code. Empty where nothing is said. */
  readonly text: string;
}

type Statement = ReturnType<typeof parse>['program']['body'][number];
type Of<T extends string, From = Statement> = Extract<From, { type: T }>;
type Declared = NonNullable<Of<'ExportNamedDeclaration'>['declaration']> | Statement;
type FunctionNode = Of<'FunctionDeclaration'> | Arrow;
type VariableInit = NonNullable<Of<'VariableDeclaration'>['declarations'][number]['init']>;
type Arrow = Of<'ArrowFunctionExpression', VariableInit>;
type Parameter = FunctionNode['params'][number];
type TypeNode = Of<'TSTypeAliasDeclaration'>['typeAnnotation'];
type TypeMember = Of<'TSInterfaceDeclaration'>['body']['body'][number];
type Pattern = Of<'ObjectPattern', Parameter>;

interface Module {
  readonly file: string;
  readonly source: string;
  readonly body: readonly Statement[];
}

const modules = new Map<string, Promise<Module>>();

function read(file: string): Promise<Module> {
  const known = modules.get(file);
  if (known) return known;
  const module = readFile(file, 'utf8').then((source) => {
    const { program } = parse(source, { sourceType: 'module', plugins: ['typescript'] });
    return { file, source, body: program.body };
  });
  modules.set(file, module);
  return module;
}

/** The text of a comment between its marks. */
export function plain(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .replace(/\{@link (\w+)\}/g, '$1')
    .trim();
}

const inOneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

/**
 * The options that a function takes, or those that a class is made with: the fields of the types of its parameters of options, wherever
 * these are declared.
 *
 * @param file the module that declares it.
 */
export async function optionsOf(file: string, member: string): Promise<Option[]> {
  const module = await read(file);
  const options: Option[] = [];
  for (const { pattern, type, defaults } of optionParameters(module, member)) {
    for (const option of await fieldsOf(module, type)) {
      const value = defaults.get(option.name) ?? defaultOf(module, pattern, option.name);
      const said = value === undefined || /default|required/i.test(option.text);
      options.push(said ? option : { ...option, text: inOneLine(`${option.text} Default ${value}.`) });
    }
  }
  return options;
}

interface OptionParameter {
  readonly pattern: Pattern | undefined;
  readonly type: TypeNode;
  /** What the body of the function takes where an option is left out. */
  readonly defaults: ReadonlyMap<string, string>;
}

/** The parameters that hold options: called so, or taken apart where they stand. */
function optionParameters(module: Module, member: string): OptionParameter[] {
  const fn = functionNamed(module, member);
  return (fn?.params ?? []).flatMap((parameter) => {
    const inner = parameter.type === 'AssignmentPattern' ? parameter.left : parameter;
    if (inner.type !== 'Identifier' && inner.type !== 'ObjectPattern') return [];
    const annotation = inner.typeAnnotation;
    if (annotation?.type !== 'TSTypeAnnotation') return [];
    const type = annotation.typeAnnotation;
    const pattern = inner.type === 'ObjectPattern' ? inner : undefined;
    const meant = pattern
      ? type.type === 'TSTypeLiteral' || /Options\b/.test(textOf(module, type)) || hasDefaults(pattern)
      : inner.type === 'Identifier' && inner.name === 'options';
    return meant ? [{ pattern, type, defaults: pattern ? new Map() : defaultsInBody(module, fn) }] : [];
  });
}

const textOf = ({ source }: Module, { start, end }: { start?: number | null; end?: number | null }): string =>
  source.slice(start ?? 0, end ?? 0);

/** The declarations of a module, exported or not, by themselves. */
const declarations = ({ body }: Module): Declared[] =>
  body.map((statement) => (statement.type === 'ExportNamedDeclaration' && statement.declaration) || statement);

/** A function, or the constructor of a class, by name; of what a function of the module makes, the function that it makes. */
function functionNamed(module: Module, name: string): Pick<FunctionNode, 'params' | 'body'> | undefined {
  for (const node of declarations(module)) {
    if (node.type === 'FunctionDeclaration' && node.id?.name === name) return node;
    if (node.type === 'ClassDeclaration' && node.id?.name === name)
      for (const part of node.body.body)
        if (part.type === 'ClassMethod' && part.kind === 'constructor')
          return { params: part.params.filter((p) => p.type !== 'TSParameterProperty'), body: part.body };
    if (node.type !== 'VariableDeclaration') continue;
    for (const { id, init } of node.declarations) {
      if (id.type !== 'Identifier' || id.name !== name) continue;
      if (init?.type === 'ArrowFunctionExpression') return init;
      if (init?.type === 'CallExpression' && init.callee.type === 'Identifier')
        return madeBy(functionNamed(module, init.callee.name));
    }
  }
  return undefined;
}

/** The function that a function returns. */
function madeBy(maker: Pick<FunctionNode, 'body'> | undefined): Arrow | undefined {
  if (maker?.body.type === 'ArrowFunctionExpression') return maker.body;
  if (maker?.body.type !== 'BlockStatement') return undefined;
  const last = maker.body.body.at(-1);
  return last?.type === 'ReturnStatement' && last.argument?.type === 'ArrowFunctionExpression'
    ? last.argument
    : undefined;
}

const hasDefaults = ({ properties }: Pattern): boolean =>
  properties.some((property) => property.type === 'ObjectProperty' && property.value.type === 'AssignmentPattern');

function defaultOf(module: Module, pattern: Pattern | undefined, name: string): string | undefined {
  for (const property of pattern?.properties ?? [])
    if (
      property.type === 'ObjectProperty' &&
      property.key.type === 'Identifier' &&
      property.key.name === name &&
      property.value.type === 'AssignmentPattern'
    )
      return inOneLine(textOf(module, property.value.right));
  return undefined;
}

/** What `const { name = value } = options` says in the body of a function. */
function defaultsInBody(module: Module, fn: Pick<FunctionNode, 'body'> | undefined): Map<string, string> {
  const found = new Map<string, string>();
  const statements = fn?.body.type === 'BlockStatement' ? fn.body.body : [];
  for (const statement of statements) {
    if (statement.type !== 'VariableDeclaration') continue;
    for (const { id, init } of statement.declarations) {
      if (id.type !== 'ObjectPattern' || init?.type !== 'Identifier' || init.name !== 'options') continue;
      for (const property of id.properties) {
        if (property.type !== 'ObjectProperty' || property.key.type !== 'Identifier') continue;
        const value = defaultOf(module, id, property.key.name);
        if (value !== undefined) found.set(property.key.name, value);
      }
    }
  }
  return found;
}

/** The fields of a type of an object; none of one that is no such type, or that the sources do not declare. */
async function fieldsOf(module: Module, type: TypeNode): Promise<Option[]> {
  switch (type.type) {
    case 'TSTypeLiteral':
      return ownFields(module, type.members);
    case 'TSParenthesizedType':
      return fieldsOf(module, type.typeAnnotation);
    case 'TSIntersectionType':
      return firstOfEach((await Promise.all(type.types.map((part) => fieldsOf(module, part)))).flat());
    case 'TSTypeReference':
      return type.typeName.type === 'Identifier'
        ? fieldsOfName(module, type.typeName.name, type.typeParameters?.params ?? [])
        : [];
    default:
      return [];
  }
}

async function fieldsOfName(module: Module, name: string, given: readonly TypeNode[]): Promise<Option[]> {
  if (given.length > 0 && ['Pick', 'Omit', 'Partial', 'Readonly', 'Required'].includes(name)) {
    const fields = await fieldsOf(module, given[0]);
    if (given.length < 2) return name === 'Partial' ? fields.map((f) => ({ ...f, required: false })) : fields;
    const named = new Set([...textOf(module, given[1]).matchAll(/'(\w+)'/g)].map(([, key]) => key));
    return fields.filter((field) => named.has(field.name) === (name === 'Pick'));
  }
  for (const node of declarations(module)) {
    if (node.type === 'TSTypeAliasDeclaration' && node.id.name === name) return fieldsOf(module, node.typeAnnotation);
    if (node.type === 'TSInterfaceDeclaration' && node.id.name === name) {
      const inherited = (node.extends ?? []).map(({ expression, typeParameters }) =>
        expression.type === 'Identifier' ? fieldsOfName(module, expression.name, typeParameters?.params ?? []) : [],
      );
      return firstOfEach([...ownFields(module, node.body.body), ...(await Promise.all(inherited)).flat()]);
    }
  }
  const origin = originOf(module, name);
  if (!origin) return [];
  const next = await read(join(dirname(module.file), origin.from.replace(/\.js$/, '.ts')));
  return fieldsOfName(next, origin.name, given);
}

/** Where a name of a module that it does not declare comes from, and what it is called there. */
function originOf({ body }: Module, name: string): { readonly from: string; readonly name: string } | undefined {
  const isCalled = (node: { type: string }, what: string) => 'name' in node && node.name === what;
  for (const statement of body) {
    if (statement.type !== 'ImportDeclaration' && statement.type !== 'ExportNamedDeclaration') continue;
    const from = statement.source?.value;
    if (!from?.startsWith('.')) continue;
    for (const specifier of statement.specifiers) {
      if (specifier.type === 'ImportSpecifier' && isCalled(specifier.local, name))
        return { from, name: 'name' in specifier.imported ? specifier.imported.name : name };
      if (specifier.type === 'ExportSpecifier' && isCalled(specifier.exported, name))
        return { from, name: specifier.local.name };
    }
  }
  return undefined;
}

/** Fields that stand in a type itself. */
function ownFields(module: Module, members: readonly TypeMember[]): Option[] {
  return members.flatMap((member) => {
    if (member.type !== 'TSPropertySignature' && member.type !== 'TSMethodSignature') return [];
    if (member.key.type !== 'Identifier') return [];
    const comment = member.leadingComments?.findLast(({ type, value }) => type === 'CommentBlock' && /^\*/.test(value));
    const annotation = member.type === 'TSPropertySignature' ? member.typeAnnotation : undefined;
    return {
      name: member.key.name,
      type: annotation ? inOneLine(textOf(module, annotation.typeAnnotation)) : 'function',
      required: !member.optional,
      text: comment ? inOneLine(plain(comment.value)) : '',
    };
  });
}

/** What a type says itself comes before what it takes from others. */
function firstOfEach(fields: readonly Option[]): Option[] {
  const named = new Map<string, Option>();
  for (const field of fields) if (!named.has(field.name)) named.set(field.name, field);
  return [...named.values()];
}
