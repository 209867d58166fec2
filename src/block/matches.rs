//! The matches of a block, read without decoding it.

use super::sequence::{MIN_MATCH, NIBBLE_MAX};

/// A match: `len` bytes at position `at` of the page equal those `offset` bytes before them. So many literals are
/// before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) literals: usize,
    pub(crate) at: usize,
    pub(crate) offset: usize,
    pub(crate) len: usize,
}

/// The matches of a block, in order. Ends at the end of the block, and at bytes that are no sequence.
///
/// Sums saturate: [`IndexBuilder::push_block`](crate::IndexBuilder::push_block) takes any bytes, and where pointers
/// have 32 bits, some that are no block would say more.
pub(crate) struct Matches<'a> {
    rest: &'a [u8],
    /// The position in the page.
    at: usize,
}

impl<'a> Matches<'a> {
    pub(crate) fn of(block: &'a [u8]) -> Self {
        Matches { rest: block, at: 0 }
    }
}

impl Iterator for Matches<'_> {
    type Item = Match;

    #[inline]
    fn next(&mut self) -> Option<Match> {
        let [token, rest @ ..] = self.rest else {
            return None;
        };
        let (literals, rest) = read_length(token >> 4, rest)?;
        let [low, high, rest @ ..] = rest.get(literals..)? else {
            return None;
        };
        let (extra, rest) = read_length(token & 15, rest)?;
        let found = Match {
            literals,
            at: self.at.saturating_add(literals),
            offset: u16::from_le_bytes([*low, *high]) as usize,
            len: MIN_MATCH.saturating_add(extra),
        };
        self.rest = rest;
        self.at = found.at.saturating_add(found.len);
        Some(found)
    }
}

/// The length that begins with half a token, and the bytes after its length bytes.
#[inline]
fn read_length(nibble: u8, mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = nibble as usize;
    if length == NIBBLE_MAX {
        loop {
            let [byte, rest @ ..] = bytes else {
                return None;
            };
            bytes = rest;
            length = length.saturating_add(*byte as usize);
            if *byte < 255 {
                break;
            }
        }
    }
    Some((length, bytes))
}

#[cfg(test)]
mod tests {
    use super::super::random::mixed;
    use super::super::reference::sequences;
    use super::*;
    use crate::CompressOptions;

    #[test]
    fn they_are_those_of_the_reference() {
        for seed in 0..20 {
            let page = mixed(seed, 30_000);
            let options = CompressOptions::new().prefix_width(crate::PrefixWidth::OutOfBand);
            let mut compressor = options.compressor().unwrap();
            let block = compressor.compress(&page).unwrap();
            let mut at = 0;
            let mut expected = Vec::new();
            for sequence in sequences(block) {
                at += sequence.literals;
                if let Some((offset, len)) = sequence.matched {
                    expected.push(Match {
                        literals: sequence.literals,
                        at,
                        offset,
                        len,
                    });
                    at += len;
                }
            }
            assert!(expected.len() > 100);
            assert_eq!(Matches::of(block).collect::<Vec<_>>(), expected);
            // Cut off anywhere, it ends early.
            for end in 0..block.len().min(200) {
                assert!(expected.starts_with(&Matches::of(&block[..end]).collect::<Vec<_>>()));
            }
        }
    }
}
