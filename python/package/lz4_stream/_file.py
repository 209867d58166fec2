"""Files: `open` and `Lz4StreamFile`.

The buffers are those of `io`: `BufferedReader` and `BufferedWriter` bring lines, `peek`, the lock, and the rule that
nothing is lost when the file underneath would block. Below them are the raw files of this module, each a codec and the
calls for its I/O.
"""

from __future__ import annotations

import builtins
import errno
import io
import itertools
import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, BinaryIO, cast, overload

from . import _settings
from ._functions import PART_SIZE, joined
from ._index import Index, check_index
from ._lz4_stream import ParallelReader, SeekReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal, Union

    from typing_extensions import Buffer

    from ._lz4_stream import _ByteOrder, LZ4StreamDecompressor, _Strategy, StreamWriter

    _BinaryMode = Literal["r", "rb", "w", "wb", "x", "xb", "a", "ab"]
    _TextMode = Literal["rt", "wt", "xt", "at"]
    _StrPath = Union[str, bytes, os.PathLike[str], os.PathLike[bytes]]

# The buffer of decoded data that is read, and of data that waits to be compressed.
_BUFFER_SIZE = 64 * 1024

# A piece of this length is compressed before the next one is looked at.
_OUTPUT_SIZE = 1024 * 1024


class _RawDecoded(io.RawIOBase):
    """Decoded bytes, unbuffered.

    Closing waits for a thread that is reading, so that the file underneath is not closed meanwhile. The buffer above is
    not closed: `BufferedReader` frees its memory then, which a thread that waits for its lock still uses.
    """

    def __init__(self) -> None:
        self._position = 0
        self._lock = threading.RLock()

    def close(self) -> None:
        with self._lock:
            super().close()

    def _read(self, limit: int) -> bytes | None:
        """At most `limit` bytes; none at the end of the stream, `None` when the file would block."""
        raise NotImplementedError

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        with self._lock, memoryview(buffer) as view, view.cast("B") as room:
            _check_open(self)
            if not room:
                return 0
            data = self._read(len(room))
            if data is None:
                return None
            room[: len(data)] = data
            return len(data)

    def readall(self) -> Any:
        with self._lock:
            _check_open(self)
            data = self._read(PART_SIZE)
            if not data:
                return data
            rest = iter(lambda: self._read(PART_SIZE) or b"", b"")
            return joined(itertools.chain((data,), rest))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with self._lock:
            _check_open(self)
            return self._seek(offset, whence)

    def _seek(self, offset: int, whence: int) -> int:
        raise NotImplementedError

    def tell(self) -> int:
        return self._position


class _RawReader(_RawDecoded):
    """From the start of a stream to its end."""

    def __init__(self, file: BinaryIO, decompressor: LZ4StreamDecompressor) -> None:
        super().__init__()
        self._file = file
        self._decompressor = decompressor
        self._size: int | None = None
        try:
            # A stream can begin inside a file.
            self._start: int | None = file.tell() if self.seekable() else None
        except OSError:
            self._start = None

    def seekable(self) -> bool:
        return _is_seekable(self._file)

    def _read(self, limit: int) -> bytes | None:
        while True:
            data = self._decompressor._read(limit)
            if data or self._decompressor.eof:
                break
            read = cast("bytes | None", self._file.read(self._decompressor._input_size()))
            if read is None:
                return None
            if not read:
                self._decompressor.end_of_input()
                break
            self._decompressor._push(read)
        self._position += len(data)
        if not data:
            self._size = self._position
        return data

    def _seek(self, offset: int, whence: int) -> int:
        """Back to the start and forward by decoding; there is no other way without an index."""
        if not self.seekable() or self._start is None:
            raise io.UnsupportedOperation("the file underneath is not seekable")
        while whence == io.SEEK_END and self._size is None:
            self._skip(PART_SIZE)
        offset = _target(offset, whence, self._position, self._size or 0)
        if offset < self._position:
            self._file.seek(self._start)
            self._decompressor.reset()
            self._position = 0
        while self._position < offset and self._skip(offset - self._position):
            pass
        return self._position

    def _skip(self, n: int) -> bool:
        data = self._read(min(n, PART_SIZE))
        if data is None:
            raise BlockingIOError("the file underneath would block")
        return bool(data)


class _RawIndexedReader(_RawDecoded):
    """From any point of an index."""

    def __init__(self, file: BinaryIO, decompressor: LZ4StreamDecompressor, index: Index, threads: int) -> None:
        super().__init__()
        self._file = file
        self._decompressor = decompressor
        self._index = index._native
        self._size = index.content_len
        self._threads = threads
        # `None` after a seek between the two, until it is needed.
        self._reader: SeekReader | ParallelReader | None = None
        # A file that is not seekable can be read in order.
        self._start = file.tell() if threads == 1 or _is_seekable(file) else None
        self._reader = self._new_reader()

    def _new_reader(self) -> SeekReader | ParallelReader:
        """From the start of the stream, where the file is: threads can only begin there."""
        if self._threads == 1 or self._position > 0:
            return SeekReader(self._file, self._decompressor, self._index)
        return ParallelReader(self._file, self._decompressor, self._index, self._threads)

    def close(self) -> None:
        with self._lock:
            self._drop_threads()
            super().close()

    def _drop_threads(self) -> None:
        if isinstance(self._reader, ParallelReader):
            reader, self._reader = self._reader, None
            reader.close()

    def seekable(self) -> bool:
        return self._start is not None

    def _read(self, limit: int) -> bytes | None:
        if self._reader is None:
            self._file.seek(cast(int, self._start))
            reader = self._new_reader()
            if isinstance(reader, SeekReader):
                reader.seek(self._position)
            self._reader = reader
        data = self._reader.read(limit)
        if data is not None:
            self._position += len(data)
        return data

    def _seek(self, offset: int, whence: int) -> int:
        position = min(_target(offset, whence, self._position, self._size), self._size)
        if isinstance(self._reader, SeekReader) and (self._threads == 1 or position > 0):
            self._reader.seek(position)
        elif position != self._position:
            if self._start is None:
                raise io.UnsupportedOperation("the file underneath is not seekable")
            self._drop_threads()
            self._reader = None
        self._position = position
        return position


def _check_open(file: io.IOBase) -> None:
    if file.closed:
        raise ValueError("I/O operation on closed file")


def _is_seekable(file: BinaryIO) -> bool:
    seekable = getattr(file, "seekable", None)
    return seekable is not None and bool(seekable())


def _target(offset: int, whence: int, position: int, size: int) -> int:
    """The position that the arguments of `seek` mean."""
    if whence not in (io.SEEK_SET, io.SEEK_CUR, io.SEEK_END):
        raise ValueError(f"Invalid value for whence: {whence}")
    offset += {io.SEEK_CUR: position, io.SEEK_END: size}.get(whence, 0)
    if offset < 0:
        raise ValueError(f"negative seek position {offset}")
    return offset


class _RawWriter(io.RawIOBase):
    """Takes data to compress, unbuffered.

    A call that fails has taken nothing, as `BufferedWriter` supposes: blocks are sent before data is taken. So the
    blocks of the last data wait here, for the next call.
    """

    def __init__(self, file: BinaryIO, writer: StreamWriter) -> None:
        self._file = file
        self._writer = writer
        self._unsent: deque[Buffer] = deque()
        self._position = 0
        # The blocks must be sent in the order in which they were made. `BufferedWriter` has a lock for `write` only.
        self._lock = threading.RLock()
        self._sending = False

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Buffer) -> int | None:
        with self._lock, memoryview(data) as view, view.cast("B") as whole, whole[:_OUTPUT_SIZE] as piece:
            try:
                self._send()
            except BlockingIOError:
                return None
            self._writer.write(piece)
            self._unsent.append(self._writer.take())
            self._position += len(piece)
            return len(piece)

    def end_page(self) -> None:
        with self._lock:
            self._writer.flush()
            self._unsent.append(self._writer.take())
            self._send()

    def finish(self) -> None:
        with self._lock:
            self._writer.finish()
            self._unsent.append(self._writer.take())
            self._send()

    def close(self) -> None:
        super().close()
        self._writer.close()

    def take_index(self) -> Index | None:
        native = self._writer.take_index()
        return None if native is None else Index._of(native)

    def _send(self) -> None:
        if self._sending:
            raise RuntimeError("reentrant call: the file underneath writes to the one above it")
        self._sending = True
        try:
            while self._unsent:
                block = memoryview(self._unsent[0])
                taken = 0
                try:
                    taken = self._taken(block)
                except BlockingIOError as error:
                    # A `BufferedWriter` takes what fits.
                    taken = getattr(error, "characters_written", 0)
                    raise
                finally:
                    self._unsent[0] = block[taken:]
                    if not self._unsent[0]:
                        self._unsent.popleft()
        finally:
            self._sending = False

    def _taken(self, block: memoryview) -> int:
        """Writes to the file underneath, and returns how many bytes it took."""
        taken = cast("int | None", self._file.write(block)) if block else 0
        if taken is None:
            if isinstance(self._file, io.RawIOBase):
                raise BlockingIOError(errno.EAGAIN, "the file underneath would block", 0)
            # Not a file of `io`, and without an exception: all of it.
            return len(block)
        return taken


class Lz4StreamFile(io.BufferedIOBase):
    """A file with a stream, as `gzip.GzipFile`: binary, buffered, read or written.

    Threads may share one, except for its lines: `readline` of a shared `io.BufferedReader` mixes them up, so that of
    `gzip` and of this class do. Reading ends at the end mark, if the settings have one, and otherwise at the end of the
    file underneath, so that concatenated streams without a dictionary are read as one.

    Args:
        filename: A path, or an object with `read` or `write`, which stays open when this is closed.
        mode: `"r"` or `"rb"` to read (the default), `"w"` or `"wb"` to overwrite, `"x"` or `"xb"` to create a new
            file, `"a"` or `"ab"` to append a stream, which needs a format without dictionary and end mark.
        buffer_size: Written: the page size in bytes, 64 KiB by default. Read: the largest accepted page in bytes,
            4 MiB by default.
        strategy: `"double_buffer"` or `"ring_buffer"`, see `LZ4StreamCompressor`.
        acceleration: Selects the mode `"fast"`.
        compression_level: Selects the mode `"high_compression"`.
        store_comp_size, dictionary, byte_order, end_mark: As in `LZ4StreamCompressor`. `store_comp_size` is not 0.
        threads: Written: on how many threads to compress, at most 256; 0 for as many as there are processors. With
            1, the default, the stream is that of `LZ4StreamCompressor.feed`. With any other number, it is a different
            stream, of about the same length, which does not depend on the number. Each thread takes 1 MiB of data at
            a time, or a page if that is longer, so blocks arrive that much later in the file underneath, unless it is
            flushed, and data that is flushed in short pieces gains nothing. Memory: about 3 MiB for each of n + 4
            pieces, 4 MiB with high compression. The threads end when the file is closed.
            Read, with `index`: on how many threads to decompress, this one among them. `seek` ends them, and back at
            the start, they begin again. Memory: about one and a half intervals of the index for each of n + 2.
        index: Read: an `Index` of the stream. `seek` then decodes at most the interval of the index, and the content
            ends where the index says.
        collect_index: Written: collect an `Index` with this interval in bytes, for `index`.

    Raises:
        ValueError: An argument is not valid.
        LZ4StreamError: When read: the file is not a stream with these settings, or is cut off, or `index` is of
            another stream.
        OSError: The file underneath failed. Nothing is lost and nothing is written twice: the call can be repeated.
    """

    def __init__(
        self,
        filename: _StrPath | BinaryIO,
        mode: str = "rb",
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
        index: Index | None = None,
        collect_index: int | None = None,
    ) -> None:
        self._file: BinaryIO | None = None
        self._owns_file = False
        self._close_lock = threading.RLock()
        self._reader: io.BufferedReader | None = None
        self._writer: io.BufferedWriter | None = None
        if mode not in ("r", "rb", "w", "wb", "x", "xb", "a", "ab"):
            raise ValueError(f"Invalid mode: {mode!r}")
        reads = mode[0] == "r"
        if mode[0] == "a" and (dictionary or end_mark):
            raise ValueError("a stream with a dictionary or an end mark cannot be appended to another")
        _settings.check_width(store_comp_size)
        if index is not None:
            check_index(index)
        elif reads and threads != 1:
            raise ValueError("threads is for writing, and for reading with an index, as from Index.build")
        if index is not None and not reads:
            raise ValueError("index is for reading; use collect_index=1 << 20 to collect one")
        if collect_index is not None and mode[0] in "ra":
            raise ValueError("collect_index is for a stream that is written from its start; use Index.build for others")
        self._index = index
        if reads:
            decompressor = _settings.decompressor(buffer_size, store_comp_size, dictionary, byte_order, end_mark)
        else:
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
                collect_index,
            )
        self._mode = mode[0] + "b"
        if isinstance(filename, (str, bytes, os.PathLike)):
            # `_RawReader` reads long pieces, so a buffer would only be another step on the way.
            buffering = 0 if reads and index is None else -1
            file = cast(BinaryIO, builtins.open(filename, self._mode, buffering))
            self._owns_file = True
        elif hasattr(filename, "read" if reads else "write"):
            file = filename
        else:
            raise TypeError("filename must be a str, bytes, PathLike or file object")
        self._file = file
        if reads:
            try:
                self._raw_reader: _RawDecoded = (
                    _RawReader(file, decompressor)
                    if index is None
                    else _RawIndexedReader(file, decompressor, index, threads)
                )
            except BaseException:
                self.close()
                raise
            self._reader = io.BufferedReader(self._raw_reader, _BUFFER_SIZE)
        else:
            self._raw_writer = _RawWriter(file, writer)
            self._writer = io.BufferedWriter(self._raw_writer, _BUFFER_SIZE)

    def close(self) -> None:
        """Write what is left, end the stream, and close the file underneath if this object opened it."""
        with self._close_lock:
            file, self._file = self._file, None
            if file is None:
                return
            try:
                if self._writer is not None:
                    try:
                        # Unlike `flush`, it leaves no moment in which another thread could still write to the buffer.
                        self._writer.detach()
                        self._raw_writer.finish()
                        self._index = self._raw_writer.take_index()
                    finally:
                        self._raw_writer.close()
                elif self._reader is not None:
                    self._raw_reader.close()
            finally:
                if self._owns_file:
                    file.close()

    @property
    def closed(self) -> bool:
        return self._file is None

    @property
    def name(self) -> Any:
        """The name of the file underneath."""
        return self._open_file().name

    @property
    def mode(self) -> str:
        """`"rb"`, `"wb"`, `"xb"` or `"ab"`."""
        return self._mode

    @property
    def index(self) -> Index | None:
        """The `Index`: that of the argument, or the one that was collected, once the file is closed."""
        return self._index

    def fileno(self) -> int:
        """The descriptor of the file underneath."""
        return self._open_file().fileno()

    def readable(self) -> bool:
        """Whether the file is read."""
        self._open_file()
        return self._reader is not None

    def writable(self) -> bool:
        """Whether the file is written."""
        self._open_file()
        return self._writer is not None

    def seekable(self) -> bool:
        """Whether the file is read, and the one underneath is seekable."""
        self._open_file()
        return self._reader is not None and self._reader.seekable()

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes, fewer only at the end; all that are left if `size` is negative or `None`."""
        return self._reading().read(size)

    def read1(self, size: int = -1) -> bytes:
        """At most `size` bytes, without waiting for more if there are some."""
        return self._reading().read1(size)

    def readinto(self, buffer: Any) -> int:
        """Read into `buffer`, and return how many bytes."""
        return self._reading().readinto(buffer)

    def readinto1(self, buffer: Any) -> int:
        """Like `readinto`, without waiting for more bytes if there are some."""
        return self._reading().readinto1(buffer)

    def peek(self, size: int = 0) -> bytes:
        """The next bytes, at least one unless at the end, without advancing."""
        return self._reading().peek(size)

    def readline(self, size: int | None = -1) -> bytes:
        """The next line with its line feed, at most `size` bytes of it."""
        return self._reading().readline(size)

    def __iter__(self) -> Iterator[bytes]:
        self._reading()
        return self

    def __next__(self) -> bytes:
        return next(self._reading())

    def write(self, data: Buffer) -> int:
        """Append `data`, any object with the buffer protocol, and return its length in bytes.

        It is compressed page by page. `flush` makes a block of the page that is not full.
        """
        return self._writing().write(data)

    def flush(self) -> None:
        """Written: end the page, and send all blocks, so that the other end can decode all data so far."""
        self._open_file()
        if self._writer is not None:
            self._writer.flush()
            self._raw_writer.end_page()
            flush = getattr(self._file, "flush", None)
            if flush is not None:
                flush()

    def tell(self) -> int:
        """The position in the decoded data, in bytes."""
        self._open_file()
        return (self._writer or self._reading()).tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position in the decoded data, and return it.

        With an index, at most its interval is decoded. Without, forward by decoding, and back by decoding again from
        the start. A position after the end means the end. Only for reading.
        """
        return self._reading().seek(offset, whence)

    def _open_file(self) -> BinaryIO:
        if self._file is None:
            raise ValueError("I/O operation on closed file")
        return self._file

    def _reading(self) -> io.BufferedReader:
        self._open_file()
        if self._reader is None:
            raise io.UnsupportedOperation("the file is not open for reading")
        return self._reader

    def _writing(self) -> io.BufferedWriter:
        self._open_file()
        if self._writer is None:
            raise io.UnsupportedOperation("the file is not open for writing")
        return self._writer


@overload
def open(
    filename: _StrPath | BinaryIO,
    mode: _BinaryMode = "rb",
    encoding: None = None,
    errors: None = None,
    newline: None = None,
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
    index: Index | None = None,
    collect_index: int | None = None,
) -> Lz4StreamFile: ...
@overload
def open(
    filename: _StrPath | BinaryIO,
    mode: _TextMode,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
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
    index: Index | None = None,
    collect_index: int | None = None,
) -> io.TextIOWrapper: ...
@overload
def open(
    filename: _StrPath | BinaryIO,
    mode: str,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
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
    index: Index | None = None,
    collect_index: int | None = None,
) -> Lz4StreamFile | io.TextIOWrapper: ...
def open(
    filename: _StrPath | BinaryIO,
    mode: str = "rb",
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
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
    index: Index | None = None,
    collect_index: int | None = None,
) -> Lz4StreamFile | io.TextIOWrapper:
    r"""Open a file with a stream, binary or as text, as `gzip.open` does.

    Args:
        mode: As in `Lz4StreamFile`, or with `"t"` in place of `"b"` for text.
        encoding, errors, newline: For text, as in `io.TextIOWrapper`.

    The other arguments and the errors are those of `Lz4StreamFile`.

    Returns:
        Lz4StreamFile, or io.TextIOWrapper for text.

    >>> import lz4_stream, tempfile, os.path
    >>> path = os.path.join(tempfile.mkdtemp(), "notes.lz4s")
    >>> with lz4_stream.open(path, "wt", encoding="utf-8") as file:
    ...     print("all work and no play", file=file)
    >>> with lz4_stream.open(path, "rt", encoding="utf-8") as file:
    ...     list(file)
    ['all work and no play\n']
    """
    text = "t" in mode
    if text and "b" in mode:
        raise ValueError(f"Invalid mode: {mode!r}")
    if not text:
        for name, argument in (("encoding", encoding), ("errors", errors), ("newline", newline)):
            if argument is not None:
                raise ValueError(f"Argument {name!r} not supported in binary mode")
    file = Lz4StreamFile(
        filename,
        mode.replace("t", "", 1),
        buffer_size=buffer_size,
        strategy=strategy,
        acceleration=acceleration,
        compression_level=compression_level,
        store_comp_size=store_comp_size,
        dictionary=dictionary,
        byte_order=byte_order,
        end_mark=end_mark,
        threads=threads,
        index=index,
        collect_index=collect_index,
    )
    return io.TextIOWrapper(file, encoding, errors, newline) if text else file
