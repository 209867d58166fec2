//! The LZ4 block format, decoded in the simplest way. Encoders and decoders are tested against this file. Uses only
//! std, because unit tests and fuzz targets include it too.
//!
//! * [`decode`] decodes any block, valid or not, and returns its page or the fault.
//! * [`sequences`] lists the sequences of a valid block.
//! * [`Strict`] is the least capable and most pedantic peer of a writer.
#![allow(dead_code, missing_docs)] // no target uses all of it

/// The shortest match. A block stores the match length minus this.
const MIN_MATCH: usize = 4;
/// This value in either half of a token means that extension bytes follow.
const EXTENDED: usize = 15;
/// The largest offset.
const HISTORY: usize = 64 * 1024;
/// A block with a match ends with at least this many literals.
const LAST_LITERALS: usize = 5;
/// No match starts within this many bytes of the page's end.
const MATCH_MARGIN: usize = 12;

/// The longest block that a writer may make from a page of `len` bytes.
fn compress_bound(len: usize) -> usize {
    len + len / 255 + 16
}

/// Why a block cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The block ends inside a sequence.
    Truncated,
    /// The page is longer than the room for it.
    OutputFull,
    /// A match goes `offset` bytes back, but only 1 to `reach` are valid.
    MatchOffset { offset: usize, reach: usize },
}

/// One sequence of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sequence {
    pub literals: usize,
    /// Offset and length of the match. `None` in the last sequence.
    pub matched: Option<(usize, usize)>,
}

/// The rest of a block.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Fault::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<usize, Fault> {
        Ok(usize::from(self.take(1)?[0]))
    }

    fn offset(&mut self) -> Result<usize, Fault> {
        Ok(self.byte()? | self.byte()? << 8)
    }

    /// A length whose token half is `code`. Stops reading extension bytes once their sum exceeds `limit`.
    fn length(&mut self, code: usize, limit: usize) -> Result<usize, Fault> {
        let mut extension = 0;
        if code == EXTENDED {
            loop {
                let byte = self.byte()?;
                extension += byte;
                if byte != 255 || extension > limit {
                    break;
                }
            }
        }
        Ok(code + extension)
    }
}

/// Decodes a block after `history`, byte by byte. Returns the page, which has at most `room` bytes, and its sequences,
/// or the first fault.
pub fn decode(block: &[u8], history: &[u8], room: usize) -> Result<(Vec<u8>, Vec<Sequence>), Fault> {
    let mut input = Input(block);
    let mut out = history.to_vec();
    let end = history.len() + room;
    let mut sequences = Vec::new();
    loop {
        let token = input.byte()?;
        let literals = input.length(token >> 4, usize::MAX)?;
        let run = input.take(literals)?;
        if literals > end - out.len() {
            return Err(Fault::OutputFull);
        }
        out.extend_from_slice(run);
        if input.is_empty() {
            let matched = None;
            sequences.push(Sequence { literals, matched });
            out.drain(..history.len());
            return Ok((out, sequences));
        }
        let (offset, reach) = (input.offset()?, out.len());
        if offset == 0 || offset > reach {
            return Err(Fault::MatchOffset { offset, reach });
        }
        let length = MIN_MATCH + input.length(token & 15, end - out.len())?;
        if length > end - out.len() {
            return Err(Fault::OutputFull);
        }
        for _ in 0..length {
            out.push(out[out.len() - offset]);
        }
        let matched = Some((offset, length));
        sequences.push(Sequence { literals, matched });
    }
}

/// The sequences of a valid block. Needs no history.
pub fn sequences(block: &[u8]) -> Vec<Sequence> {
    fn read(input: &mut Input) -> Result<Sequence, Fault> {
        let token = input.byte()?;
        let literals = input.length(token >> 4, usize::MAX)?;
        input.take(literals)?;
        let matched = if input.is_empty() {
            None
        } else {
            let offset = input.offset()?;
            Some((offset, MIN_MATCH + input.length(token & 15, usize::MAX)?))
        };
        Ok(Sequence { literals, matched })
    }
    let mut input = Input(block);
    let mut sequences = Vec::new();
    loop {
        let sequence = read(&mut input).expect("a valid block");
        sequences.push(sequence);
        if sequence.matched.is_none() {
            return sequences;
        }
    }
}

/// A peer that keeps only the history that every peer has, and panics on any block that a writer must not send.
///
/// With two buffers, it keeps the previous page, or at first the dictionary. After an empty page it keeps nothing. With
/// a ring buffer, it keeps the last 64 KiB of the stream.
pub struct Strict {
    page_size: usize,
    ring_buffer: bool,
    max_distance: usize,
    /// `window[floor..]` is the history.
    window: Vec<u8>,
    floor: usize,
}

impl Strict {
    pub fn new(page_size: usize, ring_buffer: bool, dictionary: &[u8]) -> Strict {
        Strict {
            page_size,
            ring_buffer,
            max_distance: HISTORY - 1,
            window: dictionary[dictionary.len().saturating_sub(HISTORY)..].to_vec(),
            floor: 0,
        }
    }

    /// Holds only this many bytes before the one being decoded.
    pub fn with_max_distance(self, max_distance: usize) -> Strict {
        Strict { max_distance, ..self }
    }

    /// Drops the history.
    pub fn restart(&mut self) {
        self.floor = self.window.len();
    }

    /// Decodes the next block.
    ///
    /// # Panics
    /// When the block is invalid, reaches back beyond the history, breaks the rules for the end of a block, or when the
    /// block or its page is too long.
    pub fn page(&mut self, block: &[u8]) -> &[u8] {
        // Bytes are dropped only after many have been decoded, so that moving the rest stays cheap, however small the
        // pages are.
        if self.floor >= HISTORY {
            self.window.drain(..self.floor);
            self.floor = 0;
        }
        let start = self.window.len();
        self.append(block);
        let end = self.window.len();
        let oldest = if self.ring_buffer { self.floor } else { start };
        self.floor = oldest.max(end.saturating_sub(HISTORY));
        &self.window[start..]
    }

    fn append(&mut self, block: &[u8]) {
        const WHOLE: &str = "the block ends inside a sequence";
        let window = &mut self.window;
        let start = window.len();
        let end = start.saturating_add(self.page_size);
        let fits = |length: usize| assert!(length <= end, "a page of more than {} bytes", end - start);
        let mut input = Input(block);
        let mut last_match = None;
        loop {
            let token = input.byte().expect(WHOLE);
            let literals = input.length(token >> 4, usize::MAX).expect(WHOLE);
            let run = input.take(literals).expect(WHOLE);
            fits(window.len() + literals);
            window.extend_from_slice(run);
            if input.is_empty() {
                assert_eq!(token & 15, 0, "the last token has a match length");
                if let Some(at) = last_match {
                    assert!(literals >= LAST_LITERALS, "only {literals} literals end the block");
                    let after = window.len() - at;
                    assert!(after >= MATCH_MARGIN, "a match starts {after} bytes before the end");
                }
                break;
            }
            let at = window.len();
            last_match = Some(at);
            let (offset, reach) = (input.offset().expect(WHOLE), (at - self.floor).min(self.max_distance));
            assert!(
                (1..=reach).contains(&offset),
                "at {} a match goes {offset} bytes back, but the peer holds {reach}",
                at - start
            );
            let length = MIN_MATCH + input.length(token & 15, usize::MAX).expect(WHOLE);
            fits(at + length);
            // The copied bytes repeat their source, so each round may copy twice as many.
            let source = at - offset;
            while window.len() < at + length {
                let chunk = (window.len() - source).min(at + length - window.len());
                window.extend_from_within(source..source + chunk);
            }
        }
        // (Implied by the rules above.)
        let (len, bound) = (window.len() - start, compress_bound(window.len() - start));
        assert!(block.len() <= bound, "a block of {} bytes for {len}", block.len());
    }
}
