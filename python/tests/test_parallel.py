"""`threads=`."""

import concurrent.futures
import io
import os
import subprocess
import sys

import lz4_stream
import pytest

DATA = b"".join(b"line %d %s\n" % (n, b"x" * (n * n % 97)) for n in range(60_000)) * 3
FORMATS = [{}, {"buffer_size": 65264, "store_comp_size": 2, "byte_order": "big", "end_mark": True, "dictionary": b"line 1 " * 9}]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("effort", [{}, {"acceleration": 9}, {"compression_level": 3}, {"strategy": "ring_buffer"}])
def test_the_stream_does_not_depend_on_the_number(form, effort):
    streams = {threads: lz4_stream.compress(DATA, threads=threads, **effort, **form) for threads in (0, 1, 2, 3, 8)}
    assert streams[0] == streams[2] == streams[3] == streams[8]
    # High compression can come to the same.
    assert streams[2] != streams[1] or "compression_level" in effort
    assert len(streams[2]) < len(streams[1]) * 1.01
    assert streams[1] == lz4_stream.compress(DATA, **effort, **form)
    for stream in (streams[1], streams[2]):
        assert lz4_stream.decompress(stream, **{**form, "buffer_size": None}) == DATA
    file = io.BytesIO()
    with lz4_stream.open(file, "wb", threads=2, **effort, **form) as f:
        for at in range(0, len(DATA), 77_777):
            f.write(DATA[at : at + 77_777])
    assert file.getvalue() == streams[2]


def test_flush_makes_data_readable():
    inner = io.BytesIO()
    with lz4_stream.open(inner, "wb", threads=2) as file:
        for message in (b"first", b"second" * 1_000_000, b"third"):
            at = len(inner.getvalue())
            file.write(message)
            file.flush()
            decoded = lz4_stream.decompress(inner.getvalue())
            assert decoded.endswith(message) and len(inner.getvalue()) > at


def test_wrong_numbers():
    for wrong in (-1, 257, 1 << 40):
        with pytest.raises(ValueError, match="Invalid threads argument"):
            lz4_stream.compress(b"", threads=wrong)
    for wrong in ("2", 1.5, None):
        with pytest.raises(TypeError):
            lz4_stream.compress(b"", threads=wrong)


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads by /proc")


@needs_proc
@pytest.mark.parametrize("fails", [False, True])
def test_threads_end_with_the_file(fails):
    class Failing(io.BytesIO):
        def write(self, data):
            if fails:
                raise OSError("no space left")
            return super().write(data)

    before = len(os.listdir("/proc/self/task"))
    file = lz4_stream.open(Failing(), "wb", threads=3)
    try:
        for _ in range(3):
            file.write(DATA)
        assert not fails
        assert len(os.listdir("/proc/self/task")) > before
    except OSError as error:
        assert fails and "no space left" in str(error)
    if fails:
        with pytest.raises(OSError, match="no space left"):
            file.close()
    else:
        file.close()
    assert len(os.listdir("/proc/self/task")) <= before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_after_a_fork():
    """The other process has no threads. It must not wait for them."""
    code = """
import io, os, lz4_stream
file = lz4_stream.open(io.BytesIO(), "wb", threads=2)
file.write(os.urandom(5 << 20))
pid = os.fork()
if pid == 0:
    try:
        file.write(bytes(5 << 20))
    except RuntimeError as error:
        assert "fork" in str(error)
        try:
            file.close()
        except RuntimeError:
            os._exit(7)
    os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
file.close()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("threads", [0, 2, 3, 9])
def test_reading_on_threads(form, threads):
    inner = io.BytesIO()
    with lz4_stream.open(inner, "wb", collect_index=1 << 17, **form) as file:
        file.write(DATA)
    index, stream = file.index, inner.getvalue()
    form = {**form, "buffer_size": None}
    inside = io.BytesIO(b"before" + stream + b"after")
    inside.seek(6)
    with lz4_stream.open(inside, index=index, threads=threads, **form) as file:
        assert file.read() == DATA and file.tell() == len(DATA) and file.read() == b""
        # Away from the start with one thread, and back.
        for at in (len(DATA) - 9, 1_000_000, 0, 0, 5, 2_000_000, 0):
            assert file.seek(at) == at
            for n in (1, 5000, 300_000):
                assert file.tell() == at
                assert file.read(n) == DATA[at : at + n]
                at += min(n, len(DATA) - at)
        file.seek(0)
        assert list(file) == DATA.splitlines(True)
        file.seek(-3, io.SEEK_END)
        assert file.read() == DATA[-3:]
    read, write = os.pipe()
    with open(read, "rb") as pipe, concurrent.futures.ThreadPoolExecutor(1) as pool:
        with open(write, "wb") as out:
            written = pool.submit(out.write, stream)
            with lz4_stream.open(pipe, index=index, threads=threads, **form) as file:
                assert not file.seekable()
                assert file.read() == DATA
                with pytest.raises(io.UnsupportedOperation):
                    file.seek(0)
            assert written.result() == len(stream)


def test_reading_on_threads_needs_an_index(tmp_path):
    stream = lz4_stream.compress(DATA)
    index = lz4_stream.Index.build(stream, interval=1 << 17)
    with pytest.raises(ValueError, match="Index.build"):
        lz4_stream.open(io.BytesIO(stream), threads=2)
    for wrong in (-1, 257):
        with pytest.raises(ValueError, match="Invalid threads argument"):
            lz4_stream.open(io.BytesIO(stream), index=index, threads=wrong)
    # The size of the first block, of one in the middle and of the last, and a stream that is cut off.
    points = [at for at, _ in index.points]
    for at in (0, points[len(points) // 2], points[-1]):
        bad = bytearray(stream)
        bad[at] ^= 0x55
        for wrong in (bad, stream[: at + 1], stream[:-1]):
            with lz4_stream.open(io.BytesIO(wrong), index=index, threads=2) as file:
                for _ in range(2):
                    with pytest.raises(lz4_stream.LZ4StreamError):
                        file.read()


def test_reading_on_threads_a_file_that_fails():
    class Failing(io.BytesIO):
        count = 0

        def read(self, n=-1):
            self.count += 1
            if self.count % 3 == 0:
                raise OSError("stumbled")
            return super().read(min(n, 50_000))

        def seek(self, *where):
            self.count += 1
            if self.count % 3 == 0:
                raise OSError("stumbled")
            return super().seek(*where)

    def insist(call):
        for _ in range(1000):
            try:
                return call()
            except OSError as error:
                assert "stumbled" in str(error)

    stream = lz4_stream.compress(DATA)
    file = lz4_stream.open(Failing(stream), index=lz4_stream.Index.build(stream, interval=1 << 17), threads=2)
    for at in (0, 3_000_000, 0, 70_000):
        assert insist(lambda: file.seek(at)) == at
        read = b""
        while len(read) < 400_000:
            read += insist(lambda: file.read1(10_000))
        assert read == DATA[at : at + len(read)]


@needs_proc
def test_threads_of_a_reader_end():
    stream = lz4_stream.compress(DATA)
    index = lz4_stream.Index.build(stream, interval=1 << 17)
    before = len(os.listdir("/proc/self/task"))
    for end in ("close", "seek", "drop"):
        file = lz4_stream.open(io.BytesIO(stream), index=index, threads=3)
        file.read(9)
        assert len(os.listdir("/proc/self/task")) == before + 2
        if end == "close":
            file.close()
        elif end == "seek":
            file.seek(1_000_000)
        del file
        assert len(os.listdir("/proc/self/task")) <= before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_reading_after_a_fork():
    code = """
import io, os, lz4_stream
stream = lz4_stream.compress(os.urandom(5 << 20))
file = lz4_stream.open(io.BytesIO(stream), index=lz4_stream.Index.build(stream, interval=1 << 17), threads=2)
assert len(file.read(100_000)) == 100_000
pid = os.fork()
if pid == 0:
    try:
        file.read()
    except RuntimeError as error:
        assert "fork" in str(error)
        file.close()
        os._exit(7)
    os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
assert len(file.read()) == (5 << 20) - 100_000
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
