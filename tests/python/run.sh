#!/bin/sh
# Exchanges streams with python-lz4 and runs python-lz4's own stream tests against the Rust codecs.
#
#     tests/python/run.sh VENV PYTHON_LZ4_SOURCE [FILE...]
#
# VENV has python-lz4 4.4.5 built with PYLZ4_EXPERIMENTAL=TRUE, pytest and psutil; PYTHON_LZ4_SOURCE is its unpacked
# source distribution, for the tests in it; each FILE is exchanged like the generated data.
set -eu
python=$1/bin/python
source=$2
shift 2
here=$(dirname "$0")
export PYTHONDONTWRITEBYTECODE=1

manifest=$here/codec_server/Cargo.toml
cargo build --release --quiet --manifest-path "$manifest"
target=$(cargo metadata --manifest-path "$manifest" --format-version 1 --no-deps |
    "$python" -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
server=$target/release/codec_server

golden=$(mktemp -d)
trap 'rm -r "$golden"' EXIT
"$python" "$here/make_golden.py" "$golden"
diff -r "$golden" "$here/../data"

"$python" "$here/exchange.py" "$server" "$@"
"$python" "$here/suite.py" "$server" "$source"
