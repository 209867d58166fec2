"""Threads, with a codec or file each, and with one of all."""

import collections
import concurrent.futures
import io
import os
import subprocess
import sys
import threading
import time

import lz4_stream
import pytest
from lz4_stream import LZ4StreamCompressor, LZ4StreamDecompressor, LZ4StreamError

THREADS = 8
PAGE = 20_000


def in_threads(work):
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(THREADS)))


def page(thread, n):
    return b"%d/%d " % (thread, n) * (PAGE // 10)


@pytest.fixture(autouse=True)
def frequent_switches():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_threads_sharing_nothing():
    def work(thread):
        compressor = LZ4StreamCompressor("double_buffer", PAGE)
        decompressor = LZ4StreamDecompressor("double_buffer", PAGE)
        for n in range(50):
            block = compressor.compress(page(thread, n))
            assert decompressor.decompress(decompressor.get_block(block)) == page(thread, n)

    in_threads(work)


def test_threads_sharing_a_compressor():
    compressor = LZ4StreamCompressor("double_buffer", PAGE)
    blocks = in_threads(lambda thread: [compressor.compress(page(thread, n)) for n in range(50)])
    assert sum(map(len, blocks)) == THREADS * 50
    compressor.reset()

    def feed(thread):
        for n in range(50):
            compressor.feed(page(thread, n))

    in_threads(feed)
    compressor.flush()
    assert compressor.finish() == b""


def test_threads_sharing_a_decompressor():
    pages = [page(0, n) for n in range(400)]
    stream = lz4_stream.compress(b"".join(pages), buffer_size=len(pages[0]) - 3)
    decompressor = LZ4StreamDecompressor("double_buffer", PAGE)
    iterator = decompressor.feed(stream)
    decoded = in_threads(lambda thread: list(iterator))
    # Each page comes out once, whichever thread gets it.
    assert sum(len(page) for pages in decoded for page in pages) == sum(map(len, pages))
    decompressor.end_of_input()
    # Blocks in any order: errors or wrong pages, but no crash.
    decompressor.reset()
    compressor = LZ4StreamCompressor("double_buffer", PAGE)
    blocks = [compressor.compress(os.urandom(99) + page(0, n))[4:] for n in range(50)]

    def work(thread):
        outcomes = collections.Counter()
        for block in blocks[thread:] + blocks[:thread]:
            try:
                outcomes[len(decompressor.decompress(block)) > 0] += 1
            except LZ4StreamError:
                outcomes["error"] += 1
        return sum(outcomes.values())

    assert in_threads(work) == [50] * THREADS


# The bytearray of 3.13 itself crashes when threads share it without the GIL.
racy = sys.version_info < (3, 14) and not getattr(sys, "_is_gil_enabled", lambda: True)()


@pytest.mark.skipif(racy, reason="needs a bytearray that threads can share")
def test_a_bytearray_that_another_thread_resizes():
    shared, done = bytearray(b"x" * 50_000), threading.Event()

    def resize():
        for n in range(1 << 30):
            if done.is_set():
                break
            try:
                shared.extend(b"y" * (n % 7 * 10_000))
                if n % 2:
                    shared.clear()
            except BufferError:
                pass

    def work(thread):
        compressor = LZ4StreamCompressor("double_buffer", 1 << 22)
        decompressor = LZ4StreamDecompressor("double_buffer", 1 << 22)
        calls = [compressor.compress, compressor.feed, decompressor.get_block, decompressor.decompress,
                 lz4_stream.compress, lambda data: compressor.compress(memoryview(data))]  # fmt: skip
        for n in range(1000):
            try:
                calls[n % len(calls)](shared)
            except (LZ4StreamError, OverflowError):
                pass

    thread = threading.Thread(target=resize)
    thread.start()
    try:
        in_threads(work)
    finally:
        done.set()
        thread.join()


class Yielding(io.BytesIO):
    """Lets other threads go on in the middle of a write."""

    def write(self, data):
        time.sleep(0)
        n = super().write(data)
        time.sleep(0)
        return n


def test_threads_sharing_a_file():
    inner = Yielding()
    with lz4_stream.open(inner, "wb", buffer_size=1000) as file:

        def write(thread):
            for n in range(100):
                file.write(b"%d/%05d\n" % (thread, n) * (50 if n % 10 else 10_000))
                if n % 3 == 0:
                    file.flush()

        in_threads(write)
    inner.seek(0)
    with lz4_stream.open(inner) as file:
        # Not by lines: `readline` of a shared `BufferedReader` mixes them up, that of `gzip` too.
        read = in_threads(lambda thread: list(iter(lambda: file.read(8), b"")))
        records = [record for some in read for record in some]
    expected = collections.Counter(b"%d/%05d\n" % (thread, n) for thread in range(THREADS) for n in range(100))
    assert collections.Counter(records) == {
        record: 50 if int(record[2:]) % 10 else 10_000 for record in expected
    }


@pytest.mark.parametrize("indexed", [False, True])
def test_a_file_that_is_closed_while_threads_read(indexed):
    """Data that is right, or the error of a closed file."""
    data = b"".join(b"%07d\n" % n for n in range(100_000))
    stream = lz4_stream.compress(data, buffer_size=5000)
    index = lz4_stream.Index.build(stream, interval=1 << 17) if indexed else None
    for _ in range(10):
        file = lz4_stream.open(io.BytesIO(stream), index=index)
        calls = [
            lambda: file.read(800) or file.seek(0), lambda: file.seek(80_000), lambda: file.seek(-800, io.SEEK_END),
            lambda: file.read1(), lambda: file.peek(), lambda: file.readinto(bytearray(3000)), lambda: file.readline(),
            lambda: file.readlines(300), lambda: file.tell(), lambda: file.readable() and file.seekable(), file.read,
        ]  # fmt: skip

        def work(call):
            with pytest.raises(ValueError, match="closed"):
                while True:
                    call()

        def close():
            time.sleep(0.01)
            file.close()

        with concurrent.futures.ThreadPoolExecutor(len(calls) + 2) as pool:
            results = [pool.submit(work, call) for call in calls] + [pool.submit(close) for _ in range(2)]
            for result in results:
                result.result(60)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_file_that_is_closed_while_threads_write(threads):
    """What was written without an error is in the stream."""
    for _ in range(10):
        inner = Yielding()
        file = lz4_stream.open(inner, "wb", buffer_size=1000, threads=threads)

        def write(length):
            record, n = bytes([length % 251]) * length, 0
            with pytest.raises(ValueError, match="closed|detached"):
                while True:
                    n += file.write(record)
            return length % 251, n

        def flush(call):
            with pytest.raises(ValueError, match="closed|detached"):
                while True:
                    call()

        def close():
            time.sleep(0.01)
            file.close()

        lengths = [1, 7, 3000, 200_000]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            written = [pool.submit(write, length) for length in lengths]
            others = [pool.submit(flush, call) for call in (file.flush, file.tell)]
            others += [pool.submit(close) for _ in range(2)]
            for result in others:
                result.result(60)
            counted = collections.Counter(lz4_stream.decompress(inner.getvalue()))
            expected = dict(result.result(60) for result in written)
            assert {byte: n for byte, n in expected.items() if n} == counted


def test_a_write_that_comes_during_close():
    """It waits, and is refused."""
    closing, other = threading.Event(), []

    class Slow(io.BytesIO):
        def write(self, data):
            closing.set()
            time.sleep(0.1)
            return super().write(data)

    def write():
        closing.wait()
        try:
            other.append(file.write(b"late"))
        except ValueError as error:
            other.append(str(error))

    inner = Slow()
    file = lz4_stream.open(inner, "wb")
    file.write(b"in time")
    thread = threading.Thread(target=write)
    thread.start()
    file.close()
    thread.join()
    assert other == ["I/O operation on closed file"]
    assert lz4_stream.decompress(inner.getvalue()) == b"in time"


@pytest.mark.parametrize("call", ["read", "peek", "readline"])
def test_close_waits_for_a_thread_that_reads(call):
    """The file underneath is not closed while it is read."""
    reading, seen = threading.Event(), []

    class Slow(io.BytesIO):
        def read(self, n=-1):
            reading.set()
            time.sleep(0.1)
            seen.append(file.raw_is_closed)
            return super().read(n)

    class File(lz4_stream.Lz4StreamFile):
        raw_is_closed = False

        def close(self):
            super().close()
            self.raw_is_closed = True

    file = File(Slow(lz4_stream.compress(b"all work\n")))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        result = pool.submit(getattr(file, call))
        reading.wait()
        file.close()
        assert file.raw_is_closed
        try:
            assert result.result(60) == b"all work\n"
        except ValueError as error:
            assert "closed" in str(error)
    assert seen[0] is False


def test_the_gil_is_released():
    """A thread that only counts goes on while another one works in one long call."""
    data = os.urandom(1 << 20) * 4
    sys.setswitchinterval(60)
    calls = {
        "compress": lambda: LZ4StreamCompressor("double_buffer", 1 << 22, "high_compression", 9).compress(data),
        "decompress": lambda: decompressor.decompress(block),
        "feed": lambda: list(LZ4StreamDecompressor("double_buffer", 1 << 22).feed(stream)),
    }
    stream = calls["compress"]()
    block = stream[4:]
    decompressor = LZ4StreamDecompressor("double_buffer", 1 << 22)
    for name, call in calls.items():
        started, done, counted = threading.Event(), threading.Event(), []

        def count():
            started.set()
            while not done.is_set():
                counted.append(done.wait(1e-4))

        thread = threading.Thread(target=count)
        thread.start()
        started.wait()
        before = len(counted)
        for _ in range(1000):
            call()
            if len(counted) > before + 3:
                break
        during = len(counted) - before
        done.set()
        thread.join()
        assert during > 3, name


@pytest.mark.skipif(sys.version_info < (3, 12), reason="only C has buffers of classes")
@pytest.mark.parametrize("length", [100, 65_536, 300_000])
def test_a_buffer_that_uses_the_same_codec_when_it_is_released(length):
    """It must not wait for itself."""
    code = f"""
import lz4_stream
compressor = lz4_stream.LZ4StreamCompressor("double_buffer", 1 << 20)
class Buffer:
    def __buffer__(self, flags):
        return memoryview(bytearray({length}))
    def __release_buffer__(self, view):
        compressor.flush()
compressor.feed(Buffer())
writer = lz4_stream.LZ4StreamCompressor("double_buffer", 1 << 20)
writer.compress(Buffer())
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_finalizer_that_uses_the_same_codec():
    """It must not wait for itself."""
    code = """
import gc, lz4_stream
gc.set_threshold(1)
compressor = lz4_stream.LZ4StreamCompressor("double_buffer", 10)
long = lz4_stream.LZ4StreamCompressor("double_buffer", 1 << 20)
decompressor = lz4_stream.LZ4StreamDecompressor("double_buffer", 10)
class Cycle:
    def __init__(self):
        self.cycle = self
    def __del__(self):
        compressor.feed(b"from a finalizer")
        long.feed(b"")
        list(decompressor.feed(b"\\x02\\0\\0\\0\\x10a"))
for n in range(3000):
    Cycle()
    compressor.feed(bytearray(b"0123456789" * 5))
    Cycle()
    if n % 100 == 0:
        # In pieces.
        long.feed(bytearray(150_000))
        Cycle()
        long.flush()
        Cycle()
        long.compress(memoryview(bytearray(150_000)))
        Cycle()
    list(decompressor.feed(bytearray(b"\\x02\\0\\0\\0\\x10a")))
    for wrong in (b"", b"\\x99", bytearray(100)):
        Cycle()
        try:
            decompressor.decompress(wrong)
        except lz4_stream.LZ4StreamError:
            pass
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
