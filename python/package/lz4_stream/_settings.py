"""The settings of files and one-shot functions, as arguments of the codecs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._lz4_stream import LZ4StreamCompressor, LZ4StreamDecompressor

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from ._lz4_stream import _ByteOrder, _Strategy

PAGE_SIZE = 64 * 1024
MAX_PAGE_SIZE = 4 * 1024 * 1024


def compressor(
    buffer_size: int | None,
    strategy: _Strategy,
    acceleration: int | None,
    compression_level: int | None,
    store_comp_size: int,
    dictionary: str | Buffer | None,
    byte_order: _ByteOrder,
    end_mark: bool,
) -> LZ4StreamCompressor:
    if acceleration is not None and compression_level is not None:
        raise ValueError("acceleration and compression_level exclude each other")
    return LZ4StreamCompressor(
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
