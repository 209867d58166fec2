//! The native half of the Python package `lz4_stream`.
//!
//! * `compressor` and `decompressor`: the two codecs, without I/O.
//! * `writer`: compresses for files and for `compress`, on one thread or several.
//! * `index` and `indexed`: an index, and reading with it. `file` is a Python file for them.
//!
//! The other half, in `package/lz4_stream`, is Python: files and one-shot functions on top of these. What a method
//! takes, returns and raises is documented where Python's users see it, in its doc comment and in `_lz4_stream.pyi`.

#![forbid(unsafe_code)]

mod compressor;
mod decompressor;
mod error;
mod file;
mod index;
mod indexed;
mod input;
mod settings;
mod state;
mod writer;

/// The native half of `lz4_stream`.
#[pyo3::pymodule(gil_used = false)]
mod _lz4_stream {
    use pyo3::exceptions::PyImportError;
    use pyo3::prelude::*;
    use pyo3::sync::PyOnceLock;

    #[pymodule_export]
    use super::compressor::LZ4StreamCompressor;
    #[pymodule_export]
    use super::decompressor::{LZ4StreamDecompressor, Pages};
    #[pymodule_export]
    use super::error::LZ4StreamError;
    #[pymodule_export]
    use super::index::NativeIndex;
    #[pymodule_export]
    use super::indexed::{NativeReaderAt, ParallelReader, SeekReader};
    #[pymodule_export]
    use super::writer::StreamWriter;

    #[pymodule_export]
    const LZ4_MAX_INPUT_SIZE: usize = lz4_stream::LZ4_MAX_INPUT_SIZE;

    /// The classes belong to the first interpreter that imports this, and must not outlive it in another one. From 3.12
    /// on, Python refuses interpreters with a GIL of their own; the others are refused here.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // Each interpreter has its own module `sys`. Held, so that another one cannot take its address.
        static FIRST: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
        let py = module.py();
        let sys = py.import("sys")?;
        match FIRST.get_or_init(py, || sys.clone().unbind()).bind(py).is(&sys) {
            true => Ok(()),
            false => Err(PyImportError::new_err(
                "lz4_stream was imported in another interpreter of this process, and supports only one",
            )),
        }
    }

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
