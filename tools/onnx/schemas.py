"""ONNX's own rules for its operators, as a table: src/import/generated/schemas.ts.

    python3 tools/onnx/schemas.py > src/import/generated/schemas.ts      # with onnx 1.23

One line an operator: its versions, those left out that read like the one before. Each has five parts: the version of the operator set that brought it,
with an x where it was taken out then; inputs and outputs, each the least and the most of them (* for any number) and their types; attributes, with ! where
they must be there; the variables of types. A type is a variable, the same for all that have it, or behind a colon the types themselves; + repeats the last, ~ repeats
it with types of their own. Types are letters: f float, d double, i int32, l int64, b bool, u uint8, s a sequence, o an optional, - none of these. Half
precision counts as float.
"""

import collections
import json

import onnx
import onnx.defs as defs

letters = {
    "tensor(float)": "f", "tensor(float16)": "f", "tensor(bfloat16)": "f", "tensor(double)": "d", "tensor(int32)": "i",
    "tensor(int64)": "l", "tensor(bool)": "b", "tensor(uint8)": "u",
}
attribute = {"INT": "i", "INTS": "is", "FLOAT": "f", "FLOATS": "fs", "STRING": "s", "STRINGS": "ss", "TENSOR": "t", "GRAPH": "g", "TYPE_PROTO": "tp",
             "SPARSE_TENSOR": "st", "TENSORS": "ts", "GRAPHS": "gs"}  # fmt: skip
unbounded = 2**31 - 1


def types(strings) -> str:
    found = {letters.get(s) or ("s" if s.startswith("seq") else "o" if s.startswith("optional") else "") for s in strings}
    return "".join(sorted(found)) or "-"


def line(schema) -> str:
    variables = {c.type_param_str: types(c.allowed_type_strs) for c in schema.type_constraints}
    used = {}

    def typed(parameters) -> str:
        words = []
        for p in parameters:
            variable = p.type_str in variables
            if variable:
                used[p.type_str] = variables[p.type_str]
            word = p.type_str if variable else f":{types([p.type_str])}"
            if p.option == defs.OpSchema.FormalParameterOption.Variadic:
                word += "+" if p.is_homogeneous else "~"
            words.append(word)
        return " ".join(words)

    count = lambda n: "*" if n == unbounded else str(n)
    inputs = f"{count(schema.min_input)} {count(schema.max_input)} {typed(schema.inputs)}".strip()
    outputs = f"{count(schema.min_output)} {count(schema.max_output)} {typed(schema.outputs)}".strip()
    attributes = " ".join(
        f"{name}{'!' if a.required else ''}:{attribute[a.type.name]}" for name, a in sorted(schema.attributes.items())
    )
    since = str(schema.since_version) + ("x" if schema.deprecated else "")
    return " | ".join([since, inputs, outputs, attributes,
                       " ".join(f"{k}:{v}" for k, v in sorted(used.items()))])  # fmt: skip


versions = collections.defaultdict(list)
for schema in defs.get_all_schemas_with_history():
    if schema.domain == "":
        versions[schema.name].append(schema)

print(f"// Made by tools/onnx/schemas.py with onnx {onnx.__version__}; there stands what the fields mean.")
print("/** The newest version of ONNX's operator set that the table knows. */")
print(f"export const newest = {defs.onnx_opset_version()};")
print("export const schemas: Readonly<Record<string, readonly string[]>> = {")
for name, list_ in sorted(versions.items()):
    lines = []
    for schema in sorted(list_, key=lambda s: s.since_version):
        text = line(schema)
        if not lines or lines[-1].split("|")[1:] != text.split("|")[1:] or schema.deprecated:
            lines.append(text)
    print(f"  {name}: {json.dumps(lines)},")
print("};")
