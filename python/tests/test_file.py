"""`open` and `Lz4StreamFile`."""

import errno
import io
import itertools
import os
import pathlib
import random

import lz4_stream
import pytest
from lz4_stream import Lz4StreamFile, LZ4StreamError

LINES = [b"line %d %s\n" % (n, b"x" * (n * n % 97)) for n in range(20_000)]
DATA = b"".join(LINES)
FORMATS = [{}, {"store_comp_size": 2, "byte_order": "big", "end_mark": True, "dictionary": b"line 1"}]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file.lz4s"
    with lz4_stream.open(path, "wb") as file:
        file.write(DATA)
    return path


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("buffer_size", [100, 4096, 65264])
def test_round_trip(tmp_path, format, buffer_size):
    for name in (tmp_path / "a", str(tmp_path / "b"), os.fsencode(tmp_path / "c")):
        with lz4_stream.open(name, "wb", buffer_size=buffer_size, **format) as file:
            for line in LINES:
                assert file.write(line) == len(line)
            assert file.tell() == len(DATA)
        stream = pathlib.Path(os.fsdecode(name)).read_bytes()
        assert stream == lz4_stream.compress(DATA, buffer_size=buffer_size, **format)
        with lz4_stream.open(name, **format) as file:
            assert file.read() == DATA
            assert file.read() == b""
            assert file.tell() == len(DATA)


def test_as_other_files_of_io(path):
    with lz4_stream.open(path) as file:
        assert isinstance(file, io.BufferedIOBase)
        assert (file.readable(), file.writable(), file.seekable(), file.closed) == (True, False, True, False)
        assert (file.name, file.mode, file.fileno() > 2) == (str(path) if isinstance(file.name, str) else path, "rb", True)
        assert file.peek(3)[:7] == b"line 0 "
        assert file.read(0) == b""
        assert file.read1(6) == b"line 0"
        assert file.readline() == b" \n"
        assert file.readline(4) == b"line"
        assert 0 < len(file.read1()) < len(DATA)
        room = bytearray(5000)
        at = file.tell()
        assert file.readinto(room) == 5000
        assert room == DATA[at : at + 5000]
        assert 0 < file.readinto1(memoryview(room)) <= 5000
        for call in (lambda: file.write(b"x"), file.truncate, file.detach):
            with pytest.raises(io.UnsupportedOperation):
                call()
    assert file.closed
    file.close()
    for call in (file.read, file.tell, file.readline, file.flush, file.peek, file.fileno, lambda: next(file),
                 lambda: file.seek(0), file.readable, lambda: iter(file), file.__enter__):
        with pytest.raises(ValueError):
            call()
    with lz4_stream.open(path, "wb") as file:
        assert (file.readable(), file.writable(), file.seekable(), file.mode) == (False, True, False, "wb")
        for call in (file.read, file.read1, file.readline, file.peek, lambda: file.seek(0), lambda: next(file),
                     lambda: file.readinto(bytearray(1))):
            with pytest.raises(io.UnsupportedOperation):
                call()
    with pytest.raises(ValueError):
        file.write(b"x")


def test_lines_and_text(tmp_path, path):
    with lz4_stream.open(path) as file:
        assert list(file) == LINES
    with lz4_stream.open(path) as file:
        assert file.readlines() == LINES
    with lz4_stream.open(path, "rt", encoding="ascii") as file:
        assert file.read().encode() == DATA
    with lz4_stream.open(tmp_path / "text", "wt", encoding="utf-16-le", newline="\r\n") as file:
        print("ä", file=file)
        print("ö", file=file, flush=True)
    with lz4_stream.open(tmp_path / "text") as file:
        assert file.read() == "ä\r\nö\r\n".encode("utf-16-le")
    with lz4_stream.open(tmp_path / "text", "rt", "utf-16-le") as file:
        assert list(file) == ["ä\n", "ö\n"]


def test_seeking(path):
    rng = random.Random(5)
    with lz4_stream.open(path) as file:
        for n in range(60):
            at = rng.choice([rng.randrange(len(DATA)), 0, len(DATA), file.tell() + rng.randrange(100)])
            at = min(at, len(DATA))
            whence = rng.choice([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])
            base = {io.SEEK_SET: 0, io.SEEK_CUR: file.tell(), io.SEEK_END: len(DATA)}[whence]
            assert file.seek(at - base, whence) == at == file.tell()
            n = rng.choice([0, 1, 100, 70_000])
            assert file.read(n) == DATA[at : at + n]
        assert file.seek(10**12) == len(DATA)
        for offset, whence in [(-1, 0), (-(10**12), 2)]:
            with pytest.raises(ValueError):
                file.seek(offset, whence)
        with pytest.raises(ValueError):
            file.seek(0, 7)
        assert file.seek(7) == 7
        assert file.read() == DATA[7:]


def test_a_stream_inside_a_file(path):
    inner = io.BytesIO(b"before" + path.read_bytes())
    inner.seek(6)
    with lz4_stream.open(inner) as file:
        assert file.read(10) == DATA[:10]
        file.seek(0)
        assert file.read(10) == DATA[:10]
    assert not inner.closed


def test_modes(tmp_path):
    path = tmp_path / "file"
    with lz4_stream.open(path, "x") as file:
        file.write(b"first, ")
    with pytest.raises(FileExistsError):
        lz4_stream.open(path, "xb")
    with lz4_stream.open(path, "a") as file:
        file.write(b"second")
    with lz4_stream.open(path) as file:
        assert file.read() == b"first, second"
    for settings in ({"dictionary": b"x"}, {"end_mark": True}):
        with pytest.raises(ValueError, match="appended"):
            lz4_stream.open(path, "ab", **settings)
    for mode in ("", "rw", "r+", "U", "rbt", "wtb", "rr", "bt", "t"):
        with pytest.raises(ValueError, match="[Ii]nvalid mode"):
            lz4_stream.open(path, mode)
    with pytest.raises(ValueError, match="'encoding' not supported in binary mode"):
        lz4_stream.open(path, "rb", "utf-8")
    with pytest.raises(TypeError):
        lz4_stream.open(7)
    with pytest.raises(ValueError, match="store_comp_size=0"):
        lz4_stream.open(path, store_comp_size=0)
    # A wrong argument leaves the file alone.
    with pytest.raises(ValueError):
        lz4_stream.open(path, "wb", buffer_size=0)
    with pytest.raises(FileNotFoundError):
        lz4_stream.open(tmp_path / "none")
    with lz4_stream.open(path) as file:
        assert file.read() == b"first, second"


def test_flush_makes_data_readable():
    inner = io.BytesIO()
    file = Lz4StreamFile(inner, "wb")
    decompressor = lz4_stream.LZ4StreamDecompressor("double_buffer", 1 << 16)
    at = 0
    for message in (b"first", b"second", b"third" * 50_000):
        file.write(message)
        file.flush()
        file.flush()
        assert b"".join(decompressor.feed(inner.getvalue()[at:])) == message
        at = len(inner.getvalue())
    file.close()
    assert len(inner.getvalue()) == at


def test_a_file_that_is_dropped_is_complete(tmp_path):
    file = lz4_stream.open(tmp_path / "file", "wb", end_mark=True)
    file.write(DATA)
    del file
    with lz4_stream.open(tmp_path / "file", end_mark=True) as file:
        assert file.read() == DATA


def test_bad_and_short_files(path):
    stream = path.read_bytes()
    in_head = "block 0 at offset 0: input ends after 3 of the head's 4"
    for cut, sentence in [(len(stream) - 1, "input ends after"), (3, in_head)]:
        file = lz4_stream.open(io.BytesIO(stream[:cut]))
        for _ in range(2):
            with pytest.raises(LZ4StreamError, match=sentence):
                file.read()
    bad = io.BytesIO(b"\x04\0\0\0\x30abc\0\0\0\0")
    file = lz4_stream.open(bad)
    assert file.read1() == b"abc"
    for _ in range(2):
        with pytest.raises(LZ4StreamError, match="block 1 at offset 8: block length is zero"):
            file.read1()
    file.seek(0)
    assert file.read(3) == b"abc"
    file = lz4_stream.open(io.BytesIO(b"\x04\0\0\0\x30abc\0\0\0\0the rest"), end_mark=True)
    assert file.read() == b"abc"


class Noting(io.BytesIO):
    """Notes how much each `read` asks for, and returns at most `most` bytes."""

    def __init__(self, data, most=1 << 30):
        super().__init__(data)
        self.most, self.asked = most, []

    def read(self, n=-1):
        self.asked.append(n)
        return super().read(min(n, self.most))


@pytest.mark.parametrize("most", [1 << 30, 100_000, 7_777])
@pytest.mark.parametrize("format", [{}, {"store_comp_size": 8, "byte_order": "big", "end_mark": True}])
@pytest.mark.parametrize("page_size", [60_000, 400_000, 1 << 20, 5 << 20])
def test_long_blocks(page_size, format, most):
    """After the first read, they are read as they are: nothing is copied to put two halves together."""
    data = random.Random(page_size).randbytes(3 * page_size + 100)
    stream = lz4_stream.compress(data, buffer_size=page_size, **format)
    inner = Noting(stream, most)
    with lz4_stream.open(inner, buffer_size=page_size, **format) as file:
        assert file.read() == data
    with lz4_stream.open(Noting(stream, most), buffer_size=page_size, **format) as file:
        assert b"".join(iter(lambda: file.read(70_001), b"")) == data
    if most == 1 << 30 and page_size in (400_000, 1 << 20):
        head_len = format.get("store_comp_size", 4)
        # Of noise: a token, the length of the literals, and the literals.
        block_len = 2 + (page_size - 15) // 255 + page_size
        rest = head_len + block_len - (1 << 18)
        assert inner.asked[:3] == [1 << 18, rest + head_len, block_len + head_len]


def test_a_long_block_is_only_the_word_of_the_stream():
    """However long it says it is, at most about 4 MiB are asked for at once, and a read that brings less is enough."""
    head = (0x7E00_0000).to_bytes(4, "little")
    inner = Noting(head + bytes(1 << 20))
    with lz4_stream.open(inner, buffer_size=lz4_stream.LZ4_MAX_INPUT_SIZE) as file:
        for _ in range(2):
            with pytest.raises(LZ4StreamError, match="input ends after 1048576 of the block's 2113929216 bytes"):
                file.read()
    assert max(inner.asked) == (4 << 20) + 4


class Sluggish(io.RawIOBase):
    """Reads and writes a few bytes at a time, and often would block or fails."""

    def __init__(self, data=b"", seed=1):
        self.rng = random.Random(seed)
        self.data = data
        self.written = bytearray()
        self.seekable_ = False

    def readable(self):
        return True

    def writable(self):
        return True

    def stumble(self):
        kind = self.rng.random()
        if kind < 0.2:
            raise OSError(errno.EIO, "stumbled")
        return kind < 0.4

    def read(self, n=-1):
        if self.stumble():
            return None
        n = self.rng.randint(1, 5000)
        data, self.data = self.data[:n], self.data[n:]
        return data

    def write(self, data):
        if self.stumble():
            return None
        n = self.rng.randint(1, 5000)
        self.written += data[:n]
        return min(n, len(data))


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_lost_and_nothing_is_written_twice(seed, path):
    data = DATA[:300_000]
    inner = Sluggish(seed=seed)
    file = Lz4StreamFile(inner, "wb", buffer_size=1000, end_mark=True)

    def patiently(call):
        while True:
            try:
                return call()
            except BlockingIOError as error:
                if error.characters_written:
                    return error.characters_written
            except OSError:
                pass

    at = 0
    while at < len(data):
        at += patiently(lambda: file.write(data[at : at + 3000]))
    patiently(lambda: file.flush() or 1)
    before = len(inner.written)
    inner.stumble = lambda: False
    file.close()
    assert bytes(inner.written[before:]) == b"\0\0\0\0"
    assert lz4_stream.decompress(inner.written, end_mark=True) == data

    inner = Sluggish(bytes(inner.written), seed)
    assert not Lz4StreamFile(inner).seekable()
    file = Lz4StreamFile(inner, end_mark=True)
    read = bytearray()
    while (piece := patiently(lambda: file.read1(10_000))) != b"" or inner.data:
        read += piece or b""
        if piece == b"" and not inner.data:
            break
    assert read == data


def test_a_buffer_underneath_that_takes_a_part():
    raw = Sluggish()
    blocks = itertools.cycle([False, False, True])
    raw.stumble = lambda: next(blocks)
    # It raises BlockingIOError with the number of bytes that it took.
    inner = io.BufferedWriter(raw, 500)
    file = Lz4StreamFile(inner, "wb", buffer_size=1000)
    noise = random.Random(3).randbytes(200_000)
    file.write(noise)
    blocked = 0
    while True:
        try:
            file.flush()
            break
        except BlockingIOError:
            blocked += 1
    raw.stumble = lambda: False
    file.close()
    inner.flush()
    assert blocked > 3
    assert lz4_stream.decompress(raw.written) == noise


def test_a_write_method_that_returns_nothing():
    class Sink:
        data = b""

        def write(self, data):
            self.data += bytes(data)

    sink = Sink()
    with Lz4StreamFile(sink, "w") as file:
        file.write(DATA)
    assert lz4_stream.decompress(sink.data) == DATA


def test_a_file_that_calls_back():
    class Loop(io.BytesIO):
        def write(self, data):
            file.write(data)

    file = Lz4StreamFile(Loop(), "wb")
    with pytest.raises(RuntimeError, match="reentrant"):
        for _ in range(2):
            file.write(bytes(4 << 20))
    with pytest.raises(ValueError, match="closed"):
        file.close()
    assert file.closed

    class ReadLoop(io.BytesIO):
        def read(self, n=-1):
            return file.read(n)

    file = Lz4StreamFile(ReadLoop())
    with pytest.raises(RuntimeError, match="reentrant"):
        file.read()
