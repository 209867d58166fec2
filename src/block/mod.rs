//! The LZ4 block codec: bytes and history in, bytes out. It knows nothing of streams, pages' sizes or prefixes.
//!
//! History always lies directly before the page, in one slice: `window[floor..start]` is what a match may reach,
//! `window[start..]` is the page.

mod flex;

pub(crate) use flex::{Encoder, decode, encoded_room};

/// Why a block cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecodeError {
    /// There is less room behind `start` than the block decodes to.
    OutputFull,
    /// The block ends inside a sequence.
    Truncated,
    /// A match goes `offset` bytes back, where only 1 to `reach` are possible.
    MatchOffset { offset: usize, reach: usize },
}
