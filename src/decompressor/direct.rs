//! Decodes into memory of the caller: to the end of a vector, into a buffer, into a slice.

use std::mem;

use super::Lz4StreamDecompressor;
use crate::Framing;
use crate::block::{self, DecodeError, SLACK};
use crate::format::HISTORY;

/// Pages that are probably at least this long are decoded directly into a slice that can hold them. Shorter ones are
/// faster in the window: of a direct page, 64 KiB are copied twice.
pub(super) const LONG: usize = 192 * 1024;

impl<F: Framing> Lz4StreamDecompressor<F> {
    /// Whether to decode a page that is probably `likely` bytes long into a slice of `room` bytes.
    #[inline]
    pub(super) fn is_worth_direct(&self, likely: usize, room: usize) -> bool {
        likely >= LONG && room >= LONG.max(self.largest_page) && block::can_resume(self.options.get_engine())
    }

    /// Decodes `block` into `out`, and returns the length of the page there; 0 if all of it is in the window, because
    /// it is short. `None` if it cannot be continued in `out`: then it is in the window up to the sequence at `at`,
    /// and `room` is a good length for all of it.
    ///
    /// The first 64 KiB are decoded in the window, where the history is, and copied. The rest of the page refers only
    /// to the page itself.
    #[inline(never)] // keeps the frame of `decode` small
    pub(super) fn decode_direct(
        &mut self,
        block: &[u8],
        at: &mut usize,
        out: &mut [u8],
        room: &mut usize,
    ) -> Result<Option<usize>, DecodeError> {
        let max_page_size = self.options.get_max_page_size();
        let first = HISTORY.min(max_page_size) + SLACK;
        self.window.fetch_all();
        self.window.reserve(first, HISTORY + first);
        match self.decode_to_window(block, at, first) {
            _ if self.window.page().len() > max_page_size => return Err(DecodeError::OutputFull),
            Err(DecodeError::OutputFull) => {}
            result => return result.map(|()| Some(0)),
        }
        // Less than 64 KiB when a very long sequence follows.
        let start = self.window.page().len();
        let mut end = start;
        out[..end].copy_from_slice(self.window.page());
        // Clamp as in the window, so that the error never depends on how long `out` is.
        let usable = out.len().min(max_page_size + SLACK);
        let result = block::decode(
            self.options.get_engine(),
            block,
            at,
            &mut out[..usable],
            0,
            &mut end,
            &mut self.pace,
        );
        match result {
            _ if end > max_page_size => return Err(DecodeError::OutputFull),
            // The page does not fit in `out`, or a long match at its start refers to the history.
            Err(DecodeError::OutputFull) if usable == out.len() => {}
            Err(DecodeError::MatchOffset { offset, reach }) if offset > reach => {}
            // The offset is 0.
            Err(DecodeError::MatchOffset { offset, reach }) => {
                let reach = reach + self.window.history().len();
                return Err(DecodeError::MatchOffset { offset, reach });
            }
            result => return result.map(|()| Some(end)),
        }
        *room = (*room).max(2 * end).min(max_page_size);
        self.window.reserve(*room - start + SLACK, HISTORY + *room + SLACK);
        self.window.push(&out[start..end]);
        Ok(None)
    }

    /// Ends a page of `len` bytes in `out`.
    #[inline(never)] // as `decode_direct`
    pub(super) fn accept_direct(&mut self, len: usize, out: &mut &mut [u8]) {
        let (page, rest) = mem::take(out).split_at_mut(len);
        *out = rest;
        // It is longer than any history.
        debug_assert!(page.len() > HISTORY);
        self.window.restart(page);
    }

    /// Like [`resume`](Self::resume), but decodes into `buf`, after the history `buf[..history_len]`, page after page.
    /// [`leave`](Self::leave) returns the buffer.
    pub(crate) fn resume_in(&mut self, buf: &mut Vec<u8>, history_len: usize, block: u64, offset: u64) {
        self.window.restart_in(buf, history_len);
        self.begin(block, offset);
    }

    /// Returns the buffer that [`resume_in`](Self::resume_in) took, and where its content ends. To be resumed then.
    pub(crate) fn leave(&mut self, buf: &mut Vec<u8>) -> usize {
        self.consumed = 0;
        self.window.leave(buf)
    }
}

/// Appends pages to `out` until `next_page` returns `false`, and returns how many bytes were appended. `next_page`
/// advances the decompressor of `owner` to the next page that is not empty.
///
/// Where `out` has room, pages are decoded directly to its end. Their history is then the end of `out` too.
pub(crate) fn append_pages<O, F: Framing, E>(
    owner: &mut O,
    decompressor: fn(&mut O) -> &mut Lz4StreamDecompressor<F>,
    out: &mut Vec<u8>,
    mut next_page: impl FnMut(&mut O) -> Result<bool, E>,
) -> Result<usize, E> {
    let before = out.len();
    let mut appender = Appender {
        owner,
        decompressor,
        out,
    };
    loop {
        appender.choose(before);
        if !next_page(appender.owner)? {
            break;
        }
        let decompressor = (appender.decompressor)(appender.owner);
        if !decompressor.window.is_adopted() {
            appender.out.extend_from_slice(decompressor.page());
        }
        decompressor.consume(usize::MAX);
    }
    drop(appender);
    Ok(out.len() - before)
}

/// The state of [`append_pages`]. However it ends, even by a panic of the inner reader, `out` is intact afterwards.
struct Appender<'a, O, F: Framing> {
    owner: &'a mut O,
    decompressor: fn(&mut O) -> &mut Lz4StreamDecompressor<F>,
    /// The vector of the caller; while the window has adopted the vector, the window's own buffer.
    out: &'a mut Vec<u8>,
}

impl<O, F: Framing> Appender<'_, O, F> {
    /// Lets the window adopt the vector if another page fits, and otherwise swap back to its own buffer, so that the
    /// vector grows by its own rule. `before` is the initial length of the vector.
    fn choose(&mut self, before: usize) {
        let decompressor = (self.decompressor)(self.owner);
        let (window, least) = (&mut decompressor.window, decompressor.largest_page + SLACK);
        if window.is_adopted() {
            if window.spare() < least {
                self.give_back();
            }
            return;
        }
        let spare = self.out.capacity() - self.out.len();
        let is_consumed = decompressor.consumed == window.page_len();
        let history_is_there = window.next_history_len() <= self.out.len() - before;
        if decompressor.largest_page > 0 && spare >= least && is_consumed && history_is_there {
            window.adopt(self.out);
            decompressor.consumed = 0;
        }
    }

    /// Swaps the buffers back, if they are swapped.
    fn give_back(&mut self) {
        let decompressor = (self.decompressor)(self.owner);
        if decompressor.window.is_adopted() {
            decompressor.window.give_back(self.out);
            decompressor.consumed = 0;
        }
    }
}

impl<O, F: Framing> Drop for Appender<'_, O, F> {
    fn drop(&mut self) {
        self.give_back();
    }
}
