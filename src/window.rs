//! The sliding window: history and page in one buffer, so that a match never crosses a boundary.

use std::{fmt, mem};

use crate::format::HISTORY;

/// The buffer grows to this size before the window slides. Every slide moves up to [`HISTORY`] bytes. With 64 KiB pages
/// that is a quarter of a byte moved per byte of the stream, within half a MiB of cache.
const ROOMY: usize = HISTORY + 4 * HISTORY;

/// The smallest allocation.
const SMALLEST: usize = 1024;

/// Up to this size the buffer fits its content. Beyond it, the buffer grows to [`ROOMY`] in one step: that step is so
/// large that the old and the new buffer together take hardly more than the new one.
const SHORT: usize = 16 * 1024;

/// The small functions are `#[inline]`: the codecs that call them are generic, so they are compiled in other crates.
///
/// ```text
/// buf = dropped | history | page | room
///               floor     start  end
/// ```
///
/// The page may refer to `history`. `room` holds arbitrary bytes, which nothing reads.
#[derive(Clone, Default)]
pub(crate) struct Window {
    buf: Vec<u8>,
    floor: usize,
    start: usize,
    end: usize,
    /// The buffer belongs to a caller, see [`adopt`](Self::adopt) and [`restart_in`](Self::restart_in).
    adopted: bool,
}

impl Window {
    /// The index of the first byte of history in [`content`](Self::content).
    #[inline]
    pub(crate) fn floor(&self) -> usize {
        self.floor
    }

    /// The index of the first byte of the page in [`content`](Self::content).
    #[inline]
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Everything up to the end of the page: the encoder's input.
    #[inline]
    pub(crate) fn content(&self) -> &[u8] {
        &self.buf[..self.end]
    }

    #[inline]
    pub(crate) fn history(&self) -> &[u8] {
        &self.buf[self.floor..self.start]
    }

    #[inline]
    pub(crate) fn page(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    /// The history of the page after this one: the last 64 KiB of history and page.
    #[inline]
    pub(crate) fn next_history(&self) -> &[u8] {
        &self.buf[self.next_floor()..self.end]
    }

    #[inline]
    fn next_floor(&self) -> usize {
        self.floor.max(self.end.saturating_sub(HISTORY))
    }

    /// Starts over with an empty page after the last 64 KiB of `history`.
    #[inline]
    pub(crate) fn restart(&mut self, history: &[u8]) {
        (self.floor, self.start, self.end) = (0, 0, 0);
        let history = &history[history.len().saturating_sub(HISTORY)..];
        if !history.is_empty() {
            self.reserve(history.len(), HISTORY);
            self.push(history);
            self.start = self.end;
        }
    }

    /// Ends the page. The last 64 KiB of history and page become the history of the next page.
    #[inline]
    pub(crate) fn end_page(&mut self) {
        self.floor = self.next_floor();
        self.start = self.end;
    }

    /// Drops all history.
    #[inline]
    pub(crate) fn forget_history(&mut self) {
        self.floor = self.start;
    }

    /// Empties the page.
    #[inline]
    pub(crate) fn clear_page(&mut self) {
        self.end = self.start;
    }

    /// Appends `bytes` to the page. [`reserve`](Self::reserve) must have made room for them.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buf[self.end..][..bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Content and room as one slice, and the index of the page's end, where a decoder continues to write.
    #[inline]
    pub(crate) fn with_room(&mut self) -> (&mut [u8], usize) {
        (&mut self.buf, self.end)
    }

    /// Adds the bytes that a decoder wrote into the room, up to index `end`, to the page.
    #[inline]
    pub(crate) fn extend_to(&mut self, end: usize) {
        debug_assert!((self.end..=self.buf.len()).contains(&end));
        self.end = end;
    }

    /// Swaps buffers with `out`, which must end with the history of the next page. The following pages are appended to
    /// it, and none of its bytes is dropped.
    pub(crate) fn adopt(&mut self, out: &mut Vec<u8>) {
        let history = self.next_history();
        debug_assert!(!self.adopted && out.ends_with(history));
        let history_len = history.len();
        mem::swap(&mut self.buf, out);
        self.end = self.buf.len();
        (self.floor, self.start) = (self.end - history_len, self.end);
        self.adopted = true;
    }

    /// Returns the buffer that [`adopt`](Self::adopt) took, with the pages decoded since.
    pub(crate) fn give_back(&mut self, out: &mut Vec<u8>) {
        debug_assert!(self.adopted);
        mem::swap(&mut self.buf, out);
        out.truncate(self.end);
        self.adopted = false;
        let floor = self.next_floor();
        self.restart(&out[floor..]);
    }

    /// Starts over in a buffer of a caller: with an empty page after the history `buf[..history_len]`. The following
    /// pages are put directly after each other, and nothing is dropped. [`leave`](Self::leave) returns the buffer.
    pub(crate) fn restart_in(&mut self, buf: &mut Vec<u8>, history_len: usize) {
        mem::swap(&mut self.buf, buf);
        (self.floor, self.start, self.end) = (history_len.saturating_sub(HISTORY), history_len, history_len);
        self.adopted = true;
    }

    /// Returns the buffer that [`restart_in`](Self::restart_in) took, and where its content ends. Nothing of it is
    /// kept.
    pub(crate) fn leave(&mut self, buf: &mut Vec<u8>) -> usize {
        debug_assert!(self.adopted);
        mem::swap(&mut self.buf, buf);
        let end = self.end;
        (self.floor, self.start, self.end) = (0, 0, 0);
        self.adopted = false;
        end
    }

    #[inline]
    pub(crate) fn is_adopted(&self) -> bool {
        self.adopted
    }

    /// How many bytes can be appended before the buffer is reallocated.
    #[inline]
    pub(crate) fn spare(&self) -> usize {
        self.buf.capacity() - self.end
    }

    /// Makes room for `room` bytes after the page. May drop the bytes before the history. Returns how far the rest
    /// moved down. `most` bounds the buffer: history, page and room never take more.
    ///
    /// A short stream gets a small buffer. A longer one gets a buffer large enough for cheap sliding, and a larger one
    /// only if its pages need it.
    #[inline]
    pub(crate) fn reserve(&mut self, room: usize, most: usize) -> usize {
        if self.buf.len() - self.end >= room {
            0
        } else {
            self.make_room(room, most)
        }
    }

    fn make_room(&mut self, room: usize, most: usize) -> usize {
        let enough = self.end + room;
        if self.adopted {
            self.buf.resize(enough, 0);
            return 0;
        }
        if enough <= ROOMY {
            self.grow(if enough <= SHORT {
                enough.next_power_of_two().max(SMALLEST)
            } else {
                ROOMY
            });
            return 0;
        }
        let by = self.floor;
        self.buf.copy_within(by..self.end, 0);
        self.floor = 0;
        self.start -= by;
        self.end -= by;
        let enough = self.end + room;
        if self.buf.len() < enough {
            // Double the size, so that a page that grows byte by byte is not copied each time.
            self.grow(enough.max(2 * self.buf.len()).min(most).max(ROOMY));
        }
        by
    }

    fn grow(&mut self, len: usize) {
        // Zeroed memory from the allocator costs nothing until it is touched.
        let mut grown = vec![0; len];
        grown[..self.end].copy_from_slice(self.content());
        self.buf = grown;
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes of history, {} of page",
            self.history().len(),
            self.page().len()
        )
    }
}
