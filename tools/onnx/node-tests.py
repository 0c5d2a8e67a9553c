"""The node tests that the `onnx` package generates, as one file that the tests read: test/golden/node-tests.bin.gz.

    python3 tools/onnx/node-tests.py      # with onnx 1.23

The file, gunzipped: the length of the header (4 bytes, little-endian), the header (JSON), the blobs. The header has the version of onnx, the
tolerances (all cases have the same), the length of every blob in order, and the cases. A case has a name, the blob of its model, and its inputs and
outputs: a name, and the blob of a tensor (a TensorProto), those of a sequence, or nothing for an optional that is empty. Equal blobs are stored once: a case
and its function body share their data.
"""

import gzip
import json
import pathlib
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

warnings.simplefilter("ignore")  # Cases that divide by zero on purpose.

out = pathlib.Path(__file__).resolve().parents[2] / "test" / "golden" / "node-tests.bin.gz"

blobs: list[bytes] = []
index: dict[bytes, int] = {}


def blob(data: bytes) -> int:
    if data not in index:
        index[data] = len(blobs)
        blobs.append(data)
    return index[data]


def tensor(data) -> int:
    message = data if isinstance(data, onnx.TensorProto) else numpy_helper.from_array(np.asarray(data))
    # The name stands in the model; without it, equal numbers are equal bytes.
    message.name = ""
    return blob(message.SerializeToString(deterministic=True))


def value(info: onnx.ValueInfoProto, data) -> dict:
    if data is None:
        return {"name": info.name}
    if isinstance(data, list):
        return {"name": info.name, "sequence": [tensor(x) for x in data]}
    return {"name": info.name, "tensor": tensor(data)}


cases = []
for case in sorted(collect_testcases(None), key=lambda case: case.name):
    assert (case.rtol, case.atol, len(case.data_sets)) == (1e-3, 1e-7, 1), case.name
    inputs, outputs = case.data_sets[0]
    graph = case.model.graph
    assert len(inputs) <= len(graph.input) and len(outputs) == len(graph.output), case.name
    cases.append(
        {
            "name": case.name,
            "model": blob(case.model.SerializeToString(deterministic=True)),
            "inputs": [value(info, data) for info, data in zip(graph.input, inputs)],
            "outputs": [value(info, data) for info, data in zip(graph.output, outputs)],
        }
    )

header = {
    "onnx": onnx.__version__,
    "relative": 1e-3,
    "absolute": 1e-7,
    "blobs": [len(data) for data in blobs],
    "cases": cases,
}
text = json.dumps(header, separators=(",", ":")).encode()
packed = gzip.compress(len(text).to_bytes(4, "little") + text + b"".join(blobs), 9, mtime=0)
out.write_bytes(packed)
print(f"{len(cases)} cases, {len(packed) // 1024} KiB")
