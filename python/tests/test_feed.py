"""Streams in pieces of any length, without files: `feed` of both codecs, and the one-shot functions."""

import random
import socket
import threading

import lz4_stream
import pytest
from lz4_stream import LZ4StreamCompressor, LZ4StreamDecompressor, LZ4StreamError

TEXT = b"how much wood would a woodchuck chuck if a woodchuck could chuck wood? " * 300
FORMATS = [{}, {"store_comp_size": 2, "byte_order": "big", "end_mark": True, "dictionary": b"a woodchuck could"}]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("longest", [1, 7, 500, 100_000])
def test_pieces_of_any_length(format, longest):
    rng = random.Random(longest)

    def pieces(data):
        at = 0
        while at < len(data):
            n = rng.randint(1, longest)
            yield data[at : at + n]
            at += n

    compressor = LZ4StreamCompressor("double_buffer", 1000, **format)
    blocks = [block for piece in pieces(TEXT) for block in compressor.feed(piece)]
    assert len(blocks) == len(TEXT) // 1000
    stream = b"".join(blocks) + compressor.finish()
    assert stream == lz4_stream.compress(TEXT, buffer_size=1000, **format)
    assert compressor.finish() == b""
    with pytest.raises(LZ4StreamError, match="^the stream is finished$"):
        compressor.feed(b"more")

    decompressor = LZ4StreamDecompressor("double_buffer", 1000, **format)
    for _ in range(2):
        pages = [page for piece in pieces(stream) for page in decompressor.feed(piece)]
        decompressor.end_of_input()
        assert pages == [TEXT[at : at + 1000] for at in range(0, len(TEXT), 1000)]
        assert decompressor.eof == format.get("end_mark", False)
        assert decompressor.unused_data == b""
        decompressor.reset()
    assert lz4_stream.decompress(stream, **format) == TEXT


def test_flush_makes_a_block():
    compressor = LZ4StreamCompressor("double_buffer", 1000)
    assert compressor.feed(b"hel") == compressor.feed(b"lo") == []
    assert compressor.flush() == b"\x06\0\0\0\x50hello"
    assert compressor.flush() == b""
    compressor.feed(b"left out")
    compressor.reset()
    assert compressor.feed(b"x" * 999) == []
    assert len(compressor.feed(b"x")) == 1


def test_nothing_is_lost_with_an_iterator():
    decompressor = LZ4StreamDecompressor("double_buffer", 1000)
    stream = b"\x02\0\0\0\x10a\x02\0\0\0\x10b\x01\0\0\0\0\x02\0\0\0\x10c"
    assert next(decompressor.feed(stream)) == b"a"
    with pytest.raises(ValueError, match="more pages"):
        decompressor.end_of_input()
    pages = decompressor.feed(b"\x02\0\0\0\x10d\x02")
    assert list(pages) == [b"b", b"", b"c", b"d"]
    with pytest.raises(LZ4StreamError, match="^block 5 at offset 29: input ends after 1 of the head's 4 bytes$"):
        decompressor.end_of_input()
    # An iterator goes on with what is fed later.
    list(decompressor.feed(b"\0\0\0"))
    decompressor.feed(b"\x10e")
    assert list(pages) == [b"e"]


def test_bytes_after_the_end_mark():
    decompressor = LZ4StreamDecompressor("double_buffer", 1000, end_mark=True)
    pages = decompressor.feed(b"\x02\0\0\0\x10a\0\0\0\0un")
    assert (decompressor.eof, decompressor.unused_data) == (False, b"")
    assert list(pages) == [b"a"]
    decompressor.feed(b"used")
    decompressor.end_of_input()
    assert (decompressor.eof, decompressor.unused_data) == (True, b"unused")
    with pytest.raises(LZ4StreamError, match="^the stream ends, but more bytes follow: 3$"):
        lz4_stream.decompress(b"\x02\0\0\0\x10a\0\0\0\0xyz", end_mark=True)


def test_an_error_repeats_after_all_pages_before_it():
    decompressor = LZ4StreamDecompressor("double_buffer", 1000)
    pages = decompressor.feed(b"\x02\0\0\0\x10a\0\0\0\0")
    assert next(pages) == b"a"
    for call in (lambda: next(pages), decompressor.end_of_input, lambda: list(decompressor.feed(b"x"))):
        with pytest.raises(LZ4StreamError, match="^block 1 at offset 6: block length is zero$"):
            call()
    decompressor.reset()
    assert list(decompressor.feed(b"\x02\0\0\0\x10a")) == [b"a"]


def test_one_shots_reject_what_is_not_one_stream():
    stream = lz4_stream.compress(TEXT, end_mark=True)
    for cut in (0, 1, 4, 5, len(stream) - 4, len(stream) - 1):
        with pytest.raises(LZ4StreamError, match="input ends"):
            lz4_stream.decompress(stream[:cut], end_mark=True)
    with pytest.raises(LZ4StreamError, match="exceeds the accepted maximum"):
        lz4_stream.decompress(stream, end_mark=True, buffer_size=100)
    for call in (lz4_stream.compress, lz4_stream.decompress):
        with pytest.raises(ValueError, match="store_comp_size=0"):
            call(b"", store_comp_size=0)
    with pytest.raises(ValueError, match="exclude"):
        lz4_stream.compress(b"", acceleration=1, compression_level=1)


def test_one_shots_take_the_settings():
    data = b"".join(b"%d %d\n" % (n * n % 7919, n % 13) for n in range(20_000))
    sizes = [
        len(lz4_stream.compress(data, **settings))
        for settings in [{"acceleration": 50}, {}, {"compression_level": 1}, {"compression_level": 12}]
    ]
    assert sizes == sorted(set(sizes), reverse=True)
    assert len(lz4_stream.compress(data, buffer_size=500)) > len(
        lz4_stream.compress(data, buffer_size=500, strategy="ring_buffer")
    )


def test_messages_over_a_socket():
    ours, theirs = socket.socketpair()
    messages = [b"message %d" % n * (n + 1) for n in range(200)]

    def send():
        compressor = LZ4StreamCompressor("double_buffer", 8192)
        for message in messages:
            for block in compressor.feed(message):
                theirs.sendall(block)
            theirs.sendall(compressor.flush())
        theirs.close()

    sender = threading.Thread(target=send)
    sender.start()
    decompressor = LZ4StreamDecompressor("double_buffer", 8192)
    received = [page for data in iter(lambda: ours.recv(1000), b"") for page in decompressor.feed(data)]
    decompressor.end_of_input()
    sender.join()
    ours.close()
    assert received == messages
