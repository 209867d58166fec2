//! The LZ4 block codec: bytes and history in, bytes out. It knows nothing of streams, prefixes or settings.
//!
//! History always lies directly before the page, in one slice: `window[floor..start]` is what a match may reach,
//! `window[start..]` is the page. Positions are indices of the window; [`Encoder::slide`] says when its content moved.
//!
//! ```text
//! sequence = token [literal length] literals offset(2, little endian) [match length]
//! token    = literal length << 4 | (match length - 4); 15 in either half: bytes to add follow, up to one below 255
//! block    = sequence* and one that ends with its literals
//! ```
//!
//! * `decode`: block to page.
//! * `encode`: page to block, one look at one candidate a position: the modes `Default` and `Fast`.
//! * `sequence`: what encoders share, writing sequences and counting matches.
//! * `flex`: `lz4_flex` in place of the two, with the feature of that name.

#[cfg(not(feature = "lz4_flex"))]
mod decode;
#[cfg(not(feature = "lz4_flex"))]
mod encode;
#[cfg(feature = "lz4_flex")]
mod flex;
#[cfg(not(feature = "lz4_flex"))]
mod sequence;

#[cfg(not(feature = "lz4_flex"))]
pub(crate) use decode::{SLACK, decode};
#[cfg(not(feature = "lz4_flex"))]
pub(crate) use encode::Encoder;
#[cfg(feature = "lz4_flex")]
pub(crate) use flex::{Encoder, SLACK, decode, encoded_room};

/// How long the output of [`Encoder::encode`] must be for a page of this length.
#[cfg(not(feature = "lz4_flex"))]
pub(crate) use crate::prefix::compress_bound as encoded_room;

/// Why a block cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecodeError {
    /// There is less room in the window than the block decodes to.
    OutputFull,
    /// The block ends inside a sequence.
    Truncated,
    /// A match goes `offset` bytes back, where only 1 to `reach` are possible.
    MatchOffset { offset: usize, reach: usize },
}
