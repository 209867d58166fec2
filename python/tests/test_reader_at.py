"""`Lz4StreamReaderAt`."""

import concurrent.futures
import io
import os
import random
import sys
import threading
import time

import lz4_stream
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lz4_stream import Index, Lz4StreamReaderAt, LZ4StreamError

DATA = b"".join(b"line %d %s\n" % (n, b"x" * (n * n % 97)) for n in range(50_000))
FORMATS = [{}, {"store_comp_size": 2, "byte_order": "big", "end_mark": True, "dictionary": b"line 1 " * 9}]


@pytest.fixture
def frequent_switches():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("form", FORMATS)
def test_sources(tmp_path, form):
    stream = lz4_stream.compress(DATA, buffer_size=5000, **form)
    index = Index.build(stream, interval=1 << 17, **form)
    path = tmp_path / "file"
    path.write_bytes(stream)
    rng = random.Random(1)
    for source in (path, str(path), stream, bytearray(stream), memoryview(stream), memoryview(b"_" + stream)[1:]):
        with Lz4StreamReaderAt(source, index, **form) as reader:
            assert reader.index is index and not reader.closed
            for _ in range(30):
                at, n = rng.randrange(len(DATA)), rng.choice([0, 1, 3000, 200_000])
                assert reader.read_at(at, n) == DATA[at : at + n]
            assert reader.read_at(0, 1 << 100) == DATA
            assert reader.read_at(len(DATA) - 1, 9) == DATA[-1:]
            for after in (len(DATA), len(DATA) + 1, (1 << 64) - 1, 1 << 100):
                assert reader.read_at(after, 9) == b""
            for wrong in ((-1, 0), (0, -1), (-(1 << 70), 0)):
                with pytest.raises(ValueError, match="negative"):
                    reader.read_at(*wrong)
            with pytest.raises(TypeError):
                reader.read_at(0, 1.5)
        assert reader.closed
        with pytest.raises(ValueError, match="closed"):
            reader.read_at(0, 1)
        reader.close()


def test_mistakes(tmp_path):
    stream = lz4_stream.compress(DATA)
    index = Index.build(stream, interval=1 << 17)
    with pytest.raises(FileNotFoundError) as error:
        Lz4StreamReaderAt(tmp_path / "none", index)
    assert error.value.filename == str(tmp_path / "none")
    with pytest.raises(OSError):
        Lz4StreamReaderAt(tmp_path, index)
    for wrong in (7, None, io.BytesIO(stream)):
        with pytest.raises(TypeError):
            Lz4StreamReaderAt(wrong, index)
    with pytest.raises(TypeError, match="Index.load"):
        Lz4StreamReaderAt(stream, "file.index")
    with pytest.raises(LZ4StreamError, match="another dictionary"):
        Lz4StreamReaderAt(stream, index, dictionary=b"other")
    with pytest.raises(ValueError):
        Lz4StreamReaderAt(stream, index, store_comp_size=0)
    # All of the bytes, or the error.
    cut = index.points[5][0] + 1
    reader = Lz4StreamReaderAt(stream[:cut], index)
    for _ in range(2):
        with pytest.raises(LZ4StreamError):
            reader.read_at(0, len(DATA))
        assert reader.read_at(10, 1000) == DATA[10:1010]
    other = Lz4StreamReaderAt(lz4_stream.compress(bytes(reversed(DATA))), index)
    with pytest.raises(LZ4StreamError, match="index"):
        other.read_at(0, 1)


def test_an_index_cannot_take_much_memory():
    """The index promises 3 GB, and the stream has few bytes of them."""
    page = bytes(4 << 20)
    stream = lz4_stream.compress(page, buffer_size=len(page))
    rest = io.BytesIO()
    with lz4_stream.open(rest, "wb", buffer_size=len(page), collect_index=1 << 26) as file:
        for _ in range(750):
            file.write(page)
    reader = Lz4StreamReaderAt(rest.getvalue()[: len(stream)], file.index)
    with pytest.raises(LZ4StreamError):
        reader.read_at(0, 1 << 40)
    resource = pytest.importorskip("resource")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1 << 20  # in KiB


@pytest.mark.parametrize("where", ["file", "bytes"])
def test_threads_sharing_one(tmp_path, where, frequent_switches):
    stream = lz4_stream.compress(DATA, buffer_size=5000)
    path = tmp_path / "file"
    path.write_bytes(stream)
    reader = Lz4StreamReaderAt(path if where == "file" else stream, Index.build(stream, interval=1 << 17))
    closing = threading.Event()

    def work(thread):
        rng, reads = random.Random(thread), 0
        while True:
            at, n = rng.randrange(len(DATA)), rng.choice([1, 3000, 200_000])
            try:
                read = reader.read_at(at, n)
            except ValueError as error:
                assert "closed" in str(error) and closing.is_set()
                return reads
            assert read == DATA[at : at + n]
            reads += 1

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = [pool.submit(work, thread) for thread in range(8)]
        time.sleep(0.5)
        closing.set()
        reader.close()
        assert all(result.result(60) > 0 for result in results)


def test_the_gil_is_released_while_it_reads():
    """A thread that only counts goes on while another one reads for long."""
    stream = lz4_stream.compress(os.urandom(1 << 20) * 16)
    reader = Lz4StreamReaderAt(stream, Index.build(stream))
    before = sys.getswitchinterval()
    sys.setswitchinterval(60)
    try:
        done, counted = threading.Event(), []

        def count():
            while not done.is_set():
                counted.append(done.wait(1e-4))

        thread = threading.Thread(target=count)
        thread.start()
        start = len(counted)
        for _ in range(1000):
            reader.read_at(0, 16 << 20)
            if len(counted) > start + 3:
                break
        during = len(counted) - start
        done.set()
        thread.join()
        assert during > 3
    finally:
        sys.setswitchinterval(before)


SMALL = lz4_stream.compress(random.Random(1).randbytes(70_000) + DATA[:300_000], buffer_size=10_000)
CONTENT = lz4_stream.decompress(SMALL)
SMALL_INDEX = Index.build(SMALL, interval=1 << 16)


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_mutated_streams(data):
    stream = bytearray(SMALL)
    at = data.draw(st.integers(0, len(stream)))
    stream[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    reader = Lz4StreamReaderAt(stream, SMALL_INDEX)
    for _ in range(5):
        offset, size = data.draw(st.integers(-3, len(CONTENT) + 3)), data.draw(st.integers(-3, 150_000))
        try:
            assert len(reader.read_at(offset, size)) == len(CONTENT[offset : offset + size])
        except ValueError:
            assert offset < 0 or size < 0
        except LZ4StreamError:
            pass
