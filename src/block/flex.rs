//! The block codec of `lz4_flex`, with the history as its dictionary. It has no acceleration, and no state between
//! blocks: it allocates and fills a match table for every page.

use lz4_flex::block::{self, DecompressError};

use super::DecodeError;
use super::sequence::MAX_OFFSET;

/// The modes `Default` and `Fast`. It has no state: `lz4_flex` finds the history anew for every page.
#[derive(Clone)]
pub(crate) struct FlexEncoder;

impl FlexEncoder {
    /// How long the output of [`encode`](Self::encode) must be for a page of `page_len` bytes.
    pub(crate) fn room(&self, page_len: usize) -> usize {
        block::get_maximum_output_size(page_len)
    }

    /// Encodes `window[start..]` into `out`, with matches down to `window[floor]`. Returns the block's length.
    pub(crate) fn encode(&self, window: &[u8], floor: usize, start: usize, out: &mut [u8]) -> usize {
        let (history, page) = window.split_at(start);
        let history = &history[floor.max(start.saturating_sub(MAX_OFFSET))..];
        block::compress_into_with_dict(page, out, history).expect("out has as much room as `room` asks for")
    }
}

/// Decodes the block into `window[*to..]`, with matches down to `window[floor]`, and moves `*at` and `*to` to the ends.
/// `*at` is 0: it decodes a block from its start. Bytes of `window` after `*to` may hold garbage after the call.
pub(crate) fn decode(
    block: &[u8],
    at: &mut usize,
    window: &mut [u8],
    floor: usize,
    to: &mut usize,
) -> Result<(), DecodeError> {
    let (history, room) = window.split_at_mut(*to);
    match block::decompress_into_with_dict(block, room, &history[floor..]) {
        Ok(len) => {
            (*at, *to) = (block.len(), *to + len);
            Ok(())
        }
        Err(DecompressError::OutputTooSmall { .. }) => Err(DecodeError::OutputFull),
        Err(_) => Err(explain(block, *to - floor)),
    }
}

/// Walks a block that `lz4_flex` refused, for the numbers that its errors do not have.
#[cold]
fn explain(block: &[u8], history: usize) -> DecodeError {
    let mut bytes = block.iter().map(|&byte| usize::from(byte));
    let mut reach = history;
    // A missing byte anywhere ends the walk: the block is truncated.
    let mut walk = || -> Option<DecodeError> {
        fn extended(nibble: usize, bytes: &mut impl Iterator<Item = usize>) -> Option<usize> {
            let mut length = nibble;
            if nibble == 15 {
                loop {
                    let byte = bytes.next()?;
                    length = length.saturating_add(byte);
                    if byte != 255 {
                        break;
                    }
                }
            }
            Some(length)
        }
        loop {
            let token = bytes.next()?;
            let literals = extended(token >> 4, &mut bytes)?;
            if literals > 0 {
                bytes.nth(literals - 1)?;
            }
            reach = reach.saturating_add(literals);
            let offset = bytes.next()? | bytes.next()? << 8;
            if offset == 0 || offset > reach {
                return Some(DecodeError::MatchOffset { offset, reach });
            }
            reach = reach.saturating_add(4 + extended(token & 15, &mut bytes)?);
        }
    };
    walk().unwrap_or(DecodeError::Truncated)
}
