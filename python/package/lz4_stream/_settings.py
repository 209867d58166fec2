"""The settings of files and one-shot functions, as arguments of the codecs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lz4_stream import LZ4StreamCompressor, LZ4StreamDecompressor, StreamWriter

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ._lz4_stream import _ByteOrder, _Strategy

PAGE_SIZE = 64 * 1024
MAX_PAGE_SIZE = 4 * 1024 * 1024


def writer(
    buffer_size: int | None,
    strategy: _Strategy,
    acceleration: int | None,
    compression_level: int | None,
    store_comp_size: int,
    dictionary: str | Buffer | None,
    byte_order: _ByteOrder,
    end_mark: bool,
    threads: int,
    collect_index: int | None = None,
) -> StreamWriter:
    if acceleration is not None and compression_level is not None:
        raise ValueError("acceleration and compression_level exclude each other")
    if collect_index is not None:
        check_interval(collect_index)
    compressor = LZ4StreamCompressor(
        strategy,
        PAGE_SIZE if buffer_size is None else buffer_size,
        mode="fast" if acceleration is not None else "high_compression" if compression_level is not None else "default",
        acceleration=1 if acceleration is None else acceleration,
        compression_level=9 if compression_level is None else compression_level,
        store_comp_size=store_comp_size,
        dictionary=dictionary,
        byte_order=byte_order,
        end_mark=end_mark,
    )
    return StreamWriter(compressor, threads, collect_index)


def decompressor(
    buffer_size: int | None,
    store_comp_size: int,
    dictionary: str | Buffer | None,
    byte_order: _ByteOrder,
    end_mark: bool,
) -> LZ4StreamDecompressor:
    return LZ4StreamDecompressor(
        "ring_buffer",
        MAX_PAGE_SIZE if buffer_size is None else buffer_size,
        store_comp_size=store_comp_size,
        dictionary=dictionary,
        byte_order=byte_order,
        end_mark=end_mark,
    )


def check_width(store_comp_size: int) -> None:
    """Whether there are sizes in the stream at all."""
    if store_comp_size == 0:
        raise ValueError("store_comp_size=0 needs LZ4StreamCompressor and LZ4StreamDecompressor: sizes must be kept")


def check_interval(interval: int) -> None:
    """Whether it can be the distance between two points of an index."""
    # `collect_index=True` would be one byte.
    if isinstance(interval, bool) or not hasattr(interval, "__index__"):
        raise TypeError(f"the interval of an index is a number of bytes such as 1 << 20, not {interval!r}")
    if not 0 < interval < 1 << 64:
        raise ValueError(f"Invalid interval of an index: {interval}. Must be greater than 0")
