//! The arguments of both codecs, with the checks and messages of python-lz4, in its order.

use lz4_stream::{ByteOrder, Error, LZ4_MAX_INPUT_SIZE, Mode, PrefixWidth, Strategy, StreamFormat};
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyString};

use crate::error::{LZ4StreamError, as_python_lz4, to_python};
use crate::input::{Data, Input};

/// The most bytes that python-lz4 takes at once.
pub const INT_MAX: usize = i32::MAX as usize;

/// More would only take memory.
const MAX_THREADS: usize = 256;

/// A match reaches back at most this far.
const HISTORY: usize = 64 * 1024;

pub fn format(
    py: Python<'_>,
    store_comp_size: i64,
    dictionary: Option<&Bound<'_, PyAny>>,
    byte_order: &str,
    end_mark: bool,
) -> PyResult<StreamFormat> {
    let dictionary = match dictionary {
        None => Data::Copy(Vec::new()),
        Some(text) if text.is_instance_of::<PyString>() => Data::Copy(text.extract::<String>()?.into_bytes()),
        Some(buffer) => {
            let input = Input::new(buffer)?;
            let len = input.len();
            if len > INT_MAX {
                return Err(PyOverflowError::new_err("Dictionary too large for LZ4 API"));
            }
            Data::Copy(input.with_range(len.saturating_sub(HISTORY), len, <[u8]>::to_vec)?)
        }
    };
    let width = usize::try_from(store_comp_size)
        .ok()
        .and_then(|width| PrefixWidth::try_from(width).ok())
        .ok_or_else(|| PyValueError::new_err("Invalid store_comp_size, valid values: 0, 1, 2 or 4"))?;
    let order = match byte_order {
        "little" => ByteOrder::Little,
        "big" => ByteOrder::Big,
        _ => return Err(invalid("byte_order", byte_order, "little, big")),
    };
    if end_mark && width == PrefixWidth::OutOfBand {
        return Err(to_python(Error::EndMarkWithoutPrefix));
    }
    Ok(StreamFormat::new()
        .prefix_width(width)
        .byte_order(order)
        .end_mark(end_mark)
        .dictionary(dictionary.as_bytes(py)))
}

pub fn strategy(name: &str) -> PyResult<Strategy> {
    match name {
        "double_buffer" => Ok(Strategy::DoubleBuffer),
        "ring_buffer" => Ok(Strategy::RingBuffer),
        _ => Err(invalid("strategy", name, "double_buffer, ring_buffer")),
    }
}

/// Numbers out of range are limited to the range later, as python-lz4 does.
pub fn mode(name: &str, acceleration: i64, compression_level: i64) -> PyResult<Mode> {
    let clamp = |number: i64| number.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
    match name {
        "default" => Ok(Mode::Default),
        "fast" => Ok(Mode::Fast {
            acceleration: clamp(acceleration),
        }),
        "high_compression" => Ok(Mode::HighCompression {
            level: clamp(compression_level),
        }),
        _ => Err(invalid("mode", name, "default, fast, high_compression")),
    }
}

/// The page size of a compressor.
pub fn page_size(buffer_size: i64) -> PyResult<usize> {
    usize::try_from(buffer_size)
        .ok()
        .filter(|size| (1..=LZ4_MAX_INPUT_SIZE).contains(size))
        .ok_or_else(|| {
            PyValueError::new_err(format!(
                "Invalid buffer_size argument: {buffer_size}. Cannot define output buffer size. \
                 Must be lesser or equal to {LZ4_MAX_INPUT_SIZE}"
            ))
        })
}

/// The largest accepted page of a decompressor. python-lz4 takes more than the largest possible page as well.
pub fn max_page_size(buffer_size: i64) -> PyResult<usize> {
    match usize::try_from(buffer_size) {
        Ok(size) if size > 0 => Ok(size.min(LZ4_MAX_INPUT_SIZE)),
        _ => Err(PyValueError::new_err(format!(
            "Invalid buffer_size argument: {buffer_size}. Must be greater than 0"
        ))),
    }
}

/// A number of threads; 0 means as many as there are processors.
pub fn threads(threads: i64) -> PyResult<usize> {
    match usize::try_from(threads) {
        Ok(threads) if threads <= MAX_THREADS => Ok(threads),
        _ => Err(PyValueError::new_err(format!(
            "Invalid threads argument: {threads}. Must be 0 to {MAX_THREADS}"
        ))),
    }
}

/// The exception for an error of `CompressOptions::compressor`.
pub fn compressor_error(py: Python<'_>, error: Error) -> PyErr {
    match error {
        Error::PageSize {
            found,
            width: Some(width),
            ..
        } => as_python_lz4(
            py,
            format!(
                "Inconsistent buffer_size/store_comp_size values. Maximal compressed length ({found}) cannot fit in a \
                 {} byte-long integer",
                width.bytes()
            ),
            error,
        ),
        _ => to_python(error),
    }
}

pub fn invalid(argument: &str, found: &str, valid: &str) -> PyErr {
    PyValueError::new_err(format!("Invalid {argument} argument: {found}. Must be one of: {valid}"))
}

/// What `compress`, `decompress` and `get_block` return.
pub fn returned<'py>(py: Python<'py>, bytes: &[u8], as_bytearray: bool) -> Bound<'py, PyAny> {
    if as_bytearray {
        PyByteArray::new(py, bytes).into_any()
    } else {
        PyBytes::new(py, bytes).into_any()
    }
}

pub fn out_of_band() -> PyErr {
    LZ4StreamError::new_err("LZ4 context is configured for storing block size out-of-band")
}
