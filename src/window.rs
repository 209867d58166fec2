//! The sliding window: history and page in one buffer, so that a match never crosses a boundary.

use std::hint::black_box;
use std::sync::OnceLock;
use std::{fmt, mem};

use crate::format::HISTORY;

/// The buffer grows to this size before the window slides. Every slide moves up to [`HISTORY`] bytes. With 64 KiB pages
/// that is a quarter of a byte moved per byte of the stream, within half a MiB of cache.
const ROOMY: usize = HISTORY + 4 * HISTORY;

/// If history and page take at most this, a slide moves little, so the buffer need not be as large: see
/// [`Window::roomy`].
const NARROW: usize = HISTORY / 2;

/// The smallest allocation.
const SMALLEST: usize = 1024;

/// Up to this size the buffer fits its content. Beyond it, the buffer grows to [`ROOMY`] in one step: that step is so
/// large that the old and the new buffer together take hardly more than the new one.
const SHORT: usize = 16 * 1024;

/// The first part of a history that [`Window::fetch`] copies: two small pages. If a match reaches further, it copies
/// all.
const FETCH: usize = 8 * 1024;

/// See [`Window::push_run`]. It pays up to this length of a run, and so much at a time.
const TOUCHED: usize = 8 * 1024;
const PIECE: usize = 1024;
const LINE: usize = 64;

/// The small functions are `#[inline]`: the codecs that call them are generic, so they are compiled in other crates.
///
/// ```text
/// buf = dropped | history | page | room
///               floor     start  end
/// ```
///
/// The page may refer to `history`. `room` holds arbitrary bytes, which nothing reads.
///
/// A decoder's window need not move the history when it slides: few matches reach into it, and it is soon out of reach.
/// See [`reserve_lazily`](Self::reserve_lazily):
///
/// ```text
/// buf = dropped | missing | history | page | room | the missing bytes | dropped
///               floor     missing   start  end    floor + shift
/// ```
#[derive(Clone, Default)]
pub(crate) struct Window {
    buf: Vec<u8>,
    floor: usize,
    start: usize,
    end: usize,
    /// While this is more than `floor`, the history below it is not in place but `shift` bytes higher.
    missing: usize,
    shift: usize,
    /// A copy of a history of which a part was missing, for a caller who asked for it.
    copy: OnceLock<Vec<u8>>,
    /// Such a copy was made once, so from now on the history is always in place.
    is_eager: bool,
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

    #[inline]
    pub(crate) fn page_len(&self) -> usize {
        self.end - self.start
    }

    /// The history of the page after this one: the last 64 KiB of history and page.
    #[inline]
    pub(crate) fn next_history(&self) -> &[u8] {
        let floor = self.next_floor();
        if floor >= self.missing {
            &self.buf[floor..self.end]
        } else {
            self.copy.get_or_init(|| {
                let missing = &self.buf[floor + self.shift..self.missing + self.shift];
                [missing, &self.buf[self.missing..self.end]].concat()
            })
        }
    }

    #[inline]
    pub(crate) fn next_history_len(&self) -> usize {
        self.end - self.next_floor()
    }

    #[inline]
    fn next_floor(&self) -> usize {
        self.floor.max(self.end.saturating_sub(HISTORY))
    }

    /// Starts over with an empty page after the last 64 KiB of `history`.
    #[inline]
    pub(crate) fn restart(&mut self, history: &[u8]) {
        self.restart_within(history, HISTORY);
    }

    /// Like [`restart`](Self::restart), where later calls of [`reserve`](Self::reserve) pass this `most`.
    #[inline]
    pub(crate) fn restart_within(&mut self, history: &[u8], most: usize) {
        (self.floor, self.start, self.end) = (0, 0, 0);
        self.forget_missing();
        let history = &history[history.len().saturating_sub(HISTORY)..];
        if !history.is_empty() {
            self.reserve(history.len(), most);
            self.push(history);
            self.start = self.end;
        }
    }

    /// Ends the page. The last 64 KiB of history and page become the history of the next page.
    #[inline]
    pub(crate) fn end_page(&mut self) {
        self.floor = self.next_floor();
        self.start = self.end;
        if self.missing > 0 && self.copy.take().is_some() {
            self.is_eager = true;
            self.fetch_all();
        }
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

    /// Like [`push`](Self::push). The lines of memory where a short run goes are loaded first, many at once. The
    /// processor gets them one after the other when they are stored to.
    #[inline]
    pub(crate) fn push_run(&mut self, run: &[u8]) {
        let room = &mut self.buf[self.end..][..run.len()];
        if run.len() <= TOUCHED {
            copy_to_touched(room, run);
        } else {
            room.copy_from_slice(run);
        }
        self.end += run.len();
    }

    /// The lowest index of the history that is in place, content and room as one slice, and the index of the page's
    /// end, where a decoder continues to write. When a match reaches lower, [`fetch`](Self::fetch) may help.
    #[inline]
    pub(crate) fn with_room(&mut self) -> (usize, &mut [u8], usize) {
        let until = if self.is_missing() {
            self.floor + self.shift
        } else {
            self.buf.len()
        };
        (self.floor.max(self.missing), &mut self.buf[..until], self.end)
    }

    /// The index of the page's end.
    #[inline]
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// The bytes after the page, up to index `end`.
    #[inline]
    pub(crate) fn room_until(&self, end: usize) -> &[u8] {
        &self.buf[self.end..end]
    }

    /// Adds the bytes that a decoder wrote into the room, up to index `end`, to the page.
    #[inline]
    pub(crate) fn extend_to(&mut self, end: usize) {
        debug_assert!((self.end..=self.buf.len()).contains(&end));
        self.end = end;
    }

    /// Moves the buffer to a window of its own, for [`take_back`](Self::take_back), and leaves this one empty. Only for
    /// a window that neither slides lazily nor adopts a buffer: the other fields are not moved. (To move all of them
    /// would take as long as to compress about ten bytes.)
    #[inline]
    pub(crate) fn lend(&mut self) -> Window {
        debug_assert!(self.missing == 0 && !self.is_eager && !self.adopted);
        Window {
            buf: mem::take(&mut self.buf),
            floor: mem::take(&mut self.floor),
            start: mem::take(&mut self.start),
            end: mem::take(&mut self.end),
            ..Window::default()
        }
    }

    /// Takes back what [`lend`](Self::lend) moved.
    #[inline]
    pub(crate) fn take_back(&mut self, lent: Window) {
        self.buf = lent.buf;
        (self.floor, self.start, self.end) = (lent.floor, lent.start, lent.end);
    }

    /// Swaps buffers with `out`, which must end with the history of the next page. The following pages are appended to
    /// it, and none of its bytes is dropped.
    pub(crate) fn adopt(&mut self, out: &mut Vec<u8>) {
        debug_assert!(!self.adopted && out.ends_with(self.next_history()));
        let history_len = self.next_history_len();
        self.forget_missing();
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
        self.forget_missing();
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

    /// Like [`reserve`](Self::reserve), but when the window slides, the history stays where it is, if it can stay until
    /// it is out of reach.
    #[inline]
    pub(crate) fn reserve_lazily(&mut self, room: usize, most: impl FnOnce() -> usize) {
        let is_in_the_way = self.is_missing() && self.end + room > self.floor + self.shift;
        if is_in_the_way || self.buf.len() - self.end < room {
            self.make_room_lazily(room, most());
        }
    }

    /// Like [`reserve_lazily`](Self::reserve_lazily), but slides as soon as the history can stay where it is: in a
    /// smaller part of the buffer, more of it stays in the processor's fastest cache. That pays if nothing refers to
    /// the history.
    #[inline]
    pub(crate) fn reserve_nearby(&mut self, room: usize, most: impl FnOnce() -> usize) {
        if self.can_stay(room) {
            self.turn();
        } else {
            self.reserve_lazily(room, most);
        }
    }

    /// Whether the window can slide without moving the history. None of it is missing then: what can be missing is
    /// below [`HISTORY`], and so is out of reach.
    #[inline]
    fn can_stay(&self, room: usize) -> bool {
        self.start == self.end && HISTORY + room <= self.floor && !self.adopted && !self.is_eager
    }

    fn make_room_lazily(&mut self, room: usize, most: usize) {
        self.fetch_all();
        if self.buf.len() - self.end >= room {
            return;
        }
        if self.end + room <= ROOMY || !self.can_stay(room) {
            self.make_room(room, most);
            return;
        }
        self.turn();
    }

    /// Slides without moving the history.
    fn turn(&mut self) {
        debug_assert!(!self.is_missing());
        self.shift = self.start - HISTORY;
        self.floor -= self.shift;
        (self.missing, self.start, self.end) = (HISTORY, HISTORY, HISTORY);
    }

    /// Copies at least the `n` missing bytes of history that are nearest to the page into place, as far as there are as
    /// many. Returns `false` if none is missing.
    pub(crate) fn fetch(&mut self, n: usize) -> bool {
        if !self.is_missing() {
            return false;
        }
        let least = if self.missing == HISTORY { FETCH } else { HISTORY };
        let low = self.floor.max(self.missing.saturating_sub(n.max(least)));
        self.buf.copy_within(low + self.shift..self.missing + self.shift, low);
        self.missing = low;
        true
    }

    /// Copies all missing history into place.
    pub(crate) fn fetch_all(&mut self) {
        while self.fetch(HISTORY) {}
    }

    #[inline]
    fn is_missing(&self) -> bool {
        self.missing > self.floor
    }

    fn forget_missing(&mut self) {
        self.missing = 0;
        self.copy.take();
    }

    fn make_room(&mut self, room: usize, most: usize) -> usize {
        let enough = self.end + room;
        if self.adopted {
            self.buf.resize(enough, 0);
            return 0;
        }
        let roomy = Self::roomy(most);
        if enough <= roomy {
            self.grow(if enough <= SHORT {
                enough.next_power_of_two().max(SMALLEST)
            } else {
                roomy
            });
            return 0;
        }
        // A slide by a multiple of `HISTORY` costs an encoder nothing.
        let whole = self.floor / HISTORY * HISTORY;
        let by = if enough - whole <= self.buf.len() {
            whole
        } else {
            self.floor
        };
        self.buf.copy_within(self.floor..self.end, self.floor - by);
        self.missing = 0;
        self.floor -= by;
        self.start -= by;
        self.end -= by;
        let enough = self.end + room;
        if self.buf.len() < enough {
            // Double the size, so that a page that grows byte by byte is not copied each time.
            self.grow(enough.max(2 * self.buf.len()).min(most).max(roomy));
        }
        by
    }

    /// The buffer grows to this size before the window slides, where history and page take at most `most`. A narrow one
    /// has just the room to always slide by `HISTORY`.
    fn roomy(most: usize) -> usize {
        if most <= NARROW { HISTORY + most } else { ROOMY }
    }

    fn grow(&mut self, len: usize) {
        if len == SMALLEST {
            // All memory that a short stream takes. To clear it is faster than to ask the allocator for zeroed memory.
            self.buf.reserve_exact(len);
            self.buf.resize(len, 0);
            return;
        }
        // Zeroed memory from the allocator costs nothing until it is touched.
        let mut grown = vec![0; len];
        grown[..self.end].copy_from_slice(self.content());
        self.buf = grown;
    }
}

/// The work of [`Window::push_run`].
fn copy_to_touched(room: &mut [u8], run: &[u8]) {
    for (room, run) in room.chunks_mut(PIECE).zip(run.chunks(PIECE)) {
        let (lines, _) = room.as_chunks::<LINE>();
        black_box(
            lines
                .iter()
                .fold(0, |all, line| all | u64::from_le_bytes(*line.first_chunk().unwrap())),
        );
        room.copy_from_slice(run);
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes of history, {} of page",
            self.start - self.floor,
            self.page().len()
        )
    }
}
