//! What the encoders share: counting how far a match goes, and writing sequences.
//!
//! ```text
//! sequence = token [literal length]* literals* offset(2, little endian) [match length]*
//! token    = literal length (high four bits, 15: more follows) | match length - 4 (low four bits, 15: more follows)
//! length   = 255* byte                     added up
//! ```
//!
//! A block ends with a sequence that stops after its literals.

/// The shortest match the format can express.
pub(crate) const MIN_MATCH: usize = 4;
/// The last bytes of a block that are literals.
pub(crate) const LAST_LITERALS: usize = 5;
/// No match starts in the last bytes of a block.
pub(crate) const MATCH_MARGIN: usize = 12;

/// The eight bytes at `position`, the first in the low bits on any host.
#[inline(always)]
pub(crate) fn load8(window: &[u8], position: usize) -> u64 {
    u64::from_le_bytes(*window[position..].first_chunk().unwrap())
}

/// How many bytes from `earlier` on are equal to those from `later` on, up to `end` of the later ones.
///
/// Always inlined: the fast encoder calls it in its inner loop and loses several per cent to a call, even a rare one.
#[inline(always)]
pub(crate) fn match_length(window: &[u8], earlier: usize, later: usize, end: usize) -> usize {
    let (ours, our_tail) = window[later..end].as_chunks::<8>();
    let (theirs, their_tail) = window[earlier..earlier + (end - later)].as_chunks::<8>();
    let mut length = 0;
    for (a, b) in ours.iter().zip(theirs) {
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            return length + difference.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + our_tail.iter().zip(their_tail).take_while(|(a, b)| a == b).count()
}

/// Writes the literals `window[from..to]` and a match of `length` bytes `offset` back to `out[at..]`, and returns
/// where the next sequence goes.
#[inline(always)]
pub(crate) fn write_sequence(
    out: &mut [u8],
    at: usize,
    window: &[u8],
    from: usize,
    to: usize,
    offset: usize,
    length: usize,
) -> usize {
    const FEW: usize = 32;
    let literals = to - from;
    let extra = length - MIN_MATCH;
    // Nearly every sequence: at most one further length byte each, and few literals. A fixed number of literals is
    // copied and both length bytes are written in any case; what is too much is overwritten by what follows.
    if literals <= FEW
        && extra < 15 + 255
        && let Some(source) = window.get(from..from + FEW)
        && let Some(room) = out.get_mut(at..at + 1 + 1 + FEW + 2 + 1)
    {
        let room: &mut [u8; 1 + 1 + FEW + 2 + 1] = room.try_into().unwrap();
        room[0] = (literals.min(15) as u8) << 4 | extra.min(15) as u8;
        room[1] = literals.wrapping_sub(15) as u8;
        let mut length = 1 + (literals >= 15) as usize;
        room[length..length + FEW].copy_from_slice(source);
        length += literals;
        room[length..length + 2].copy_from_slice(&(offset as u16).to_le_bytes());
        room[length + 2] = extra.wrapping_sub(15) as u8;
        return at + length + 2 + (extra >= 15) as usize;
    }
    write_any_sequence(out, at, window, from, to, offset, length)
}

#[inline(never)]
fn write_any_sequence(
    out: &mut [u8],
    at: usize,
    window: &[u8],
    from: usize,
    to: usize,
    offset: usize,
    length: usize,
) -> usize {
    let extra = length - MIN_MATCH;
    let at = write_literals(out, at, &window[from..to], extra.min(15) as u8);
    out[at..at + 2].copy_from_slice(&(offset as u16).to_le_bytes());
    if extra < 15 {
        at + 2
    } else {
        write_length(out, at + 2, extra - 15)
    }
}

/// Writes `window[from..]` as the literals that end a block, and returns the block's length.
#[inline(never)]
pub(crate) fn write_last_literals(out: &mut [u8], at: usize, window: &[u8], from: usize) -> usize {
    write_literals(out, at, &window[from..], 0)
}

/// Writes a token with `match_code` as its low half, and the literals.
#[inline(always)]
fn write_literals(out: &mut [u8], at: usize, literals: &[u8], match_code: u8) -> usize {
    out[at] = (literals.len().min(15) as u8) << 4 | match_code;
    let at = if literals.len() < 15 {
        at + 1
    } else {
        write_length(out, at + 1, literals.len() - 15)
    };
    out[at..at + literals.len()].copy_from_slice(literals);
    at + literals.len()
}

/// Writes the part of a length that the token has no room for.
#[inline(always)]
fn write_length(out: &mut [u8], at: usize, length: usize) -> usize {
    let end = at + length / 255;
    out[at..end].fill(255);
    out[end] = (length % 255) as u8;
    end + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_counted_to_the_byte() {
        for length in 0..40 {
            let mut window = vec![1; 100];
            window[50 + length] = 2;
            assert_eq!(match_length(&window, 3, 50, 100), length);
            assert_eq!(match_length(&window, 3, 50, 60), length.min(10));
        }
        assert_eq!(match_length(&[1; 100], 0, 1, 100), 99);
    }

    /// Both ways to write a sequence make the same bytes.
    #[test]
    fn quick_and_any_sequences_are_equal() {
        let window: Vec<u8> = (0..=255).cycle().take(2000).collect();
        for literals in (0..40).chain([269, 270, 271, 524, 525, 526, 1000]) {
            for length in (4..40).chain([272, 273, 274, 527, 528, 529, 2000]) {
                let (mut quick, mut any) = ([0; 2000], [0; 2000]);
                let quick_end = write_sequence(&mut quick, 5, &window, 30, 30 + literals, 0x1234, length);
                let any_end = write_any_sequence(&mut any, 5, &window, 30, 30 + literals, 0x1234, length);
                assert_eq!(quick[..quick_end], any[..any_end]);
            }
        }
    }

    #[test]
    fn sequences_are_as_the_format_says() {
        let window = [9; 600];
        let mut out = [0; 700];
        assert_eq!(write_sequence(&mut out, 0, &window, 0, 0, 0x0102, 4), 3);
        assert_eq!(out[..3], [0x00, 2, 1]);
        assert_eq!(
            write_sequence(&mut out, 0, &window, 0, 15, 1, 4 + 15 + 255),
            1 + 1 + 15 + 2 + 2
        );
        assert_eq!(out[..2], [0xFF, 0]);
        assert_eq!(out[17..21], [1, 0, 255, 0]);
        assert_eq!(write_last_literals(&mut out, 0, &window, 600), 1);
        assert_eq!(out[0], 0);
        assert_eq!(write_last_literals(&mut out, 0, &window, 0), 1 + 3 + 600);
        assert_eq!(out[..4], [0xF0, 255, 255, 75]);
    }

    /// A sequence may end with the last byte of the output and read the last byte of the window.
    #[test]
    fn little_room_is_enough() {
        let window = [9; 20];
        let mut out = [0; 10];
        assert_eq!(write_sequence(&mut out, 0, &window, 13, 20, 1, 18), 10);
        assert_eq!(out, [0x7E, 9, 9, 9, 9, 9, 9, 9, 1, 0]);
    }
}
