//! `LZ4StreamDecompressor` over the decompressor of the crate.

use std::collections::VecDeque;

use lz4_stream::{BlockSplit, DecompressOptions, Error, Lz4StreamDecompressor, PrefixWidth, Progress};
use lz4_stream::{compress_bound, input_bound, page_bound};
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::error::{LZ4StreamError, as_python_lz4, to_python};
use crate::input::{Data, Input};
use crate::settings::{self, INT_MAX};
use crate::state::{State, released};

/// A page of at least this length makes an object of its own. Shorter ones are gathered in one of up to `GATHERED`.
const LONG_PAGE: usize = 64 * 1024;
const GATHERED: usize = 256 * 1024;

/// How many bytes of a stream are read at once, and how many at most for a block of at least `LONG_BLOCK`: its length
/// is the word of the stream, and must not allocate more.
const INPUT: usize = 256 * 1024;
const MAX_INPUT: usize = 4 * 1024 * 1024;
const LONG_BLOCK: usize = 64 * 1024;

/// Decompresses blocks to pages. With the arguments, methods and errors of `lz4.stream.LZ4StreamDecompressor` of
/// python-lz4, and more.
///
/// The last 64 KiB of decoded data are kept, whatever `buffer_size`, so streams of either strategy are decoded, and
/// those that python-lz4's own decompressor gets wrong. All blocks must arrive, in order.
///
/// Threads may share a decompressor: calls wait for each other. A call works without the GIL, if it has 2048 bytes or
/// more.
///
/// Args:
///     strategy (str): `"double_buffer"` or `"ring_buffer"`. Makes no difference.
///     buffer_size (int): The largest accepted page in bytes, at least 1. Nothing is allocated for it in advance.
///     return_bytearray (bool): Whether `decompress` and `get_block` return a `bytearray` instead of `bytes`.
///     store_comp_size (int): The length in bytes of the size before each block: 0 (the sizes travel some other way),
///         1, 2, 4 or 8, which python-lz4 lacks.
///     dictionary (str or bytes-like): The history of the first page. The last 64 KiB are used, and copied.
///     byte_order (str): `"little"` or `"big"`: how the sizes are stored.
///     end_mark (bool): Whether the stream ends with a size of zero. Otherwise, a size of zero is an error.
///
/// Raises:
///     ValueError: An argument is not valid.
///     OverflowError: The dictionary is over 2 GiB.
///
/// >>> from lz4_stream import LZ4StreamDecompressor
/// >>> stream = b"\x06\0\0\0\x50hello\x08\0\0\0\x70, world"
/// >>> with LZ4StreamDecompressor("double_buffer", 8192) as decompressor:
/// ...     list(decompressor.feed(stream))
/// [b'hello', b', world']
#[pyclass(frozen, subclass, module = "lz4_stream")]
pub struct LZ4StreamDecompressor(State<Decompressor>);

struct Decompressor {
    codec: Lz4StreamDecompressor,
    return_bytearray: bool,
    /// Fed bytes that are still to be decoded. `at` is where in the first of them.
    fed: VecDeque<Data>,
    at: usize,
    /// Short pages are gathered here, to make one object of many.
    gathered: Vec<u8>,
}

impl LZ4StreamDecompressor {
    pub fn options(&self, py: Python<'_>) -> PyResult<DecompressOptions> {
        self.0.with(py, |state| state.codec.options().clone())
    }
}

#[pymethods]
impl LZ4StreamDecompressor {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(strategy, buffer_size, return_bytearray=False, store_comp_size=4, dictionary=None, *, \
                          byte_order='little', end_mark=False)"
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        // All is in `__init__`, for subclasses with arguments of their own.
        LZ4StreamDecompressor(State::new())
    }

    #[pyo3(signature = (
        strategy, buffer_size, return_bytearray = false, store_comp_size = 4, dictionary = None, *,
        byte_order = String::from("little"), end_mark = false
    ))]
    #[allow(clippy::too_many_arguments)] // those of python-lz4
    fn __init__(
        &self,
        py: Python<'_>,
        strategy: String,
        buffer_size: i64,
        return_bytearray: bool,
        store_comp_size: i64,
        dictionary: Option<&Bound<'_, PyAny>>,
        byte_order: String,
        end_mark: bool,
    ) -> PyResult<()> {
        let format = settings::format(py, store_comp_size, dictionary, &byte_order, end_mark)?;
        settings::strategy(&strategy)?;
        let codec = DecompressOptions::new()
            .format(format)
            .max_page_size(settings::max_page_size(buffer_size)?)
            .decompressor()
            .map_err(to_python)?;
        self.0.set(
            py,
            Decompressor {
                codec,
                return_bytearray,
                fed: VecDeque::new(),
                at: 0,
                gathered: Vec::new(),
            },
        )
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_args))]
    fn __exit__(&self, _args: &Bound<'_, PyTuple>) {}

    /// Split the first block off a stream. Nothing is decoded.
    ///
    /// Instead of `get_block(stream[offset:])`, which copies the rest of the stream each time, take
    /// `get_block(memoryview(stream)[offset:])`, or `feed`.
    ///
    /// Args:
    ///     stream (bytes-like): At most 2 GiB that begin with a block.
    ///
    /// Returns:
    ///     bytes or bytearray: The block without its size, for `decompress`; nothing at the end mark.
    ///
    /// Raises:
    ///     OverflowError: `stream` is over 2 GiB.
    ///     LZ4StreamError: There is no complete block, or it is longer than any block of `buffer_size` bytes, or the
    ///         size of a block is out of band.
    fn get_block<'py>(&self, py: Python<'py>, stream: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        // The length is that of the copy: without a GIL, another thread can shorten a bytearray meanwhile.
        let stream = Input::new(stream)?.copied_if_short(py)?;
        let len = stream.len();
        if len > INT_MAX {
            return Err(PyOverflowError::new_err("Input too large for LZ4 API"));
        }
        // No size is longer.
        let start_len = len.min(8);
        let parsed = stream.with_range(0, start_len, |start| {
            self.0.with(py, |state| {
                let width = state.codec.options().get_format().get_prefix_width().bytes();
                let split = state.codec.get_block(start).map(|split| match split {
                    BlockSplit::Block { block, .. } => width + block.len(),
                    BlockSplit::Incomplete { missing } => start_len + missing,
                    // The end mark.
                    _ => width,
                });
                (width, split, state.return_bytearray)
            })
        })?;
        let (width, split, return_bytearray) = parsed?;
        if width == 0 {
            return Err(settings::out_of_band());
        }
        if len < width {
            return Err(LZ4StreamError::new_err(
                "Invalid source, too small for holding any block",
            ));
        }
        let larger_than_source = |found: usize| {
            let message = format!(
                "Requested input size ({found}) larger than source size ({})",
                len - width
            );
            LZ4StreamError::new_err(message)
        };
        let end = match split {
            Ok(end) => end,
            Err(Error::BlockTooLarge { found, .. }) if found > len - width => return Err(larger_than_source(found)),
            Err(error) => return Err(decompress_error(py, error)),
        };
        if end > len {
            return Err(larger_than_source(end - width));
        }
        stream.with_range(width, end, |block| settings::returned(py, block, return_bytearray))
    }

    /// Decompress one block, given without its size, as `get_block` returns it.
    ///
    /// Args:
    ///     chunk (bytes-like): The block.
    ///
    /// Returns:
    ///     bytes or bytearray: The page. It can be empty.
    ///
    /// Raises:
    ///     OverflowError: `chunk` is longer than its size could say.
    ///     LZ4StreamError: The block does not belong to this stream, or the settings differ. Nothing has changed then,
    ///         and another block can be tried. The message is python-lz4's. Its number is 1 for an empty block, 2 for
    ///         one that ends too early, 3 for a match out of range, 4 for a page over `buffer_size`. `__cause__` has
    ///         the details.
    fn decompress<'py>(&self, py: Python<'py>, chunk: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let chunk = Input::new(chunk)?;
        let len = chunk.len();
        if chunk.is_mutable() {
            // Before the copy.
            let checked = self.0.with(py, |state| state.check_len(len))?;
            checked.map_err(|failure| decompress_error(py, failure))?;
        }
        let chunk = chunk.into_data()?;
        let chunk = chunk.as_bytes(py);
        let page = self.0.with(py, |state| {
            state.check_len(len)?;
            let Decompressor {
                codec,
                return_bytearray,
                ..
            } = state;
            let page = released(py, len, || codec.decompress(chunk))?;
            Ok(settings::returned(py, page, *return_bytearray))
        })?;
        page.map_err(|failure: Failure| decompress_error(py, failure))
    }

    /// Take the next bytes of the stream, in pieces of any length, and return an iterator over the pages that are
    /// complete now. Each page is decoded when it is asked for. What was not asked for comes out of the next
    /// iterator, so nothing is lost when one is dropped.
    ///
    /// Args:
    ///     data (bytes-like): Any number of bytes. They are copied, unless they are `bytes`.
    ///
    /// Returns:
    ///     Iterator[bytes]: The pages. A page can be empty.
    ///
    /// Raises (the iterator):
    ///     LZ4StreamError: The bytes are not a stream with these settings. All pages before were returned, and each
    ///         further call raises the same.
    ///
    /// >>> from lz4_stream import LZ4StreamDecompressor
    /// >>> decompressor = LZ4StreamDecompressor("double_buffer", 8192)
    /// >>> [list(decompressor.feed(data)) for data in (b"\x06\0\0\0\x50hel", b"lo\x02\0\0\0\x10!\x02")]
    /// [[], [b'hello', b'!']]
    fn feed<'py>(slf: &Bound<'py, Self>, data: &Bound<'py, PyAny>) -> PyResult<Pages> {
        slf.get()._push(slf.py(), data)?;
        Ok(Pages {
            decompressor: slf.clone().unbind(),
        })
    }

    /// Check that the stream may end here: that all fed bytes were decoded, no block is incomplete, and no end mark is
    /// missing.
    ///
    /// Raises:
    ///     LZ4StreamError: The stream is cut off. More bytes can still be fed.
    fn end_of_input(&self, py: Python<'_>) -> PyResult<()> {
        let (checked, is_decoded) = self.0.with(py, |state| {
            let checked = state.codec.end_of_input();
            (checked, state.fed.is_empty() || state.codec.is_ended())
        })?;
        checked.map_err(to_python)?;
        match is_decoded {
            true => Ok(()),
            false => Err(PyValueError::new_err("the iterator of feed has more pages")),
        }
    }

    /// Whether the end mark was reached.
    #[getter]
    fn eof(&self, py: Python<'_>) -> PyResult<bool> {
        self.0.with(py, |state| state.codec.is_ended())
    }

    /// The fed bytes after the end mark; nothing before it was reached.
    #[getter]
    fn unused_data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.0.with(py, |state| {
            let mut unused = Vec::new();
            if state.codec.is_ended() {
                for bytes in &state.fed {
                    unused.extend_from_slice(bytes.as_bytes(py));
                }
                unused.drain(..state.at);
            }
            PyBytes::new(py, &unused)
        })
    }

    /// Begin another stream with the same settings. Bytes that were fed but not decoded are lost.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.0.with(py, |state| {
            state.codec.reset();
            state.fed.clear();
            state.at = 0;
        })
    }

    /// `feed` without the iterator.
    fn _push(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let data = Input::new(data)?.into_data()?;
        self.0.with(py, |state| {
            if !data.as_bytes(py).is_empty() {
                state.fed.push_back(data);
            }
        })
    }

    /// How many bytes to read and push next, once all fed bytes were decoded. Of a long block, its rest and the next
    /// head, so that the next block is decoded where it was read, and not copied first.
    fn _input_size(&self, py: Python<'_>) -> PyResult<usize> {
        self.0.with(py, |state| match state.codec.missing() {
            missing if missing >= LONG_BLOCK => {
                let head_len = state.codec.options().get_format().get_prefix_width().bytes();
                missing.min(MAX_INPUT) + head_len
            }
            _ => INPUT,
        })
    }

    /// At most `limit` decoded bytes. Nothing when all fed bytes were decoded, or the stream is over. If there is an
    /// error after some bytes, they are returned, and the next call raises it.
    fn _read<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyBytes>> {
        let data = self.0.with(py, |state| {
            state.gathered.clear();
            loop {
                let page = state.codec.page();
                if state.gathered.is_empty() && page.len() >= LONG_PAGE.min(limit) {
                    let n = page.len().min(limit);
                    let data = PyBytes::new(py, &page[..n]);
                    state.codec.consume(n);
                    return Ok(data);
                }
                let room = limit.min(GATHERED) - state.gathered.len();
                let n = page.len().min(room);
                state.gathered.extend_from_slice(&page[..n]);
                state.codec.consume(n);
                if n == room {
                    break;
                }
                match state.next_page(py) {
                    Ok(true) => {}
                    Err(error) if state.gathered.is_empty() => return Err(error),
                    Ok(false) | Err(_) => break,
                }
            }
            Ok(PyBytes::new(py, &state.gathered))
        })?;
        data.map_err(to_python)
    }
}

/// Why `decompress` fails.
enum Failure {
    /// The block is longer than a size of `width` bytes can say.
    Width {
        found: usize,
        width: usize,
    },
    Codec(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Codec(error)
    }
}

fn decompress_error(py: Python<'_>, failure: impl Into<Failure>) -> PyErr {
    let error = match failure.into() {
        Failure::Width { found, width } => {
            return PyOverflowError::new_err(format!(
                "Source length ({found}) too large for LZ4 store_comp_size ({width}) value"
            ));
        }
        Failure::Codec(error) => error,
    };
    let number = match error {
        Error::BlockTooLarge { found, allowed, .. } => {
            let message = format!(
                "Maximal decompressed data ({}) cannot fit in LZ4 internal buffer ({})",
                input_bound(found),
                page_bound(allowed)
            );
            return as_python_lz4(py, message, error);
        }
        Error::EmptyBlock { .. } => 1,
        Error::TruncatedBlock { .. } => 2,
        Error::MatchOffset { .. } => 3,
        Error::PageOverLimit { .. } => 4,
        error => return to_python(error),
    };
    as_python_lz4(py, format!("Decompression failed. error: {number}"), error)
}

impl Decompressor {
    /// What is wrong with a block of `len` bytes, whatever they are.
    fn check_len(&self, len: usize) -> Result<(), Failure> {
        let options = self.codec.options();
        match options.get_format().get_prefix_width() {
            PrefixWidth::One if len > 0xFF => return Err(Failure::Width { found: len, width: 1 }),
            PrefixWidth::Two if len > 0xFFFF => return Err(Failure::Width { found: len, width: 2 }),
            PrefixWidth::Four if len as u64 > 0xFFFF_FFFF => return Err(Failure::Width { found: len, width: 4 }),
            _ => {}
        }
        let allowed = compress_bound(options.get_max_page_size());
        if len > allowed {
            return Err(Failure::Codec(Error::BlockTooLarge {
                block: self.codec.blocks(),
                offset: self.codec.total_in(),
                found: len,
                allowed,
            }));
        }
        Ok(())
    }

    /// Advances to the next page, which can be empty. Returns `false` when all fed bytes were decoded, or the stream is
    /// over.
    fn next_page(&mut self, py: Python<'_>) -> Result<bool, Error> {
        let Decompressor { codec, fed, at, .. } = self;
        loop {
            let bytes = fed.front().map_or(&[][..], |bytes| bytes.as_bytes(py));
            let mut input = &bytes[*at..];
            let progress = released(py, input.len(), || match codec.feed(&mut input) {
                Ok(Progress::Page(_)) => Ok(Some(true)),
                Ok(Progress::End) => Ok(Some(false)),
                Ok(Progress::NeedMore(_)) => Ok(None),
                Err(error) => Err(error),
            });
            *at = bytes.len() - input.len();
            if input.is_empty() {
                fed.pop_front();
                *at = 0;
            }
            if let Some(is_page) = progress? {
                return Ok(is_page);
            }
            if fed.is_empty() {
                return Ok(false);
            }
        }
    }
}

/// The pages of the bytes fed to a decompressor, from its `feed`.
#[pyclass(frozen, module = "lz4_stream")]
pub struct Pages {
    decompressor: Py<LZ4StreamDecompressor>,
}

#[pymethods]
impl Pages {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let page = self.decompressor.get().0.with(py, |state| {
            let is_page = state.next_page(py)?;
            let page = is_page.then(|| PyBytes::new(py, state.codec.page()));
            state.codec.consume(usize::MAX);
            Ok(page)
        })?;
        page.map_err(to_python)
    }
}
