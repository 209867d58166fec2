//! The lock around a codec, and work without the GIL.

use std::sync::{Mutex, MutexGuard};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::marker::Ungil;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;

/// Shorter inputs are processed with the GIL held: to release it and take it back would take longer than the work.
const RELEASE_FROM: usize = 2048;

/// A codec that threads can share: one call at a time, the others wait without the GIL. It is empty until `__init__`
/// was called.
///
/// Work under the lock must not run Python code, which could call the same codec again and wait for itself. Making
/// `bytes` and `bytearray` runs none. Most other objects can start the garbage collector, and so finalizers.
pub struct State<T>(Mutex<Option<T>>);

impl<T: Send> State<T> {
    pub fn new() -> Self {
        State(Mutex::new(None))
    }

    pub fn with_codec(py: Python<'_>, codec: T) -> PyResult<Self> {
        let state = State::new();
        state.set(py, codec)?;
        Ok(state)
    }

    pub fn set(&self, py: Python<'_>, codec: T) -> PyResult<()> {
        *self.guard(py)? = Some(codec);
        Ok(())
    }

    /// Takes the codec out.
    pub fn take(&self, py: Python<'_>) -> PyResult<T> {
        self.guard(py)?.take().ok_or_else(no_codec)
    }

    /// Calls `work` with the codec.
    pub fn with<R>(&self, py: Python<'_>, work: impl FnOnce(&mut T) -> R) -> PyResult<R> {
        match self.guard(py)?.as_mut() {
            Some(codec) => Ok(work(codec)),
            None => Err(no_codec()),
        }
    }

    fn guard(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, Option<T>>> {
        self.0
            .lock_py_attached(py)
            .map_err(|_| PyRuntimeError::new_err("an earlier call panicked, so the stream cannot be continued"))
    }
}

fn no_codec() -> PyErr {
    PyValueError::new_err("No valid LZ4 stream context supplied")
}

/// Calls `work`, which processes `len` bytes, without the GIL.
pub fn released<R: Ungil>(py: Python<'_>, len: usize, work: impl FnOnce() -> R + Ungil) -> R {
    if len < RELEASE_FROM { work() } else { py.detach(work) }
}
