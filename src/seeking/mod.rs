//! Reading at any place of a stream that has an index.
//!
//! * `cursor`: decodes from a point of the index to a position. The readers drive it.
//! * `reader`: `Read + BufRead + Seek`.
//! * `reader_at`: reading at an offset, shared between threads.
//! * `source`: what the latter reads from.

mod cursor;
mod reader;
mod reader_at;
mod source;

use std::fmt;
use std::sync::Arc;

pub use reader::Lz4StreamSeekReader;
pub use reader_at::Lz4StreamReaderAt;
pub use source::ReadAt;

use crate::index::UNPACKED;
use crate::{DecompressOptions, Error, Framing, Index, IndexPoint, Lz4StreamDecompressor, PrefixWidth, SizePrefix};

/// A stream that can be entered at any point: its index, its settings, and its framing at each point. Cheap to clone.
pub(crate) struct Map<F> {
    index: Arc<Index>,
    options: DecompressOptions,
    framing_at: FramingAt<F>,
}

type FramingAt<F> = Arc<dyn Fn(&IndexPoint) -> F + Send + Sync>;

impl<F> Clone for Map<F> {
    fn clone(&self) -> Self {
        Map {
            index: Arc::clone(&self.index),
            options: self.options.clone(),
            framing_at: Arc::clone(&self.framing_at),
        }
    }
}

impl<F> fmt::Debug for Map<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("index", &self.index)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Map<SizePrefix> {
    pub(crate) fn new(options: &DecompressOptions, index: Arc<Index>) -> Result<Self, Error> {
        let width = options.get_format().get_prefix_width();
        if width == PrefixWidth::OutOfBand {
            return Err(Error::OutOfBandSizes { width });
        }
        let framing = *options.decompressor()?.framing();
        Self::with_framing(options, index, move |_| framing)
    }
}

impl<F> Map<F> {
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }
}

impl<F: Framing> Map<F> {
    pub(crate) fn with_framing(
        options: &DecompressOptions,
        index: Arc<Index>,
        framing_at: impl Fn(&IndexPoint) -> F + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        options.check_max_page_size()?;
        index.check_dictionary(options)?;
        Ok(Map {
            index,
            options: options.clone(),
            framing_at: Arc::new(framing_at),
        })
    }

    /// A decompressor at the beginning of the stream.
    pub(crate) fn decompressor(&self) -> Lz4StreamDecompressor<F> {
        let framing = (self.framing_at)(&self.index.points()[0]);
        Lz4StreamDecompressor::with_framing(framing, &self.options).expect("the settings were checked")
    }

    /// Resumes a decompressor at the point with this number. `room` is for the history.
    pub(crate) fn resume(
        &self,
        point: usize,
        decompressor: &mut Lz4StreamDecompressor<F>,
        room: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let at = &self.index.points()[point];
        *decompressor.framing_mut() = (self.framing_at)(at);
        room.resize(UNPACKED, 0);
        let history_len = self
            .index
            .unpack(point, self.options.get_format().get_dictionary(), room)?;
        decompressor.resume(&room[..history_len], at.block(), at.stream());
        Ok(())
    }

    /// Like [`resume`](Self::resume), but decodes into `buf`, which must have [`UNPACKED`] bytes at least. Its first
    /// `history_len` bytes are the history, or `None`: that of the index. Returns the length of the history.
    pub(crate) fn resume_in(
        &self,
        point: usize,
        decompressor: &mut Lz4StreamDecompressor<F>,
        buf: &mut Vec<u8>,
        history_len: Option<usize>,
    ) -> Result<usize, Error> {
        let at = &self.index.points()[point];
        *decompressor.framing_mut() = (self.framing_at)(at);
        let history_len = match history_len {
            Some(len) => len,
            None => self
                .index
                .unpack(point, self.options.get_format().get_dictionary(), buf)?,
        };
        decompressor.resume_in(buf, history_len, at.block(), at.stream());
        Ok(history_len)
    }
}
