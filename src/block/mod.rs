//! The LZ4 block codec: bytes and history in, bytes out. It knows nothing of streams, prefixes or page sizes.
//!
//! History always lies directly before the page, in one slice: `window[floor..start]` is what a match may reach,
//! `window[start..]` is the page. Positions are indices of the window; [`Encoder::slide`] says when its content moved.
//!
//! * `decode`: block to page.
//! * `fast`: page to block, one candidate a position: the modes `Default` and `Fast`.
//! * `high`: page to block, as small as the level asks for: the mode `HighCompression`.
//! * `sequence`: what the encoders share, the format of a sequence and the comparing of bytes.
//! * `flex`: `lz4_flex` in place of `decode` and `fast`, with the feature of that name.

#[cfg(not(feature = "lz4_flex"))]
mod decode;
#[cfg(not(feature = "lz4_flex"))]
mod fast;
#[cfg(feature = "lz4_flex")]
mod flex;
mod high;
mod sequence;

#[cfg(test)]
#[path = "../../tests/common/random.rs"]
mod random;
#[cfg(test)]
#[path = "../../tests/common/reference.rs"]
mod reference;
#[cfg(test)]
mod reference_tests;

#[cfg(not(feature = "lz4_flex"))]
pub(crate) use decode::{SLACK, decode};
#[cfg(not(feature = "lz4_flex"))]
use fast::FastEncoder;
#[cfg(feature = "lz4_flex")]
use flex::FastEncoder;
#[cfg(feature = "lz4_flex")]
pub(crate) use flex::{SLACK, decode, encoded_room};
use high::HighEncoder;

/// How long the output of [`Encoder::encode`] must be for a page of this length.
#[cfg(not(feature = "lz4_flex"))]
pub(crate) use crate::prefix::compress_bound as encoded_room;

use crate::options::Mode;

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

/// Makes blocks in one of the modes. What it knows of the history lives on from page to page.
#[derive(Clone)]
pub(crate) enum Encoder {
    Fast(FastEncoder),
    High(HighEncoder),
}

impl Encoder {
    /// For a mode with values in force, see [`Mode::clamped`].
    pub(crate) fn new(mode: Mode) -> Encoder {
        match mode {
            Mode::Default => Encoder::Fast(FastEncoder::new(1)),
            Mode::Fast { acceleration } => Encoder::Fast(FastEncoder::new(acceleration.unsigned_abs())),
            Mode::HighCompression { level } => Encoder::High(HighEncoder::new(level)),
        }
    }

    /// Writes `window[start..]`, the page, as one block to `out`, and returns the block's length. Matches reach down to
    /// `window[floor]` at the lowest. `start` is where the last page ended, wherever that is now. `out` is as long as
    /// [`encoded_room`] says.
    pub(crate) fn encode(&mut self, window: &[u8], floor: usize, start: usize, out: &mut [u8]) -> usize {
        match self {
            Encoder::Fast(encoder) => encoder.encode(window, floor, start, out),
            Encoder::High(encoder) => encoder.encode(window, floor, start, out),
        }
    }

    /// Makes `window[floor..start]`, a dictionary, known to a new stream.
    pub(crate) fn index(&mut self, window: &[u8], floor: usize, start: usize) {
        match self {
            Encoder::Fast(encoder) => encoder.index(window, floor, start),
            Encoder::High(encoder) => encoder.index(window, floor, start),
        }
    }

    /// The content of the window has moved down by this many bytes.
    pub(crate) fn slide(&mut self, by: usize) {
        match self {
            Encoder::Fast(encoder) => encoder.slide(by),
            Encoder::High(encoder) => encoder.slide(by),
        }
    }

    /// Starts a new stream, in an empty window, with the output of a new encoder.
    pub(crate) fn reset(&mut self) {
        match self {
            Encoder::Fast(encoder) => encoder.reset(),
            Encoder::High(encoder) => encoder.reset(),
        }
    }
}
