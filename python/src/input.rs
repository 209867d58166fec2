//! Bytes of Python objects.
//!
//! `bytes` cannot change, so they are read in place, also without the GIL. Any other buffer could be changed by another
//! thread meanwhile, so its bytes are copied first, while the GIL is held. (PyO3's slices of buffers would do without,
//! but are deprecated as unsound.) The copy goes through `memoryview`, except for a whole `bytearray`, because the
//! buffer protocol itself is not in the stable ABI of Python 3.9 and 3.10.

use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PySlice};

const SHORT: usize = 4096;

/// Longer buffers can be copied in pieces of this length, which stay in the cache until they are used.
const PIECE: usize = 64 * 1024;

/// An object with the buffer protocol. Nothing was copied yet.
pub enum Input<'py> {
    Bytes(Bound<'py, PyBytes>),
    ByteArray(Bound<'py, PyByteArray>),
    /// Any other, and its length in bytes.
    View(Bound<'py, PyMemoryView>, usize),
}

/// Bytes that cannot change.
pub enum Data {
    Bytes(Py<PyBytes>),
    Copy(Vec<u8>),
}

impl Data {
    pub fn as_bytes<'a>(&'a self, py: Python<'a>) -> &'a [u8] {
        match self {
            Data::Bytes(bytes) => bytes.as_bytes(py),
            Data::Copy(bytes) => bytes,
        }
    }
}

/// Bytes in pieces.
pub struct Pieces<'py> {
    /// All but the last. They are copied when they are needed.
    views: Vec<Bound<'py, PyAny>>,
    last: Data,
}

impl Pieces<'_> {
    /// Runs no Python code itself, so it may be called under the lock of a codec: only `bytes` are made. The views must
    /// be dropped after that lock, as the last one may call `__release_buffer__`.
    pub fn for_each(&self, py: Python<'_>, mut work: impl FnMut(&[u8]) -> PyResult<()>) -> PyResult<()> {
        for view in &self.views {
            work(to_bytes(view)?.as_bytes())?;
        }
        work(self.last.as_bytes(py))
    }
}

impl<'py> Input<'py> {
    /// Raises `TypeError` without the buffer protocol, and `BufferError` when the buffer is not C-contiguous.
    pub fn new(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        if let Ok(bytes) = object.cast_exact::<PyBytes>() {
            return Ok(Input::Bytes(bytes.clone()));
        }
        // Not one of a subclass, which can have another buffer.
        if let Ok(bytes) = object.cast_exact::<PyByteArray>() {
            return Ok(Input::ByteArray(bytes.clone()));
        }
        let view = match object.cast_exact::<PyMemoryView>() {
            Ok(view) => view.clone(),
            Err(_) => PyMemoryView::from(object)?,
        };
        if !view.getattr(pyo3::intern!(py, "c_contiguous"))?.is_truthy()? {
            return Err(PyBufferError::new_err("the buffer is not C-contiguous"));
        }
        let len = view.getattr(pyo3::intern!(py, "nbytes"))?.extract()?;
        // A view of bytes as a whole.
        if let Ok(bytes) = view.getattr(pyo3::intern!(py, "obj"))?.cast_into_exact::<PyBytes>()
            && bytes.as_bytes().len() == len
        {
            return Ok(Input::Bytes(bytes));
        }
        Ok(Input::View(view, len))
    }

    pub fn len(&self) -> usize {
        match self {
            Input::Bytes(bytes) => bytes.as_bytes().len(),
            Input::ByteArray(bytes) => bytes.len(),
            Input::View(_, len) => *len,
        }
    }

    /// Whether `into_data` copies.
    pub fn is_mutable(&self) -> bool {
        !matches!(self, Input::Bytes(_))
    }

    /// All bytes.
    pub fn into_data(self) -> PyResult<Data> {
        match self {
            Input::Bytes(bytes) => Ok(Data::Bytes(bytes.unbind())),
            Input::ByteArray(bytes) => Ok(Data::Copy(bytes.to_vec())),
            Input::View(view, _) => Ok(Data::Bytes(to_bytes(&view)?.unbind())),
        }
    }

    /// All bytes, in pieces. While some of them are not copied yet, a `bytearray` cannot be resized.
    pub fn into_pieces(self) -> PyResult<Pieces<'py>> {
        if !self.is_mutable() || self.len() <= PIECE {
            let (views, last) = (Vec::new(), self.into_data()?);
            return Ok(Pieces { views, last });
        }
        let flat = self.flat()?;
        let len = flat.len()?;
        let last = len.saturating_sub(1) / PIECE * PIECE;
        let views = (0..last).step_by(PIECE).map(|start| part(&flat, start, start + PIECE));
        Ok(Pieces {
            views: views.collect::<PyResult<_>>()?,
            last: Data::Bytes(to_bytes(&part(&flat, last, len)?)?.unbind()),
        })
    }

    /// A `memoryview` of single bytes.
    fn flat(&self) -> PyResult<Bound<'py, PyAny>> {
        let view = match self {
            Input::Bytes(bytes) => PyMemoryView::from(bytes)?,
            Input::ByteArray(bytes) => PyMemoryView::from(bytes)?,
            Input::View(view, _) => {
                let py = view.py();
                match view.call_method1(pyo3::intern!(py, "cast"), (pyo3::intern!(py, "B"),)) {
                    Ok(flat) => return Ok(flat),
                    // The items of a structured array, or a shape with a zero.
                    Err(_) => PyMemoryView::from(to_bytes(view)?.as_any())?,
                }
            }
        };
        Ok(view.into_any())
    }

    /// The same bytes, in memory of ours if they are few. For several calls of `with_range`: a slice of a buffer takes
    /// longer than a short copy.
    pub fn copied_if_short(self, py: Python<'py>) -> PyResult<Self> {
        if !self.is_mutable() || self.len() > SHORT {
            return Ok(self);
        }
        Ok(Input::Bytes(match self.into_data()? {
            Data::Bytes(bytes) => bytes.into_bound(py),
            Data::Copy(bytes) => PyBytes::new(py, &bytes),
        }))
    }

    /// Calls `work` with the bytes from `start` to `end`, which must be in range. The others are not copied.
    pub fn with_range<R>(&self, start: usize, end: usize, work: impl FnOnce(&[u8]) -> R) -> PyResult<R> {
        if let Input::Bytes(bytes) = self {
            return Ok(work(&bytes.as_bytes()[start..end]));
        }
        // The view ends here, so that a `bytearray` can be resized during the work.
        let copied = to_bytes(&part(&self.flat()?, start, end)?)?;
        Ok(work(copied.as_bytes()))
    }
}

/// At most the bytes from `start` to `end`.
fn part<'py>(flat: &Bound<'py, PyAny>, start: usize, end: usize) -> PyResult<Bound<'py, PyAny>> {
    flat.get_item(PySlice::new(flat.py(), start as isize, end as isize, 1))
}

fn to_bytes<'py>(view: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    Ok(view.call_method0(pyo3::intern!(view.py(), "tobytes"))?.cast_into()?)
}
