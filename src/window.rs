//! The sliding window: history and the page behind it, in one piece, so that a match never crosses a border.

use std::fmt;

/// How much history there can be, in bytes: an LZ4 offset has 16 bits (65 535 at the most).
pub(crate) const HISTORY: usize = 64 * 1024;

/// Up to this size the buffer grows before the window slides. Every slide moves up to [`HISTORY`] bytes, so with
/// pages of 64 KiB it costs a quarter of a byte moved per byte of the stream, within half a MiB of cache.
const ROOMY: usize = HISTORY + 4 * HISTORY;

/// The least that is allocated.
const SMALLEST: usize = 1024;

/// Content up to this size has a buffer of its own size, more of it one of [`ROOMY`]: the step is large, so that old
/// and new buffer together are hardly more than the new one.
const SHORT: usize = 16 * 1024;

/// A buffer whose content ends at `end`; what is behind `end` is room for more, with arbitrary bytes in it.
#[derive(Clone, Default)]
pub(crate) struct Window {
    buf: Vec<u8>,
    end: usize,
}

impl Window {
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// The content, without the room behind it.
    pub(crate) fn content(&self) -> &[u8] {
        &self.buf[..self.end]
    }

    /// Content and room in one slice, for a decoder that writes from `end` on.
    pub(crate) fn with_room(&mut self) -> &mut [u8] {
        &mut self.buf
    }

    /// Takes the first `n` bytes of the room into the content.
    pub(crate) fn extend(&mut self, n: usize) {
        debug_assert!(n <= self.buf.len() - self.end);
        self.end += n;
    }

    /// Takes all content out, and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.end = 0;
    }

    /// Takes the last `n` bytes of the content out of it.
    pub(crate) fn truncate(&mut self, n: usize) {
        self.end -= n;
    }

    /// Appends `bytes`; [`reserve`](Self::reserve) has made room for them.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buf[self.end..][..bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Makes room for `room` bytes behind the content. Content below `keep` may be dropped for it: returns by how
    /// many bytes everything moved down. `most` bounds the buffer: content from `keep` on and room are never more.
    ///
    /// A short stream gets little room, a longer one as much at once as makes sliding cheap; more only for pages
    /// that are too large for that.
    pub(crate) fn reserve(&mut self, room: usize, keep: usize, most: usize) -> usize {
        if self.buf.len() - self.end >= room {
            return 0;
        }
        let enough = self.end + room;
        if enough <= ROOMY {
            self.grow(if enough <= SHORT {
                enough.next_power_of_two().max(SMALLEST)
            } else {
                ROOMY
            });
            return 0;
        }
        self.buf.copy_within(keep..self.end, 0);
        self.end -= keep;
        let enough = self.end + room;
        if self.buf.len() < enough {
            // By doubling, so that a page that grows byte by byte is not copied each time.
            self.grow(enough.max(2 * self.buf.len()).min(most).max(ROOMY));
        }
        keep
    }

    fn grow(&mut self, len: usize) {
        // Zeros from the allocator cost nothing where they are never touched.
        let mut grown = vec![0; len];
        grown[..self.end].copy_from_slice(self.content());
        self.buf = grown;
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.end, self.buf.len())
    }
}
