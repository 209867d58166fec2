//! The native half of the Python package `lz4_stream`.
//!
//! * `compressor` and `decompressor`: the two codecs, without I/O.
//! * `writer`: compresses for files and for `compress`, on one thread or several.
//! * `index` and `seek_reader`: an index, and reading with it. `file` is a Python file for them.
//!
//! The other half, in `package/lz4_stream`, is Python: files and one-shot functions on top of these. What a method
//! takes, returns and raises is documented where Python's users see it, in its doc comment and in `_lz4_stream.pyi`.

#![forbid(unsafe_code)]

mod compressor;
mod decompressor;
mod error;
mod file;
mod index;
mod input;
mod seek_reader;
mod settings;
mod state;
mod writer;

/// The native half of `lz4_stream`.
#[pyo3::pymodule(gil_used = false)]
mod _lz4_stream {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::compressor::LZ4StreamCompressor;
    #[pymodule_export]
    use super::decompressor::{LZ4StreamDecompressor, Pages};
    #[pymodule_export]
    use super::error::LZ4StreamError;
    #[pymodule_export]
    use super::index::NativeIndex;
    #[pymodule_export]
    use super::seek_reader::SeekReader;
    #[pymodule_export]
    use super::writer::StreamWriter;

    #[pymodule_export]
    const LZ4_MAX_INPUT_SIZE: usize = lz4_stream::LZ4_MAX_INPUT_SIZE;

    /// The longest block of any page of `input_size` bytes, in bytes; 0 when `input_size` is over
    /// `LZ4_MAX_INPUT_SIZE`.
    #[pyfunction]
    fn _compress_bound(input_size: usize) -> usize {
        lz4_stream::compress_bound(input_size)
    }

    /// The longest page that python-lz4 expects from a block of `compress_max_size` bytes that did not compress, in
    /// bytes; 0 when it is out of range.
    #[pyfunction]
    fn _input_bound(compress_max_size: usize) -> usize {
        lz4_stream::input_bound(compress_max_size)
    }
}
