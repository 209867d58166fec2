//! The fast encoder: one LZ4 block per page, matches found with a single hash table.
//!
//! The table keeps, for a hash of the bytes at a position, the last position that had it, as the low 16 bits of the
//! window index. LZ4 offsets are 16 bits wide too, so the distance to the entry, modulo 65536, is a candidate that is
//! always near enough, and nothing has to be rebased however long the stream gets. An entry may be stale (older than
//! 65536 bytes, or from before `floor`); it is then a candidate like any other: what makes a match is that the bytes
//! are equal and lie between `floor` and the position.

use super::sequence::{LAST_LITERALS, MATCH_MARGIN, match_length, read_u64, write_last_literals, write_sequence};
use std::hint::select_unpredictable;

/// Entries of the table for the first few hundred bytes of a stream: clearing a larger one would cost more than
/// encoding them.
const SMALL: usize = 1 << 9;
/// Entries for pages that reach back at most 64 KiB in all.
const NEAR: usize = 1 << 13;
/// Entries for long history: 32 KiB, which still fits a first-level cache.
const FAR: usize = 1 << 14;

/// A stream up to this long makes do with `SMALL` entries.
const SMALL_STREAM: usize = 512;
/// Page and history up to this long make do with `NEAR` entries,
const NEAR_REACH: usize = 1 << 16;
/// unless the page is longer than this: then it will soon be the history of a page as long.
const NEAR_PAGE: usize = 1 << 15;

/// After this many (as a power of two) failed attempts in a row the search takes one byte more per step: data that
/// has not matched for long is likely not to match for longer, and missing a bit of it costs little.
const PATIENCE: u32 = 6;

/// Finds matches by hash, one candidate per position.
#[derive(Clone)]
pub(crate) struct FastEncoder {
    /// `SMALL`, `NEAR` or `FAR` entries, or none before the first page.
    /// It only grows within a stream, so that what was inserted stays findable.
    table: Vec<u16>,
    /// The step with which a search begins.
    acceleration: usize,
    /// Bytes encoded since the start of the stream (saturating).
    encoded: usize,
}

impl FastEncoder {
    /// Makes an encoder; `acceleration` is clamped to 1..=65537 as liblz4 does. The table is allocated when the first
    /// page tells how large it needs to be.
    pub(crate) fn new(acceleration: u32) -> FastEncoder {
        FastEncoder {
            table: Vec::new(),
            acceleration: acceleration.clamp(1, 65537) as usize,
            encoded: 0,
        }
    }

    /// Writes `window[start..]`, the page, as one LZ4 block to the front of `out` and returns the block's length.
    ///
    /// Matches reach down to `window[floor]` at the lowest. `out` holds at least `compress_bound` of the page's
    /// length.
    pub(crate) fn encode(&mut self, window: &[u8], floor: usize, start: usize, out: &mut [u8]) -> usize {
        let page = window.len() - start;
        let fresh = self.encoded == 0;
        self.encoded = self.encoded.saturating_add(page);
        let entries = if self.encoded <= SMALL_STREAM {
            SMALL
        } else if page <= NEAR_PAGE && window.len() - floor <= NEAR_REACH {
            NEAR
        } else {
            FAR
        };
        if fresh {
            self.clear_table(entries, floor);
        } else if self.table.len() < entries {
            self.clear_table(entries, floor);
            self.insert_history(window, floor, start);
        }
        let step = self.acceleration;
        if let Ok(table) = <&mut [u16; SMALL]>::try_from(&mut self.table[..]) {
            encode_page(table, step, window, floor, start, out)
        } else if let Ok(table) = <&mut [u16; NEAR]>::try_from(&mut self.table[..]) {
            encode_page(table, step, window, floor, start, out)
        } else if let Ok(table) = <&mut [u16; FAR]>::try_from(&mut self.table[..]) {
            encode_page(table, step, window, floor, start, out)
        } else {
            unreachable!("the table has one of three lengths")
        }
    }

    /// Makes `window[floor..start]`, a dictionary, findable for the page that will begin at `start`. Called at the
    /// start of a stream.
    pub(crate) fn index(&mut self, window: &[u8], floor: usize, start: usize) {
        self.encoded = start - floor;
        let entries = if self.encoded <= SMALL_STREAM {
            SMALL
        } else if self.encoded <= NEAR_PAGE {
            NEAR
        } else {
            FAR
        };
        self.clear_table(entries, floor);
        self.insert_history(window, floor, start);
    }

    /// The caller moved the window's content down by `by` bytes.
    pub(crate) fn slide(&mut self, by: usize) {
        // Modulo 65536 is all that counts: a caller that slides by a multiple of it pays nothing.
        if by as u16 == 0 {
            return;
        }
        for entry in &mut self.table {
            *entry = entry.wrapping_sub(by as u16);
        }
    }

    /// Starts a new stream, with the output of a new encoder.
    pub(crate) fn reset(&mut self) {
        self.encoded = 0;
    }

    /// Every entry says `floor` afterwards. Zero would do as well for correct blocks, but which candidates it stands
    /// for would depend on where in the window the stream happens to begin.
    fn clear_table(&mut self, entries: usize, floor: usize) {
        self.table.resize(entries, 0);
        match floor as u16 {
            // Spelled out, this is one call of memset: of weight where a stream is one short message.
            0 => self.table.fill(0),
            floor => self.table.fill(floor),
        }
    }

    fn insert_history(&mut self, window: &[u8], floor: usize, start: usize) {
        match self.table.len() {
            SMALL => insert::<SMALL>(&mut self.table, window, floor, start),
            NEAR => insert::<NEAR>(&mut self.table, window, floor, start),
            _ => insert::<FAR>(&mut self.table, window, floor, start),
        }
    }
}

/// The table index for the bytes at a position, given the eight bytes there.
///
/// Five of them count, six in the largest table: with long history there is a match at almost every position of some
/// data, and fewer, longer matches make the block smaller and are faster to write. The product's high bits depend on
/// all bytes that were not shifted out.
#[inline(always)]
fn hash<const N: usize>(bytes: u64) -> usize {
    let unused = if N == FAR { 16 } else { 24 };
    ((bytes << unused).wrapping_mul(0x9E37_79B1_85EB_CA87) >> (64 - N.trailing_zeros())) as usize
}

/// Inserts every second position of `window[floor..start]`; extending matches backwards makes up for the others.
fn insert<const N: usize>(table: &mut [u16], window: &[u8], floor: usize, start: usize) {
    for (i, bytes) in window[floor..start].windows(8).enumerate().step_by(2) {
        table[hash::<N>(read_u64(bytes, 0))] = (floor + i) as u16;
    }
}

/// A place where history begins with the same bytes as a position.
#[derive(Clone, Copy)]
struct Candidate {
    position: usize,
    /// The eight bytes at the position, exclusive-or the eight bytes here.
    difference: u64,
}

/// Inserts `position`, where `bytes` are, and returns the candidate that was in its place if at least its first
/// `same` bits (32 or 64) are equal and it lies at `floor` or above.
#[inline(always)]
fn replace<const N: usize>(
    table: &mut [u16; N],
    window: &[u8],
    floor: usize,
    last: usize,
    position: usize,
    bytes: u64,
    same: u32,
) -> Option<Candidate> {
    let entry = &mut table[hash::<N>(bytes)];
    let distance = (position as u16).wrapping_sub(*entry) as usize;
    *entry = position as u16;
    if N == NEAR {
        // With small pages most of the table is stale, and which entries are cannot be predicted. So there is no
        // branch on it: an entry out of reach is compared all the same, with the position itself.
        let in_reach = distance.wrapping_sub(1) < position - floor;
        let candidate = position - select_unpredictable(in_reach, distance, 0);
        if candidate <= last {
            let difference = read_u64(window, candidate) ^ bytes;
            if (difference << (64 - same) | !in_reach as u64) == 0 {
                return Some(Candidate {
                    position: candidate,
                    difference,
                });
            }
        }
    } else {
        // Here entries are rarely out of reach. Comparing the bytes first leaves one branch that is seldom taken
        // (next to the one that keeps the load inside the window).
        let candidate = position.wrapping_sub(distance);
        if candidate <= last {
            let difference = read_u64(window, candidate) ^ bytes;
            if difference << (64 - same) == 0 && candidate >= floor && candidate < position {
                return Some(Candidate {
                    position: candidate,
                    difference,
                });
            }
        }
    }
    None
}

#[inline(never)]
fn encode_page<const N: usize>(
    table: &mut [u16; N],
    acceleration: usize,
    window: &[u8],
    floor: usize,
    start: usize,
    out: &mut [u8],
) -> usize {
    let mut written = 0;
    // Everything before this position is in the block.
    let mut anchor = start;
    if window.len() >= MATCH_MARGIN && start <= window.len() - MATCH_MARGIN {
        // The last position where the format lets a match start.
        let last = window.len() - MATCH_MARGIN;
        let mut position = start;
        let mut bytes = read_u64(window, position);
        'page: loop {
            let mut attempts = acceleration << PATIENCE;
            let mut step = 1;
            let mut found = loop {
                if let Some(found) = replace(table, window, floor, last, position, bytes, 32) {
                    break found;
                }
                position += step;
                step = attempts >> PATIENCE;
                attempts += 1;
                if position > last {
                    break 'page;
                }
                bytes = read_u64(window, position);
            };
            let mut back = length_back(
                window,
                found.position,
                position,
                (position - anchor).min(found.position - floor),
            );
            loop {
                let ahead = length_ahead(window, found, position);
                let offset = position - found.position;
                written = write_sequence(out, written, window, anchor, position - back, offset, back + ahead);
                position += ahead;
                anchor = position;
                if position > last {
                    break 'page;
                }
                // One position inside the match, so that the same data is found again where it begins differently.
                table[hash::<N>(read_u64(window, position - 2))] = (position - 2) as u16;
                bytes = read_u64(window, position);
                // A match right after a match: with long history only a long one pays, the search would often find
                // a longer one a byte or two later.
                let same = if N == FAR { 64 } else { 32 };
                match replace(table, window, floor, last, position, bytes, same) {
                    Some(next) => found = next,
                    None => break,
                }
                back = 0;
            }
            position += 1;
            if position > last {
                break 'page;
            }
            bytes = read_u64(window, position);
        }
    }
    write_last_literals(out, written, window, anchor)
}

/// How many bytes before `earlier` and `later` are equal, at most `limit`.
#[inline(always)]
fn length_back(window: &[u8], earlier: usize, later: usize, limit: usize) -> usize {
    if earlier >= 8 && later >= 8 {
        let difference = read_u64(window, later - 8) ^ read_u64(window, earlier - 8);
        let length = (difference.leading_zeros() as usize / 8).min(limit);
        if length < 8 {
            return length;
        }
    }
    let mut length = 0;
    while length < limit && window[later - length - 1] == window[earlier - length - 1] {
        length += 1;
    }
    length
}

/// The length of the match of `position` with `found`, without the last literals of the page.
#[inline(always)]
fn length_ahead(window: &[u8], found: Candidate, position: usize) -> usize {
    // Most matches are shorter than sixteen bytes, and how short cannot be predicted: no branch for them.
    if let Some(next) = window.get(position + 8..position + 16 + LAST_LITERALS) {
        let difference = read_u64(next, 0) ^ read_u64(window, found.position + 8);
        let whole = ((found.difference == 0) as u32).wrapping_neg();
        let length = found.difference.trailing_zeros() / 8 + ((difference.trailing_zeros() / 8) & whole);
        if length < 16 {
            return length as usize;
        }
    }
    match_length(window, found.position, position, window.len() - LAST_LITERALS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::sequence::MIN_MATCH;

    fn compress_bound(length: usize) -> usize {
        length + length / 255 + 16
    }

    /// xorshift64: the tests must not depend on anything outside this file.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        fn below(&mut self, bound: usize) -> usize {
            (self.next() >> 16) as usize % bound
        }
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut random = Random(0x2545_F491_4F6C_DD1D);
        (0..length).map(|_| (random.next() >> 24) as u8).collect()
    }

    /// Words, drawn unevenly.
    fn text(length: usize) -> Vec<u8> {
        let mut random = Random(88_172_645_463_325_252);
        let words: Vec<Vec<u8>> = (0..600)
            .map(|_| {
                (0..2 + random.below(9))
                    .map(|_| b'a' + random.below(26) as u8)
                    .collect()
            })
            .collect();
        let mut text = Vec::new();
        while text.len() < length {
            let most = 1 + random.below(words.len());
            text.extend_from_slice(&words[random.below(most)]);
            text.push(b' ');
        }
        text.truncate(length);
        text
    }

    /// Runs, repeats at all distances and noise, of all lengths.
    fn mixed(length: usize) -> Vec<u8> {
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let mut data: Vec<u8> = vec![0; 3];
        while data.len() < length {
            let most = 1 << (1 + random.below(10));
            let count = 1 + random.below(most);
            match random.below(3) {
                0 => data.extend((0..count).map(|_| (random.next() >> 24) as u8)),
                1 => data.resize(data.len() + count, (count % 7) as u8),
                _ => {
                    let most = 1 << (1 + random.below(17));
                    let distance = 1 + random.below(data.len().min(most));
                    for _ in 0..count {
                        data.push(data[data.len() - distance]);
                    }
                }
            }
        }
        data.truncate(length);
        data
    }

    fn samples(length: usize) -> [Vec<u8>; 4] {
        [noise(length), text(length), mixed(length), vec![b'x'; length]]
    }

    /// Decodes `block` with nothing but `history` before it, and checks every rule for what a writer may write.
    fn decode(block: &[u8], history: &[u8]) -> Vec<u8> {
        fn length(block: &[u8], at: &mut usize, code: u8) -> usize {
            let mut length = code as usize;
            let mut more = code == 15;
            while more {
                length += block[*at] as usize;
                more = block[*at] == 255;
                *at += 1;
            }
            length
        }
        let mut data = history.to_vec();
        let mut at = 0;
        let mut last_match = None;
        loop {
            let token = block[at];
            at += 1;
            let literals = length(block, &mut at, token >> 4);
            data.extend_from_slice(&block[at..at + literals]);
            at += literals;
            if at == block.len() {
                assert_eq!(token & 15, 0, "no match follows the last literals");
                if let Some(begin) = last_match {
                    assert!(literals >= 5);
                    assert!(begin + 12 <= data.len());
                }
                return data.split_off(history.len());
            }
            let offset = u16::from_le_bytes([block[at], block[at + 1]]) as usize;
            at += 2;
            assert!(
                offset >= 1 && offset <= data.len(),
                "offset {offset} with {} bytes of history",
                data.len()
            );
            last_match = Some(data.len());
            for _ in 0..length(block, &mut at, token & 15) + MIN_MATCH {
                data.push(data[data.len() - offset]);
            }
        }
    }

    /// A window as the compressor keeps it.
    struct Stream {
        encoder: FastEncoder,
        window: Vec<u8>,
        previous: usize,
    }

    impl Stream {
        fn new(encoder: FastEncoder) -> Stream {
            Stream {
                encoder,
                window: Vec::new(),
                previous: 0,
            }
        }

        /// Encodes a page with only the page before it as history, checks the block, and returns it.
        fn page(&mut self, page: &[u8]) -> Vec<u8> {
            let start = self.window.len();
            let floor = self.previous.max(start.saturating_sub(65536));
            self.previous = start;
            self.encode(page, floor)
        }

        fn encode(&mut self, page: &[u8], floor: usize) -> Vec<u8> {
            let start = self.window.len();
            self.window.extend_from_slice(page);
            let mut out = vec![0xA5; compress_bound(page.len())];
            let length = self.encoder.encode(&self.window, floor, start, &mut out);
            out.truncate(length);
            assert!(decode(&out, &self.window[floor..start]) == page);
            out
        }

        fn slide(&mut self, by: usize) {
            self.window.drain(..by);
            self.previous -= by;
            self.encoder.slide(by);
        }
    }

    fn blocks(encoder: FastEncoder, data: &[u8], page: usize) -> Vec<Vec<u8>> {
        let mut stream = Stream::new(encoder);
        data.chunks(page).map(|page| stream.page(page)).collect()
    }

    #[test]
    fn every_small_page_round_trips() {
        for data in samples(4000) {
            let mut stream = Stream::new(FastEncoder::new(1));
            let mut data = &data[..];
            for length in (0..=64).rev() {
                let (page, rest) = data.split_at(length);
                stream.page(page);
                Stream::new(FastEncoder::new(1)).page(page);
                data = rest;
            }
        }
    }

    #[test]
    fn pages_of_any_size_round_trip() {
        for data in samples(300_000) {
            for page in [
                67, 200, 255, 511, 513, 1000, 4096, 20_011, 32_768, 32_769, 65_535, 65_536, 65_537, 299_999,
            ] {
                blocks(FastEncoder::new(1), &data[..data.len().min(page * 64)], page);
            }
        }
    }

    #[test]
    fn pages_of_mixed_sizes_round_trip() {
        for data in samples(500_000) {
            for acceleration in [1, 3] {
                let mut random = Random(4711);
                let mut stream = Stream::new(FastEncoder::new(acceleration));
                let mut data = &data[..];
                while !data.is_empty() {
                    let most = 1 << (1 + random.below(17));
                    let (page, rest) = data.split_at(random.below(most).min(data.len()));
                    stream.page(page);
                    data = rest;
                }
            }
        }
    }

    #[test]
    fn long_history_is_used_where_it_is_allowed() {
        let page = noise(1000);
        let mut stream = Stream::new(FastEncoder::new(1));
        stream.encode(&page, 0);
        for filler in noise(64_000).chunks(1000) {
            let floor = stream.window.len().saturating_sub(65_535);
            stream.encode(filler, floor);
        }
        // Sixty-four pages on, the last bytes of the first page can just be reached.
        let floor = stream.window.len() - 65_000;
        assert!(stream.encode(&page, floor).len() < 100);
        let floor = stream.window.len() - 1000;
        assert!(stream.encode(&noise(70_000)[64_500..65_500], floor).len() > 1000);
    }

    #[test]
    fn nothing_below_floor_is_used() {
        // The very same page again and again, but it may not be looked back at.
        for length in [100, 1000, 10_000, 60_000] {
            let page = noise(length);
            let mut stream = Stream::new(FastEncoder::new(1));
            for _ in 0..4 {
                let floor = stream.window.len();
                assert!(stream.encode(&page, floor).len() > length);
            }
            let start = stream.window.len();
            assert!(stream.encode(&page, start - length).len() < length / 5 + 20);
        }
    }

    #[test]
    fn the_floor_is_exact() {
        // Each of the three tables.
        for length in [200, 5000, 40_000] {
            let history = noise(length);
            for (first, most) in [(50, 11), (49, 12), (48, 13)] {
                let mut stream = Stream::new(FastEncoder::new(1));
                stream.page(&history);
                let block = stream.encode(&history[first..first + 40], 50);
                assert!(block.len() <= most, "{length} {first}: {}", block.len());
                assert_eq!(block[block.len() - 6], 0x50, "five last literals");
            }
        }
    }

    #[test]
    fn bytes_before_a_match_are_counted_exactly() {
        let noise = noise(100);
        for length in 0..40 {
            let mut window = [&noise[..50], &noise[..50]].concat();
            window[90 - length - 1] ^= 1;
            assert_eq!(length_back(&window, 40, 90, 40), length);
            assert_eq!(length_back(&window, 40, 90, length / 2), length / 2);
        }
    }

    #[test]
    fn a_match_begins_before_the_place_it_was_found_at() {
        let dictionary = noise(300);
        for first in 100..110 {
            let mut stream = Stream::new(FastEncoder::new(1));
            stream.window = dictionary.clone();
            stream.encoder.index(&stream.window, 0, 300);
            assert_eq!(stream.encode(&dictionary[first..first + 100], 0)[0] >> 4, 0);
        }
    }

    #[test]
    fn matches_a_whole_offset_away_are_found_and_none_farther() {
        let page = noise(65_536 + 40);
        for (distance, found) in [(65_535, true), (65_536, false), (65_537, false)] {
            let mut stream = Stream::new(FastEncoder::new(1));
            stream.encode(&page[..distance], 0);
            assert_eq!(stream.encode(&page[..40], 0).len() < 40, found);
        }
    }

    #[test]
    fn noise_stays_within_the_bound() {
        for length in [0, 1, 12, 13, 254, 255, 256, 1000, 65_536, 200_000] {
            let block = Stream::new(FastEncoder::new(1)).page(&noise(length));
            assert!(block.len() <= 1 + length + length / 255 + 1);
        }
    }

    #[test]
    fn reset_is_as_good_as_new() {
        for data in samples(200_000) {
            for page in [100, 1000, 8192, 65_536] {
                let mut encoder = FastEncoder::new(1);
                let new = blocks(encoder.clone(), &data, page);
                for used in [300, 5000, 150_000] {
                    let mut stream = Stream::new(encoder);
                    stream.page(&text(used));
                    encoder = stream.encoder;
                    encoder.reset();
                    assert!(blocks(encoder.clone(), &data, page) == new);
                }
                // The stream may begin anywhere in the window.
                let mut stream = Stream::new(encoder);
                stream.window = text(12_345);
                stream.previous = 12_345;
                assert!(data.chunks(page).map(|page| stream.page(page)).eq(new));
            }
        }
    }

    #[test]
    fn reset_allocates_nothing() {
        let mut encoder = FastEncoder::new(1);
        assert_eq!(encoder.table.capacity(), 0);
        blocks(encoder.clone(), &text(200_000), 65_536);
        let mut stream = Stream::new(encoder);
        stream.page(&text(100_000));
        encoder = stream.encoder;
        let table = (encoder.table.as_ptr(), encoder.table.capacity());
        encoder.reset();
        let mut stream = Stream::new(encoder);
        stream.page(&text(100));
        stream.page(&text(1000));
        stream.page(&text(100_000));
        assert_eq!((stream.encoder.table.as_ptr(), stream.encoder.table.capacity()), table);
    }

    #[test]
    fn slides_leave_no_trace() {
        for data in samples(400_000) {
            for page in [100, 1000, 7777, 65_536] {
                let data = &data[..data.len().min(page * 200)];
                let still = blocks(FastEncoder::new(1), data, page);
                let mut random = Random(99);
                let mut stream = Stream::new(FastEncoder::new(1));
                for (page, expected) in data.chunks(page).zip(&still) {
                    if random.below(3) == 0 {
                        let most = stream.previous;
                        let by = if random.below(2) == 0 {
                            most
                        } else {
                            random.below(most + 1)
                        };
                        stream.slide(by);
                    }
                    assert!(stream.page(page) == *expected);
                }
            }
        }
    }

    #[test]
    fn a_dictionary_is_found() {
        for length in [10, 300, 5000, 40_000, 65_535, 65_536] {
            let dictionary = noise(length);
            let mut stream = Stream::new(FastEncoder::new(1));
            // What is before the dictionary does not matter.
            stream.window = vec![7; 123];
            stream.window.extend_from_slice(&dictionary);
            stream.encoder.index(&stream.window, 123, 123 + length);
            let page = &dictionary[length.saturating_sub(300)..];
            let block = stream.encode(page, 123);
            assert!(length < 20 || block.len() < 40, "{length}: {}", block.len());

            stream.encoder.reset();
            let mut again = Stream::new(stream.encoder);
            let start = again.window.len();
            assert!(again.encode(page, start) == Stream::new(FastEncoder::new(1)).page(page));
        }
    }

    #[test]
    fn history_is_found_after_the_table_grew() {
        for (before, after) in [(400, 600), (400, 40_000), (30_000, 40_000)] {
            let data = noise(before + after);
            let mut stream = Stream::new(FastEncoder::new(1));
            stream.page(&data[after..]);
            let table = stream.encoder.table.len();
            // The second page begins inside the first (an empty entry stands for its start), and is otherwise new.
            let block = stream.page(&[&data[after + 20..], &data[..after]].concat());
            assert!(stream.encoder.table.len() > table);
            assert!(block.len() < after + after / 255 + before / 100 + 30);
        }
    }

    #[test]
    fn acceleration_is_clamped_and_makes_larger_blocks() {
        let data = text(200_000);
        for page in [1000, 65_536] {
            let size = |acceleration| {
                blocks(FastEncoder::new(acceleration), &data, page)
                    .iter()
                    .map(Vec::len)
                    .sum::<usize>()
            };
            assert_eq!(size(0), size(1));
            assert_eq!(size(65_537), size(u32::MAX));
            assert!(size(1) < size(8) && size(8) < size(64) && size(64) <= size(65_537));
        }
    }
}
