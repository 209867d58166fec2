"""Other interpreters in one process, and modules that are imported again."""

import subprocess
import sys

import pytest

RUN = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

def run(code, config):
    try:
        interpreter = interpreters.create(config)
    except TypeError:
        # Before 3.13, and before 3.10.
        interpreter = interpreters.create(**({} if sys.version_info < (3, 10) else {"isolated": config == "isolated"}))
    try:
        failed = interpreters.run_string(interpreter, code)
        assert not failed, failed
    finally:
        interpreters.destroy(interpreter)
"""

USE = """
import lz4_stream
assert lz4_stream.decompress(lz4_stream.compress(b"here")) == b"here"
"""

REFUSED = """
try:
    import lz4_stream
except ImportError as error:
    assert "interpreter" in str(error), error
else:
    raise AssertionError("imported")
"""


def run(code):
    if sys.version_info >= (3, 13):
        pytest.importorskip("_interpreters")
    else:
        pytest.importorskip("_xxsubinterpreters")
    subprocess.run([sys.executable, "-c", RUN + code], check=True, timeout=60)


# Without and with the GIL of the main interpreter.
@pytest.mark.parametrize("config", ["isolated", "legacy"])
def test_only_the_first_interpreter(config):
    run(USE + f"run({REFUSED!r}, {config!r})\n" * 3 + USE)


def test_the_first_interpreter_need_not_be_the_main_one():
    run(f"run({USE!r}, 'legacy')\n" + REFUSED + f"run({REFUSED!r}, 'legacy')\n")


def test_imported_again():
    code = """
import sys
for _ in range(3):
    import lz4_stream
    assert lz4_stream.decompress(lz4_stream.compress(b"again")) == b"again"
    for name in [name for name in sys.modules if name.startswith("lz4_stream")]:
        del sys.modules[name]
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.skipif(not hasattr(sys, "_is_gil_enabled"), reason="needs Python 3.13")
def test_the_gil_stays_as_it_was():
    """On a free-threaded Python, `import` turns the GIL on for a module that does not say it can do without."""
    code = """
import sys
before = sys._is_gil_enabled()
import lz4_stream
assert sys._is_gil_enabled() == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
