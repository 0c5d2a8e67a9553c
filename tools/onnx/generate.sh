#!/usr/bin/env bash
# Regenerates src/onnx/generated/onnx_pb.ts from the official definitions, as the `onnx` Python package carries them.
# Needs: pip install onnx; npm ci. The result is committed: nobody needs Python to build.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -c 'import onnx, os, sys; sys.stdout.write(open(os.path.join(os.path.dirname(onnx.__file__), "onnx.proto")).read())' >"$work/onnx.proto"
cat >"$work/buf.yaml" <<'Y'
version: v2
modules: [{ path: . }]
Y
cat >"$work/buf.gen.yaml" <<Y
version: v2
plugins:
  - local: $PWD/node_modules/.bin/protoc-gen-es
    out: $PWD/src/onnx/generated
    opt: [target=ts, import_extension=js]
Y
(cd "$work" && "$OLDPWD/node_modules/.bin/buf" generate)
