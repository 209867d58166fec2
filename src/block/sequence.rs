//! What the encoders share: measuring matches and writing sequences.
//!
//! ```text
//! sequence = token [literal length]* literals* offset(2, little endian) [match length]*
//! token    = literal length (high four bits, 15: more follows) | match length - 4 (low four bits, 15: more follows)
//! length   = 255* byte                     the sum of these bytes
//! ```
//!
//! The last sequence of a block stops after its literals.

use std::hint::select_unpredictable;

/// The shortest match. The format stores match lengths less four.
pub(crate) const MIN_MATCH: usize = 4;
/// The largest offset: offsets have 16 bits. Zero is not a valid offset.
pub(crate) const MAX_OFFSET: usize = 65_535;
/// The last five bytes of a block are literals.
pub(crate) const LAST_LITERALS: usize = 5;
/// No match starts in the last twelve bytes of a block.
pub(crate) const MATCH_MARGIN: usize = 12;
/// In either half of a token, this value means that length bytes follow.
pub(crate) const NIBBLE_MAX: usize = 15;
/// The longest match whose length fits in the token.
pub(crate) const SHORT_MATCH_MAX: usize = MIN_MATCH + NIBBLE_MAX - 1;

/// Matches from this length on have more than one length byte.
pub(crate) const RARE_LENGTH: usize = MIN_MATCH + NIBBLE_MAX + 255;

/// The four bytes at `at`. On every host the first byte is in the low bits.
#[inline(always)]
pub(crate) fn read_u32(window: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*window[at..].first_chunk().unwrap())
}

/// The eight bytes at `at`. On every host the first byte is in the low bits.
#[inline(always)]
pub(crate) fn read_u64(window: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*window[at..].first_chunk().unwrap())
}

/// How many bytes from `earlier` on equal those from `later` on. Counts up to `window[limit]` on the later side, eight
/// bytes a step and four steps a turn of the loop.
///
/// Always inlined: in the inner loop of the fast encoder even a rarely taken call costs several per cent.
#[inline(always)]
pub(crate) fn match_length(window: &[u8], earlier: usize, later: usize, limit: usize) -> usize {
    const TURN: usize = 4 * size_of::<u64>();
    let ours = &window[later..limit];
    let (our_turns, our_tail) = ours.as_chunks::<TURN>();
    let (their_turns, their_tail) = window[earlier..earlier + ours.len()].as_chunks::<TURN>();
    let mut length = 0;
    for (a, b) in our_turns.iter().zip(their_turns) {
        for at in (0..TURN).step_by(size_of::<u64>()) {
            let difference = read_u64(a, at) ^ read_u64(b, at);
            if difference != 0 {
                return length + at + difference.trailing_zeros() as usize / 8;
            }
        }
        length += TURN;
    }
    length + equal_bytes_of_a_run(our_tail, their_tail)
}

/// [`match_length`] that counts in wider steps after the first `RUN` bytes. What is shorter takes less time in steps of
/// eight: the call for the wider ones, and their end, cannot be predicted.
#[inline(always)]
pub(crate) fn run_length<const RUN: usize>(window: &[u8], earlier: usize, later: usize, limit: usize) -> usize {
    let ours = &window[later..limit];
    equal_bytes::<RUN>(ours, &window[earlier..earlier + ours.len()])
}

/// How many first bytes are equal, of two slices of one length. Counts the first `RUN` bytes in steps of eight, and the
/// others in wider ones.
#[inline(always)]
fn equal_bytes<const RUN: usize>(ours: &[u8], theirs: &[u8]) -> usize {
    let (our_words, our_tail) = ours.as_chunks::<8>();
    let (their_words, their_tail) = theirs.as_chunks::<8>();
    let mut length = 0;
    for (a, b) in our_words.iter().zip(their_words) {
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            return length + difference.trailing_zeros() as usize / 8;
        }
        length += 8;
        if length == RUN {
            return length + equal_bytes_of_a_run(&ours[length..], &theirs[length..]);
        }
    }
    length + our_tail.iter().zip(their_tail).take_while(|(a, b)| a == b).count()
}

#[inline(never)]
fn equal_bytes_of_a_run(ours: &[u8], theirs: &[u8]) -> usize {
    let (our_blocks, our_tail) = ours.as_chunks::<32>();
    let (their_blocks, their_tail) = theirs.as_chunks::<32>();
    let equal = our_blocks.iter().zip(their_blocks).take_while(|(a, b)| a == b).count();
    if let (Some(a), Some(b)) = (our_blocks.get(equal), their_blocks.get(equal)) {
        // No branch: which of the bytes it is cannot be predicted.
        let [first, second] = [0, 16].map(|at| read_u128(a, at) ^ read_u128(b, at));
        let is_second = first == 0;
        let difference = select_unpredictable(is_second, second, first);
        return 32 * equal + 16 * is_second as usize + difference.trailing_zeros() as usize / 8;
    }
    ours.len() - our_tail.len() + equal_bytes::<{ usize::MAX }>(our_tail, their_tail)
}

/// The 16 bytes at `at`, as [`read_u64`] has eight.
#[inline(always)]
fn read_u128(window: &[u8], at: usize) -> u128 {
    u128::from_le_bytes(*window[at..].first_chunk().unwrap())
}

/// [`match_length`] for matches that mostly end within the first eight bytes. `later` must be a place where a match may
/// start.
#[inline(always)]
pub(crate) fn common_prefix(window: &[u8], earlier: usize, later: usize, limit: usize) -> usize {
    // Eight bytes can always be read: no match starts in the last twelve bytes of the window.
    let difference = read_u64(window, earlier) ^ read_u64(window, later);
    if difference != 0 {
        return (difference.trailing_zeros() as usize / 8).min(limit - later);
    }
    long_match_length(window, earlier, later, limit)
}

#[inline(never)]
pub(crate) fn long_match_length(window: &[u8], earlier: usize, later: usize, limit: usize) -> usize {
    run_length::<64>(window, earlier, later, limit)
}

/// How many bytes before `earlier` equal those before `later`. Counts at most `most` bytes.
#[inline(always)]
pub(crate) fn common_suffix(window: &[u8], earlier: usize, later: usize, most: usize) -> usize {
    let ours = &window[later - most..later];
    let theirs = &window[earlier - most..earlier];
    let (ours_rest, ours_words) = ours.as_rchunks::<8>();
    let (theirs_rest, theirs_words) = theirs.as_rchunks::<8>();
    let mut length = 0;
    for (a, b) in ours_words.iter().zip(theirs_words).rev() {
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            return length + difference.leading_zeros() as usize / 8;
        }
        length += 8;
    }
    length
        + ours_rest
            .iter()
            .rev()
            .zip(theirs_rest.iter().rev())
            .take_while(|(a, b)| a == b)
            .count()
}

/// The same, where it is mostly less than eight bytes.
#[inline(always)]
pub(crate) fn short_suffix(window: &[u8], earlier: usize, later: usize, most: usize) -> usize {
    if let Some(theirs) = window[..earlier].last_chunk()
        && let Some(ours) = window[..later].last_chunk()
    {
        let difference = u64::from_le_bytes(*ours) ^ u64::from_le_bytes(*theirs);
        let length = (difference.leading_zeros() as usize / 8).min(most);
        if length < 8 {
            return length;
        }
    }
    long_suffix(window, earlier, later, most)
}

#[cold]
#[inline(never)]
fn long_suffix(window: &[u8], earlier: usize, later: usize, most: usize) -> usize {
    common_suffix(window, earlier, later, most)
}

/// The number of length bytes for a run of literals.
#[inline(always)]
pub(crate) fn literal_extension(run: usize) -> usize {
    if run < NIBBLE_MAX {
        0
    } else {
        1 + (run - NIBBLE_MAX) / 255
    }
}

/// Whether a run of this many literals needs one more length byte than a run of one fewer.
#[inline(always)]
pub(crate) fn literal_extension_grows(run: usize) -> bool {
    run >= NIBBLE_MAX && (run - NIBBLE_MAX).is_multiple_of(255)
}

/// The size of a match without its token: the offset and the length bytes.
#[inline(always)]
pub(crate) fn match_cost(length: usize) -> usize {
    if length <= SHORT_MATCH_MAX {
        2
    } else {
        3 + (length - MIN_MATCH - NIBBLE_MAX) / 255
    }
}

/// What becomes a sequence: the literals `window[from..to]`, then a match of `length` bytes at `offset`.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) offset: usize,
    pub(crate) length: usize,
}

/// Writes the sequence of a span to the beginning of `out`. Returns the rest of `out`.
///
/// Most sequences have few literals and a short match. So these always copy the same number of literals, and what
/// follows overwrites the excess. The rare cases, among them all matches of at least `RARE_LENGTH`, are left to `rare`,
/// which is [`append_any_sequence`]. It is called once for each check: otherwise the compiler merges the checks, which
/// takes longer than branches that are well predicted. It gets what it needs as `context`, and captures nothing:
/// otherwise all that it captures is stored for every sequence.
#[inline(always)]
pub(crate) fn append_sequence<'a, C>(
    out: &'a mut [u8],
    window: &[u8],
    span: Span,
    context: C,
    rare: impl FnOnce(&'a mut [u8], &[u8], Span, C) -> &'a mut [u8],
) -> &'a mut [u8] {
    const FEW: usize = 16;
    // To copy so many at once takes less time than a call.
    const MORE: usize = 64;
    let literals = span.to - span.from;
    let extra = span.length - MIN_MATCH;
    if literals < NIBBLE_MAX
        && span.length < RARE_LENGTH
        && let Some(source) = window[span.from..].first_chunk::<FEW>()
        && let Some(room) = out.first_chunk_mut::<{ 1 + FEW + 2 + 1 }>()
    {
        room[0] = (literals << 4 | extra.min(NIBBLE_MAX)) as u8;
        room[1..1 + FEW].copy_from_slice(source);
        let end = 1 + literals;
        room[end..end + 2].copy_from_slice(&(span.offset as u16).to_le_bytes());
        room[end + 2] = extra.wrapping_sub(NIBBLE_MAX) as u8;
        return &mut out[end + 2 + (extra >= NIBBLE_MAX) as usize..];
    }
    if literals > MORE {
        return rare(out, window, span, context);
    }
    if span.length >= RARE_LENGTH {
        return rare(out, window, span, context);
    }
    let Some(source) = window[span.from..].first_chunk::<MORE>() else {
        return rare(out, window, span, context);
    };
    let Some(room) = out.first_chunk_mut::<{ 1 + 1 + MORE + 2 + 1 }>() else {
        return rare(out, window, span, context);
    };
    // At most one length byte for each length: always write both.
    room[0] = (literals.min(NIBBLE_MAX) as u8) << 4 | extra.min(NIBBLE_MAX) as u8;
    room[1] = literals.wrapping_sub(NIBBLE_MAX) as u8;
    let mut end = 1 + (literals >= NIBBLE_MAX) as usize;
    room[end..end + MORE].copy_from_slice(source);
    end += literals;
    room[end..end + 2].copy_from_slice(&(span.offset as u16).to_le_bytes());
    room[end + 2] = extra.wrapping_sub(NIBBLE_MAX) as u8;
    &mut out[end + 2 + (extra >= NIBBLE_MAX) as usize..]
}

#[cold]
#[inline(never)]
pub(crate) fn append_any_sequence<'a>(out: &'a mut [u8], window: &[u8], span: Span) -> &'a mut [u8] {
    let extra = span.length - MIN_MATCH;
    let mut end = write_literals(out, &window[span.from..span.to], extra.min(NIBBLE_MAX) as u8);
    out[end..end + 2].copy_from_slice(&(span.offset as u16).to_le_bytes());
    end += 2;
    if extra >= NIBBLE_MAX {
        end = write_length(out, end, extra - NIBBLE_MAX);
    }
    &mut out[end..]
}

/// Ends the block with the literals `window[from..]`. Returns how many bytes it wrote.
#[inline(never)]
pub(crate) fn write_last_literals(out: &mut [u8], window: &[u8], from: usize) -> usize {
    write_literals(out, &window[from..], 0)
}

/// Writes a token whose low half is `match_code`, then the literals. Returns where the offset goes.
#[inline(always)]
fn write_literals(out: &mut [u8], literals: &[u8], match_code: u8) -> usize {
    out[0] = (literals.len().min(NIBBLE_MAX) as u8) << 4 | match_code;
    let at = if literals.len() < NIBBLE_MAX {
        1
    } else {
        write_length(out, 1, literals.len() - NIBBLE_MAX)
    };
    out[at..at + literals.len()].copy_from_slice(literals);
    at + literals.len()
}

/// Versions of a document, as in package indexes and backups, match their predecessor for hundreds of bytes, up to the
/// next change. There, a search would not find back to it if it had inserted nothing of the predecessor that was part
/// of such a match itself. So of a match from at least so far away (as are no runs, nor records), and of at least
/// `RARE_LENGTH`,
const FAR_AWAY: usize = 8 * 1024;
/// one in so many places is inserted,
const SPACING: usize = 32;
/// and gradually fewer: one byte more between them for every so many bytes. Where a match goes on and on, changes are
/// rare, and it should not take much longer for this.
const THINNING: usize = 256;

/// The places inside a match, from its beginning, that should be found again although they were not searched. Each has
/// eight bytes of the match.
#[inline]
pub(crate) fn places_inside(length: usize, offset: usize) -> impl Iterator<Item = usize> {
    let end = if length >= RARE_LENGTH && offset >= FAR_AWAY {
        length - size_of::<u64>()
    } else {
        0
    };
    let next = |at: &usize| Some(at + SPACING + at / THINNING);
    std::iter::successors(Some(SPACING), next).take_while(move |at| *at <= end)
}

/// Writes the length bytes: the part of a length that does not fit in the token.
#[inline(always)]
pub(crate) fn write_length(out: &mut [u8], at: usize, length: usize) -> usize {
    let end = at + length / 255;
    // (Mostly there is nothing to fill, and then a call would take a noticeable part of the time of a short message.)
    if end > at {
        out[at..end].fill(255);
    }
    out[end] = (length % 255) as u8;
    end + 1
}

/// Writes the sequences of a block in order.
pub(crate) struct SequenceWriter<'a> {
    window: &'a [u8],
    /// What was not written yet.
    out: &'a mut [u8],
    out_len: usize,
    /// Everything before `window[anchor]` has been written.
    pub(crate) anchor: usize,
}

impl<'a> SequenceWriter<'a> {
    pub(crate) fn new(window: &'a [u8], start: usize, out: &'a mut [u8]) -> Self {
        SequenceWriter {
            window,
            out_len: out.len(),
            out,
            anchor: start,
        }
    }

    /// Writes the literals from the anchor to `start`, then a match.
    #[inline(always)]
    pub(crate) fn sequence(&mut self, start: usize, length: usize, offset: usize) {
        debug_assert!(length >= MIN_MATCH && (1..=MAX_OFFSET).contains(&offset) && start >= self.anchor);
        debug_assert!(offset <= start && self.window[start - offset..][..length] == self.window[start..][..length]);
        let out = std::mem::take(&mut self.out);
        let span = Span {
            from: self.anchor,
            to: start,
            offset,
            length,
        };
        self.out = append_sequence(out, self.window, span, (), |out, window, span, ()| {
            append_any_sequence(out, window, span)
        });
        self.anchor = start + length;
    }

    /// The length of what was written so far.
    pub(crate) fn written(&self) -> usize {
        self.out_len - self.out.len()
    }

    /// Writes the last sequence, which is literals only. Returns the length of the block.
    pub(crate) fn finish(self) -> usize {
        self.out_len - self.out.len() + write_last_literals(self.out, self.window, self.anchor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a sequence and returns its length.
    fn write_sequence(out: &mut [u8], window: &[u8], from: usize, to: usize, offset: usize, length: usize) -> usize {
        let room = out.len();
        let span = Span {
            from,
            to,
            offset,
            length,
        };
        room - append_sequence(out, window, span, (), |out, window, span, ()| {
            append_any_sequence(out, window, span)
        })
        .len()
    }

    #[test]
    fn matches_are_counted_to_the_byte() {
        for length in 0..40 {
            let mut window = vec![1; 100];
            window[50 + length] = 2;
            assert_eq!(match_length(&window, 3, 50, 100), length);
            assert_eq!(match_length(&window, 3, 50, 60), length.min(10));
            assert_eq!(common_prefix(&window, 3, 50, 100), length);
            assert_eq!(common_prefix(&window, 3, 50, 55), length.min(5));
        }
        assert_eq!(match_length(&[1; 100], 0, 1, 100), 99);
        for length in 0..300 {
            let mut window = vec![1; 700];
            window[350 + length] = 2;
            for limit in [350 + length, 350 + length + 1, 350 + length + 20, 700] {
                for count in [match_length, run_length::<64>] {
                    assert_eq!(count(&window, 3, 350, limit), length);
                }
            }
        }
    }

    #[test]
    fn equal_bytes_before_are_counted_to_the_byte() {
        for length in 0..40 {
            let mut window = vec![1; 100];
            window[90 - length - 1] = 2;
            for suffix in [common_suffix, short_suffix] {
                assert_eq!(suffix(&window, 45, 90, 44), length);
                assert_eq!(suffix(&window, 45, 90, length / 2), length / 2);
            }
        }
    }

    #[test]
    fn costs_are_what_is_written() {
        let window = [9; 1000];
        let mut out = [0; 2000];
        for literals in 0..800 {
            let run = literal_extension(literals);
            let grows = literals > 0 && run > literal_extension(literals - 1);
            assert_eq!(literal_extension_grows(literals), grows);
            for length in [4, 18, 19, 20, 272, 273, 274, 275, 527, 528, 529, 530] {
                let end = write_sequence(&mut out, &window, 0, literals, 1, length);
                assert_eq!(end, 1 + run + literals + match_cost(length), "{literals} {length}");
            }
        }
    }

    /// Both ways to write a sequence produce the same bytes.
    #[test]
    fn quick_and_any_sequences_are_equal() {
        let window: Vec<u8> = (0..=255).cycle().take(2000).collect();
        for literals in (0..70).chain([269, 270, 271, 524, 525, 526, 1000]) {
            for length in (4..40).chain([272, 273, 274, 527, 528, 529, 2000]) {
                let (mut quick, mut any) = ([0; 2000], [0; 2000]);
                let quick_end = write_sequence(&mut quick, &window, 30, 30 + literals, 0x1234, length);
                let span = Span {
                    from: 30,
                    to: 30 + literals,
                    offset: 0x1234,
                    length,
                };
                let any_end = 2000 - append_any_sequence(&mut any, &window, span).len();
                assert_eq!(quick[..quick_end], any[..any_end]);
            }
        }
    }

    #[test]
    fn sequences_are_as_the_format_says() {
        let window = [9; 600];
        let mut out = [0; 700];
        assert_eq!(write_sequence(&mut out, &window, 0, 0, 0x0102, 4), 3);
        assert_eq!(out[..3], [0x00, 2, 1]);
        assert_eq!(
            write_sequence(&mut out, &window, 0, 15, 1, 4 + 15 + 255),
            1 + 1 + 15 + 2 + 2
        );
        assert_eq!(out[..2], [0xFF, 0]);
        assert_eq!(out[17..21], [1, 0, 255, 0]);
        assert_eq!(write_last_literals(&mut out, &window, 600), 1);
        assert_eq!(out[0], 0);
        assert_eq!(write_last_literals(&mut out, &window, 0), 1 + 3 + 600);
        assert_eq!(out[..4], [0xF0, 255, 255, 75]);
    }

    /// A sequence may fill the output to its last byte and use the window to its last byte.
    #[test]
    fn little_room_is_enough() {
        let window = [9; 20];
        let mut out = [0; 10];
        assert_eq!(write_sequence(&mut out, &window, 13, 20, 1, 18), 10);
        assert_eq!(out, [0x7E, 9, 9, 9, 9, 9, 9, 9, 1, 0]);
    }
}
