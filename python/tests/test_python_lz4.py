"""The names, arguments and errors of python-lz4's `lz4.stream`, and the examples of its documentation."""

import os
import subprocess
import sys

import pytest
from lz4_stream import (
    LZ4_MAX_INPUT_SIZE,
    LZ4StreamCompressor,
    LZ4StreamDecompressor,
    LZ4StreamError,
    _compress_bound,
    _input_bound,
)


def test_first_example_of_the_documentation():
    block_size_length = 2  # LZ4 compressed block size stored on 2 bytes
    page_size = 8192  # LZ4 context double buffer page size
    origin_stream = 10 * 1024 * os.urandom(1024)  # 10MiB
    # LZ4 stream compression of origin_stream into compressed_stream:
    compressed_stream = bytearray()
    with LZ4StreamCompressor("double_buffer", page_size, store_comp_size=block_size_length) as proc:
        offset = 0
        while offset < len(origin_stream):
            chunk = origin_stream[offset : offset + page_size]
            block = proc.compress(chunk)
            compressed_stream.extend(block)
            offset += page_size
    # LZ4 stream decompression of compressed_stream into decompressed_stream:
    decompressed_stream = bytearray()
    with LZ4StreamDecompressor("double_buffer", page_size, store_comp_size=block_size_length) as proc:
        offset = 0
        while offset < len(compressed_stream):
            block = proc.get_block(compressed_stream[offset:])
            chunk = proc.decompress(block)
            decompressed_stream.extend(chunk)
            offset += block_size_length + len(block)
    assert decompressed_stream == origin_stream
    assert len(compressed_stream) < len(origin_stream) / 5


def test_second_example_of_the_documentation():
    page_size = 8192  # LZ4 context double buffer page size
    out_of_band_block_sizes = []  # Store the block sizes
    origin_stream = 10 * 1024 * os.urandom(1024)  # 10MiB
    # LZ4 stream compression of origin_stream into compressed_stream:
    compressed_stream = bytearray()
    with LZ4StreamCompressor("double_buffer", page_size, store_comp_size=0) as proc:
        offset = 0
        while offset < len(origin_stream):
            chunk = origin_stream[offset : offset + page_size]
            block = proc.compress(chunk)
            out_of_band_block_sizes.append(len(block))
            compressed_stream.extend(block)
            offset += page_size
    # LZ4 stream decompression of compressed_stream into decompressed_stream:
    decompressed_stream = bytearray()
    with LZ4StreamDecompressor("double_buffer", page_size, store_comp_size=0) as proc:
        offset = 0
        for block_len in out_of_band_block_sizes:
            # Sanity check:
            if offset >= len(compressed_stream):
                raise LZ4StreamError("Truncated stream")
            block = compressed_stream[offset : offset + block_len]
            chunk = proc.decompress(block)
            decompressed_stream.extend(chunk)
            offset += block_len
    assert decompressed_stream == origin_stream


TEXT = b"how much wood would a woodchuck chuck if a woodchuck could chuck wood? " * 40


@pytest.mark.parametrize("strategy", ["double_buffer", "ring_buffer"])
@pytest.mark.parametrize(
    "effort",
    [{}, {"mode": "fast", "acceleration": 7}, {"mode": "high_compression", "compression_level": 12}],
    ids=["default", "fast", "high_compression"],
)
@pytest.mark.parametrize("width", [0, 1, 2, 4, 8])
@pytest.mark.parametrize("dictionary", [None, "a woodchuck", TEXT[:100], bytearray(TEXT[:100])])
@pytest.mark.parametrize("returns", [bytes, bytearray])
def test_round_trip(strategy, effort, width, dictionary, returns):
    common = {"store_comp_size": width, "dictionary": dictionary, "return_bytearray": returns is bytearray}
    compressor = LZ4StreamCompressor(strategy, 200, **effort, **common)
    decompressor = LZ4StreamDecompressor(strategy, 200, **common)
    for start in range(0, len(TEXT), 200):
        page = TEXT[start : start + 200]
        block = compressor.compress(page)
        assert type(block) is returns
        data = block[width:]
        if width:
            assert int.from_bytes(block[:width], "little") == len(data)
            assert decompressor.get_block(bytes(block) + b"more") == data
            assert type(decompressor.get_block(block)) is returns
        decoded = decompressor.decompress(data)
        assert type(decoded) is returns
        assert decoded == page


def test_ring_buffer_reaches_beyond_the_page_before():
    sizes = {}
    for strategy in ["double_buffer", "ring_buffer"]:
        compressor = LZ4StreamCompressor(strategy, 1000)
        noise = os.urandom(1000)
        sizes[strategy] = [len(compressor.compress(page)) for page in (noise, os.urandom(1000), noise)]
    assert sizes["ring_buffer"][2] < 100 < 1000 < sizes["double_buffer"][2]


def test_mode_and_level_matter():
    def size(**settings):
        return len(LZ4StreamCompressor("double_buffer", 1 << 16, **settings).compress(data))

    data = b"".join(b"%d %d\n" % (n * n % 7919, n % 13) for n in range(7000))[: 1 << 16]
    assert size(mode="fast", acceleration=50) > size() > size(mode="high_compression", compression_level=1)
    assert size(mode="high_compression", compression_level=1) > size(mode="high_compression", compression_level=12)
    assert size(mode="fast") == size(mode="fast", acceleration=True) == size()
    # Without the mode, they say nothing.
    assert size(acceleration=50, compression_level=12) == size()


def test_an_empty_page_makes_a_block():
    compressor = LZ4StreamCompressor("double_buffer", 100)
    blocks = [compressor.compress(page) for page in (TEXT[:100], b"", TEXT[:100], TEXT[:100])]
    assert blocks[1] == b"\x01\0\0\0\0"
    decompressor = LZ4StreamDecompressor("double_buffer", 100)
    pages = [decompressor.decompress(decompressor.get_block(block)) for block in blocks]
    assert pages == [TEXT[:100], b"", TEXT[:100], TEXT[:100]]


@pytest.mark.parametrize("make", [LZ4StreamCompressor, LZ4StreamDecompressor])
def test_arguments_of_both(make):
    with pytest.raises(ValueError, match=r"^Invalid strategy argument: foo. Must be one of: double_buffer, ring_buffer$"):
        make("foo", 1024)
    for width in (3, 5, 9, -1, 1 << 40):
        with pytest.raises(ValueError, match=r"^Invalid store_comp_size, valid values: 0, 1, 2 or 4$"):
            make("double_buffer", 1024, store_comp_size=width)
    for buffer_size in (0, -1):
        with pytest.raises(ValueError, match=rf"^Invalid buffer_size argument: {buffer_size}\. "):
            make("double_buffer", buffer_size)
    with pytest.raises(ValueError, match=r"^Invalid byte_order argument: middle. Must be one of: little, big$"):
        make("double_buffer", 1024, byte_order="middle")
    with pytest.raises(ValueError, match="needs a prefix"):
        make("double_buffer", 1024, store_comp_size=0, end_mark=True)
    for arguments in [(), ("double_buffer",), (None, 1024), (b"double_buffer", 1024), ("double_buffer", "1024"),
                      ("double_buffer", 1024.0)]:
        with pytest.raises(TypeError):
            make(*arguments)
    with pytest.raises(TypeError):
        make("double_buffer", 1024, dictionary=7)
    with pytest.raises(TypeError):
        make("double_buffer", 1024, page_size=7)
    with pytest.raises(OverflowError):
        make("double_buffer", 1 << 80)


def test_arguments_of_the_compressor():
    with pytest.raises(ValueError, match=r"^Invalid mode argument: foo. Must be one of: default, fast, high_compression$"):
        LZ4StreamCompressor("double_buffer", 1024, "foo")
    message = (
        r"^Invalid buffer_size argument: 2113929217. Cannot define output buffer size. "
        r"Must be lesser or equal to 2113929216$"
    )
    with pytest.raises(ValueError, match=message):
        LZ4StreamCompressor("double_buffer", LZ4_MAX_INPUT_SIZE + 1)
    for width, largest in ((1, 239), (2, 65264)):
        LZ4StreamCompressor("double_buffer", largest, store_comp_size=width)
        message = (
            r"^Inconsistent buffer_size/store_comp_size values. Maximal compressed length "
            rf"\({largest + 1}\) cannot fit in a {width} byte-long integer$"
        )
        with pytest.raises(LZ4StreamError, match=message) as caught:
            LZ4StreamCompressor("double_buffer", largest + 1, store_comp_size=width)
        sentence = f"page size {largest + 1} is out of range 1..={largest} for a {width}-byte prefix"
        assert str(caught.value.__cause__) == sentence
    for number in (-(1 << 40), -1, 0, True, 1 << 40):
        LZ4StreamCompressor("double_buffer", 1024, "fast", number).compress(TEXT[:1024])
        LZ4StreamCompressor("double_buffer", 1024, "high_compression", 1, number).compress(TEXT[:1024])


def test_a_chunk_over_the_page_size():
    compressor = LZ4StreamCompressor("double_buffer", 100)
    for chunk in (bytes(101), bytearray(101), memoryview(bytes(202))[::2].tobytes(), memoryview(bytearray(101))):
        with pytest.raises(OverflowError, match="^Input too large for LZ4 API$"):
            compressor.compress(chunk)
    # Nothing was taken.
    assert compressor.compress(b"hello") == b"\x06\0\0\0\x50hello"


def raises(message, sentence, call):
    with pytest.raises(LZ4StreamError) as caught:
        call()
    assert str(caught.value) == message
    cause = caught.value.__cause__
    assert (str(cause) if cause else None) == sentence


def test_errors_of_decompress():
    decompressor = LZ4StreamDecompressor("double_buffer", 10)
    assert decompressor.decompress(b"\x50hello") == b"hello"
    at = "block 1 at offset 10: "
    for number, block, sentence in [
        (1, b"", "block length is zero"),
        (2, b"\x50hell", "block of 5 bytes ends inside a sequence"),
        (3, b"\x10x\x07\0\0", "match offset 7 is out of range 1..=6"),
        (4, b"\x1fx\x01\0\xff\0\0", "page exceeds the accepted maximum of 10 bytes"),
    ]:
        for chunk in (block, bytearray(block)):
            raises(f"Decompression failed. error: {number}", at + sentence, lambda: decompressor.decompress(chunk))
    for chunk in (bytes(27), bytearray(27), bytes(1 << 20), bytearray(1 << 20)):
        message = f"Maximal decompressed data ({_input_bound(len(chunk))}) cannot fit in LZ4 internal buffer (10)"
        sentence = f"{at}block length {len(chunk)} exceeds the accepted maximum of 26"
        raises(message, sentence, lambda: decompressor.decompress(chunk))
    # Nothing has changed.
    assert decompressor.decompress(b"\x11x\x06\0\x00") == b"xhello"
    for width in (1, 2):
        decompressor = LZ4StreamDecompressor("double_buffer", 1 << 20, store_comp_size=width)
        for chunk in (bytes(1 << 8 * width), bytearray(1 << 8 * width)):
            with pytest.raises(OverflowError, match=rf"^Source length \({len(chunk)}\) too large for LZ4 store_comp_size \({width}\) value$"):
                decompressor.decompress(chunk)


def test_errors_of_get_block():
    decompressor = LZ4StreamDecompressor("double_buffer", 100)
    for stream in (b"", b"\x05", b"\x05\0\0"):
        raises("Invalid source, too small for holding any block", None, lambda: decompressor.get_block(stream))
    for stream in (b"\x05\0\0\0", b"\x05\0\0\0\x40abc"):
        message = f"Requested input size (5) larger than source size ({len(stream) - 4})"
        raises(message, None, lambda: decompressor.get_block(stream))
    raises("Requested input size (4294967295) larger than source size (1)", None,
           lambda: decompressor.get_block(b"\xff\xff\xff\xff\0"))
    raises("Decompression failed. error: 1", "block 0 at offset 0: block length is zero",
           lambda: decompressor.get_block(b"\0\0\0\0"))
    raises(f"Maximal decompressed data ({_input_bound(1000)}) cannot fit in LZ4 internal buffer (100)",
           "block 0 at offset 0: block length 1000 exceeds the accepted maximum of 116",
           lambda: decompressor.get_block(b"\xe8\x03\0\0" + bytes(1000)))
    decompressor = LZ4StreamDecompressor("double_buffer", 100, store_comp_size=0)
    raises("LZ4 context is configured for storing block size out-of-band", None, lambda: decompressor.get_block(b"x"))
    # A prefix shorter than what is looked at.
    decompressor = LZ4StreamDecompressor("double_buffer", 100, store_comp_size=1)
    for stream in (b"\x02\x10x", b"\x02\x10xy", b"\x02\x10xyz", bytearray(b"\x02\x10xyz")):
        assert decompressor.get_block(stream) == b"\x10x"
    decompressor = LZ4StreamDecompressor("double_buffer", 100, end_mark=True)
    assert decompressor.get_block(b"\0\0\0\0more") == b""


def test_byte_order_and_end_mark():
    compressor = LZ4StreamCompressor("double_buffer", 100, store_comp_size=2, byte_order="big", end_mark=True)
    stream = compressor.compress(b"hello") + compressor.finish()
    assert stream == b"\0\x06\x50hello\0\0"
    with pytest.raises(LZ4StreamError, match="finished"):
        compressor.compress(b"more")
    compressor.reset()
    assert compressor.compress(b"hello") == b"\0\x06\x50hello"
    decompressor = LZ4StreamDecompressor("double_buffer", 100, store_comp_size=2, byte_order="big", end_mark=True)
    assert decompressor.get_block(stream) == b"\x50hello"


def test_bounds():
    assert [_compress_bound(n) for n in (0, 1, 255, 65536)] == [16, 17, 272, 65809]
    assert _compress_bound(LZ4_MAX_INPUT_SIZE) == 2122219150
    assert _compress_bound(LZ4_MAX_INPUT_SIZE + 1) == 0
    assert [_input_bound(n) for n in (0, 16, 17, 271, 65809)] == [1, 1, 1, 255, 65536]
    assert _input_bound(2122219150) == LZ4_MAX_INPUT_SIZE
    assert _input_bound(2122219151) == 0


def test_a_subclass_with_arguments_of_its_own():
    class Sized(LZ4StreamCompressor):
        def __init__(self, level):
            super().__init__("double_buffer", 1024, mode="high_compression", compression_level=level)
            self.level = level

    with Sized(5) as compressor:
        assert (compressor.level, compressor.compress(b"hello")) == (5, b"\x06\0\0\0\x50hello")


@pytest.mark.parametrize("make", [LZ4StreamCompressor, LZ4StreamDecompressor])
def test_without_init(make):
    codec = make.__new__(make)
    for call in (codec.reset, lambda: codec.feed(b"x"), lambda: getattr(codec, "compress", codec.feed)(b"x")):
        with pytest.raises(ValueError, match="^No valid LZ4 stream context supplied$"):
            call()


@pytest.mark.parametrize("python_lz4", ["as it is", "hidden"])
def test_the_alias(python_lz4):
    hide = "sys.meta_path.insert(0, Hide())" if python_lz4 == "hidden" else ""
    code = f"""
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name == "lz4":
            raise ModuleNotFoundError(name)
{hide}
import lz4_stream
lz4_stream.install_as_lz4_stream()
import lz4.stream
from lz4 import stream
from lz4.stream import LZ4StreamCompressor
assert stream is lz4.stream is lz4_stream
assert LZ4StreamCompressor is lz4_stream.LZ4StreamCompressor
"""
    subprocess.run([sys.executable, "-c", code], check=True)
