"""`Index`: where decoding can begin."""

from __future__ import annotations

import builtins
import os
from typing import TYPE_CHECKING, Any, BinaryIO

from . import _settings
from ._lz4_stream import NativeIndex

if TYPE_CHECKING:
    from typing import Union

    from typing_extensions import Buffer

    from ._lz4_stream import _ByteOrder

    _Path = Union[str, os.PathLike[str], os.PathLike[bytes]]


class Index:
    r"""Places in a stream where decoding can begin, so that `seek` is fast in a file that is opened with `index`.

    It is collected while a stream is written (`collect_index` of `Lz4StreamFile`) or built in one pass over any stream,
    also over one of python-lz4 or of C. It takes about 1 % of the length of the content with an interval of 1 MiB.

    A stream has no identity, so an index cannot prove that it belongs to a stream. Another dictionary, a stream that is
    too short and other bytes at a point where decoding begins are an `LZ4StreamError`; most other streams are, too.

    Indexes are equal if they have the same content. They can be pickled, and shared by threads and files.

    >>> import io, lz4_stream
    >>> text = b"all work and no play makes a dull page.\n" * 50_000
    >>> stream = lz4_stream.compress(text)
    >>> index = lz4_stream.Index.build(stream, interval=1 << 18)
    >>> index.content_len, len(index.points)
    (2000000, 8)
    >>> with lz4_stream.open(io.BytesIO(stream), index=index) as file:
    ...     file.seek(1_000_009)
    ...     file.read(4)
    1000009
    b'and '
    """

    __slots__ = ("_native",)

    _native: NativeIndex

    def __init__(self) -> None:
        raise TypeError("use Index.build, Index.load or Index.from_bytes")

    @classmethod
    def _of(cls, native: NativeIndex) -> Index:
        index = cls.__new__(cls)
        index._native = native
        return index

    @classmethod
    def build(
        cls,
        source: _Path | BinaryIO | Buffer,
        *,
        interval: int = 1 << 20,
        buffer_size: int | None = None,
        store_comp_size: int = 4,
        dictionary: str | Buffer | None = None,
        byte_order: _ByteOrder = "little",
        end_mark: bool = False,
    ) -> Index:
        """Read a stream to its end, and index it.

        Args:
            source: The path of a file, a file object, from its position on, or the stream itself: any object with the
                buffer protocol, so a path in `bytes` must be decoded first.
            interval: The distance between two points in bytes of content, limited to 64 KiB to 64 MiB.
            buffer_size: The largest accepted page in bytes. Default: 4 MiB.

        The other arguments are those of `LZ4StreamDecompressor`.

        Raises:
            LZ4StreamError: `source` is not a stream with these settings, or is cut off.
            ValueError, TypeError: An argument is not valid.
            BlockingIOError: The file would block.
        """
        _settings.check_width(store_comp_size)
        _settings.check_interval(interval)
        decompressor = _settings.decompressor(buffer_size, store_comp_size, dictionary, byte_order, end_mark)
        if isinstance(source, (str, os.PathLike)):
            with builtins.open(source, "rb", 0) as file:
                return cls._of(NativeIndex.build(file, decompressor, interval))
        data: Any = source if hasattr(source, "read") else _Memory(source)
        return cls._of(NativeIndex.build(data, decompressor, interval))

    @classmethod
    def load(cls, source: _Path | BinaryIO) -> Index:
        """Read an index that `save` wrote, or another program with the same crate, from a path or a file object.

        Raises:
            LZ4StreamError: It is not an index, or is damaged.
        """
        if isinstance(source, (str, os.PathLike)):
            with builtins.open(source, "rb") as file:
                return cls.from_bytes(file.read())
        return cls.from_bytes(source.read())

    def save(self, target: _Path | BinaryIO) -> None:
        """Write the index to a path, which is overwritten, or to a file object."""
        if isinstance(target, (str, os.PathLike)):
            with builtins.open(target, "wb") as file:
                file.write(self.to_bytes())
        else:
            target.write(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: Buffer) -> Index:
        """The index that `to_bytes` made `data` of.

        Raises:
            LZ4StreamError: It is not an index, or is damaged.
        """
        return cls._of(NativeIndex.from_bytes(data))

    def to_bytes(self) -> bytes:
        """The index as `save` writes it."""
        return self._native.to_bytes()

    @property
    def interval(self) -> int:
        """The distance between two points in bytes of content, up to the next block boundary."""
        return self._native.interval

    @property
    def stream_len(self) -> int:
        """The length of the stream in bytes."""
        return self._native.stream_len

    @property
    def content_len(self) -> int:
        """The length of the content in bytes."""
        return self._native.content_len

    @property
    def blocks(self) -> int:
        """The number of blocks."""
        return self._native.blocks

    @property
    def points(self) -> list[tuple[int, int]]:
        """The position of each point in the stream and in the content, in bytes."""
        return self._native.points()

    def __repr__(self) -> str:
        return (
            f"<lz4_stream.Index of {self.content_len} bytes in a stream of {self.stream_len} bytes, "
            f"{len(self.points)} points>"
        )

    def __eq__(self, other: object) -> bool:
        return self._native == other._native if isinstance(other, Index) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._native)

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return (Index.from_bytes, (self.to_bytes(),))


def check_index(index: object) -> None:
    """Whether it is an index, and not the path of one."""
    if not isinstance(index, Index):
        raise TypeError(f"index must be an Index, as from Index.load, not {type(index).__name__}")


class _Memory:
    """A buffer as a file, which is not copied as a whole."""

    def __init__(self, data: Buffer) -> None:
        view = memoryview(data)
        # The items of a structured array, or a buffer that is not contiguous, cannot be cast.
        self._view = view.cast("B") if view.c_contiguous and view.format == "B" else memoryview(view.tobytes())
        self._at = 0

    def read(self, size: int) -> memoryview:
        data = self._view[self._at : self._at + size]
        self._at += len(data)
        return data
