"""`Lz4StreamReaderAt`: reading at an offset, by several threads."""

from __future__ import annotations

import builtins
import os
from typing import TYPE_CHECKING, Any

from . import _settings
from ._index import check_index
from ._lz4_stream import NativeReaderAt

if TYPE_CHECKING:
    from typing import Union

    from typing_extensions import Buffer, Self

    from ._index import Index
    from ._lz4_stream import _ByteOrder

    _Path = Union[str, os.PathLike[str], os.PathLike[bytes]]


# The native numbers have 64 bits, and no content is that long.
_MOST = (1 << 63) - 1


class Lz4StreamReaderAt:
    r"""Reads the content of a stream at any offset, with an `Index`.

    There is no position, so threads can share one: they read at the same time, without the GIL. A read decodes from the
    last point of the index before the offset, or goes on where one of the last four reads ended.

    Args:
        source: The path of a file, or the stream itself: any object with the buffer protocol, copied unless it is
            `bytes`. A path in `bytes` must be decoded first.
        index: An `Index` of the stream.
        buffer_size: The largest accepted page in bytes. Default: 4 MiB.
        store_comp_size, dictionary, byte_order, end_mark: As in `LZ4StreamDecompressor`. `store_comp_size` is not 0.

    Raises:
        LZ4StreamError: `index` is of a stream with another dictionary.
        ValueError, TypeError: An argument is not valid.
        OSError: The file cannot be opened.

    >>> import lz4_stream
    >>> stream = lz4_stream.compress(b"".join(b"%09d\n" % n for n in range(100_000)))
    >>> with lz4_stream.Lz4StreamReaderAt(stream, lz4_stream.Index.build(stream)) as reader:
    ...     reader.read_at(777_770, 9)
    b'000077777'
    """

    def __init__(
        self,
        source: _Path | Buffer,
        index: Index,
        *,
        buffer_size: int | None = None,
        store_comp_size: int = 4,
        dictionary: str | Buffer | None = None,
        byte_order: _ByteOrder = "little",
        end_mark: bool = False,
    ) -> None:
        self._native: NativeReaderAt | None = None
        _settings.check_width(store_comp_size)
        check_index(index)
        self._index = index
        decompressor = _settings.decompressor(buffer_size, store_comp_size, dictionary, byte_order, end_mark)
        stream: Any
        if isinstance(source, (str, os.PathLike)):
            stream = os.fsdecode(source)
            # For an error that names the file.
            builtins.open(stream, "rb", 0).close()
        else:
            stream = source if isinstance(source, bytes) else memoryview(source).tobytes()
        self._native = NativeReaderAt(stream, decompressor, index._native)

    @property
    def index(self) -> Index:
        """The `Index`."""
        return self._index

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._native is None

    def read_at(self, offset: int, size: int) -> bytes:
        """`size` bytes of the content from `offset` on, fewer only at its end.

        Raises:
            LZ4StreamError: The stream is malformed, cut off, or not that of the index.
            ValueError: A number is negative, or the reader is closed.
        """
        native = self._native
        if native is None:
            raise ValueError("I/O operation on closed file")
        if offset < 0 or size < 0:
            raise ValueError(f"negative offset or size: {offset}, {size}")
        return native.read_at(min(offset, _MOST), min(size, _MOST))

    def close(self) -> None:
        """Close the file, once the threads that read are done. Further reads are a `ValueError`."""
        # A thread that reads has it too.
        self._native = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()
