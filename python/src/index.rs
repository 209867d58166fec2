//! The native part of `Index`.

use std::io::{BufReader, ErrorKind};
use std::sync::Arc;

use lz4_stream::Index;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::decompressor::LZ4StreamDecompressor;
use crate::error::{LZ4StreamError, io_to_python};
use crate::file::PyFile;
use crate::input::Input;

/// How much is read from a file at once.
const INPUT_SIZE: usize = 256 * 1024;

#[pyclass(frozen, module = "lz4_stream")]
pub struct NativeIndex(pub Arc<Index>);

#[pymethods]
impl NativeIndex {
    /// The index of the stream in `file`, from its position on, with the settings of `decompressor`.
    #[staticmethod]
    fn build(
        py: Python<'_>,
        file: Bound<'_, PyAny>,
        decompressor: &Bound<'_, LZ4StreamDecompressor>,
        interval: u64,
    ) -> PyResult<Self> {
        let options = decompressor.get().options(py)?;
        let file = BufReader::with_capacity(INPUT_SIZE, PyFile::new(file));
        let index = py.detach(|| Index::build(file, &options, interval));
        Ok(NativeIndex(Arc::new(index.map_err(io_to_python)?)))
    }

    /// The index that `to_bytes` made bytes of.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<Self> {
        let data = Input::new(data)?.into_data()?;
        let mut rest = data.as_bytes(py);
        let index = py
            .detach(|| Index::read_from(&mut rest))
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => LZ4StreamError::new_err("the index is cut off"),
                _ => io_to_python(error),
            })?;
        if !rest.is_empty() {
            let message = format!("the index ends, but more bytes follow: {}", rest.len());
            return Err(LZ4StreamError::new_err(message));
        }
        Ok(NativeIndex(Arc::new(index)))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut bytes = Vec::new();
        self.0.write_to(&mut bytes).map_err(io_to_python)?;
        Ok(PyBytes::new(py, &bytes))
    }

    #[getter]
    fn interval(&self) -> u64 {
        self.0.interval()
    }

    #[getter]
    fn stream_len(&self) -> u64 {
        self.0.stream_len()
    }

    #[getter]
    fn content_len(&self) -> u64 {
        self.0.content_len()
    }

    #[getter]
    fn blocks(&self) -> u64 {
        self.0.blocks()
    }

    /// The position of each point in the stream and in the content.
    fn points(&self) -> Vec<(u64, u64)> {
        let points = self.0.points();
        points.iter().map(|point| (point.stream(), point.content())).collect()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn __hash__(&self) -> u64 {
        self.0.stream_len() ^ self.0.content_len().rotate_left(32)
    }
}
