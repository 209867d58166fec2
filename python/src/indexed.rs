//! What streams are read with that have an index: at any position, in order on several threads, and by several threads.

use std::fs::File;
use std::io::{self, BufRead, ErrorKind, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::{mem, process};

use lz4_stream::{Lz4StreamParallelReader, Lz4StreamReaderAt, Lz4StreamSeekReader, ReadAt};
use pyo3::exceptions::{PyMemoryError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::decompressor::LZ4StreamDecompressor;
use crate::error::{io_to_python, to_python};
use crate::file::PyFile;
use crate::index::NativeIndex;
use crate::settings;
use crate::state::State;

/// One call returns at most this many bytes.
const READ_SIZE: usize = 256 * 1024;

/// Shorter pieces are gathered.
const LONG: usize = 64 * 1024;

/// Reads at any position. The file is called while the lock is held, so only one thread may call this at a time, and
/// the file must not call it: `_RawDecoded` sees to both.
#[pyclass(frozen, module = "lz4_stream")]
pub struct SeekReader(State<Lz4StreamSeekReader<PyFile>>);

#[pymethods]
impl SeekReader {
    /// The stream begins where `file` is.
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
        State::with_codec(py, reader).map(SeekReader)
    }

    /// At most `limit` bytes: none at the end, `None` when the file would block. If there is an error after some bytes,
    /// they are returned, and the next call raises it.
    fn read<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let result = self.0.with(py, |reader| read(py, reader, limit))?;
        returned(result)
    }

    fn seek(&self, py: Python<'_>, position: u64) -> PyResult<()> {
        let result = self.0.with(py, |reader| reader.seek(SeekFrom::Start(position)))?;
        result.map(drop).map_err(io_to_python)
    }
}

/// Reads in order, on several threads. As for the file, see [`SeekReader`].
#[pyclass(frozen, module = "lz4_stream")]
pub struct ParallelReader(State<Threads>);

struct Threads {
    /// `None` only while this is dropped.
    reader: Option<Lz4StreamParallelReader<PyFile>>,
    /// The process that has the threads. A forked one has not, and would wait for them forever.
    owner: u32,
}

impl Drop for Threads {
    fn drop(&mut self) {
        if self.owner != process::id() {
            mem::forget(self.reader.take());
        }
    }
}

#[pymethods]
impl ParallelReader {
    /// The stream begins where `file` is. With `threads=0`, on all cores.
    #[new]
    fn new(
        py: Python<'_>,
        file: Bound<'_, PyAny>,
        decompressor: &Bound<'_, LZ4StreamDecompressor>,
        index: &Bound<'_, NativeIndex>,
        threads: i64,
    ) -> PyResult<Self> {
        let threads = settings::threads(threads)?;
        let options = decompressor.get().options(py)?;
        let index = Arc::clone(&index.get().0);
        let reader = options.parallel_reader(PyFile::new(file), index, threads);
        let threads = Threads {
            reader: Some(reader.map_err(io_to_python)?),
            owner: process::id(),
        };
        State::with_codec(py, threads).map(ParallelReader)
    }

    /// As that of `SeekReader`.
    fn read<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let result = self.0.with(py, |Threads { reader, owner }| match reader {
            Some(reader) if *owner == process::id() => Ok(read(py, reader, limit)),
            _ => Err(PyRuntimeError::new_err(
                "the file was opened before a fork, and its threads are in the other process",
            )),
        })?;
        returned(result?)
    }

    /// Ends the threads. Nothing can be read afterwards.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let ended = self.0.take(py)?;
        py.detach(|| drop(ended));
        Ok(())
    }
}

/// Reads without the GIL, and returns one piece, or several short ones.
fn read<'py>(py: Python<'py>, reader: &mut (impl BufRead + Send), limit: usize) -> io::Result<Bound<'py, PyBytes>> {
    let limit = limit.min(READ_SIZE);
    let mut gathered = Vec::new();
    py.detach(|| {
        while gathered.len() < limit {
            match reader.fill_buf() {
                Ok([]) => break,
                Ok(piece) if gathered.is_empty() && piece.len() >= limit.min(LONG) => break,
                Ok(piece) => {
                    let n = piece.len().min(limit - gathered.len());
                    gathered.extend_from_slice(&piece[..n]);
                    reader.consume(n);
                }
                Err(error) if gathered.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(())
    })?;
    if gathered.is_empty() && limit > 0 {
        // There already, or at the end: without waiting.
        let piece = reader.fill_buf()?;
        let n = piece.len().min(limit);
        let data = PyBytes::new(py, &piece[..n]);
        reader.consume(n);
        return Ok(data);
    }
    Ok(PyBytes::new(py, &gathered))
}

fn returned(result: io::Result<Bound<'_, PyBytes>>) -> PyResult<Option<Bound<'_, PyBytes>>> {
    match result {
        Ok(data) => Ok(Some(data)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(io_to_python(error)),
    }
}

/// Reads at an offset, also by several threads at a time: nothing here is locked while one reads.
#[pyclass(frozen, module = "lz4_stream")]
pub struct NativeReaderAt(Lz4StreamReaderAt<Source>);

/// A file, or `bytes`, which cannot change.
enum Source {
    File(File),
    Bytes(PyBackedBytes),
}

impl ReadAt for Source {
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Source::File(file) => file.read_at(out, offset),
            Source::Bytes(bytes) => bytes[..].read_at(out, offset),
        }
    }
}

#[pymethods]
impl NativeReaderAt {
    /// `source` is a path or `bytes`.
    #[new]
    fn new(
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        decompressor: &Bound<'_, LZ4StreamDecompressor>,
        index: &Bound<'_, NativeIndex>,
    ) -> PyResult<Self> {
        let source = match source.cast_exact::<PyBytes>() {
            Ok(bytes) => Source::Bytes(PyBackedBytes::from(bytes.clone())),
            Err(_) => Source::File(File::open(source.extract::<PathBuf>()?)?),
        };
        let options = decompressor.get().options(py)?;
        let reader = options.reader_at(source, Arc::clone(&index.get().0));
        reader.map(NativeReaderAt).map_err(to_python)
    }

    /// Exactly `size` bytes from `offset` on, fewer only at the end of the content.
    fn read_at<'py>(&self, py: Python<'py>, offset: u64, size: u64) -> PyResult<Bound<'py, PyBytes>> {
        let data = py.detach(|| {
            let size = size.min(self.0.content_len().saturating_sub(offset));
            let mut data = Vec::new();
            while (data.len() as u64) < size {
                // In pieces: how much there is, only the index says, which can be wrong.
                let (start, rest) = (data.len(), size - data.len() as u64);
                let n = rest.min(READ_SIZE.max(start) as u64) as usize;
                data.try_reserve_exact(n).map_err(|_| ErrorKind::OutOfMemory)?;
                data.resize(start + n, 0);
                self.0.read_exact_at(&mut data[start..], offset + start as u64)?;
            }
            Ok::<_, io::Error>(data)
        });
        match data {
            Ok(data) => Ok(PyBytes::new(py, &data)),
            Err(error) if error.kind() == ErrorKind::OutOfMemory => Err(PyMemoryError::new_err(())),
            Err(error) => Err(io_to_python(error)),
        }
    }
}
