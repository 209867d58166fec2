//! What files and `compress` write with.

use std::io::{self, Write};
use std::sync::Arc;
use std::{mem, process};

use lz4_stream::{Error, Index, Lz4StreamParallelWriter, Lz4StreamWriter};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::compressor::LZ4StreamCompressor;
use crate::error::{io_to_python, to_python};
use crate::index::NativeIndex;
use crate::input::Input;
use crate::settings;
use crate::state::{State, released};

/// Compresses with the codec of a compressor, on one thread or several.
#[pyclass(frozen, module = "lz4_stream")]
pub struct StreamWriter(State<Writer>);

struct Writer {
    /// `None` once the stream is finished, so that the threads end.
    inner: Option<Inner>,
    index: Option<Index>,
}

enum Inner {
    Serial(Box<Lz4StreamWriter<Vec<u8>>>),
    /// And the process that has the threads. A forked one has not, and would wait for them forever.
    Parallel(Box<Lz4StreamParallelWriter<Vec<u8>>>, u32),
}

impl Inner {
    fn collect_index(&mut self, interval: u64) -> Result<(), Error> {
        match self {
            Inner::Serial(writer) => writer.collect_index(interval),
            Inner::Parallel(writer, _) => writer.collect_index(interval),
        }
    }

    fn is_forked(&self) -> bool {
        matches!(self, Inner::Parallel(_, owner) if *owner != process::id())
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Inner::Serial(writer) => writer,
            Inner::Parallel(writer, _) => writer,
        }
    }

    fn finish(&mut self) -> io::Result<Option<Index>> {
        match self {
            Inner::Serial(writer) => writer.try_finish().map(|()| writer.take_index()),
            Inner::Parallel(writer, _) => writer.try_finish().map(|()| writer.take_index()),
        }
    }

    /// The blocks so far.
    fn take_blocks(&mut self) -> Vec<u8> {
        mem::take(match self {
            Inner::Serial(writer) => writer.get_mut(),
            Inner::Parallel(writer, _) => writer.get_mut(),
        })
    }

    /// Calls `work`, which processes `len` bytes, without the GIL if it takes long, and returns the blocks.
    fn work(
        &mut self,
        py: Python<'_>,
        len: usize,
        work: impl FnOnce(&mut Self) -> io::Result<()> + Send,
    ) -> PyResult<Vec<u8>> {
        if self.is_forked() {
            return Err(PyRuntimeError::new_err(
                "the file was opened before a fork, and its threads are in the other process",
            ));
        }
        let len = match self {
            Inner::Serial(_) => len,
            // It may wait for the threads.
            Inner::Parallel(..) => usize::MAX,
        };
        released(py, len, || {
            work(self)?;
            Ok(self.take_blocks())
        })
        .map_err(io_to_python)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.inner.as_ref().is_some_and(Inner::is_forked) {
            mem::forget(self.inner.take());
        }
    }
}

#[pymethods]
impl StreamWriter {
    /// Takes the codec of `compressor`. With `threads=1`, the stream is what the compressor makes of full pages. With
    /// any other number, and 0 for all cores, it is another one, which does not depend on the number.
    #[new]
    fn new(
        py: Python<'_>,
        compressor: &Bound<'_, LZ4StreamCompressor>,
        threads: i64,
        collect_index: Option<u64>,
    ) -> PyResult<Self> {
        let threads = settings::threads(threads)?;
        let codec = compressor.get().take_codec(py)?;
        let mut inner = match threads {
            1 => Inner::Serial(Box::new(Lz4StreamWriter::from_parts(Vec::new(), codec))),
            _ => {
                let writer = Lz4StreamParallelWriter::from_parts(Vec::new(), codec, threads);
                Inner::Parallel(Box::new(writer), process::id())
            }
        };
        if let Some(interval) = collect_index {
            inner.collect_index(interval).map_err(to_python)?;
        }
        let writer = Writer {
            inner: Some(inner),
            index: None,
        };
        State::with_codec(py, writer).map(StreamWriter)
    }

    /// Takes data, and returns the blocks that are ready.
    fn write<'py>(&self, py: Python<'py>, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let data = Input::new(data)?.into_data()?;
        let data = data.as_bytes(py);
        let blocks = self.0.with(py, |state| match &mut state.inner {
            Some(inner) => inner.work(py, data.len(), |inner| inner.writer().write_all(data)),
            None => Err(to_python(Error::Finished)),
        })?;
        Ok(PyBytes::new(py, &blocks?))
    }

    /// Ends the page, and returns the blocks of all data so far.
    fn flush<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let blocks = self.0.with(py, |state| match &mut state.inner {
            Some(inner) => inner.work(py, usize::MAX, |inner| inner.writer().flush()),
            None => Ok(Vec::new()),
        })?;
        Ok(PyBytes::new(py, &blocks?))
    }

    /// Ends the stream and the threads, and returns the last blocks; nothing the second time.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let blocks: PyResult<_> = self.0.with(py, |Writer { inner, index }| {
            let Some(writer) = inner else { return Ok(Vec::new()) };
            let blocks = writer.work(py, usize::MAX, |writer| {
                *index = writer.finish()?;
                Ok(())
            })?;
            let ended = inner.take();
            py.detach(|| drop(ended));
            Ok(blocks)
        })?;
        Ok(PyBytes::new(py, &blocks?))
    }

    /// Ends the threads. What was not returned in blocks is lost.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.0.with(py, |state| {
            let ended = mem::replace(
                state,
                Writer {
                    inner: None,
                    index: None,
                },
            );
            py.detach(|| drop(ended));
        })
    }

    /// The collected index, once the stream is finished.
    fn take_index(&self, py: Python<'_>) -> PyResult<Option<NativeIndex>> {
        let index = self.0.with(py, |state| state.index.take())?;
        Ok(index.map(|index| NativeIndex(Arc::new(index))))
    }
}
