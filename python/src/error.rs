//! Errors of the crate as Python exceptions.

use std::io;

use lz4_stream::Error;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;

pyo3::create_exception!(
    lz4_stream,
    LZ4StreamError,
    PyException,
    "A stream is malformed or cut off, or a call does not fit the settings of the codec."
);

/// The exception for an error of the crate, with the crate's message.
pub fn to_python(error: Error) -> PyErr {
    match error {
        Error::PrefixWidth { .. }
        | Error::PageSize { .. }
        | Error::MaxPageSize { .. }
        | Error::EndMarkWithoutPrefix => PyValueError::new_err(error.to_string()),
        _ => LZ4StreamError::new_err(error.to_string()),
    }
}

/// The same for an error of the crate's adapters. Exceptions of a Python file come out as they were.
pub fn io_to_python(error: io::Error) -> PyErr {
    match Error::from_io(&error) {
        Some(error) => to_python(error.clone()),
        None => error.into(),
    }
}

/// The exception that python-lz4 raises, with its `message`. The crate's message, which names the block and the
/// offset, is that of its `__cause__`.
pub fn as_python_lz4(py: Python<'_>, message: String, error: Error) -> PyErr {
    let exception = LZ4StreamError::new_err(message);
    exception.set_cause(py, Some(to_python(error)));
    exception
}
