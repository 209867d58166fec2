"""A whole stream in memory."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from . import _settings
from ._lz4_stream import LZ4StreamError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Buffer

    from ._lz4_stream import _ByteOrder, LZ4StreamDecompressor, StreamWriter, _Strategy

# Data in other objects than `bytes` is copied in pieces of this length.
_PIECE = 1024 * 1024

# `bytes` are compressed in pieces of this length, so that the memory for the blocks of one piece is used for the next.
_BYTES_PIECE = 4 * 1024 * 1024

# A result grows by at most this many bytes at a time. The C library returns the memory of longer pieces to the system
# each time, and to get it again takes up to a fifth of the time of `open().read()`.
PART_SIZE = 64 * 1024


def compress(
    data: Buffer,
    *,
    buffer_size: int | None = None,
    strategy: _Strategy = "double_buffer",
    acceleration: int | None = None,
    compression_level: int | None = None,
    store_comp_size: int = 4,
    dictionary: str | Buffer | None = None,
    byte_order: _ByteOrder = "little",
    end_mark: bool = False,
    threads: int = 1,
) -> bytes:
    """Compress `data` to a stream, in full pages.

    Args:
        data: Any object with the buffer protocol, of any length, C-contiguous.
        buffer_size: The page size in bytes. Default: 64 KiB.
        acceleration: Selects the mode `"fast"`.
        compression_level: Selects the mode `"high_compression"`.
        threads: On how many threads to compress, at most 256; 0 for as many as there are processors. See
            `Lz4StreamFile`.

    The other arguments are those of `LZ4StreamCompressor`, which also lists the errors.

    >>> import lz4_stream
    >>> stream = lz4_stream.compress(b"every page refers back to the page before it. " * 5000)
    >>> len(stream) < 5000
    True
    """
    _settings.check_width(store_comp_size)
    writer = _settings.writer(
        buffer_size,
        strategy,
        acceleration,
        compression_level,
        store_comp_size,
        dictionary,
        byte_order,
        end_mark,
        threads,
    )
    return joined(_blocks(writer, data))


def decompress(
    data: Buffer,
    *,
    buffer_size: int | None = None,
    store_comp_size: int = 4,
    dictionary: str | Buffer | None = None,
    byte_order: _ByteOrder = "little",
    end_mark: bool = False,
) -> bytes:
    """Decompress `data`, which must be exactly one stream: nothing is missing and nothing follows.

    An untrusted stream can decode to 255 times its length. To bound the memory, read a file.

    Args:
        data: Any object with the buffer protocol, of any length, C-contiguous.
        buffer_size: The largest accepted page in bytes. Default: 4 MiB.

    The other arguments are those of `LZ4StreamDecompressor`.

    Raises:
        LZ4StreamError: `data` is not exactly one stream with these settings.
        ValueError: An argument is not valid.

    >>> import lz4_stream
    >>> lz4_stream.decompress(lz4_stream.compress(b"hello"))
    b'hello'
    """
    _settings.check_width(store_comp_size)
    decompressor = _settings.decompressor(buffer_size, store_comp_size, dictionary, byte_order, end_mark)
    data_out = joined(_decoded(decompressor, data))
    decompressor.end_of_input()
    if unused := len(decompressor.unused_data):
        raise LZ4StreamError(f"the stream ends, but more bytes follow: {unused}")
    return data_out


def joined(pieces: Iterable[bytes]) -> bytes:
    """The pieces in one object. `BytesIO` hands out the object that it filled, so the whole is not copied again."""
    out = io.BytesIO()
    for piece in pieces:
        out.write(piece)
    return out.getvalue()


def _blocks(writer: StreamWriter, data: Buffer) -> Iterator[bytes]:
    def ready() -> Iterator[bytes]:
        return iter(lambda: writer.take(PART_SIZE), b"")

    # (A subclass may have another idea of its length.)
    if type(data) is bytes:
        for start in range(0, len(data), _BYTES_PIECE):
            writer.write(data, start, min(start + _BYTES_PIECE, len(data)))
            yield from ready()
    else:
        for piece in _pieces(data):
            writer.write(piece)
            yield from ready()
    writer.finish()
    yield from ready()


def _decoded(decompressor: LZ4StreamDecompressor, data: Buffer) -> Iterator[bytes]:
    for piece in _pieces(data):
        decompressor._push(piece)
        while decoded := decompressor._read(PART_SIZE):
            yield decoded


def _pieces(data: Buffer) -> Iterable[Buffer]:
    if isinstance(data, bytes):
        return (data,)
    view = memoryview(data)
    if view.nbytes <= _PIECE or not view.c_contiguous:
        # The codec rejects what is not contiguous.
        return (view,)
    try:
        view = view.cast("B")
    except TypeError:
        # The items of a structured array.
        return (view.tobytes(),)
    return (view[start : start + _PIECE] for start in range(0, len(view), _PIECE))
