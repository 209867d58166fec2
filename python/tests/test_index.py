"""Seeking with an index."""

import io
import os
import pickle
import random

import lz4_stream
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lz4_stream import Index, LZ4StreamError

DATA = b"".join(b"line %d %s\n" % (n, b"x" * (n * n % 97)) for n in range(50_000))
INTERVAL = 128 * 1024
FORMATS = [{}, {"store_comp_size": 2, "byte_order": "big", "end_mark": True, "dictionary": b"line 1 " * 9}]


class Counting(io.BytesIO):
    count = 0

    def read(self, n=-1):
        data = super().read(n)
        self.count += len(data)
        return data


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("threads", [1, 2])
def test_seeking_decodes_one_interval(form, threads):
    inner = io.BytesIO()
    file = lz4_stream.open(inner, "wb", buffer_size=5000, threads=threads, collect_index=INTERVAL, **form)
    file.write(DATA)
    assert file.index is None
    file.close()
    stream = inner.getvalue()
    assert file.index == Index.build(stream, interval=INTERVAL, **form)
    assert (file.index.content_len, file.index.stream_len) == (len(DATA), len(stream))
    assert file.index.points[0] == (0, 0) and len(file.index.points) > 10
    inner, rng = Counting(stream), random.Random(4)
    gaps = [b[0] - a[0] for a, b in zip(file.index.points, file.index.points[1:] + [(len(stream), 0)])]
    with lz4_stream.open(inner, index=file.index, **form) as reader:
        for _ in range(200):
            at, n = rng.randrange(len(DATA) + 1), rng.choice([1, 100, 3000])
            before = inner.count
            whence = rng.choice([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])
            base = {io.SEEK_SET: 0, io.SEEK_CUR: reader.tell(), io.SEEK_END: len(DATA)}[whence]
            assert reader.seek(at - base, whence) == at == reader.tell()
            assert reader.read(n) == DATA[at : at + n]
            # An interval, what the buffer of decoded data wants more, and a piece of 64 KiB.
            assert inner.count - before <= 2 * max(gaps) + 128 * 1024
        assert reader.seek(10**12) == len(DATA) and reader.read() == b""
        for offset, whence in [(-1, 0), (-(10**12), 2), (0, 7)]:
            with pytest.raises(ValueError):
                reader.seek(offset, whence)
        reader.seek(0)
        assert reader.read() == DATA


def test_sources_and_sidecars(tmp_path):
    stream = lz4_stream.compress(DATA)
    path, sidecar = tmp_path / "file", tmp_path / "file.index"
    path.write_bytes(stream)
    index = Index.build(stream)
    inside = io.BytesIO(b"before" + stream)
    inside.seek(6)
    for source in (path, str(path), io.BytesIO(stream), memoryview(stream), bytearray(stream), inside):
        assert Index.build(source) == index
    with open(path, "rb") as file:
        assert Index.build(file) == index
    index.save(sidecar)
    assert sidecar.read_bytes() == index.to_bytes()
    assert Index.load(sidecar) == Index.load(io.BytesIO(index.to_bytes())) == pickle.loads(pickle.dumps(index)) == index
    assert hash(Index.load(sidecar)) == hash(index) and index != Index.build(stream, interval=1 << 16) and index != 3
    target = io.BytesIO()
    index.save(target)
    assert target.getvalue() == index.to_bytes()
    inside.seek(6)
    with lz4_stream.open(inside, index=index) as file:
        assert file.index is index and file.seekable()
        file.seek(-20, io.SEEK_END)
        assert file.read() == DATA[-20:]
    with lz4_stream.open(path, "rt", encoding="ascii", index=index) as file:
        file.seek(len(DATA) // 2)
        assert file.read() == DATA[len(DATA) // 2 :].decode()


def test_mistakes(tmp_path):
    path, stream = tmp_path / "file", lz4_stream.compress(DATA)
    path.write_bytes(stream)
    index = Index.build(path)
    with pytest.raises(TypeError, match="Index.load"):
        lz4_stream.open(path, index="file.index")
    with pytest.raises(ValueError, match="collect_index"):
        lz4_stream.open(tmp_path / "new", "wb", index=index)
    for mode in ("rb", "ab"):
        with pytest.raises(ValueError, match="Index.build"):
            lz4_stream.open(path, mode, collect_index=1 << 20)
    for wrong in (True, "1 MiB", 1.5):
        with pytest.raises(TypeError, match="number of bytes"):
            lz4_stream.open(tmp_path / "new", "wb", collect_index=wrong)
    for wrong in (0, -1, 1 << 64):
        with pytest.raises(ValueError, match="interval"):
            Index.build(path, interval=wrong)
    assert not (tmp_path / "new").exists()
    with pytest.raises(TypeError, match="Index.build"):
        Index()
    with pytest.raises(TypeError):
        Index.build(7)
    with open(path, encoding="latin-1") as text, pytest.raises(TypeError, match="bytes-like"):
        Index.build(text)
    with pytest.raises(LZ4StreamError, match="input ends"):
        Index.build(stream[:-1])
    with pytest.raises(LZ4StreamError, match="another dictionary"):
        lz4_stream.open(path, index=index, dictionary=b"other")
    other = lz4_stream.compress(bytes(reversed(DATA)))
    with lz4_stream.open(io.BytesIO(other), index=index) as file, pytest.raises(LZ4StreamError, match="index"):
        file.read()
    read, write = os.pipe()
    os.close(write)
    with open(read, "rb") as pipe, pytest.raises(OSError):
        lz4_stream.open(pipe, index=index)
    with pytest.raises(LZ4StreamError, match="cut off"):
        Index.from_bytes(index.to_bytes()[:-1])
    with pytest.raises(LZ4StreamError, match="more bytes follow: 1"):
        Index.from_bytes(index.to_bytes() + b"x")


def test_a_file_that_fails_can_be_read_on():
    class Failing(io.BytesIO):
        fails = False

        def read(self, n=-1):
            if self.fails:
                raise OSError("stumbled")
            return super().read(n)

    stream = lz4_stream.compress(DATA)
    inner = Failing(stream)
    with lz4_stream.open(inner, index=Index.build(stream)) as file:
        inner.fails = True
        for _ in range(2):
            with pytest.raises(OSError, match="stumbled"):
                file.read(5)
        inner.fails = False
        assert file.read() == DATA


SMALL = lz4_stream.compress(random.Random(1).randbytes(70_000) + DATA[:300_000], buffer_size=10_000)
SIDECAR = Index.build(SMALL, interval=1 << 16).to_bytes()
CONTENT = lz4_stream.decompress(SMALL)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_mutated_indexes(data):
    """An error, or the index as it was: there is a checksum."""
    mutated = bytearray(SIDECAR)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated)) | st.integers(0, 100))
        mutated[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    try:
        index = Index.from_bytes(mutated)
    except LZ4StreamError:
        return
    assert index.to_bytes() == bytes(mutated) == SIDECAR


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_mutated_streams(data):
    """The right bytes or an error at points, and never a crash."""
    stream = bytearray(SMALL)
    at = data.draw(st.integers(0, len(stream)))
    stream[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    with lz4_stream.open(io.BytesIO(stream), index=Index.from_bytes(SIDECAR)) as file:
        for _ in range(5):
            position = data.draw(st.integers(0, len(CONTENT)))
            try:
                file.seek(position)
                assert len(file.read(100)) == len(CONTENT[position : position + 100])
            except LZ4StreamError:
                pass
