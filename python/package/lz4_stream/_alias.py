"""Existing imports of `lz4.stream`, redirected."""

import importlib
import sys
import types


def install_as_lz4_stream() -> None:
    """Make `import lz4.stream` and `from lz4.stream import ...` mean this package, in this process.

    Call it before the first such import. The rest of python-lz4 (`lz4.frame`, `lz4.block`) stays as it is, and need
    not be installed.

    >>> import lz4_stream
    >>> lz4_stream.install_as_lz4_stream()
    >>> from lz4.stream import LZ4StreamCompressor
    >>> LZ4StreamCompressor is lz4_stream.LZ4StreamCompressor
    True
    """
    module = sys.modules[__package__]
    try:
        parent = importlib.import_module("lz4")
    except ModuleNotFoundError:
        parent = types.ModuleType("lz4", "Stands in for python-lz4, which is not installed.")
        parent.__path__ = []
        sys.modules["lz4"] = parent
    parent.stream = module  # type: ignore[attr-defined]
    sys.modules["lz4.stream"] = module
