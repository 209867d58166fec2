//! `LZ4StreamCompressor` over the compressor of the crate.

use lz4_stream::{CompressOptions, Error, Lz4StreamCompressor};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::error::to_python;
use crate::input::Input;
use crate::settings;
use crate::state::{State, released};

/// Compresses pages to blocks. Each block may refer back to the page before it. With the arguments, methods and
/// errors of `lz4.stream.LZ4StreamCompressor` of python-lz4, and more.
///
/// Threads may share a compressor: calls wait for each other. A call works without the GIL, if it has 2048 bytes or
/// more.
///
/// Args:
///     strategy (str): How far back matches reach. `"double_buffer"`: into the page before, as python-lz4's
///         decompressor and the C library's over two buffers need it. `"ring_buffer"`: 64 KiB, for readers that keep
///         as much, as this package's do: smaller output with pages below 64 KiB.
///     buffer_size (int): The largest page in bytes: 1 to 2 113 929 216, at most 65 264 with `store_comp_size=2` and
///         239 with `store_comp_size=1`.
///     mode (str): `"default"`, `"fast"` or `"high_compression"`.
///     acceleration (int): With `"fast"`: 1 (as `"default"`) to 65 537. Higher is faster and compresses less.
///     compression_level (int): With `"high_compression"`: 1 to 12. Higher is slower and compresses more.
///     return_bytearray (bool): Whether `compress` returns a `bytearray` instead of `bytes`.
///     store_comp_size (int): The length in bytes of the size before each block: 0 (the sizes travel some other way),
///         1, 2, 4 or 8, which python-lz4 lacks.
///     dictionary (str or bytes-like): The history of the first page. The last 64 KiB are used, and copied.
///     byte_order (str): `"little"` or `"big"`: how the sizes are stored. python-lz4 has little endian only.
///     end_mark (bool): Whether `finish` ends the stream with a size of zero. python-lz4 does not read one.
///
/// Raises:
///     ValueError: An argument is not valid.
///     LZ4StreamError: `buffer_size` is too large for `store_comp_size`.
///     OverflowError: The dictionary is over 2 GiB.
///
/// >>> from lz4_stream import LZ4StreamCompressor
/// >>> with LZ4StreamCompressor("double_buffer", 8192) as compressor:
/// ...     compressor.compress(b"hello")
/// b'\x06\x00\x00\x00Phello'
#[pyclass(frozen, subclass, module = "lz4_stream")]
pub struct LZ4StreamCompressor(State<Compressor>);

struct Compressor {
    codec: Lz4StreamCompressor,
    return_bytearray: bool,
}

impl LZ4StreamCompressor {
    /// Takes the codec out. Nothing can be compressed afterwards.
    pub fn take_codec(&self, py: Python<'_>) -> PyResult<Lz4StreamCompressor> {
        Ok(self.0.take(py)?.codec)
    }
}

#[pymethods]
impl LZ4StreamCompressor {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(strategy, buffer_size, mode='default', acceleration=1, compression_level=9, \
                          return_bytearray=False, store_comp_size=4, dictionary=None, *, byte_order='little', \
                          end_mark=False)"
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        // All is in `__init__`, for subclasses with arguments of their own.
        LZ4StreamCompressor(State::new())
    }

    #[pyo3(signature = (
        strategy, buffer_size, mode = String::from("default"), acceleration = 1, compression_level = 9,
        return_bytearray = false, store_comp_size = 4, dictionary = None, *, byte_order = String::from("little"),
        end_mark = false
    ))]
    #[allow(clippy::too_many_arguments)] // those of python-lz4
    fn __init__(
        &self,
        py: Python<'_>,
        strategy: String,
        buffer_size: i64,
        mode: String,
        acceleration: i64,
        compression_level: i64,
        return_bytearray: bool,
        store_comp_size: i64,
        dictionary: Option<&Bound<'_, PyAny>>,
        byte_order: String,
        end_mark: bool,
    ) -> PyResult<()> {
        let format = settings::format(py, store_comp_size, dictionary, &byte_order, end_mark)?;
        let codec = CompressOptions::new()
            .format(format)
            .strategy(settings::strategy(&strategy)?)
            .mode(settings::mode(&mode, acceleration, compression_level)?)
            .page_size(settings::page_size(buffer_size)?)
            .compressor()
            .map_err(|error| settings::compressor_error(py, error))?;
        self.0.set(
            py,
            Compressor {
                codec,
                return_bytearray,
            },
        )
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_args))]
    fn __exit__(&self, _args: &Bound<'_, PyTuple>) {}

    /// Compress one page, and return its block with the size before it.
    ///
    /// Args:
    ///     chunk (bytes-like): At most `buffer_size` bytes. No bytes make the block of an empty page.
    ///
    /// Returns:
    ///     bytes or bytearray: The block.
    ///
    /// Raises:
    ///     OverflowError: `chunk` is over `buffer_size`, together with bytes that `feed` took before.
    ///     LZ4StreamError: The stream is finished.
    fn compress<'py>(&self, py: Python<'py>, chunk: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let chunk = Input::new(chunk)?;
        if chunk.is_mutable() {
            // Before the copy.
            let allowed = self.0.with(py, |state| state.codec.options().get_page_size())?;
            if chunk.len() > allowed {
                return Err(too_large());
            }
        }
        let chunk = chunk.into_data()?;
        let chunk = chunk.as_bytes(py);
        let block = self.0.with(py, |state| {
            let Compressor {
                codec,
                return_bytearray,
            } = state;
            let block = released(py, chunk.len(), || compress(codec, chunk))?;
            Ok(settings::returned(py, block, *return_bytearray))
        })?;
        block.map_err(|error| match error {
            Error::PageTooLarge { .. } => too_large(),
            error => to_python(error),
        })
    }

    /// Append data to the stream, and return the blocks of the pages that are full now, each with the size before it.
    /// The rest waits for more data, or for `flush` or `finish`.
    ///
    /// Args:
    ///     data (bytes-like): Any number of bytes. Meanwhile, a long `bytearray` cannot be resized.
    ///
    /// Returns:
    ///     list[bytes]: The blocks.
    ///
    /// Raises:
    ///     LZ4StreamError: The stream is finished.
    ///
    /// >>> from lz4_stream import LZ4StreamCompressor
    /// >>> compressor = LZ4StreamCompressor("double_buffer", 4)
    /// >>> compressor.feed(b"abcdef")
    /// [b'\x05\x00\x00\x00@abcd']
    /// >>> compressor.finish()
    /// b'\x03\x00\x00\x00 ef'
    fn feed<'py>(&self, py: Python<'py>, data: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let pieces = Input::new(data)?.into_pieces()?;
        self.0.with(py, |Compressor { codec, .. }| {
            let mut blocks = Vec::new();
            pieces.for_each(py, |mut rest| {
                while !rest.is_empty() {
                    let block = released(py, rest.len(), || {
                        let taken = codec.push(rest)?;
                        rest = &rest[taken..];
                        Ok(if codec.is_full() { codec.end_page() } else { &[] })
                    });
                    let block = block.map_err(to_python)?;
                    if !block.is_empty() {
                        blocks.push(PyBytes::new(py, block));
                    }
                }
                Ok(())
            })?;
            Ok(blocks)
        })?
    }

    /// End the current page, so that the other end can decode all data fed so far.
    ///
    /// Returns:
    ///     bytes: The block of the page with the size before it, or nothing if there is no data in it.
    fn flush<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.with(py, |Compressor { codec, .. }| {
            let len = codec.page().len();
            PyBytes::new(py, released(py, len, || codec.end_page()))
        })
    }

    /// End the stream. Another stream can begin after `reset`.
    ///
    /// Returns:
    ///     bytes: The block of the current page, if it has data, and the end mark, if the settings have one. Nothing
    ///         the second time.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.with(py, |Compressor { codec, .. }| {
            let len = codec.page().len();
            PyBytes::new(py, released(py, len, || codec.finish()))
        })
    }

    /// Begin another stream with the same settings. Data that was fed but not returned in a block is lost.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.0.with(py, |state| state.codec.reset())
    }
}

/// Like [`Lz4StreamCompressor::compress`], but an empty page makes a block too, as with python-lz4.
fn compress<'a>(codec: &'a mut Lz4StreamCompressor, page: &[u8]) -> Result<&'a [u8], Error> {
    if page.is_empty() && codec.page().is_empty() {
        codec.end_page_even_empty()
    } else {
        codec.compress(page)
    }
}

fn too_large() -> PyErr {
    PyOverflowError::new_err("Input too large for LZ4 API")
}
