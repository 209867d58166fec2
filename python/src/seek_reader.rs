//! What files are read with that have an index.

use std::io::{BufRead, ErrorKind, Seek, SeekFrom};
use std::sync::Arc;

use lz4_stream::Lz4StreamSeekReader;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::decompressor::LZ4StreamDecompressor;
use crate::error::io_to_python;
use crate::file::PyFile;
use crate::index::NativeIndex;
use crate::state::State;

/// One call returns at most this many bytes.
const READ_SIZE: usize = 256 * 1024;

/// Reads at any position. The file is called while the lock is held, so only one thread may call this at a time, and
/// the file must not call it: `io.BufferedReader` sees to both.
#[pyclass(frozen, module = "lz4_stream")]
pub struct SeekReader(State<Lz4StreamSeekReader<PyFile>>);

#[pymethods]
impl SeekReader {
    #[new]
    fn new(
        py: Python<'_>,
        file: Bound<'_, PyAny>,
        decompressor: &Bound<'_, LZ4StreamDecompressor>,
        index: &Bound<'_, NativeIndex>,
    ) -> PyResult<Self> {
        let options = decompressor.get().options(py)?;
        let index = Arc::clone(&index.get().0);
        let reader = options.seek_reader(PyFile::new(file), index).map_err(io_to_python)?;
        let state = State::new();
        state.set(py, reader)?;
        Ok(SeekReader(state))
    }

    /// At most `limit` bytes: none at the end, `None` when the file would block. If there is an error after some bytes,
    /// they are returned, and the next call raises it.
    fn read<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let limit = limit.min(READ_SIZE);
        let result = self.0.with(py, |reader| {
            py.detach(|| {
                let mut data = Vec::new();
                while data.len() < limit {
                    match reader.fill_buf() {
                        Ok([]) => break,
                        Ok(page) => {
                            let n = page.len().min(limit - data.len());
                            data.extend_from_slice(&page[..n]);
                            reader.consume(n);
                        }
                        Err(error) if data.is_empty() => return Err(error),
                        Err(_) => break,
                    }
                }
                Ok(data)
            })
        })?;
        match result {
            Ok(data) => Ok(Some(PyBytes::new(py, &data))),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(io_to_python(error)),
        }
    }

    fn seek(&self, py: Python<'_>, position: u64) -> PyResult<()> {
        let result = self.0.with(py, |reader| reader.seek(SeekFrom::Start(position)))?;
        result.map(drop).map_err(io_to_python)
    }
}
