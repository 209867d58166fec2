#!/bin/sh
# Exchanges streams with python-lz4 and runs python-lz4's own stream tests, both against the package in `python/`.
#
#     tests/python/run.sh VENV PYTHON_LZ4_SOURCE [FILE...]
#
# VENV has that package, python-lz4 4.4.5 built with PYLZ4_EXPERIMENTAL=TRUE, pytest and psutil; PYTHON_LZ4_SOURCE is
# python-lz4's unpacked source distribution, for the tests in it; each FILE is exchanged like the generated data.
set -eu
python=$1/bin/python
source=$2
shift 2
here=$(dirname "$0")
export PYTHONDONTWRITEBYTECODE=1

golden=$(mktemp -d)
trap 'rm -r "$golden"' EXIT
"$python" "$here/make_golden.py" "$golden"
diff -r --exclude wild "$golden" "$here/../data"

"$python" "$here/exchange.py" "$@"
"$python" "$here/suite.py" "$source"
