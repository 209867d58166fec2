//! Decodes into memory of the caller.

use super::Lz4StreamDecompressor;
use crate::Framing;
use crate::block::SLACK;

impl<F: Framing> Lz4StreamDecompressor<F> {
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
        let is_consumed = decompressor.consumed == window.page().len();
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
