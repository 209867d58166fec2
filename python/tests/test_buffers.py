"""Objects with the buffer protocol."""

import array
import mmap
import sys

import lz4_stream
import numpy
import pytest
from lz4_stream import LZ4StreamCompressor, LZ4StreamDecompressor, LZ4StreamError

DATA = bytes(range(256)) * 40
NUMBERS = numpy.frombuffer(DATA, dtype="<i4")

SAME = {
    "bytearray": bytearray(DATA),
    "memoryview": memoryview(DATA),
    "part of a memoryview": memoryview(b"before" + DATA + b"after")[6:-5],
    "memoryview of bytearray": memoryview(bytearray(DATA)),
    "memoryview, cast": memoryview(bytearray(DATA)).cast("Q"),
    "memoryview, shaped": memoryview(bytearray(DATA)).cast("B", [40, 16, 16]),
    "subclass of bytearray": type("Sub", (bytearray,), {})(DATA),
    "subclass of bytes": type("Sub", (bytes,), {})(DATA),
    "array": array.array("I", DATA),
    "numpy": NUMBERS.copy(),
    "numpy, read only": NUMBERS,
    "numpy, shaped": NUMBERS.copy().reshape(40, -1, 4),
    "numpy, structured": NUMBERS.copy().view([("a", "<i4"), ("b", "<i4")]),
    "numpy, big endian": NUMBERS.copy().view(">i8"),
    "numpy, doubles": NUMBERS.copy().view("<f8"),
    "numpy, complex": NUMBERS.copy().view("<c16").reshape(16, 40),
    "numpy, text": NUMBERS.copy().view("<U2"),
    "numpy, a row": NUMBERS.copy().reshape(1, -1)[0],
}


@pytest.mark.parametrize("name", SAME)
def test_any_buffer(name):
    same = SAME[name]
    page_size = len(DATA)

    def compressor():
        return LZ4StreamCompressor("double_buffer", page_size)

    block = compressor().compress(DATA)
    assert compressor().compress(same) == block
    assert compressor().feed(same) == [block]
    assert lz4_stream.compress(same, buffer_size=page_size) == block
    with_dictionary = [LZ4StreamCompressor("double_buffer", 100, dictionary=d).compress(DATA[:100]) for d in (DATA, same)]
    assert with_dictionary[0] == with_dictionary[1] != LZ4StreamCompressor("double_buffer", 100).compress(DATA[:100])


@pytest.mark.parametrize("make", [bytearray, memoryview, lambda b: memoryview(bytearray(b)),
                                  lambda b: memoryview(b"__" + b)[2:], lambda b: numpy.frombuffer(b, "u1").copy()])
def test_any_buffer_decompressed(make):
    compressor = LZ4StreamCompressor("double_buffer", 4096)
    blocks = [compressor.compress(DATA[at : at + 4096]) for at in range(0, len(DATA), 4096)]
    stream = b"".join(blocks)
    assert lz4_stream.decompress(make(stream)) == DATA
    decompressor = LZ4StreamDecompressor("double_buffer", 4096)
    assert b"".join(decompressor.feed(make(stream))) == DATA
    decompressor = LZ4StreamDecompressor("double_buffer", 4096)
    pages = [decompressor.decompress(make(decompressor.get_block(make(block)))) for block in blocks]
    assert b"".join(pages) == DATA


@pytest.mark.parametrize("length", [0, 2, 100])
def test_bytes_with_another_length(length):
    data = type("Sub", (bytes,), {"__len__": lambda self: length})(DATA)
    assert lz4_stream.decompress(lz4_stream.compress(data)) == DATA


def test_long_buffers_are_taken_in_pieces():
    data = bytes(range(251)) * 20_000
    stream = lz4_stream.compress(data)
    assert lz4_stream.compress(bytearray(data)) == stream
    assert lz4_stream.compress(numpy.frombuffer(data, "u1").reshape(251, -1)) == stream
    noise = numpy.random.default_rng(1).bytes(3_000_001)
    assert lz4_stream.decompress(bytearray(lz4_stream.compress(bytearray(noise)))) == noise


@pytest.mark.parametrize("make", [bytearray, lambda b: memoryview(bytearray(b)),
                                  lambda b: numpy.frombuffer(b, "<i4").copy().reshape(-1, 4),
                                  lambda b: numpy.frombuffer(b, "<i4").copy().view([("a", "<i4"), ("b", "<i4")])])
@pytest.mark.parametrize("page_size", [5000, 65_536, 100_000, 1 << 20])
def test_long_buffers_in_codecs(page_size, make):
    """They are taken in pieces, as if they were whole."""
    data = numpy.random.default_rng(3).integers(0, 40, 400_000, "u1").tobytes()
    for length in (65_536, 65_552, 200_000, 400_000):
        like, other = (LZ4StreamCompressor("double_buffer", page_size) for _ in range(2))
        for before in (b"", b"some bytes"):
            assert other.feed(before) == like.feed(before)
            assert other.feed(make(data[:length])) == like.feed(data[:length])
            assert other.flush() == like.flush()
            for codec, page in ((like, data[:length]), (other, make(data[:length]))):
                if before:
                    codec.feed(before)
                if len(before) + length <= page_size:
                    continue
                # Nothing of it was taken.
                with pytest.raises(OverflowError, match="Input too large"):
                    codec.compress(page)
            if len(before) + length <= page_size:
                assert other.compress(make(data[:length])) == like.compress(data[:length])
            assert other.flush() == like.flush()
        like.finish()
        other.finish()
        for codec, page in ((like, data[:length]), (other, make(data[:length]))):
            with pytest.raises((LZ4StreamError, OverflowError)):
                codec.compress(page)
            with pytest.raises(LZ4StreamError):
                codec.feed(page)


@pytest.mark.parametrize("length", [0, 7, 4000, 5000, 200_000])
def test_a_block_is_cut_from_any_buffer(length):
    """Of a short stream and of a long one, with whatever follows."""
    page = numpy.random.default_rng(2).bytes(length)
    block = LZ4StreamCompressor("double_buffer", 1 << 18).compress(page)
    decompressor = LZ4StreamDecompressor("double_buffer", 1 << 18)
    returning = LZ4StreamDecompressor("double_buffer", 1 << 18, return_bytearray=True)
    for more in (b"", b"more", bytes(10_000)):
        stream = block + more + bytes(-len(block + more) % 8)
        array = numpy.frombuffer(stream, "<i8")
        structured = array.view([("a", "<i4"), ("b", "<i4")])
        for same in (stream, bytearray(stream), memoryview(stream), memoryview(bytearray(stream)),
                     memoryview(b"_" + stream)[1:], array, array.copy(), structured):
            found = decompressor.get_block(same)
            assert (found, type(found)) == (block[4:], bytes)
            assert decompressor.decompress(found) == page
            assert type(returning.get_block(same)) is bytearray


def test_a_buffer_that_changes_under_its_owner():
    """A view of bytes that was released, and a `bytearray` that cannot be resized while it is looked at."""
    view = memoryview(b"released")
    view.release()
    with pytest.raises(ValueError):
        lz4_stream.compress(view)
    for growing in (bytearray(DATA), bytearray(DATA * 20)):
        compressor = LZ4StreamCompressor("double_buffer", 1 << 20)
        for same in (growing, memoryview(growing)):
            compressor.feed(same)
            compressor.compress(same)
        with pytest.raises(OverflowError):
            compressor.compress(bytes(1 << 20) + same)
        del same
        # Nothing of it is held.
        growing += b"more"


@pytest.mark.skipif(sys.maxsize < 1 << 32, reason="needs 64 bits")
def test_over_4_gib():
    """Longer than anything that a call takes. It is refused before it is copied, so its memory is never touched."""
    with mmap.mmap(-1, (1 << 32) + 1) as memory, memoryview(memory) as long:
        for width in (1, 2, 4):
            with pytest.raises(OverflowError, match="Source length .4294967297. too large"):
                LZ4StreamDecompressor("double_buffer", 200, store_comp_size=width).decompress(long)
        with pytest.raises(LZ4StreamError, match="Maximal decompressed data"):
            LZ4StreamDecompressor("double_buffer", 200, store_comp_size=8).decompress(long)
        for call in (LZ4StreamCompressor("double_buffer", 1 << 20).compress,
                     LZ4StreamDecompressor("double_buffer", 1 << 20).get_block,
                     lambda long: LZ4StreamCompressor("double_buffer", 1 << 20, dictionary=long)):
            with pytest.raises(OverflowError, match="too large for LZ4 API"):
                call(long)


def test_a_fed_buffer_may_change_afterwards():
    stream = bytearray(lz4_stream.compress(DATA, buffer_size=100))
    decompressor = LZ4StreamDecompressor("double_buffer", 100)
    pages = decompressor.feed(stream)
    stream[:] = bytes(len(stream))
    assert b"".join(pages) == DATA


@pytest.mark.parametrize("call", [
    LZ4StreamCompressor("double_buffer", 1 << 16).compress,
    LZ4StreamCompressor("double_buffer", 1 << 16).feed,
    LZ4StreamDecompressor("double_buffer", 1 << 16).decompress,
    LZ4StreamDecompressor("double_buffer", 1 << 16).get_block,
    LZ4StreamDecompressor("double_buffer", 1 << 16).feed,
    lz4_stream.compress,
    lz4_stream.decompress,
])
def test_what_is_no_buffer(call):
    for wrong in ("text", None, 7, [1, 2], object()):
        with pytest.raises(TypeError):
            call(wrong)
    fortran = numpy.asfortranarray(NUMBERS.reshape(40, -1))
    for strided in (memoryview(DATA)[::2], memoryview(DATA)[::-1], NUMBERS[::2], NUMBERS.reshape(40, -1).T, fortran):
        with pytest.raises(BufferError, match="not C-contiguous"):
            call(strided)


def test_empty_buffers():
    for empty in (b"", bytearray(), memoryview(b""), numpy.empty((3, 0, 2))):
        assert LZ4StreamCompressor("double_buffer", 10).compress(empty) == b"\x01\0\0\0\0"
        assert LZ4StreamCompressor("double_buffer", 10, dictionary=empty).feed(empty) == []
        assert list(LZ4StreamDecompressor("double_buffer", 10).feed(empty)) == []
        assert lz4_stream.compress(empty) == lz4_stream.decompress(empty) == b""
        with pytest.raises(lz4_stream.LZ4StreamError):
            LZ4StreamDecompressor("double_buffer", 10).get_block(empty)
