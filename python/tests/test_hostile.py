"""Malformed streams and any arguments: exceptions, no crash, no hang, no wrong byte."""

import io

import lz4_stream
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lz4_stream import LZ4StreamCompressor, LZ4StreamDecompressor, LZ4StreamError

settings.register_profile(
    "many", max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
settings.load_profile("many")

WORDS = st.lists(st.sampled_from([b"how ", b"much ", b"wood ", b"would ", bytes(30), bytes(range(60))]), max_size=60)
CONTENT = st.one_of(st.binary(max_size=300), WORDS.map(b"".join))
FORMAT = st.fixed_dictionaries(
    {
        "store_comp_size": st.sampled_from([1, 2, 4, 8]),
        "byte_order": st.sampled_from(["little", "big"]),
        "end_mark": st.booleans(),
        "dictionary": st.one_of(st.none(), st.binary(max_size=50)),
    }
)
PAGE_SIZE = st.integers(1, 239)
LIMIT = 300


@st.composite
def mutated(draw):
    """A stream with some bytes changed, cut out or put in, and its format."""
    form = draw(FORMAT)
    stream = bytearray(lz4_stream.compress(draw(CONTENT), buffer_size=draw(PAGE_SIZE), **form))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(stream)))
        n = draw(st.integers(0, 3))
        stream[at : at + n] = draw(st.binary(max_size=4))
    return bytes(stream), form


def outcome(call):
    """What a call returns, or its error. Any other exception is a failure."""
    try:
        return call(), None
    except LZ4StreamError as error:
        return None, str(error)


@given(mutated(), st.integers(1, 50))
def test_all_ways_to_decode_agree(case, step):
    stream, form = case

    def by_feed():
        decompressor = LZ4StreamDecompressor("double_buffer", LIMIT, **form)
        pages = []
        for at in range(0, len(stream), step):
            pages += decompressor.feed(stream[at : at + step])
        decompressor.end_of_input()
        assert all(len(page) <= LIMIT for page in pages)
        return b"".join(pages), decompressor.unused_data

    def by_file(read):
        with lz4_stream.open(io.BytesIO(stream), buffer_size=LIMIT, **form) as file:
            return read(file)

    expected, error = outcome(by_feed)
    content = expected and expected[0]
    assert outcome(lambda: by_file(lambda file: file.read())) == (content, error)
    in_pieces = outcome(lambda: by_file(lambda file: b"".join(iter(lambda: file.read1(step), b""))))
    assert in_pieces == (content, error)
    one_shot = outcome(lambda: lz4_stream.decompress(stream, buffer_size=LIMIT, **form))
    if error or not expected[1]:
        assert one_shot == (content, error)
    else:
        assert one_shot == (None, f"the stream ends, but more bytes follow: {len(expected[1])}")


@given(mutated())
def test_block_by_block(case):
    stream, form = case
    decompressor = LZ4StreamDecompressor("double_buffer", LIMIT, **form)
    at = 0
    while at < len(stream):
        try:
            block = decompressor.get_block(memoryview(stream)[at:])
        except LZ4StreamError as error:
            assert str(error).startswith(("Decompression failed", "Requested", "Maximal", "Invalid source"))
            break
        try:
            assert len(decompressor.decompress(block)) <= LIMIT
        except LZ4StreamError as error:
            assert str(error).startswith(("Decompression failed", "Maximal"))
            assert str(error.__cause__).startswith("block ")
        at += form["store_comp_size"] + len(block)


@given(CONTENT, FORMAT, PAGE_SIZE, st.sampled_from(["double_buffer", "ring_buffer"]), st.data())
def test_round_trip(content, form, page_size, strategy, data):
    effort = data.draw(st.sampled_from([{}, {"acceleration": 5}, {"compression_level": 3}, {"compression_level": 12}]))
    stream = lz4_stream.compress(content, buffer_size=page_size, strategy=strategy, **effort, **form)
    assert lz4_stream.decompress(stream, **form) == content
    file = io.BytesIO()
    with lz4_stream.open(file, "wb", buffer_size=page_size, strategy=strategy, **effort, **form) as f:
        f.write(content)
    assert file.getvalue() == stream


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=5),
    st.sampled_from(["double_buffer", "ring_buffer", "fast", "high_compression", "big", 1, 2, 4, 1024, bytearray(9)]),
)
NAMES = ["mode", "acceleration", "compression_level", "return_bytearray", "store_comp_size", "dictionary",
         "byte_order", "end_mark", "other"]


@given(st.lists(ANYTHING, max_size=9), st.dictionaries(st.sampled_from(NAMES), ANYTHING), ANYTHING, ANYTHING)
def test_any_arguments(arguments, named, data, more):
    for make in (LZ4StreamCompressor, LZ4StreamDecompressor):
        try:
            codec = make(*arguments, **named)
        except (TypeError, ValueError, OverflowError, LZ4StreamError):
            codec = make("double_buffer", 5)
        for name in ("compress", "decompress", "get_block", "feed", "_push", "_read"):
            try:
                result = getattr(codec, name, list)(data)
                if name == "feed":
                    list(result)
            except (TypeError, ValueError, OverflowError, LZ4StreamError, MemoryError):
                pass


def test_a_short_stream_cannot_take_much_memory():
    # Sizes of 4 GiB and of 2 GiB, with few bytes after them.
    for head in (b"\xff\xff\xff\xff", b"\0\0\0\x7e"):
        decompressor = LZ4StreamDecompressor("double_buffer", lz4_stream.LZ4_MAX_INPUT_SIZE)
        pages = decompressor.feed(head + b"\x10")
        try:
            assert list(pages) == []
        except LZ4StreamError:
            pass
    resource = pytest.importorskip("resource")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1 << 20  # in KiB
