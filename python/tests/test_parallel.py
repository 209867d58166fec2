"""`threads=`."""

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
