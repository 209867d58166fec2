"""LZ4 linked-block streams: what `lz4.stream` of python-lz4 reads and writes.

* `LZ4StreamCompressor` and `LZ4StreamDecompressor` are those of `lz4.stream`, with more methods. They work block by
  block, without I/O.
* `open` and `Lz4StreamFile` read and write files, as those of `gzip` do.
* `Index` makes seeking in a file fast, and reading it on several threads. `Lz4StreamReaderAt` reads at any offset.
* `compress` and `decompress` handle a whole stream in memory.

A stream records none of its settings: both ends must agree on `store_comp_size`, `byte_order`, `end_mark` and
`dictionary`, and python-lz4 on `buffer_size` too.
"""

from ._alias import install_as_lz4_stream
from ._file import Lz4StreamFile, open
from ._functions import compress, decompress
from ._index import Index
from ._lz4_stream import (
    LZ4_MAX_INPUT_SIZE,
    LZ4StreamCompressor,
    LZ4StreamDecompressor,
    LZ4StreamError,
    _compress_bound,
    _input_bound,
)
from ._reader_at import Lz4StreamReaderAt

__all__ = [
    "LZ4_MAX_INPUT_SIZE",
    "Index",
    "LZ4StreamCompressor",
    "LZ4StreamDecompressor",
    "LZ4StreamError",
    "Lz4StreamFile",
    "Lz4StreamReaderAt",
    "_compress_bound",
    "_input_bound",
    "compress",
    "decompress",
    "install_as_lz4_stream",
    "open",
]
