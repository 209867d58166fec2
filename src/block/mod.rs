//! The LZ4 block codec: bytes and history in, bytes out. It knows nothing of streams, prefixes or page sizes.
//!
//! History always lies directly before the page, in one slice: `window[floor..start]` is what a match may reach,
//! `window[start..]` is the page. Positions are indices of the window; [`Encoder::slide`] says when its content moved.
//!
//! * `decode`: block to page.
//! * `fast`: page to block, one candidate a position: the modes `Default` and `Fast`.
//! * `high`: page to block, as small as the level asks for: the mode `HighCompression`.
//! * `matches`: the matches of a block, without decoding it.
//! * `sequence`: what the encoders share, the format of a sequence and the comparing of bytes.
//! * `flex`: `lz4_flex` in place of `decode` and `fast`, with the feature of that name and [`Engine::Lz4Flex`].

mod decode;
mod fast;
#[cfg(feature = "lz4_flex")]
mod flex;
mod high;
mod matches;
mod sequence;

#[cfg(test)]
#[path = "../../tests/common/random.rs"]
pub(crate) mod random;
#[cfg(test)]
#[path = "../../tests/common/reference.rs"]
pub(crate) mod reference;
#[cfg(test)]
mod reference_tests;

pub(crate) use decode::{Pace, SLACK, only_literals};
use fast::FastEncoder;
use high::HighEncoder;
pub(crate) use matches::Matches;
pub(crate) use sequence::MAX_OFFSET;

use crate::format::compress_bound;
use crate::options::{Engine, Mode};

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

/// Decodes the block from its sequence at `*at` on into `window[*to..]`, and moves both on. Matches may reach down to
/// `window[floor]`, never below. After [`DecodeError::OutputFull`] it can be called again with more room. Bytes of
/// `window` after `*to` may hold garbage after the call. It is fastest with [`SLACK`] bytes of room to spare.
pub(crate) fn decode(
    engine: Engine,
    block: &[u8],
    at: &mut usize,
    window: &mut [u8],
    floor: usize,
    to: &mut usize,
    pace: &mut Pace,
) -> Result<(), DecodeError> {
    match engine {
        Engine::Own => decode::decode(block, at, window, floor, to, pace),
        #[cfg(feature = "lz4_flex")]
        Engine::Lz4Flex => flex::decode(block, at, window, floor, to),
    }
}

/// Whether [`decode`](decode()) keeps what it has decoded when there is no more room.
pub(crate) fn can_resume(engine: Engine) -> bool {
    match engine {
        Engine::Own => true,
        #[cfg(feature = "lz4_flex")]
        Engine::Lz4Flex => false,
    }
}

/// Makes blocks in one of the modes. What it knows of the history lives on from page to page.
#[derive(Clone)]
pub(crate) enum Encoder {
    Fast(FastEncoder),
    High(HighEncoder),
    #[cfg(feature = "lz4_flex")]
    Flex(flex::FlexEncoder),
}

impl Encoder {
    /// Matches go at most `max_distance` bytes back, of 1 to [`MAX_OFFSET`].
    pub(crate) fn new(mode: Mode, engine: Engine, max_distance: usize) -> Encoder {
        let acceleration = match mode.clamped() {
            Mode::HighCompression { level } => {
                return Encoder::High(HighEncoder::new(level).with_max_distance(max_distance));
            }
            Mode::Fast { acceleration } => acceleration.unsigned_abs(),
            Mode::Default => 1,
        };
        match engine {
            // `lz4_flex` cannot limit the distance.
            #[cfg(feature = "lz4_flex")]
            Engine::Lz4Flex if max_distance == MAX_OFFSET => Encoder::Flex(flex::FlexEncoder),
            _ => Encoder::Fast(FastEncoder::new(acceleration).with_max_distance(max_distance)),
        }
    }

    /// How long the output of [`encode`](Self::encode) must be for a page of this length.
    pub(crate) fn room(&self, page_len: usize) -> usize {
        match self {
            Encoder::Fast(_) | Encoder::High(_) => compress_bound(page_len),
            #[cfg(feature = "lz4_flex")]
            Encoder::Flex(encoder) => encoder.room(page_len),
        }
    }

    /// How many bytes at the beginning of a page of this length must lie after the history in the window. If the page
    /// is longer, [`encode`](Self::encode) reads the others from the page itself.
    pub(crate) fn head_len(&self, page_len: usize) -> usize {
        match self {
            Encoder::Fast(encoder) => encoder.head_len(page_len),
            _ => page_len,
        }
    }

    /// Writes the page as one block to `out`, and returns the block's length. `window[start..]` is the page, or as much
    /// of its beginning as [`head_len`](Self::head_len) says. Then positions are indices of the page afterwards.
    /// Matches reach down to `window[floor]` at the lowest. `start` is where the last page ended, wherever that is now.
    /// `out` is as long as [`room`](Self::room) says.
    pub(crate) fn encode(&mut self, window: &[u8], floor: usize, start: usize, page: &[u8], out: &mut [u8]) -> usize {
        match self {
            Encoder::Fast(encoder) => encoder.encode_page(window, floor, start, page, out),
            Encoder::High(encoder) => encoder.encode(window, floor, start, out),
            #[cfg(feature = "lz4_flex")]
            Encoder::Flex(encoder) => encoder.encode(window, floor, start, out),
        }
    }

    /// Makes `window[floor..start]`, a dictionary, known to a new stream.
    pub(crate) fn index(&mut self, window: &[u8], floor: usize, start: usize) {
        match self {
            Encoder::Fast(encoder) => encoder.index(window, floor, start),
            Encoder::High(encoder) => encoder.index(window, floor, start),
            #[cfg(feature = "lz4_flex")]
            Encoder::Flex(_) => {}
        }
    }

    /// The content of the window has moved down by this many bytes.
    pub(crate) fn slide(&mut self, by: usize) {
        match self {
            Encoder::Fast(encoder) => encoder.slide(by),
            Encoder::High(encoder) => encoder.slide(by),
            #[cfg(feature = "lz4_flex")]
            Encoder::Flex(_) => {}
        }
    }

    /// Forgets all history. The next page, whose `floor` must be its `start`, becomes the block that a new encoder
    /// makes. The same holds after [`index`](Self::index) of a new history.
    pub(crate) fn reset(&mut self) {
        match self {
            Encoder::Fast(encoder) => encoder.reset(),
            Encoder::High(encoder) => encoder.reset(),
            #[cfg(feature = "lz4_flex")]
            Encoder::Flex(_) => {}
        }
    }
}
