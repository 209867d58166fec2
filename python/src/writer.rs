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

#[derive(Default)]
struct Writer {
    /// `None` once the stream is finished, so that the threads end.
    inner: Option<Inner>,
    /// The blocks that were left when it was finished.
    last: Vec<u8>,
    /// How many bytes of the blocks were taken.
    taken: usize,
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
    fn blocks(&mut self) -> &mut Vec<u8> {
        match self {
            Inner::Serial(writer) => writer.get_mut(),
            Inner::Parallel(writer, _) => writer.get_mut(),
        }
    }

    /// Calls `work`, which processes `len` bytes, without the GIL if it takes long.
    fn work(
        &mut self,
        py: Python<'_>,
        len: usize,
        work: impl FnOnce(&mut Self) -> io::Result<()> + Send,
    ) -> PyResult<()> {
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
        released(py, len, || work(self)).map_err(io_to_python)
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
            last: Vec::new(),
            taken: 0,
            index: None,
        };
        State::with_codec(py, writer).map(StreamWriter)
    }

    /// Takes the bytes of `data` from `start` to `end`, which must be in range.
    #[pyo3(signature = (data, start = 0, end = None))]
    fn write(&self, py: Python<'_>, data: &Bound<'_, PyAny>, start: usize, end: Option<usize>) -> PyResult<()> {
        let data = Input::new(data)?;
        data.with_range(start, end.unwrap_or(data.len()), |data| {
            self.0.with(py, |state| match &mut state.inner {
                Some(inner) => inner.work(py, data.len(), |inner| inner.writer().write_all(data)),
                None => Err(to_python(Error::Finished)),
            })?
        })?
    }

    /// Ends the page.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.0.with(py, |state| match &mut state.inner {
            Some(inner) => inner.work(py, usize::MAX, |inner| inner.writer().flush()),
            None => Ok(()),
        })?
    }

    /// Ends the stream and the threads; does nothing the second time.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        self.0.with(py, |state| {
            let Some(inner) = &mut state.inner else { return Ok(()) };
            let index = &mut state.index;
            inner.work(py, usize::MAX, |inner| {
                *index = inner.finish()?;
                Ok(())
            })?;
            state.last = mem::take(inner.blocks());
            let ended = state.inner.take();
            py.detach(|| drop(ended));
            Ok(())
        })?
    }

    /// The next bytes of the blocks that are ready: all, or at most `limit`. Their memory is used again once all were
    /// taken. New memory for each `write` would take up to a third of the time.
    #[pyo3(signature = (limit = None))]
    fn take<'py>(&self, py: Python<'py>, limit: Option<usize>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.with(py, |Writer { inner, last, taken, .. }| {
            let blocks = inner.as_mut().map_or(last, Inner::blocks);
            let end = blocks.len().min(taken.saturating_add(limit.unwrap_or(usize::MAX)));
            let bytes = PyBytes::new(py, &blocks[*taken..end]);
            *taken = end;
            if end == blocks.len() {
                blocks.clear();
                *taken = 0;
            }
            bytes
        })
    }

    /// Ends the threads. What was not returned in blocks is lost.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.0.with(py, |state| {
            let ended = mem::take(state);
            py.detach(|| drop(ended));
        })
    }

    /// The collected index, once the stream is finished.
    fn take_index(&self, py: Python<'_>) -> PyResult<Option<NativeIndex>> {
        let index = self.0.with(py, |state| state.index.take())?;
        Ok(index.map(|index| NativeIndex(Arc::new(index))))
    }
}
