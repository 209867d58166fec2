//! Bytes of Python objects.
//!
//! `bytes` cannot change, so they are read in place, also without the GIL. Any other buffer could be changed by another
//! thread meanwhile, so its bytes are copied first, while the GIL is held. That goes through `memoryview`, because the
//! buffer protocol itself is not in the stable ABI of Python 3.9 and 3.10.

use pyo3::exceptions::PyBufferError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PySlice};

/// An object with the buffer protocol, and its length in bytes. Nothing was copied yet.
pub enum Input<'py> {
    Bytes(Bound<'py, PyBytes>),
    Other(Bound<'py, PyMemoryView>, usize),
}

impl<'py> Input<'py> {
    /// Raises `TypeError` without the buffer protocol, and `BufferError` when the buffer is not C-contiguous.
    pub fn new(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        if let Ok(bytes) = object.cast_exact::<PyBytes>() {
            return Ok(Input::Bytes(bytes.clone()));
        }
        let view = PyMemoryView::from(object)?;
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
        Ok(Input::Other(view, len))
    }

    pub fn len(&self) -> usize {
        match self {
            Input::Bytes(bytes) => bytes.as_bytes().len(),
            Input::Other(_, len) => *len,
        }
    }

    /// All bytes.
    pub fn into_bytes(self) -> PyResult<Bound<'py, PyBytes>> {
        match self {
            Input::Bytes(bytes) => Ok(bytes),
            Input::Other(view, _) => copy(view.as_any()),
        }
    }

    /// The bytes from `start` to `end`, which must be in range.
    pub fn copy_range(&self, start: usize, end: usize) -> PyResult<Bound<'py, PyBytes>> {
        match self {
            Input::Bytes(bytes) => Ok(PyBytes::new(bytes.py(), &bytes.as_bytes()[start..end])),
            Input::Other(view, _) => {
                let py = view.py();
                let slice = PySlice::new(py, start as isize, end as isize, 1);
                match view.call_method1(pyo3::intern!(py, "cast"), (pyo3::intern!(py, "B"),)) {
                    Ok(flat) => copy(&flat.get_item(slice)?),
                    // The items of a structured array, or a shape with a zero.
                    Err(_) => Ok(copy(view.as_any())?.as_any().get_item(slice)?.cast_into()?),
                }
            }
        }
    }
}

fn copy<'py>(view: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    Ok(view.call_method0(pyo3::intern!(view.py(), "tobytes"))?.cast_into()?)
}
