//! The matches of a block, read without decoding it.

use super::sequence::{MIN_MATCH, NIBBLE_MAX};

/// A match: `len` bytes at position `at` of the page equal those `offset` bytes before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) at: usize,
    pub(crate) offset: usize,
    pub(crate) len: usize,
}

/// The matches of a block, in order. Ends at the end of the block, and at bytes that are no sequence.
pub(crate) struct Matches<'a> {
    rest: &'a [u8],
    /// The position in the page.
    at: usize,
}

impl<'a> Matches<'a> {
    pub(crate) fn of(block: &'a [u8]) -> Self {
        Matches { rest: block, at: 0 }
    }

    fn byte(&mut self) -> Option<usize> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte.into())
    }

    /// The length that begins with this half of a token.
    fn length(&mut self, nibble: usize) -> Option<usize> {
        let mut length = nibble;
        if nibble == NIBBLE_MAX {
            loop {
                let byte = self.byte()?;
                length = length.checked_add(byte)?;
                if byte < 255 {
                    break;
                }
            }
        }
        Some(length)
    }
}

impl Iterator for Matches<'_> {
    type Item = Match;

    fn next(&mut self) -> Option<Match> {
        let token = self.byte()?;
        let literals = self.length(token >> 4)?;
        self.rest = self.rest.get(literals..)?;
        let at = self.at.checked_add(literals)?;
        let offset = self.byte()? | self.byte()? << 8;
        let len = self.length(token & NIBBLE_MAX)?.checked_add(MIN_MATCH)?;
        self.at = at.checked_add(len)?;
        Some(Match { at, offset, len })
    }
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
                    expected.push(Match { at, offset, len });
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
