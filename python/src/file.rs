//! A Python file as `Read + Seek`.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use pyo3::prelude::*;

use crate::input::Input;

/// An object with `read`, `seek` and `tell`. Each call takes the GIL.
pub struct PyFile(Py<PyAny>);

impl PyFile {
    pub fn new(file: Bound<'_, PyAny>) -> Self {
        PyFile(file.unbind())
    }
}

impl Read for PyFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Python::attach(|py| {
            // A long pass over a file can be interrupted.
            py.check_signals()?;
            let data = self.0.bind(py).call_method1(pyo3::intern!(py, "read"), (out.len(),))?;
            if data.is_none() {
                return Err(ErrorKind::WouldBlock.into());
            }
            let data = Input::new(&data)?.into_data()?;
            let data = data.as_bytes(py);
            match out.get_mut(..data.len()) {
                Some(room) => room.copy_from_slice(data),
                None => return Err(io::Error::other("the file returned more bytes than requested")),
            }
            Ok(data.len())
        })
    }
}

impl Seek for PyFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        Python::attach(|py| {
            let file = self.0.bind(py);
            let seek = pyo3::intern!(py, "seek");
            match to {
                SeekFrom::Start(offset) => file.call_method1(seek, (offset,))?,
                SeekFrom::Current(by) => file.call_method1(seek, (by, 1))?,
                SeekFrom::End(by) => file.call_method1(seek, (by, 2))?,
            };
            // Some `seek` methods return nothing.
            self.stream_position()
        })
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        Python::attach(|py| Ok(self.0.bind(py).call_method0(pyo3::intern!(py, "tell"))?.extract()?))
    }
}
