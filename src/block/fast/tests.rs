use super::choice::*;
use super::offsets::Offsets;
use super::*;
use crate::block::random::{Random, mixed, text};
use crate::block::reference::{Sequence, Strict, sequences};
use crate::format::compress_bound;

fn noise(length: usize) -> Vec<u8> {
    Random::new(1).bytes(length)
}

/// Consecutive numbers, whose matches have five bytes.
fn numbers(length: usize) -> Vec<u8> {
    let mut numbers = Vec::new();
    for number in 10_000.. {
        if numbers.len() >= length {
            break;
        }
        numbers.extend_from_slice(format!("{}\n", number % 90_000 + 10_000).as_bytes());
    }
    numbers.truncate(length);
    numbers
}

/// Records of 24 bytes, whose fields often differ from those of the last record in one or two bytes.
fn records(length: usize) -> Vec<u8> {
    let mut random = Random::new(5);
    let (mut time, mut values, mut records) = (1_700_000_000, [500_i32; 8], Vec::new());
    while records.len() < length {
        let sensor = random.below(8);
        time += random.below(3) as i32;
        values[sensor] += random.below(7) as i32 - 3;
        let value = values[sensor];
        for field in [time, sensor as i32, value, values[(sensor + 1) % 8]] {
            records.extend(field.to_le_bytes());
        }
        records.extend((value as f32 * 0.25).to_le_bytes());
        records.extend((random.below(4) as u32).to_le_bytes());
    }
    records.truncate(length);
    records
}

/// Records of 20 bytes with a random field and a counter, where hardly any match follows right after another.
fn counters(length: usize) -> Vec<u8> {
    let mut random = Random::new(8);
    let (mut count, mut records) = (0_u64, Vec::new());
    while records.len() < length {
        records.extend((random.below(1 << 20) as u64).to_le_bytes());
        records.extend(count.to_le_bytes());
        records.extend(b"ok\0\0");
        count += 1000;
    }
    records.truncate(length);
    records
}

/// As machine code: operations of 5 to 9 bytes, some of them frequent, each with an operand that is mostly new.
fn instructions(length: usize) -> Vec<u8> {
    let mut random = Random::new(10);
    let operations: Vec<_> = (0..400).map(|i| random.bytes(5 + i % 5)).collect();
    let mut code = Vec::new();
    while code.len() < length {
        let (count, operand) = (1 + random.below(20), random.below(6));
        code.extend(&operations[random.below(20) * count]);
        code.extend(random.bytes(operand));
    }
    code.truncate(length);
    code
}

/// Lines of numbers, of which many are new.
fn lines(length: usize) -> Vec<u8> {
    let mut random = Random::new(6);
    let mut lines = Vec::new();
    for line in 0.. {
        if lines.len() >= length {
            break;
        }
        let (a, b) = (10_000 + random.below(3000), random.below(1 << 30));
        lines.extend(format!("{},{a},{b},{a}\n", 1000 + line / 16).into_bytes());
    }
    lines.truncate(length);
    lines
}

/// Lines of random hexadecimal digits.
fn random_digits(length: usize) -> Vec<u8> {
    let mut random = Random::new(8);
    let mut digits = Vec::new();
    while digits.len() < length {
        let [a, b, c] = [(); 3].map(|()| random.next() as u32);
        digits.extend(format!("{a:08x}-{b:08x}-{c:08x}\n").into_bytes());
    }
    digits.truncate(length);
    digits
}

/// Versions of a list of about `len` bytes, one after the other. In each, about one line in `lines` has a new number.
fn versions(length: usize, len: usize, lines: usize) -> Vec<u8> {
    let mut random = Random::new(7);
    let line = |random: &mut Random| format!("item {:08x} is optional\n", random.next() as u32).into_bytes();
    let mut list: Vec<_> = (0..len / 26).map(|_| line(&mut random)).collect();
    let mut versions = Vec::new();
    while versions.len() < length {
        versions.extend(list.concat());
        for _ in 0..list.len() / lines {
            let changed = random.below(list.len());
            list[changed] = line(&mut random);
        }
    }
    versions.truncate(length);
    versions
}

fn samples(length: usize) -> [Vec<u8>; 5] {
    [
        noise(length),
        text(2, length),
        mixed(3, length),
        vec![b'x'; length],
        numbers(length),
    ]
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
        assert!(Strict::new(page.len(), true, &self.window[floor..start]).page(&out) == page);
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
            let mut random = Random::new(4711);
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
            let noise = noise(400_000);
            for used in [text(2, 300), text(2, 5000), text(2, 150_000), numbers(150_000), noise] {
                let mut stream = Stream::new(encoder);
                stream.page(&used);
                encoder = stream.encoder;
                encoder.reset();
                assert!(blocks(encoder.clone(), &data, page) == new);
            }
            // The stream may begin anywhere in the window.
            let mut stream = Stream::new(encoder);
            stream.window = text(2, 12_345);
            stream.previous = 12_345;
            assert!(data.chunks(page).map(|page| stream.page(page)).eq(new));
        }
    }
}

#[test]
fn reset_allocates_nothing() {
    let mut encoder = FastEncoder::new(1);
    assert_eq!(encoder.table.capacity(), 0);
    blocks(encoder.clone(), &text(2, 200_000), 65_536);
    let mut stream = Stream::new(encoder);
    stream.page(&text(2, 100_000));
    encoder = stream.encoder;
    let table = (encoder.table.as_ptr(), encoder.table.capacity());
    encoder.reset();
    let mut stream = Stream::new(encoder);
    stream.page(&text(2, 100));
    stream.page(&text(2, 1000));
    stream.page(&text(2, 100_000));
    assert_eq!((stream.encoder.table.as_ptr(), stream.encoder.table.capacity()), table);
}

#[test]
fn slides_leave_no_trace() {
    for data in samples(400_000) {
        for page in [100, 1000, 7777, 65_536] {
            let data = &data[..data.len().min(page * 200)];
            let still = blocks(FastEncoder::new(1), data, page);
            let mut random = Random::new(99);
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

/// Nothing of the stream before a dictionary counts.
#[test]
fn after_a_dictionary_the_encoder_is_as_good_as_new() {
    let dictionary = text(4, 65_536);
    let with_dictionary = |encoder| {
        let mut stream = Stream::new(encoder);
        stream.window = dictionary.clone();
        stream.encoder.index(&stream.window, 0, dictionary.len());
        numbers(100_000)
            .chunks(65_536)
            .map(|page| stream.page(page))
            .collect::<Vec<_>>()
    };
    let new = with_dictionary(FastEncoder::new(1));
    for data in [numbers(200_000), noise(400_000)] {
        let mut used = Stream::new(FastEncoder::new(1));
        used.page(&data);
        assert!(with_dictionary(used.encoder) == new);
    }
}

#[test]
fn pages_that_do_not_shrink_are_counted() {
    let mut stream = Stream::new(FastEncoder::new(1));
    for page_len in [300, 4096, 65_536, 500_000] {
        stream.page(&text(2, page_len));
        assert_eq!(stream.encoder.barren, 0);
        for pages in 1..4 {
            stream.page(&Random::new(pages as u64).bytes(page_len));
            assert_eq!(stream.encoder.barren, pages * page_len);
        }
    }
}

#[test]
fn barren_pages_make_the_steps_of_the_next_one_larger() {
    for (acceleration, barren, page_len, step) in [
        (1, 0, 1 << 20, 1),
        (1, BARREN_SPACING - 1, 1 << 20, 1),
        (1, BARREN_SPACING, 1 << 20, 2),
        (1, 10 * BARREN_SPACING, 1 << 20, 11),
        (1, usize::MAX, 1 << 20, 256),
        (1, usize::MAX, 1 << 10, 8),
        (1, usize::MAX, 100, 2),
        (1, usize::MAX, 10, 1),
        (1, usize::MAX, 0, 1),
        (20, 10 * BARREN_SPACING, 1 << 20, 20),
        (20, usize::MAX, 1 << 20, 256),
    ] {
        let mut encoder = FastEncoder::new(acceleration);
        encoder.barren = barren;
        assert_eq!(
            encoder.opening_step(page_len),
            step,
            "{acceleration} {barren} {page_len}"
        );
    }
}

#[test]
fn few_positions_of_barren_pages_are_searched() {
    // (The length divided by the step, which is 8, 16 and 64, and a few more: the very first step is one byte.)
    for (page, most) in [(1024, 130), (4096, 260), (65_536, 1050)] {
        let mut stream = Stream::new(FastEncoder::new(1));
        for seed in 0..128 {
            stream.page(&Random::new(100 + seed).bytes(page));
            let by = stream.previous;
            stream.slide(by);
        }
        stream.encoder.table.fill(0);
        stream.page(&Random::new(1).bytes(page));
        let inserted = stream.encoder.table.iter().filter(|&&entry| entry > 0).count();
        assert!((most / 3..most).contains(&inserted), "{page}: {inserted}");
    }
}

/// The large steps end with the first match, and even in pages of 1 KiB that comes soon.
#[test]
fn data_after_barren_pages_is_compressed() {
    let sum = |blocks: &[Vec<u8>]| blocks.iter().map(Vec::len).sum::<usize>();
    for (page, lost) in [(1024, 256), (4096, 512), (8192, 512), (65_536, 1024)] {
        for data in [text(2, 100_000), records(100_000), instructions(100_000)] {
            let alone = sum(&blocks(FastEncoder::new(1), &data, page));
            let both = blocks(FastEncoder::new(1), &[noise(10 * 65_536), data].concat(), page);
            let (barren, others) = both.split_at(10 * 65_536 / page);
            assert!(barren.iter().all(|block| block.len() > page));
            assert!(
                100 * sum(others) <= 101 * alone + 100 * lost,
                "{page}: {} {alone}",
                sum(others)
            );
        }
    }
}

#[test]
fn history_is_found_after_the_table_grew() {
    for (before, after) in [(400, 600), (400, 5000), (400, 40_000), (30_000, 40_000)] {
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
fn matches_of_five_bytes_are_found_where_there_are_no_longer_ones() {
    let data = numbers(400_000);
    for page in [1000, 32_768, 32_769, 65_536, 400_000] {
        let size: usize = blocks(FastEncoder::new(1), &data, page).iter().map(Vec::len).sum();
        assert!(size < data.len() * 71 / 100, "{page}: {size}");
    }
}

/// What the hash was chosen for must not last: it makes other data slower.
#[test]
fn six_bytes_are_hashed_again_when_the_data_changes() {
    for before in [noise(100_000), numbers(100_000), random_digits(100_000)] {
        for page in [65_536, 1 << 20] {
            let mut stream = Stream::new(FastEncoder::new(1));
            let data = [&before[..], &text(2, 100_000)].concat();
            for page in data.chunks(page) {
                stream.page(page);
            }
            assert_eq!(stream.encoder.choice.search, Search::Six);
        }
    }
    let mut stream = Stream::new(FastEncoder::new(1));
    stream.page(&numbers(100_000));
    assert_eq!(stream.encoder.choice.search, Search::Five);
}

/// The matches of random digits are not worth their time. Those of data that has none take none.
#[test]
fn matches_by_chance_are_searched_in_larger_steps() {
    let digits = random_digits(300_000);
    assert_eq!(searched(FastEncoder::new(1), &digits, 65_536).1, Search::Bare);
    assert_eq!(searched(FastEncoder::new(2), &digits, 65_536).1, Search::Five);
    assert_eq!(searched(FastEncoder::new(1), &noise(300_000), 65_536).1, Search::Five);
    let mut random = Random::new(3);
    let decimals: String = (0..30_000)
        .map(|_| format!("{}\n", random.below(1_000_000_000)))
        .collect();
    assert_eq!(
        searched(FastEncoder::new(1), decimals.as_bytes(), 65_536).1,
        Search::Bare
    );
    // Steps of three bytes would always come to the same digit.
    let spaced = random
        .bytes(100_000)
        .iter()
        .map(|byte| format!("{byte:02x} "))
        .collect::<String>();
    assert_eq!(searched(FastEncoder::new(1), spaced.as_bytes(), 65_536).1, Search::Five);
    // All matches have five bytes, but at few offsets.
    assert_eq!(searched(FastEncoder::new(1), &numbers(300_000), 65_536).1, Search::Five);

    let after = |search, segments: &[(usize, usize)]| {
        let mut choice = Choice {
            search,
            bare: search == Search::Bare,
            ..Choice::new(1)
        };
        for &(block, short) in segments {
            choice.segment = Shrinkage {
                content: SEGMENT,
                block,
            };
            choice.short = short;
            choice.change();
        }
        choice.search
    };
    const BLOCK: usize = SEGMENT - 163;
    assert_eq!(after(Search::Five, &[(BLOCK, 41)]), Search::Five);
    assert_eq!(after(Search::Five, &[(BLOCK, 41); 2]), Search::Bare);
    assert_eq!(after(Search::Five, &[(BLOCK, 40); 2]), Search::Five);
    assert_eq!(after(Search::Five, &[(BLOCK - 1, 41); 2]), Search::Five);
    // Larger steps find fewer.
    assert_eq!(
        after(Search::Five, &[(BLOCK, 41), (BLOCK, 41), (SEGMENT - 11, 3)]),
        Search::Bare
    );
    assert_eq!(after(Search::Bare, &[(BLOCK - 1, 41)]), Search::Five);
    // A larger share of the data is worth the time.
    const SHARE: usize = SEGMENT - SEGMENT / 5;
    assert_eq!(after(Search::Five, &[(SHARE + 1, 1100); 2]), Search::Bare);
    assert_eq!(after(Search::Five, &[(SHARE, 1100); 2]), Search::Five);
    // Now and then, all are searched.
    assert_eq!(after(Search::Bare, &[(BLOCK, 41); 64]), Search::Bare);
    assert_eq!(after(Search::Bare, &[(BLOCK, 41); 65]), Search::Five);
    assert_eq!(after(Search::Bare, &[(BLOCK, 41); 67]), Search::Bare);
}

/// A short part that cannot be compressed changes nothing, so that it costs no time.
#[test]
fn one_poor_segment_does_not_change_the_hash() {
    let mut stream = Stream::new(FastEncoder::new(1));
    for _ in 0..3 {
        stream.page(&[text(2, 40_000), noise(SEGMENT)].concat());
        assert_ne!(stream.encoder.choice.search, Search::Five);
    }
}

#[test]
fn one_meagre_segment_is_enough_if_it_has_no_long_run() {
    let after = |search, content, block, longest_run| {
        let mut choice = Choice {
            search,
            segment: Shrinkage { content, block },
            longest_run,
            ..Choice::new(1)
        };
        choice.change();
        choice.search
    };
    let meagre = SEGMENT * 9 / 10;
    assert_eq!(after(Search::Six, SEGMENT, meagre, SEGMENT / 4), Search::Five);
    assert_eq!(after(Search::Six, SEGMENT, meagre, SEGMENT / 4 + 1), Search::Six);
    assert_eq!(after(Search::Six, SEGMENT, SEGMENT * 8 / 10, 0), Search::Six);
    // At the beginning of a stream.
    assert_eq!(after(Search::Six, SEGMENT / 2, meagre / 2, 0), Search::Six);
    // It must not change back at once.
    assert_eq!(after(Search::Five, SEGMENT, meagre, 0), Search::Five);
    assert_eq!(after(Search::Five, SEGMENT, SEGMENT * 8 / 10, 0), Search::Six);
}

/// The longest run of literals is that of the segment, however the pages divide it.
#[test]
fn runs_of_literals_are_measured_across_parts() {
    let sequence = |literals: usize| {
        let window = vec![7; literals];
        let mut out = vec![0; literals + 300];
        let room = out.len();
        let span = Span {
            from: 0,
            to: literals,
            offset: 9,
            length: 4,
        };
        let end = room - append_any_sequence(&mut out, &window, span).len();
        out.truncate(end);
        out
    };
    let add = |choice: &mut Choice, pending, sequences: Vec<u8>, unwritten| {
        let block = sequences.len() + unwritten;
        choice.add(pending, block + block / 100, block, 0, &sequences);
        (choice.run, choice.longest_run)
    };
    let mut choice = Choice::new(1);
    // The end of one page, a page without matches, and the beginning of the next page.
    assert_eq!(
        add(&mut choice, 0, [sequence(500), sequence(400)].concat(), 600),
        (600, 600)
    );
    assert_eq!(add(&mut choice, 0, Vec::new(), 1000), (1000 + 600, 1600));
    assert_eq!(add(&mut choice, 0, sequence(300), 0), (0, 1900));
    choice.change();
    // Another segment of a page. The first 3000 literals belong to the one before.
    assert_eq!(add(&mut choice, 3000, Vec::new(), 3500), (500, 500));
    assert_eq!(add(&mut choice, 3500, sequence(3700), 10), (10, 700));
    // A part that shrank has no long run.
    choice.add(0, 2000, 1000, 0, &[]);
    assert_eq!((choice.run, choice.longest_run), (0, 700));
}

/// After a change, many positions are inserted again. Small pages over a long history must not change all the time:
/// that took a hundred times as long as liblz4.
#[test]
fn small_pages_change_the_hash_no_more_often_than_large_ones() {
    for lengths in [[27, 27, 40], [100, 100, 100], [1000, 1000, 1000]] {
        let mut random = Random::new(1);
        let mut stream = Stream::new(FastEncoder::new(1));
        let (mut page, mut six, mut changes) = (Vec::new(), true, 0);
        for number in 0.. {
            let len = lengths[number % 3];
            // Two pages of noise ask for five bytes, and a repeated one for six.
            if number % 3 < 2 {
                page = random.bytes(len);
            } else {
                page.resize(len, 0);
            }
            let floor = stream.window.len().saturating_sub(65_536);
            stream.encode(&page, floor);
            changes += ((stream.encoder.choice.search == Search::Six) != six) as usize;
            six = stream.encoder.choice.search == Search::Six;
            if stream.window.len() > 400_000 {
                break;
            }
        }
        assert_eq!(stream.encoder.table.len(), FAR);
        assert!(changes <= stream.window.len() / SEGMENT, "{changes}");
    }
}

/// Encodes the data, checks the blocks, and returns their size. Also returns the search that was chosen last, and how
/// often another one than `Six` was after a page.
fn searched(encoder: FastEncoder, data: &[u8], page: usize) -> (usize, Search, usize) {
    let mut stream = Stream::new(encoder);
    let (mut size, mut others) = (0, 0);
    for page in data.chunks(page) {
        size += stream.page(page).len();
        others += (stream.encoder.choice.search != Search::Six) as usize;
    }
    (size, stream.encoder.choice.search, others)
}

/// Compares nothing, takes no sample, and guesses nothing.
fn only_six(choice: Choice) -> Choice {
    Choice {
        stage: Stage::Waiting(u32::MAX),
        sample_wait: u32::MAX,
        ..choice
    }
}

#[test]
fn short_matches_are_taken_where_the_blocks_become_smaller() {
    let kinds = [
        (records(2_000_000), Search::Short, 96),
        (lines(2_000_000), Search::Short, 99),
    ];
    for (data, expected, percent) in kinds {
        for page in [32_769, 65_536, 1_000_000] {
            let (size, search, _) = searched(FastEncoder::new(1), &data, page);
            assert_eq!(search, expected, "{page}");
            let mut without = FastEncoder::new(1);
            without.choice = only_six(without.choice);
            let (size_without, search, _) = searched(without, &data, page);
            assert_eq!(search, Search::Six);
            assert!(size < size_without * percent / 100, "{page}: {size} {size_without}");
        }
    }
}

/// It loses a little, but not more than the matches that are farther away are longer.
#[test]
fn where_matches_are_lone_a_part_of_the_table_is_enough() {
    for acceleration in [1, 8] {
        for page in [32_769, 65_536, 1_000_000] {
            let data = counters(1_000_000);
            let (size, search, _) = searched(FastEncoder::new(acceleration), &data, page);
            assert_eq!(search, Search::Lean, "{acceleration} {page}");
            let mut without = FastEncoder::new(acceleration);
            without.choice = only_six(without.choice);
            let (size_without, search, _) = searched(without, &data, page);
            assert_eq!(search, Search::Six);
            assert!(size < size_without * 104 / 100, "{page}: {size} {size_without}");
        }
    }
}

/// Records of 40 bytes: a number, a time, one of a few names, a price and a quantity.
fn trades(length: usize) -> Vec<u8> {
    let mut random = Random::new(11);
    let names: Vec<_> = (0..40)
        .map(|_| (random.bytes(3), random.below(50_000) as f64))
        .collect();
    let (mut number, mut time, mut trades) = (1_u64 << 39, 1_700_000_000_000_000_000_u64, Vec::new());
    while trades.len() < length {
        number += 1 + random.below(3) as u64;
        time += random.below(2_000_000) as u64;
        let (name, price) = &names[random.below(40) * random.below(40) / 40];
        trades.extend(number.to_le_bytes());
        trades.extend(time.to_le_bytes());
        trades.extend(name);
        trades.extend(b"     ");
        trades.extend((price + random.below(40) as f64 / 100.0).to_le_bytes());
        trades.extend((100 + 100 * random.below(20) as u32).to_le_bytes());
        trades.extend((1_u32 << random.below(4)).to_le_bytes());
    }
    trades.truncate(length);
    trades
}

/// Tries no other steps.
fn single_steps(choice: Choice) -> Choice {
    let mut choice = choice;
    choice.steps.wait = u32::MAX;
    choice
}

/// Encodes the data and checks the blocks. Returns their size and after how many pages the steps were larger.
fn stepped(encoder: FastEncoder, data: &[u8], page: usize) -> (usize, usize) {
    let mut stream = Stream::new(encoder);
    let (mut size, mut larger) = (0, 0);
    for page in data.chunks(page) {
        size += stream.page(page).len();
        larger += (stream.encoder.choice.steps.exponent > 0) as usize;
    }
    (size, larger)
}

#[test]
fn steps_are_larger_where_they_miss_nothing() {
    let data = trades(1_000_000);
    for page in [32_769, 65_536, 200_000] {
        let pages = data.len().div_ceil(page);
        let (size, larger) = stepped(FastEncoder::new(1), &data, page);
        assert!(larger >= pages - 130_000usize.div_ceil(page), "{page}: {larger}");
        let mut without = FastEncoder::new(1);
        without.choice = single_steps(without.choice);
        let (size_without, none) = stepped(without, &data, page);
        assert_eq!(none, 0);
        assert!(size < size_without, "{page}: {size} {size_without}");
    }
    // With an acceleration, nothing is tried.
    assert_eq!(stepped(FastEncoder::new(2), &data, 65_536).1, 0);
}

#[test]
fn steps_stay_small_where_larger_ones_would_miss_matches() {
    for data in [text(2, 600_000), instructions(600_000), lines(600_000), words(600_000)] {
        assert_eq!(stepped(FastEncoder::new(1), &data, 65_536).1, 0);
    }
}

/// Records of random fields, of which an eighth is saved, or a little less or more.
fn flows(length: usize, percent: usize) -> Vec<u8> {
    let mut random = Random::new(12);
    let mut flows = Vec::new();
    while flows.len() < length {
        let more = random.below(100) < percent;
        flows.extend((1_700_000_000 + flows.len() as u32 / 500).to_le_bytes());
        flows.extend(random.bytes(if more { 22 } else { 20 }));
        flows.extend(b"\n\0\0\0");
    }
    flows.truncate(length);
    flows
}

/// Trials take time. Data that shrinks by about an eighth is searched now in one way, now in another.
#[test]
fn trials_are_rare_on_any_data() {
    let mut kinds = vec![text(2, 2_000_000), instructions(2_000_000), lines(2_000_000)];
    kinds.extend((0..=10).map(|tenth| flows(2_000_000, 10 * tenth)));
    for data in kinds {
        let mut stream = Stream::new(FastEncoder::new(1));
        let mut trials = 0;
        for page in data.chunks(32_769) {
            let before = stream.encoder.choice.steps;
            stream.page(page);
            let after = stream.encoder.choice.steps;
            trials += (after.wait > before.wait || after.trials != before.trials) as usize;
        }
        assert!(trials <= 6, "{trials}");
    }
}

/// Records are taken for machine code at first, as they have zeros. But larger steps make them smaller.
#[test]
fn records_are_no_machine_code() {
    for (gained, expected) in [(false, Search::Half), (true, Search::Six)] {
        let mut choice = Choice::new(1);
        choice.search = Search::Half;
        choice.sample = Offsets::all_near(100, 6, 8);
        choice.sample_wait = 0;
        (choice.steps.exponent, choice.steps.gained) = (1, gained);
        choice.segment = Shrinkage {
            content: SEGMENT,
            block: SEGMENT / 2,
        };
        choice.change();
        assert_eq!(choice.search, expected);
        // After a change of the search, another size is no reason to give up the steps.
        choice.segment = Shrinkage {
            content: SEGMENT,
            block: SEGMENT / 3,
        };
        choice.change();
        assert_eq!(choice.steps.exponent, gained as u8);
    }
}

#[test]
fn a_trial_leaves_no_trace() {
    for data in [trades(300_000), text(2, 300_000)] {
        let mut encoder = FastEncoder::new(1);
        let mut out = vec![0; compress_bound(data.len())];
        encoder.encode(&data[..200_000], 0, 0, &mut out);
        let table = encoder.table.clone();
        let search = encoder.choice.search;
        for exponent in [0, 1] {
            (encoder.choice.steps.exponent, encoder.choice.steps.larger) = (exponent, true);
            let cursor = Cursor {
                out: &mut out,
                anchor: 199_990,
                position: 200_000,
                attempts: 1 << PATIENCE,
            };
            let floor = 200_000 - HISTORY;
            let shrinkage = encoder.try_other_steps(200_000 + TRIAL, &data, floor, cursor);
            assert!(encoder.table == table && encoder.choice.search == search);
            // (The last match may be longer.)
            assert!((TRIAL..2 * TRIAL).contains(&shrinkage.content));
            assert!((TRIAL / 4..TRIAL).contains(&shrinkage.block), "{}", shrinkage.block);
        }
    }
}

/// What is tried are other steps than the present ones, and pending literals make no difference.
#[test]
fn a_trial_compares_what_it_says() {
    let mut out = vec![0; compress_bound(400_000)];
    for (exponent, larger, other) in [(0, true, 1), (1, true, 2), (1, false, 0), (2, false, 1)] {
        // Also where there is no match at first.
        let noise_len = 1000 * exponent as usize;
        let data = [trades(200_000), noise(noise_len), trades(200_000 - noise_len)].concat();
        let mut encoder = FastEncoder::new(1);
        encoder.encode(&data[..200_000], 0, 0, &mut out);
        encoder.choice = Choice::new(1);
        (encoder.choice.steps.exponent, encoder.choice.steps.larger) = (exponent, larger);
        let until = 200_000 + TRIAL;
        let mut measured = |encoder: &mut FastEncoder, anchor| {
            let cursor = Cursor {
                out: &mut out,
                anchor,
                position: 200_000,
                attempts: 1 << (PATIENCE + exponent as u32),
            };
            encoder.try_other_steps(until, &data, 200_000 - HISTORY, cursor)
        };
        let tried = measured(&mut encoder, 200_000);
        // Pending literals make no difference, but for what the first match gains from them.
        let pending = measured(&mut encoder, 199_000);
        assert_eq!(pending.content, tried.content);
        assert!(pending.block.abs_diff(tried.block) < 20);
        // What the encoder itself makes of it with these steps.
        encoder.choice.steps.exponent = other;
        let mut cursor = Cursor {
            out: &mut out,
            anchor: 200_000,
            position: 200_000,
            attempts: 1 << (PATIENCE + other as u32),
        };
        let limits = (encoder.choice.stride(), MAX_OFFSET);
        encode_to::<FAR, SIX, LONG, false>(until, &mut encoder.table, limits, &data, 200_000 - HISTORY, &mut cursor);
        let expected = cursor.shrinkage_since(200_000, 0, compress_bound(data.len()));
        assert_eq!((tried.content, tried.block), (expected.content, expected.block));
    }
}

/// A trial is as long as it says, and made only where there is room for it.
#[test]
fn a_trial_has_its_length() {
    let trials = |page: &[u8]| {
        let mut stream = Stream::new(FastEncoder::new(1));
        for page in trades(131_072).chunks(65_536) {
            stream.page(page);
        }
        let choice = &mut stream.encoder.choice;
        (choice.segment, choice.steps) = (Shrinkage::default(), steps::Steps::new());
        (choice.sample, choice.steps.wait) = (Offsets::all_near(100, 4, 8), 0);
        stream.page(page);
        stream.encoder.choice.steps.trials
    };
    let least = TRIAL + ROOMY_PAGE;
    for (len, expected) in [(least - 1, 0), (least, 1)] {
        assert_eq!(trials(&trades(len)), expected);
    }
    // Only the trial counts, not the rest of the segment, which does not shrink.
    for (len, expected) in [(TRIAL + 100, 1), (TRIAL / 8, 0)] {
        let page = [trades(len), noise(SEGMENT)].concat();
        assert_eq!(trials(&page), expected);
    }
}

/// A trial begins a segment, and disturbs no comparison.
#[test]
fn trials_are_made_where_they_can_be() {
    let ready = || {
        let mut choice = Choice::new(1);
        choice.steps.wait = 0;
        choice.sample = Offsets::all_near(100, 4, 8);
        choice
    };
    assert!(ready().wants_trial());
    let mut with_long_matches = ready();
    with_long_matches.sample = Offsets::all_near(100, 4, LONG_MATCHES);
    assert!(!with_long_matches.wants_trial());
    let mut with_few_literals = ready();
    with_few_literals.sample = Offsets::all_near(100, 2, 8);
    assert!(!with_few_literals.wants_trial());
    let mut with_few_matches = ready();
    with_few_matches.sample = Offsets::all_near(LEAST_SAMPLE - 1, 4, 8);
    assert!(!with_few_matches.wants_trial());
    let mut with_enough_matches = ready();
    with_enough_matches.sample = Offsets::all_near(LEAST_SAMPLE, 4, 8);
    assert!(with_enough_matches.wants_trial());
    // Larger steps are always checked again.
    for mut choice in [with_long_matches, with_few_literals, with_few_matches] {
        choice.steps.exponent = 1;
        assert!(choice.wants_trial());
    }
    let mut inside = ready();
    inside.segment.content = 1;
    let mut waiting = ready();
    waiting.steps.wait = 1;
    let mut accelerated = ready();
    accelerated.acceleration = 2;
    for choice in [inside, waiting, accelerated] {
        assert!(!choice.wants_trial());
    }
    for stage in [Stage::Six(0), Stage::Rival(0), Stage::SixAgain(0), Stage::Settled(0)] {
        assert!(!Choice { stage, ..ready() }.wants_trial());
    }
    for (search, expected) in [
        (Search::Six, true),
        (Search::Five, true),
        (Search::Half, true),
        (Search::Lean, false),
        (Search::Joined, false),
        (Search::Bare, false),
        (Search::Short, false),
    ] {
        assert_eq!(Choice { search, ..ready() }.wants_trial(), expected, "{search:?}");
    }
}

#[test]
fn larger_steps_go_when_the_data_changes() {
    for other in [text(2, 200_000), noise(200_000), vec![b'x'; 200_000]] {
        let mut stream = Stream::new(FastEncoder::new(1));
        for page in trades(300_000).chunks(65_536) {
            stream.page(page);
        }
        assert_ne!(stream.encoder.choice.steps.exponent, 0);
        for page in other.chunks(65_536).take(2) {
            stream.page(page);
        }
        assert_eq!(stream.encoder.choice.steps.exponent, 0);
    }
}

/// A sorted list of words.
fn words(length: usize) -> Vec<u8> {
    let mut random = Random::new(9);
    let syllables = [
        "ba", "ke", "lo", "mi", "nu", "ra", "ter", "ing", "st", "sch", "an", "en",
    ];
    let word = |random: &mut Random| {
        let parts = 2 + random.below(4);
        (0..parts).map(|_| syllables[random.below(12)]).collect::<String>() + "\n"
    };
    let words: std::collections::BTreeSet<_> = (0..length / 8).map(|_| word(&mut random)).collect();
    let mut words = words.into_iter().collect::<String>().into_bytes();
    words.truncate(length);
    words
}

#[test]
fn where_matches_join_any_is_taken_at_once() {
    let data = words(1_200_000);
    for page in [32_769, 65_536, 1_000_000] {
        let (size, search, _) = searched(FastEncoder::new(1), &data, page);
        assert_eq!(search, Search::Joined, "{page}");
        let mut without = FastEncoder::new(1);
        without.choice = only_six(without.choice);
        let (size_without, search, _) = searched(without, &data, page);
        assert_eq!(search, Search::Six);
        assert!(size < size_without, "{page}: {size} {size_without}");
    }
    assert_ne!(searched(FastEncoder::new(2), &data, 65_536).1, Search::Joined);
}

/// What `Choice` chooses after two segments with `Six`, two with its rival, and two more, of blocks of so many bytes,
/// in which so many of 100 matches follow right after another.
fn joined_rival(six: (usize, usize), rival: (usize, usize)) -> [Search; 3] {
    let mut choice = Choice {
        stage: Stage::Six(0),
        ..Choice::new(1)
    };
    [six, rival, six].map(|(block, joined)| {
        for _ in 0..2 {
            let sequences = [
                [0, 1, 0].repeat(10 * joined),
                [0x10, 9, 1, 0].repeat(10 * (100 - joined)),
            ]
            .concat();
            choice.add(0, SEGMENT, block, 0, &sequences);
            choice.change();
        }
        choice.search
    })
}

#[test]
fn joined_matches_must_become_more_and_the_blocks_not_much_larger() {
    use Search::{Joined, Short, Six};
    assert_eq!(joined_rival((8000, 60), (8600, 90)), [Joined, Six, Joined]);
    assert_eq!(joined_rival((8000, 59), (8600, 90))[0], Short);
    // Then comes the other rival.
    assert_eq!(joined_rival((8000, 60), (8600, 89))[..2], [Joined, Short]);
    assert_eq!(joined_rival((8000, 60), (8620, 90))[..2], [Joined, Short]);
}

/// What `Choice` chooses after two segments of 1000 matches, which have so many bytes together, and of which so many
/// follow right after another; and after four with its rival and then five with `Six`, if the rival made the blocks
/// smaller by so many thousandths.
fn rival_of(acceleration: usize, matched: usize, joined: u32, gain: usize) -> [Search; 2] {
    let mut choice = Choice {
        stage: Stage::Six(1),
        offsets: Offsets {
            matched,
            joined,
            ..near_matches()
        },
        ..Choice::new(acceleration)
    };
    let mut segment = |block| {
        choice.segment = Shrinkage {
            content: SEGMENT,
            block,
        };
        choice.change();
        choice.search
    };
    let rival = segment(8000);
    while rival != Search::Six && segment(8000 - 8 * gain) != Search::Six {}
    for _ in 0..5 {
        segment(8000);
    }
    [rival, choice.search]
}

/// What may be joined is compared, and what hashes five bytes only where there are such matches.
#[test]
fn long_matches_have_one_rival_at_first() {
    use Search::{Joined, Short, Six};
    assert_eq!(rival_of(1, 8999, 100, 10)[0], Short);
    assert_eq!(rival_of(1, 9000, 100, 15), [Joined, Joined]);
    assert_eq!(rival_of(1, 9000, 100, 14), [Joined, Six]);
    // Few are joined, as in records, or the steps are larger.
    assert_eq!(rival_of(1, 9000, 15, 15)[0], Short);
    assert_eq!(rival_of(2, 9000, 100, 15)[0], Six);
}

/// Long records may have short matches too.
#[test]
fn long_matches_have_the_other_rival_later() {
    let mut choice = Choice::new(1);
    let first = (0..100).find(|_| {
        choice.offsets = Offsets {
            matched: 9000,
            joined: 100,
            ..near_matches()
        };
        choice.segment = Shrinkage {
            content: SEGMENT,
            block: 8000,
        };
        choice.change();
        choice.search == Search::Short
    });
    // After two comparisons with `Search::Joined`.
    assert!((60..80).contains(&first.unwrap()), "{first:?}");
}

/// What `Choice` chooses after two segments with `Six` and two with `Lean`, of blocks and matches of so many bytes
/// each. Of the former, so many matches follow right after another, and one in so many is far away.
fn lean_rival((six, spacing, joined, far): (usize, usize, usize, usize), lean: (usize, usize)) -> [Search; 2] {
    let mut choice = Choice {
        stage: Stage::Six(0),
        ..Choice::new(1)
    };
    let chosen = [(six, spacing, joined), (lean.0, lean.1, 0)].map(|(block, spacing, joined_matches)| {
        for _ in 0..2 {
            let matches = SEGMENT / spacing;
            let lone = (0..matches - joined_matches)
                .map(|i| [0x1F, 9, 1, if i % far == 0 { 0xFF } else { 0 }, spacing as u8 - 20]);
            let joined = [0x0F, 1, 0, spacing as u8 - 19];
            let sequences = [joined.repeat(joined_matches), lone.collect::<Vec<_>>().concat()].concat();
            choice.add(0, SEGMENT, block, 0, &sequences);
            choice.change();
        }
        choice.search
    });
    assert!(chosen[1] != Search::Lean || matches!(choice.stage, Stage::Settled(_)));
    chosen
}

#[test]
fn lone_matches_must_stay_matches() {
    use Search::Lean;
    assert_eq!(lean_rival((8000, 20, 12, 4), (8000, 20)), [Lean, Lean]);
    // One of 64 matches is not lone.
    assert_ne!(lean_rival((8000, 20, 13, 4), (8000, 20))[0], Lean);
    // They are too rare for any rival.
    assert_ne!(lean_rival((8000, 63, 0, 4), (8000, 63))[0], Search::Six);
    assert_eq!(lean_rival((8000, 64, 0, 4), (8000, 64))[0], Search::Six);
    assert_eq!(lean_rival((8000, 64, 64, 4), (8000, 64))[0], Search::Six);
    assert_ne!(lean_rival((8000, 63, 64, 99), (8000, 63))[0], Search::Six);
    // One of 34 matches is lost, and one of 29.
    assert_eq!(lean_rival((8000, 33, 0, 4), (8000, 34)), [Lean, Lean]);
    assert_ne!(lean_rival((8000, 28, 0, 4), (8000, 29))[1], Lean);
    // The block becomes larger, by a third of a quarter.
    assert_eq!(lean_rival((8000, 20, 0, 4), (8660, 20)), [Lean, Lean]);
    assert_ne!(lean_rival((8000, 20, 0, 4), (8690, 20))[1], Lean);
    // None is far away, or hardly any.
    assert_eq!(lean_rival((8000, 20, 0, 95), (8000, 20)), [Lean, Lean]);
    assert_ne!(lean_rival((8000, 20, 0, 105), (8000, 20))[0], Lean);
}

/// Where many literals lie between near matches, five bytes are hashed, with half of the table: soon, and as long as it
/// is so. Runs of zeros in between change nothing.
#[test]
fn short_matches_far_between_are_found() {
    let code = instructions(1_000_000);
    let padded = code.chunks(1500).flat_map(|code| [code, &[0; 500]].concat()).collect();
    for (data, percent) in [(code, 93), (padded, 95)] {
        for page in [32_769, 65_536, 1_000_000] {
            let (size, search, others) = searched(FastEncoder::new(1), &data, page);
            assert_eq!(search, Search::Half, "{page}");
            assert_eq!(others, data.len().div_ceil(page));
            let mut without = FastEncoder::new(1);
            without.choice = only_six(without.choice);
            let (size_without, search, _) = searched(without, &data, page);
            assert_eq!(search, Search::Six);
            assert!(size < size_without * percent / 100, "{page}: {size} {size_without}");
        }
    }
    assert_eq!(
        searched(FastEncoder::new(2), &instructions(1_000_000), 65_536).1,
        Search::Six
    );
}

/// As the beginning of an object file: headers and symbols.
fn symbols(length: usize) -> Vec<u8> {
    let mut random = Random::new(60);
    let mut symbols = Vec::new();
    for number in 0.. {
        if symbols.len() >= length {
            break;
        }
        symbols.extend((number as u32 * 12).to_le_bytes());
        symbols.extend([0x12, 0, 14, 0]);
        symbols.extend((0x4000 + 16 * random.below(3000) as u64).to_le_bytes());
        symbols.extend((16 * random.below(12) as u64).to_le_bytes());
    }
    symbols.truncate(length);
    symbols
}

/// Binary data is searched as machine code from the second segment on, but not if the first one shrank to little, or
/// hardly at all.
#[test]
fn the_guess_counts_after_the_first_segment() {
    let after_first = |data: &[u8], block| {
        let mut choice = Choice::new(1);
        choice.guess(data);
        choice.add(0, FIRST_SEGMENT, block, 0, &[]);
        choice.change();
        choice.search
    };
    let symbols = symbols(8192);
    assert_eq!(after_first(&symbols, FIRST_SEGMENT / 2), Search::Half);
    assert_eq!(after_first(&symbols, FIRST_SEGMENT / 5), Search::Six);
    assert_eq!(after_first(&symbols, FIRST_SEGMENT), Search::Six);
    assert_eq!(after_first(&text(5, 8192), FIRST_SEGMENT / 2), Search::Six);
}

/// Machine code is searched as such, although symbols come before it, or text in a small page. In other data with zeros
/// the guess is soon forgotten.
#[test]
fn the_guess_is_kept_in_machine_code() {
    let code = [symbols(8192), instructions(32_768)].concat();
    let search_after = |stream: &mut Stream, page: &[u8]| {
        stream.page(page);
        stream.encoder.choice.search
    };
    let stream = |acceleration| Stream::new(FastEncoder::new(acceleration));
    assert_eq!(search_after(&mut stream(1), &code), Search::Half);
    assert_eq!(search_after(&mut stream(2), &code), Search::Six);
    let mut after_text = stream(1);
    after_text.page(&text(5, 2000));
    assert_eq!(search_after(&mut after_text, &code), Search::Half);
    // A dictionary is looked at, too.
    let [in_code, in_text] = [code, text(5, 40_960)].map(|dictionary| {
        let mut stream = stream(1);
        stream.window = dictionary;
        stream.encoder.index(&stream.window, 0, stream.window.len());
        search_after(&mut stream, &instructions(60_000)[40_000..])
    });
    assert_eq!((in_code, in_text), (Search::Half, Search::Six));
    for other in [records(300_000), counters(300_000)] {
        assert_ne!(search_after(&mut stream(1), &other), Search::Half);
    }
}

/// At least one byte in eight must be zero.
#[test]
fn many_zeros_are_taken_for_machine_code() {
    let guesses = |acceleration, data: &[u8]| {
        let mut choice = Choice::new(acceleration);
        choice.guess(data);
        choice.sample.matches() > 0
    };
    // One zero in nine bytes, and one in seven. (Each step meets every column.)
    for (letters, expected) in [("abcdefgh", false), ("abcdef", true)] {
        let row = format!("{letters}\0").into_bytes();
        for rows in [30, 5000] {
            assert_eq!(guesses(1, &row.repeat(rows)), expected);
        }
        assert!(!guesses(2, &row.repeat(5000)));
    }
    // Only the beginning counts.
    assert!(!guesses(1, &[text(6, SEGMENT), vec![0; SEGMENT + 1]].concat()));
}

/// Of four letters five bytes match everywhere by chance, which hides what matches at length.
#[test]
fn short_matches_do_not_hide_long_ones_that_come_later() {
    let mut random = Random::new(11);
    let letters: Vec<_> = (0..30_000).map(|_| b"ACGT"[random.below(4)]).collect();
    let code = instructions(200_000);
    let size_of_code: usize = blocks(FastEncoder::new(1), &code, 65_536).iter().map(Vec::len).sum();
    let data = [code, letters.repeat(20)].concat();
    let (size, search, _) = searched(FastEncoder::new(1), &data, 65_536);
    assert!(!matches!(search, Search::Five | Search::Half), "{search:?}");
    assert!(size < size_of_code + 150_000, "{size} {size_of_code}");
}

/// Whether `Choice` takes `Search::Half` for a segment that became so large, after a sample of so many matches, with so
/// many literals and bytes together, and so many far away; and how much of the history is inserted again then (`None`:
/// the hash is the same).
fn apart(
    choice: Choice,
    block: usize,
    matches: u16,
    (literals, matched): (u32, u32),
    far: u16,
) -> (bool, Option<usize>) {
    let mut sample = Offsets {
        matched: matched as usize,
        matched_in_part: matched,
        literals,
        ..Offsets::default()
    };
    (sample.counts[0], sample.counts[15]) = (matches - far, far);
    let segment = Shrinkage {
        content: SEGMENT,
        block,
    };
    let mut choice = Choice {
        sample,
        segment,
        ..choice
    };
    let again = choice.change();
    (choice.search == Search::Half, again)
}

#[test]
fn a_sample_says_whether_matches_are_far_between() {
    let six = |block, matches, sums, far| apart(Choice::new(1), block, matches, sums, far);
    let (yes, no) = ((true, Some(SEGMENT)), (false, None));
    assert_eq!(six(8000, 1000, (4000, 8000), 249), yes);
    assert_eq!(six(8000, 1000, (3999, 8000), 249), no);
    assert_eq!(six(8000, 1000, (4000, 8000), 250), no);
    assert_eq!(six(8000, 100, (400, 1199), 0), yes);
    assert_eq!(six(8000, 100, (400, 1200), 0), no);
    assert_eq!(six(8000, 48, (400, 400), 0), yes);
    assert_eq!(six(8000, 47, (400, 400), 0), no);
    // The segment must not be too dense, and shrink.
    assert_eq!(six(SEGMENT / 4, 100, (400, 800), 0), no);
    assert_eq!(six(SEGMENT / 4 + 1, 100, (400, 800), 0), yes);
    assert_eq!(six(SEGMENT - SEGMENT / 8, 100, (400, 800), 0), yes);
    assert!(!six(SEGMENT - SEGMENT / 8 + 1, 100, (400, 800), 0).0);
    // With five bytes, there are more matches. How far away they are does not count any more.
    let half = Choice {
        search: Search::Half,
        ..Choice::new(1)
    };
    let still = (true, None);
    let no_longer = (false, Some(SEGMENT));
    assert_eq!(apart(half, 8000, 100, (250, 1199), 100), still);
    assert_eq!(apart(half, 8000, 100, (250, 1200), 0), no_longer);
    assert_eq!(apart(half, 8000, 100, (249, 800), 0), no_longer);
    assert_eq!(apart(half, 8000, 47, (400, 800), 0), no_longer);
    // Short matches are everywhere.
    let crowded = |short| apart(Choice { short, ..half }, 8000, 100, (400, 800), 0);
    assert_eq!(crowded(SEGMENT / 20), still);
    assert_eq!(crowded(SEGMENT / 20 + 1), no_longer);
    // A dense segment says nothing.
    assert_eq!(apart(half, 1000, 100, (400, 800), 0), still);
    // Five bytes for another reason.
    let five = Choice {
        search: Search::Five,
        ..half
    };
    assert_eq!(apart(five, 8000, 100, (250, 800), 0), yes);
    assert_eq!(apart(five, 8000, 100, (249, 800), 0), no_longer);
    assert_eq!(apart(five, 8000, 100, (250, 800), 25), no_longer);
    // That reason is still there.
    let short = SEGMENT / 16;
    assert_eq!(apart(Choice { short, ..five }, 8000, 100, (250, 800), 0), no);
    // No comparison goes on.
    for stage in [Stage::Six(0), Stage::Rival(1), Stage::SixAgain(1), Stage::Settled(9)] {
        let mut choice = Choice { stage, ..half };
        choice.sample.literals = 400;
        choice.sample.counts[0] = 100;
        choice.change();
        assert!(choice.search == Search::Half && matches!(choice.stage, Stage::Waiting(256)));
    }
}

/// A few long matches do not make the others long.
#[test]
fn of_a_long_match_only_a_part_is_sampled() {
    let mut offsets = Offsets::default();
    // Matches of 4, 32, 33 and 273 bytes.
    offsets.count(
        &[0x00, 1, 0, 0x0F, 1, 0, 13, 0x0F, 1, 0, 14, 0x0F, 1, 0, 254],
        usize::MAX,
    );
    assert_eq!((offsets.matched, offsets.matched_in_part), (342, 100));
    offsets.fade();
    assert_eq!((offsets.matched, offsets.matched_in_part), (342 - 85, 75));
}

/// Searches as `Search::Half` does, unless short matches are everywhere.
fn only_half(choice: Choice) -> Choice {
    let mut sample = Offsets {
        literals: 400,
        ..Offsets::default()
    };
    sample.counts[0] = 100;
    Choice {
        search: Search::Half,
        sample,
        ..only_six(choice)
    }
}

/// The rest of the table is not touched, so that its place in the cache is left for the data.
#[test]
fn only_half_of_the_table_is_used() {
    let mut stream = Stream::new(FastEncoder::new(1));
    stream.encoder.choice = only_half(stream.encoder.choice);
    let code = instructions(200_000);
    code.chunks(65_536).for_each(|page| {
        stream.page(page);
    });
    assert_eq!(stream.encoder.choice.search, Search::Half);
    let (used, rest) = stream.encoder.table.split_at(FAR / 2);
    assert!(used.iter().filter(|&&entry| entry != 0).count() > FAR / 4);
    assert!(rest.iter().all(|&entry| entry == 0));
}

/// Two positions are inserted for each read of eight bytes: the second one begins with its third byte.
#[test]
fn two_positions_a_read_are_inserted() {
    fn check<const N: usize, const BYTES: u32>(pace: usize) {
        let window = noise(2000);
        let (mut expected, mut table) = (vec![0; N], vec![0; N]);
        for first in (100..=1900 - 8).step_by(pace) {
            for position in [first, first + 2] {
                expected[hash::<N, BYTES>(read_u64(&window, position))] = position as u16;
            }
        }
        insert::<N, BYTES>(&mut table, &window, 100, 1900, pace);
        assert!(table == expected);
    }
    check::<FAR, SIX>(EVERY_SECOND);
    check::<FAR, SIX>(FEW);
    check::<HALF, FIVE>(EVERY_SECOND);
}

/// A change forgets a part of the history, but not that something long was there.
#[test]
fn what_comes_again_at_length_is_found_after_a_change() {
    for length in [34_000, 40_000, 48_000, 60_000] {
        let code = instructions(length);
        let mut stream = Stream::new(FastEncoder::new(1));
        let first = stream.page(&code).len();
        assert_eq!(stream.encoder.choice.search, Search::Half);
        let second = stream.page(&code).len();
        assert!(second < first / 20, "{length}: {first} {second}");
        let twice = Stream::new(FastEncoder::new(1)).page(&code.repeat(2)).len();
        assert!(twice < first + first / 20, "{length}: {first} {twice}");
    }
}

/// The sample is of the last segments: what came before them counts for less each time.
#[test]
fn a_sample_forgets() {
    let sequences = |count: usize| [0x40, 1, 1, 1, 1, 1, 0].repeat(count);
    let mut choice = Choice::new(1);
    let mut segment = |block, sequences: &[u8]| {
        choice.add(0, SEGMENT, block, 0, sequences);
        choice.change();
        (choice.sample.matches(), choice.search)
    };
    // The first segment is not sampled.
    let seen: Vec<_> = (0..13).map(|_| segment(8000, &sequences(1000)).0).collect();
    assert_eq!(seen, [0, 64, 112, 148, 175, 196, 211, 223, 232, 238, 243, 247, 250]);
    assert_eq!(segment(8000, &sequences(1)).1, Search::Half);
    // Dense segments are not looked at, but they make it older.
    let stays = (0..20)
        .take_while(|_| segment(2000, &sequences(500)).1 == Search::Half)
        .count();
    assert_eq!(stays, 4);
}

/// Where nothing was found, the history holds little that is worth the time. But what comes again at length is found.
#[test]
fn after_data_that_did_not_shrink_little_is_inserted_again() {
    for (block, again) in [(SEGMENT - 1, Some(SEGMENT)), (SEGMENT, Some(0))] {
        let segment = Shrinkage {
            content: SEGMENT,
            block,
        };
        let mut choice = Choice {
            poor: true,
            segment,
            ..Choice::new(1)
        };
        assert_eq!((choice.change(), choice.search), (again, Search::Five));
    }
    let history = noise(40_000);
    let mut stream = Stream::new(FastEncoder::new(1));
    stream.page(&history);
    assert_eq!(stream.encoder.choice.search, Search::Five);
    // This came before the change.
    let block = stream.page(&history[100..8000]);
    assert!(block.len() < 200, "{}", block.len());
}

/// Where short matches are everywhere, nothing that was sampled is true, and the next sample comes late.
#[test]
fn crowded_segments_end_what_was_sampled() {
    let sequences = [0x40, 1, 1, 1, 1, 1, 0].repeat(1000);
    // At the beginning of a stream, for no longer than the stream took so far.
    for (before, expected) in [(0, 3), (28, 31), (29, 32), (100, 32)] {
        let mut choice = Choice::new(1);
        choice.segments = before;
        let mut segment = |short| {
            choice.stage = Stage::Waiting(9);
            choice.add(0, SEGMENT, 8000, short, &sequences);
            choice.change();
            choice.search
        };
        assert_eq!((0..9).take_while(|_| segment(0) != Search::Half).count(), 1);
        assert_eq!(segment(1000), Search::Six);
        let waits = (0..99).take_while(|_| segment(0) == Search::Six).count();
        assert_eq!(waits, expected, "{before}");
    }
}

#[test]
fn other_data_has_long_matches_only() {
    for data in [text(2, 2_000_000), vec![b'x'; 2_000_000]] {
        let (_, search, others) = searched(FastEncoder::new(1), &data, 32_769);
        assert_eq!(search, Search::Six);
        // There are few comparisons in the 61 pages.
        assert!(others <= 6, "{others}");
    }
}

/// What won on some data must not stay when other data comes.
#[test]
fn the_rival_goes_when_the_data_changes() {
    for before in [records(600_000), lines(600_000), counters(600_000), words(600_000)] {
        for other in [text(2, 200_000), noise(200_000), vec![b'x'; 200_000]] {
            let mut stream = Stream::new(FastEncoder::new(1));
            for page in before.chunks(65_536) {
                stream.page(page);
            }
            let rival = |search| matches!(search, Search::Lean | Search::Joined | Search::Short);
            assert!(rival(stream.encoder.choice.search));
            for page in other.chunks(65_536) {
                stream.page(page);
            }
            assert!(!rival(stream.encoder.choice.search));
        }
    }
}

/// Data in which matches follow right after another needs them, whatever the size of the blocks says.
#[test]
fn a_part_of_the_table_goes_at_once_where_matches_join() {
    for (joined, expected) in [(SEGMENT / 256, Search::Lean), (SEGMENT / 256 + 1, Search::Six)] {
        let shrinkage = Shrinkage {
            content: SEGMENT,
            block: SEGMENT / 2,
        };
        let mut choice = Choice {
            search: Search::Lean,
            stage: Stage::Settled(100),
            rival: Search::Lean,
            by_rival: shrinkage,
            ..Choice::new(1)
        };
        choice.add(0, shrinkage.content, shrinkage.block, joined, &[]);
        choice.change();
        assert_eq!(choice.search, expected);
    }
    // They are counted.
    let mut stream = Stream::new(FastEncoder::new(1));
    for page in counters(600_000).chunks(65_536) {
        stream.page(page);
    }
    let segment = |stream: &mut Stream, data: Vec<u8>| {
        stream.encoder.choice.segment = Shrinkage::default();
        stream.encoder.choice.short = 0;
        stream.page(&data);
        assert_eq!(stream.encoder.choice.search, Search::Lean);
        stream.encoder.choice.short
    };
    assert!(segment(&mut stream, counters(SEGMENT / 2)) < 20);
    assert!(segment(&mut stream, text(2, SEGMENT / 2)) > 200);
}

#[test]
fn the_choice_of_a_stream_leaves_no_trace_in_the_next() {
    for used in [records(600_000), lines(600_000), words(600_000), numbers(100_000)] {
        for data in [records(600_000), words(600_000), counters(600_000), text(2, 200_000)] {
            let new = blocks(FastEncoder::new(1), &data, 65_536);
            let mut stream = Stream::new(FastEncoder::new(1));
            for page in used.chunks(65_536) {
                stream.page(page);
            }
            stream.encoder.reset();
            assert!(blocks(stream.encoder, &data, 65_536) == new);
        }
    }
}

#[test]
fn a_clone_goes_on_as_the_original() {
    for data in [records(600_000), counters(600_000)] {
        let expected = blocks(FastEncoder::new(1), &data, 65_536);
        for pages in 0..9 {
            let mut stream = Stream::new(FastEncoder::new(1));
            for page in data.chunks(65_536).take(pages) {
                stream.page(page);
            }
            stream.encoder = stream.encoder.clone();
            let rest = data.chunks(65_536).skip(pages).map(|page| stream.page(page));
            assert!(rest.eq(expected[pages..].iter().cloned()));
        }
    }
}

/// So many matches, many of them right after another, and so near, that `Search::Short` is tried.
fn near_matches() -> Offsets {
    let mut offsets = Offsets {
        matched: 8000,
        joined: 500,
        ..Offsets::default()
    };
    offsets.counts[0] = 1000;
    offsets
}

/// Whatever the segments are, comparisons are rare: each changes the hash twice or three times.
#[test]
fn comparisons_are_rare_on_any_data() {
    let mut random = Random::new(7);
    for most in [2, 10, 100] {
        let (mut choice, mut changes, segments) = (Choice::new(1), 0, 20_000);
        for _ in 0..segments {
            // Every gain and loss, in any order, but nothing that asks for five bytes.
            choice.offsets = near_matches();
            choice.poor = false;
            choice.longest_run = SEGMENT;
            choice.segment.content = SEGMENT;
            choice.segment.block = SEGMENT * (1 + random.below(most)) / (1 + most);
            changes += choice.change().is_some() as usize;
        }
        assert!((4..segments / 32).contains(&changes), "{most}: {changes}");
    }
}

#[test]
fn offsets_are_counted_as_they_are() {
    let data = [records(60_000), noise(1000), text(2, 60_000), vec![0; 2000]].concat();
    let block = Stream::new(FastEncoder::new(1)).page(&data);
    let (mut expected, mut last) = (Offsets::default(), 0);
    for sequence in sequences(&block) {
        last = sequence.literals;
        expected.literals += last.min(64) as u32;
        if let Some((offset, length)) = sequence.matched {
            expected.matched += length;
            expected.counts[offset / 4096] += 1;
            expected.joined += (last == 0) as u32;
        }
    }
    expected.literals -= last.min(64) as u32;
    let mut offsets = Offsets::default();
    offsets.count(&block, usize::MAX);
    assert_eq!((offsets.counts, offsets.literals), (expected.counts, expected.literals));
    assert_eq!(offsets.matched, expected.matched);
    assert!(offsets.joined > 100 && offsets.joined == expected.joined);
    assert!(offsets.matches() > 1000);
}

/// How many matches of a segment are in the sample does not depend on those of the segments before.
#[test]
fn of_each_segment_as_many_matches_are_sampled() {
    let mut choice = Choice {
        sample: near_matches(),
        sample_wait: 0,
        ..Choice::new(1)
    };
    // Four literals, and a match of four bytes.
    let sequence = [0x40, 1, 2, 3, 4, 1, 0];
    for matches in [25, 50, 64] {
        choice.add(0, 8 * 25, 7 * 25, 0, &sequence.repeat(25));
        assert_eq!(choice.sampled, matches);
    }
}

/// Of each measured segment, its own sequences count.
#[test]
fn offsets_of_the_measured_segments_are_counted() {
    let mut stream = Stream::new(FastEncoder::new(1));
    stream.page(&text(2, 100_000));
    stream.encoder.choice = Choice {
        stage: Stage::Six(0),
        ..Choice::new(1)
    };
    let block = stream.page(&[noise(5000), text(2, 60_000)].concat());
    let Choice { by_six, offsets, .. } = stream.encoder.choice;
    assert!((2 * SEGMENT..3 * SEGMENT).contains(&by_six.content));
    let (mut end, mut matches) = (0, 0);
    for sequence in sequences(&block) {
        end += sequence.literals + sequence.matched.map_or(0, |(_, length)| length);
        matches += (end <= by_six.content) as usize;
    }
    assert_eq!(offsets.matches(), matches);
}

/// Data that shrinks more and more shrinks more with the rival than it did before, but that proves nothing.
#[test]
fn a_rival_must_win_twice() {
    for (percent, search) in [(100, Search::Six), (95, Search::Short)] {
        let mut choice = Choice::new(1);
        for segment in 0..FIRST_WAIT as usize + 16 {
            let rival = choice.search != Search::Six;
            choice.offsets = near_matches();
            choice.segment.content = SEGMENT;
            choice.segment.block = (SEGMENT - 80 * segment) / 2 * if rival { percent } else { 100 } / 100;
            choice.change();
        }
        assert_eq!(choice.search, search);
    }
}

/// Data that liblz4's small table does well with needs little gain, and other data more.
#[test]
fn far_matches_ask_for_more() {
    let needed = |offset: usize| {
        let mut offsets = Offsets {
            literals: 2000,
            matched: 14_000,
            ..Offsets::default()
        };
        offsets.counts[offset / 4096] = 1000;
        offsets.needed_gain()
    };
    // 4000 positions of 16000 are inserted, so the table reaches 16 KiB.
    assert_eq!(needed(16_383), LEAST_GAIN);
    assert!(needed(16_384) > LARGEST_GAIN);
    assert_eq!(Offsets::default().needed_gain(), LEAST_GAIN);
}

#[test]
fn acceleration_makes_larger_blocks() {
    let data = text(2, 200_000);
    for page in [1000, 65_536] {
        let size = |acceleration| {
            blocks(FastEncoder::new(acceleration), &data, page)
                .iter()
                .map(Vec::len)
                .sum::<usize>()
        };
        assert!(size(1) < size(8) && size(8) < size(64) && size(64) <= size(65_537));
    }
}

#[test]
fn the_table_is_as_large_as_page_and_history_ask_for() {
    // History, page, entries.
    for (history, page, entries) in [
        (0, 512, SMALL),
        (0, 513, NEAR),
        (300, 212, SMALL),
        (300, 213, NEAR),
        (0, 32_768, NEAR),
        (0, 32_769, FAR),
        (32_768, 32_768, NEAR),
        (32_768, 32_769, FAR),
        (60_000, 5536, FAR),
    ] {
        let data = noise(history + page);
        let mut stream = Stream::new(FastEncoder::new(1));
        stream.window = data[..history].to_vec();
        stream.encoder.index(&stream.window, 0, history);
        stream.encode(&data[history..], 0);
        assert_eq!(stream.encoder.table.len(), entries, "{history} {page}");
    }
    // Pages that are small for a long history, just and just not.
    for (page, entries) in [(1024, NEAR), (1025, FAR)] {
        let mut stream = Stream::new(FastEncoder::new(1));
        for page in noise(64_512).chunks(10_000) {
            stream.encode(page, 0);
        }
        assert_eq!(stream.encoder.table.len(), NEAR);
        stream.encode(&noise(page), 0);
        assert_eq!(stream.encoder.table.len(), entries, "{page}");
    }
    // It never shrinks within a stream.
    let mut stream = Stream::new(FastEncoder::new(1));
    stream.page(&noise(40_000));
    stream.page(&noise(10));
    stream.page(&noise(10));
    assert_eq!(stream.encoder.table.len(), FAR);
}

/// Encodes a page after dictionaries of noise, and returns the sequences. The page is made from the last 300 bytes of
/// the dictionary, which are the likeliest to be in the table. The tables are `SMALL` (if the page has at most 202
/// bytes), `NEAR` and `FAR`.
fn after_noise(page: impl Fn(&[u8]) -> Vec<u8>) -> Vec<Vec<Sequence>> {
    [310, 5000, 40_000]
        .into_iter()
        .map(|length| {
            let dictionary = noise(length);
            let mut stream = Stream::new(FastEncoder::new(1));
            stream.window = dictionary.clone();
            stream.encoder.index(&stream.window, 0, length);
            sequences(&stream.encode(&page(&dictionary[length - 300..]), 0))
        })
        .collect()
}

#[test]
fn a_match_may_begin_twelve_bytes_before_the_end() {
    let other = &noise(50_000)[49_000..];
    let found = |page: &dyn Fn(&[u8]) -> Vec<u8>| -> Vec<bool> {
        after_noise(page)
            .iter()
            .map(|sequences| match sequences[..] {
                [.., Sequence { matched, .. }, Sequence { literals, .. }] => {
                    literals == 5 && matched.is_some_and(|(_, length)| length == 7)
                }
                _ => false,
            })
            .collect()
    };
    for (last, expected) in [(12, [true; 3]), (11, [false; 3])] {
        // It is the whole page, comes after literals, right after a match, and after a match and a literal.
        for before in [0, 1, 20] {
            let page = |noise: &[u8]| [&other[..before], &noise[280..280 + last]].concat();
            assert_eq!(found(&page), expected, "{last} {before}");
        }
        for between in [0, 1, 2] {
            let page = |noise: &[u8]| [&noise[250..270], &other[..between], &noise[280..280 + last]].concat();
            assert_eq!(found(&page), expected, "{last} {between}");
        }
    }
}

/// Of a long match the first position is in the table, and with the largest table the second one as well, so what
/// begins as it does refers to it. (Of the positions after that only the dictionary's are.)
#[test]
fn the_beginning_of_a_long_match_is_inserted() {
    let other = &noise(60_000)[50_000..];
    for (long, matched) in [(60, 2), (16, 2), (15, 1)] {
        for first in 0..4 {
            let page = |noise: &[u8]| {
                [
                    &noise[100..100 + long],
                    &other[..20],
                    &noise[100 + first..140],
                    &other[..30],
                ]
                .concat()
            };
            for (sequences, is_largest) in after_noise(page).into_iter().zip([false, false, true]) {
                let again = sequences[1].matched.unwrap();
                assert_eq!(
                    again.0 == long + 20 - first,
                    first < if is_largest { matched } else { 1 },
                    "{long} {first} {again:?}"
                );
            }
        }
    }
}

/// A search that has taken large steps finds a match in its middle.
#[test]
fn a_match_begins_where_equal_bytes_do_however_late_it_is_found() {
    let other = &noise(60_000)[50_000..];
    // Here the steps are 5 and 11: the dictionary is indexed at even places only.
    for literals in [700, 3700, 3750, 3800] {
        for sequences in after_noise(|noise| [&other[..literals], noise].concat()) {
            let (offset, length) = sequences.last_chunk::<2>().unwrap()[0].matched.unwrap();
            assert_eq!(length, 295);
            assert_eq!(offset, literals + 300);
        }
    }
}

#[test]
fn a_search_begins_with_single_steps() {
    let dictionary = noise(1000);
    let other = &noise(2000)[1500..];
    let mut stream = Stream::new(FastEncoder::new(50));
    stream.window = dictionary.clone();
    stream.encoder.index(&stream.window, 0, 1000);
    let page = [
        &dictionary[900..920],
        &other[..2],
        &dictionary[980..986],
        &other[10..100],
    ]
    .concat();
    let found = sequences(&stream.encode(&page, 0));
    assert_eq!(found[1].matched, Some((1000 + 22 - 980, 6)));
}

#[test]
fn an_acceleration_needs_two_poor_segments() {
    for (acceleration, expected) in [(1, Search::Five), (2, Search::Six), (16, Search::Six)] {
        let mut choice = Choice::new(acceleration);
        for _ in 0..2 {
            choice.segment.content = SEGMENT;
            choice.segment.block = SEGMENT / 16 * 15 - 1;
            choice.change();
        }
        assert_eq!(choice.search, expected, "{acceleration}");
    }
}

/// The head is all that is needed of a long page. It begins with bytes that come again where matches can only just
/// reach them. The history before them comes again too, but no match may be extended to it: the head may be gone by
/// then.
#[test]
fn the_head_of_a_long_page_is_enough() {
    const START: usize = HISTORY;
    const AGAIN: usize = 1500;
    let noise = noise(START + LONG_PAGE);
    let mut matched = 0;
    for distance in MAX_OFFSET - 60..=MAX_OFFSET {
        let mut all = noise.clone();
        let from = START - AGAIN;
        all.copy_within(from..START + AGAIN, from + distance);
        // The search steps over the end of the history in many ways.
        for acceleration in 1..=25 {
            let encode = |window: &[u8]| {
                let mut encoder = FastEncoder::new(acceleration);
                encoder.index(window, 0, START);
                // It finds nothing in the history, and does not change within the page.
                encoder.choice.search = Search::Five;
                let mut out = vec![0; compress_bound(LONG_PAGE)];
                let length = encoder.encode_page(window, 0, START, &all[START..], &mut out);
                out.truncate(length);
                out
            };
            let block = encode(&all[..START + HEAD]);
            assert!(block == encode(&all), "{distance} {acceleration}");
            matched += (sequences(&block).len() > 1) as usize;
        }
    }
    assert!(matched > 500, "{matched}");
}

/// After a change, the search finds back to the version before, although what it matched there was inserted in the
/// middle of long matches only.
#[test]
fn versions_are_found_again_after_a_change() {
    let versions = versions(500_000, 30_000, 40);
    for page in [1 << 16, 1 << 20] {
        let written: usize = blocks(FastEncoder::new(1), &versions, page).iter().map(Vec::len).sum();
        // Without these, it would be 46 000 bytes.
        assert!(written <= 29_000, "{page}: {written}");
    }
}

/// Also where a long match begins in the head of a long page, and ends after it.
#[test]
fn matches_across_the_end_of_the_head_are_inserted_too() {
    const START: usize = HISTORY;
    let all = versions(2 * START + LONG_PAGE, 30_000, 500);
    for skipped in (0..START).step_by(331) {
        let all = &all[skipped..START + LONG_PAGE + skipped];
        for choose in [|choice| choice, only_half] {
            let encode = |window: &[u8]| {
                let mut encoder = FastEncoder::new(1);
                encoder.index(window, 0, START);
                // (With half of the table, the dictionary is not found.)
                encoder.choice = choose(encoder.choice);
                let mut out = vec![0; compress_bound(LONG_PAGE)];
                let length = encoder.encode_page(window, 0, START, &all[START..], &mut out);
                out.truncate(length);
                out
            };
            assert!(encode(&all[..START + HEAD]) == encode(all), "{skipped}");
        }
    }
}
