use super::*;
use crate::block::fast::FastEncoder;
use crate::block::random::{Random, mixed, text};
use crate::block::reference::{Sequence, Strict, sequences};
use crate::block::sequence::{LAST_LITERALS, MATCH_MARGIN, MAX_OFFSET, MIN_MATCH, SHORT_MATCH_MAX};
use crate::format::compress_bound;

const LEVELS: std::ops::RangeInclusive<i32> = 1..=12;

/// Half of it text, half of it anything.
fn sample(seed: u64, length: usize) -> Vec<u8> {
    let half = text(seed, length / 2);
    [&half[..], &mixed(seed, length - half.len())].concat()
}

/// Holds a block to the rules of the format.
fn check(block: &[u8], history: &[u8], page: &[u8]) {
    assert!(Strict::new(page.len(), true, history).page(block) == page);
}

/// A caller as the compressor is: pages appended to a window, which slides when it is full.
struct Stream {
    encoder: HighEncoder,
    window: Vec<u8>,
    capacity: usize,
    previous: usize,
    whole_history: bool,
}

impl Stream {
    fn new(level: i32, capacity: usize) -> Stream {
        Stream {
            encoder: HighEncoder::new(level),
            window: Vec::new(),
            capacity,
            previous: 0,
            whole_history: false,
        }
    }

    /// How many bytes the groups have now.
    fn group(&self) -> usize {
        match &self.encoder.method {
            Method::Lazy { chains, .. } => chains.group,
            _ => unreachable!(),
        }
    }

    fn floor(&self) -> usize {
        let reach = self.window.len().saturating_sub(MAX_OFFSET + 1);
        if self.whole_history {
            reach
        } else {
            self.previous.max(reach)
        }
    }

    fn encode(&mut self, page: &[u8]) -> Vec<u8> {
        if self.window.len() + page.len() > self.capacity {
            let by = self.floor();
            self.window.drain(..by);
            self.previous = self.previous.saturating_sub(by);
            self.encoder.slide(by);
        }
        let (floor, start) = (self.floor(), self.window.len());
        self.window.extend_from_slice(page);
        self.previous = start;
        let mut out = vec![0xAA; compress_bound(page.len())];
        let length = self.encoder.encode(&self.window, floor, start, &mut out);
        out.truncate(length);
        check(&out, &self.window[floor..start], page);
        out
    }

    fn encode_all(&mut self, data: &[u8], page_size: usize) -> Vec<Vec<u8>> {
        data.chunks(page_size).map(|page| self.encode(page)).collect()
    }

    fn reset(&mut self) {
        self.encoder.reset();
        self.window.clear();
        self.previous = 0;
    }
}

#[test]
fn the_bounds_of_a_match_are_exact() {
    let noise = Random::new(13).bytes(65_536 + 100);
    for level in LEVELS {
        // As far back as an offset goes, and not a byte farther.
        for (distance, found) in [(65_535, true), (65_536, false), (65_537, false)] {
            let mut encoder = HighEncoder::new(level);
            let mut out = vec![0; compress_bound(70_000)];
            encoder.encode(&noise[..distance], 0, 0, &mut out);
            let window = [&noise[..distance], &noise[..40]].concat();
            let length = encoder.encode(&window, 0, distance, &mut out);
            check(&out[..length], &noise[..distance], &noise[..40]);
            assert_eq!(length < 40, found, "level {level}: {distance}");
        }
        // Down to the floor, and not a byte lower.
        for (first, most) in [(50, 16), (49, 17), (48, 18)] {
            let mut encoder = HighEncoder::new(level);
            let mut out = vec![0; 2000];
            encoder.encode(&noise[..1000], 0, 0, &mut out);
            let window = [&noise[..1000], &noise[first..first + 40]].concat();
            let length = encoder.encode(&window, 50, 1000, &mut out);
            check(&out[..length], &noise[50..1000], &window[1000..]);
            assert!(length <= most, "level {level}: {first} {length}");
        }
        // In the very last place a match may begin; it ends five bytes before the end.
        for (literals, found) in [(0, true), (28, true), (29, false), (30, false)] {
            let mut encoder = HighEncoder::new(level);
            let mut out = vec![0; 2000];
            let page = [&noise[2000..2000 + literals], &noise[100..140 - literals]].concat();
            let window = [&noise[..1000], &page].concat();
            encoder.encode(&noise[..1000], 0, 0, &mut out);
            let length = encoder.encode(&window, 0, 1000, &mut out);
            check(&out[..length], &noise[..1000], &page);
            assert_eq!(length < 40, found, "level {level}: {literals} {length}");
            if found {
                assert_eq!(out[length - 6], 0x50, "level {level}");
            }
        }
    }
}

#[test]
fn the_highest_level_is_optimal_with_long_matches() {
    let mut random = Random::new(15);
    for _ in 0..150 {
        let letters = [2, 3, 256][random.below(3)];
        let mut data: Vec<u8> = (0..300).map(|_| random.below(letters) as u8).collect();
        for _ in 0..2 + random.below(3) {
            let length = [18, 19, 272, 273, 274, 275, 528, 529, 783, 784][random.below(10)];
            let from = random.below(data.len() - length.min(data.len() - 1));
            (0..length).for_each(|k| data.push(data[from + k]));
            if random.below(2) == 0 {
                let count = random.below(20);
                data.extend((0..count).map(|_| random.below(letters) as u8));
            }
        }
        let count = 5 + random.below(20);
        data.extend(random.bytes(count));
        let mut encoder = HighEncoder::new(12);
        let mut out = vec![0; compress_bound(data.len())];
        let length = encoder.encode(&data, 0, 100, &mut out);
        check(&out[..length], &data[..100], &data[100..]);
        assert_eq!(length, smallest(&data, 0, 100));
    }
}

#[test]
fn pages_of_any_small_size() {
    let text = sample(1, 3000);
    for level in LEVELS {
        for size in 1..=64 {
            let mut stream = Stream::new(level, 500);
            stream.encode_all(&text, size);
            stream.encode(&[]);
            stream.encode(&text[..size]);
            stream.encode(&vec![b'x'; size]);
        }
    }
}

#[test]
fn the_empty_page_is_one_token() {
    for level in LEVELS {
        assert_eq!(Stream::new(level, 100).encode(&[]), [0]);
    }
}

#[test]
fn pages_of_odd_sizes() {
    let text = sample(2, 400_000);
    for level in LEVELS {
        for size in [
            251,
            1023,
            4097,
            12_345,
            16_384 + 11,
            16_384 + 12,
            65_535,
            65_536,
            65_537,
            131_073,
            400_000,
        ] {
            let count = if size < 4096 { 60 } else { 400_000 };
            Stream::new(level, 3 * size + 65_536).encode_all(&text[..text.len().min(size.saturating_mul(count))], size);
        }
    }
}

#[test]
fn pages_of_changing_sizes_find_all_history() {
    let mut random = Random::new(3);
    let text = sample(3, 300_000);
    for level in LEVELS {
        let mut stream = Stream::new(level, 200_000);
        stream.whole_history = true;
        let mut rest = &text[..];
        while !rest.is_empty() {
            let most = [1, 13, 100, 5000, 50_000][random.below(5)];
            let (page, after) = rest.split_at((1 + random.below(most)).min(rest.len()));
            stream.encode(page);
            rest = after;
        }
    }
}

#[test]
fn matches_reach_into_the_page_before() {
    let page = Random::new(4).bytes(4000);
    for level in LEVELS {
        let mut stream = Stream::new(level, 20_000);
        stream.encode(&page);
        assert!(stream.encode(&page).len() < 50, "level {level}");
        stream.encode(&[7; 4000]);
        // It is two pages away now.
        assert!(stream.encode(&page).len() >= 4000, "level {level}");
    }
}

#[test]
fn slides_change_nothing() {
    let text = sample(5, 300_000);
    for level in LEVELS {
        for (size, reach) in [(700, false), (700, true), (8192, false), (50_000, false)] {
            let expected = {
                let mut s = Stream::new(level, usize::MAX);
                s.whole_history = reach;
                s.encode_all(&text[..100.max(size) * 6], size)
            };
            for capacity in [66_000 + 2 * size, 90_000 + 3 * size] {
                let mut stream = Stream::new(level, if reach { capacity } else { capacity - 65_000 });
                stream.whole_history = reach;
                assert!(
                    stream.encode_all(&text[..100.max(size) * 6], size) == expected,
                    "level {level} page {size}"
                );
            }
        }
    }
}

#[test]
fn after_a_reset_it_is_as_new() {
    let text = sample(6, 200_000);
    let regular = regular(200_000);
    for level in LEVELS {
        for size in [100, 8192, 70_000] {
            for data in [&text, &regular[0].1, &regular[4].1] {
                let data = &data[..data.len().min(size * 20)];
                let expected = Stream::new(level, 300_000).encode_all(data, size);
                let mut stream = Stream::new(level, 300_000);
                for before in [
                    &text[..90_000],
                    &text[77_777..],
                    &regular[0].1[..90_000],
                    &regular[4].1[..9000],
                ] {
                    stream.encode_all(before, 9000);
                    stream.reset();
                    assert!(stream.encode_all(data, size) == expected, "level {level} page {size}");
                    stream.reset();
                }
            }
        }
    }
}

/// In runs the groups and the number of candidates depend on the pages before.
#[test]
fn runs_depend_on_nothing_before_the_stream() {
    let mut random = Random::new(12);
    let runs = chain::tests::pixels(&mut random, 5, 30, 200_000);
    let many = chain::tests::pixels(&mut random, 30, 60, 200_000);
    let text = sample(13, 100_000);
    for level in LEVELS {
        for (data, size) in [(&runs, 500), (&runs, 20_000), (&many, 20_000)] {
            let data = &data[..data.len().min(size * 40)];
            let expected = Stream::new(level, usize::MAX).encode_all(data, size);
            for before in [&runs, &many, &text] {
                let mut stream = Stream::new(level, 300_000);
                stream.encode_all(before, 9000);
                stream.reset();
                assert!(stream.encode_all(data, size) == expected, "level {level} page {size}");
            }
            // Nor on how far the window slides.
            let mut stream = Stream::new(level, 2 * size);
            stream.encode_all(data, size);
        }
    }
}

/// Before a very long match, only a few positions are planned. What earlier plans say of those after them must not
/// matter.
#[test]
fn after_a_reset_it_is_as_new_before_very_long_matches() {
    // The match before it takes two length bytes, and from the last position where it is worth it, one that is full.
    let (few, full) = (19, SHORT_MATCH_MAX + 255);
    let mut random = Random::new(11);
    let (near, far) = (random.bytes(few - 1 + full), random.bytes(9000));
    let history = [&random.bytes(40), &near[..], &random.bytes(40), &near[few + 1..], &far].concat();
    let page = [&random.bytes(50), &near[..], &far, &random.bytes(20)].concat();
    for level in 10..=12 {
        let encode = |before: &[u8]| {
            let mut stream = Stream::new(level, 1 << 17);
            stream.encode(before);
            stream.reset();
            stream.whole_history = true;
            stream.encode_all(&history, 50);
            stream.encode(&page)
        };
        assert!(encode(&random.bytes(20_000)) == encode(b""), "{level}");
    }
}

#[test]
fn positions_may_grow_for_ever() {
    let text = sample(7, 400_000);
    for level in LEVELS {
        let expected = Stream::new(level, 250_000).encode_all(&text, 10_000);
        let mut stream = Stream::new(level, 250_000);
        stream.encode_all(&text[..100_000], 10_000);
        stream.encoder.end = POSITION_LIMIT - 150_000;
        stream.reset();
        assert!(stream.encode_all(&text, 10_000) == expected, "level {level}");
        assert!(stream.encoder.base < POSITION_LIMIT / 2);
    }
}

#[test]
fn a_dictionary_is_found() {
    let mut random = Random::new(8);
    let dictionary = random.bytes(70_000);
    let page = &dictionary[20_000..30_000];
    for level in LEVELS {
        let mut expected = Vec::new();
        for reused in [false, true] {
            let mut encoder = HighEncoder::new(level);
            if reused {
                encoder.encode(&dictionary, 0, 0, &mut vec![0; compress_bound(70_000)]);
                encoder.reset();
            }
            encoder.index(&dictionary, 70_000 - 65_536, 70_000);
            let window = [&dictionary[..], page].concat();
            let mut out = vec![0; compress_bound(page.len())];
            let length = encoder.encode(&window, 70_000 - 65_536, 70_000, &mut out);
            assert!(length < 100, "level {level}: {length}");
            check(&out[..length], &dictionary[70_000 - 65_536..], page);
            if reused {
                assert_eq!(out[..length], expected);
            }
            expected = out[..length].to_vec();
        }
    }
}

#[test]
fn what_cannot_be_compressed_stays_within_the_compress_bound() {
    let noise = Random::new(9).bytes(200_000);
    for level in LEVELS {
        for size in [1, 14, 15, 16, 270, 271, 1000, 65_536, 200_000] {
            // `out` has no byte more than the bound.
            Stream::new(level, 700_000).encode_all(&noise[..noise.len().min(size * 50)], size);
        }
    }
}

/// These take hours when a search is quadratic.
#[test]
fn regular_data_is_no_trouble() {
    const SIZE: usize = 70_000;
    let mut inputs: Vec<Vec<u8>> = (1..=9)
        .map(|period| (0..SIZE).map(|k| (k % period * 31) as u8).collect())
        .collect();
    // Runs that end differently, a period with a fault now and then, and a long period.
    inputs.push(
        (0..SIZE)
            .map(|k| if k % 1000 == 999 { (k / 1000) as u8 } else { 0 })
            .collect(),
    );
    inputs.push(
        (0..SIZE)
            .map(|k| if k % 777 == 5 { 9 } else { (k % 4) as u8 })
            .collect(),
    );
    inputs.push(Random::new(11).bytes(3000).into_iter().cycle().take(SIZE).collect());
    for level in LEVELS {
        for input in &inputs {
            for size in [5000, SIZE] {
                let length: usize = Stream::new(level, 800_000)
                    .encode_all(input, size)
                    .iter()
                    .map(Vec::len)
                    .sum();
                // The lowest levels do not remember all places of a long match.
                assert!(
                    length < if level < 3 { SIZE / 2 } else { SIZE / 10 },
                    "level {level}: {length}"
                );
            }
        }
    }
}

/// The smallest possible block, by trying everything.
fn smallest(window: &[u8], floor: usize, start: usize) -> usize {
    let end = window.len();
    let literals = |run: usize| 1 + run + if run < 15 { 0 } else { 1 + (run - 15) / 255 };
    let mut cost = vec![0; end + 1];
    let mut from_match = vec![usize::MAX; end + 1];
    for at in (start..=end).rev() {
        if at + MATCH_MARGIN <= end {
            for earlier in floor.max(at.saturating_sub(MAX_OFFSET))..at {
                let most = end - LAST_LITERALS - at;
                let length = (0..most).take_while(|&k| window[earlier + k] == window[at + k]).count();
                for cut in MIN_MATCH..=length {
                    let bytes = 2 + if cut < 19 { 0 } else { 1 + (cut - 19) / 255 };
                    from_match[at] = from_match[at].min(bytes + cost[at + cut]);
                }
            }
        }
        let to_match = (at..end)
            .filter(|&next| from_match[next] < usize::MAX)
            .map(|next| literals(next - at) + from_match[next]);
        cost[at] = to_match.min().unwrap_or(usize::MAX).min(literals(end - at));
    }
    cost[start]
}

#[test]
fn the_highest_level_is_optimal() {
    let mut random = Random::new(12);
    for _ in 0..100 {
        let letters = 2 + random.below(4);
        let mut data: Vec<u8> = (0..600).map(|_| random.below(letters) as u8).collect();
        // Places without matches, long matches.
        for _ in 0..random.below(3) {
            let at = random.below(500);
            data.splice(at..at + 40, random.bytes(40));
        }
        if random.below(2) == 0 {
            data.extend_from_within(50..400);
        }
        let start = random.below(300);
        let floor = random.below(start + 1);
        let mut encoder = HighEncoder::new(12);
        let mut out = vec![0; compress_bound(data.len())];
        let length = encoder.encode(&data, floor, start, &mut out);
        check(&out[..length], &data[floor..start], &data[start..]);
        assert_eq!(length, smallest(&data, floor, start));
    }
}

/// Every sequence of `order` letters exactly once.
fn de_bruijn(letters: usize, order: usize) -> Vec<u8> {
    // By appending the largest letter that makes no sequence a second time.
    let count = letters.pow(order as u32);
    let mut seen = vec![false; count];
    let mut out = vec![0; order];
    let mut last = 0;
    seen[0] = true;
    while let Some(next) = (0..letters)
        .rev()
        .map(|letter| (last * letters + letter) % count)
        .find(|&next| !seen[next])
    {
        seen[next] = true;
        out.push((next % letters) as u8);
        last = next;
    }
    out
}

/// Data on which a search that looks at all candidates takes forever.
#[test]
fn work_is_bounded_on_hostile_data() {
    const SIZE: usize = 66_000;
    let mut random = Random::new(20);
    let mut runs = |period: usize| {
        let mut data = Vec::new();
        while data.len() < SIZE {
            data.extend(b"abc"[..period].iter().cycle().take(1 + random.below(600)));
            data.push(random.next() as u8);
        }
        data
    };
    let inputs = [runs(1), runs(3)];
    let mut letters = |count: usize| -> Vec<u8> { (0..SIZE).map(|_| random.below(count) as u8).collect() };
    let noise = [letters(2), letters(4), de_bruijn(2, 16), de_bruijn(4, 8)];
    for level in 3..=12 {
        let mean = |data: &[u8]| {
            let (looked, _) = chain::tests::candidates_in(|| Stream::new(level, 200_000).encode(data));
            looked as f64 / data.len() as f64
        };
        // In runs nearly all candidates are skipped.
        for data in &inputs {
            assert!(mean(data) < if level < 12 { 2.5 } else { 20.0 }, "level {level}");
        }
        let most = [2.5, 4.0, 6.0, 12.0, 25.0, 50.0, 100.0, 50.0, 250.0, 4096.0][level as usize - 3];
        for data in &noise {
            assert!(mean(data) < most, "level {level}");
        }
    }
}

/// Data that is regular in different ways, each with its name.
fn regular(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut random = Random::new(40);
    let mut fibonacci = (vec![0], vec![0, 1]);
    while fibonacci.1.len() < size {
        let next = [&fibonacci.1[..], &fibonacci.0].concat();
        fibonacci = (fibonacci.1, next);
    }
    fibonacci.1.truncate(size);
    let thue_morse = (0..size).map(|k| (k.count_ones() % 2) as u8).collect();
    let two_letters = (0..size).map(|_| random.below(2) as u8).collect();
    let four_letters = (0..size).map(|_| random.below(4) as u8).collect();
    let (mut runs, mut letter) = (vec![], 0);
    while runs.len() < size {
        runs.resize(runs.len() + 3000 + random.below(3000), letter);
        letter ^= 1;
    }
    runs.truncate(size);
    let mut ascending = vec![];
    for length in 1.. {
        if ascending.len() >= size {
            break;
        }
        ascending.resize(ascending.len() + length, (length % 2) as u8);
    }
    ascending.truncate(size);
    let mut de_bruijn = de_bruijn(2, 16);
    de_bruijn.extend(de_bruijn.iter().rev().copied().collect::<Vec<_>>());
    de_bruijn.extend_from_within(..);
    vec![
        ("ascending runs", ascending),
        ("de Bruijn", de_bruijn[..size].to_vec()),
        ("Fibonacci", fibonacci.1),
        ("Thue-Morse", thue_morse),
        ("two letters", two_letters),
        ("four letters", four_letters),
        ("runs", runs),
    ]
}

#[test]
fn higher_levels_make_smaller_blocks_of_regular_data() {
    for (name, data) in regular(4 * 65_536) {
        for page in [1024, 4096, 65_536] {
            let mut fast = FastEncoder::new(1);
            let mut out = vec![0; compress_bound(page)];
            let fast: usize = (0..data.len())
                .step_by(page)
                .map(|start| fast.encode(&data[..start + page], start.saturating_sub(page), start, &mut out))
                .sum();
            let mut before = usize::MAX;
            for level in LEVELS {
                let blocks = Stream::new(level, 300_000).encode_all(&data, page);
                let size: usize = blocks.iter().map(Vec::len).sum();
                // The lowest levels look at only a few places of what repeats itself.
                let most = if level < 3 { fast * 5 / 4 } else { fast };
                assert!(size <= most, "{name} {page} {level}: {size} {fast}");
                // A page of a few KiB of the Fibonacci word has a handful of matches. How many is a matter of luck.
                if page == 65_536 || name != "Fibonacci" {
                    assert!(
                        size <= before.saturating_add(before / 200 + 20),
                        "{name} {page} {level}: {size} {before}"
                    );
                }
                before = size;
            }
        }
    }
}

/// The size of all blocks.
fn size(level: i32, data: &[u8], page: usize) -> usize {
    Stream::new(level, 300_000)
        .encode_all(data, page)
        .iter()
        .map(Vec::len)
        .sum()
}

/// The lines of a log have the same names time after time, and short fields between. Groups of six bytes have no fewer
/// candidates there than groups of four, but lose the fields.
#[test]
fn lines_of_a_log_keep_short_groups() {
    let mut random = Random::new(51);
    let mut log = String::new();
    while log.len() < 262_144 {
        let [address, code, handler] = [200, 3, 3].map(|below| random.below(below));
        let name = ["http_requests_total", "process_cpu_seconds", "go_gc_duration_bucket"][random.below(3)];
        log += &format!(
            "{name}{{instance=\"10.1.{}.{}:9100\",job=\"node\",code=\"{}\",handler=\"/api/v{handler}/query\"}} {}\n",
            address % 4,
            address / 4,
            [200, 404, 500][code],
            random.below(1_000_000)
        );
    }
    for level in 3..=9 {
        let mut stream = Stream::new(level, 300_000);
        for page in log.as_bytes().chunks(65_536) {
            stream.encode(page);
            assert_eq!(stream.group(), 4, "{level}");
        }
    }
}

/// In the lines of a table, groups of six bytes have fewer candidates than groups of four, but not by much. They would
/// lose the short fields, and save little time.
#[test]
fn lines_of_a_table_keep_short_groups() {
    let mut random = Random::new(53);
    let names = [
        "SMALL KE", "SMALL RE", "KA", "SA", "TA", "NA", "HA", "MA", "YA", "RA", "WA", "SMALL YA",
    ];
    let mut table = String::new();
    while table.len() < 262_144 {
        let [first, second, weight, kind] = [64, 64, 128, 8].map(|below| random.below(below));
        table += &format!(
            "{:04X} {:04X} ; [.{:04X}.0020.{kind:04X}.0002] # <KATAKANA LETTER {}, HIRAGANA LETTER {}>\n",
            0x30A0 + first,
            0x3040 + second,
            0x42D0 + weight,
            names[random.below(names.len())],
            names[random.below(names.len())],
        );
    }
    for level in 3..=9 {
        let mut stream = Stream::new(level, 300_000);
        for page in table.as_bytes().chunks(65_536) {
            stream.encode(page);
            assert_eq!(stream.group(), 4, "{level}");
        }
    }
}

/// Records of a time and a value. The times agree in their first bytes only for a few records, so the chain of these
/// ends soon. The chain of what follows is long.
#[test]
fn a_chain_that_soon_ends_is_not_left() {
    let mut random = Random::new(52);
    let mut records = vec![];
    for k in 0..16_384 {
        records.extend((1.79e9 + k as f64 / 4.0).to_le_bytes());
        records.extend((random.below(60) as f64 / 100.0 + 20.0).to_le_bytes());
    }
    for (level, most) in [(7, 5.5), (8, 9.5), (9, 12.0)] {
        let (looked, _) = chain::tests::candidates_in(|| Stream::new(level, 300_000).encode_all(&records, 65_536));
        let mean = looked as f64 / records.len() as f64;
        assert!(mean < most, "{level}: {mean}");
    }
}

/// A column of integers.
fn column(seed: u64, rows: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut number = || 980 + (0..4).map(|_| random.below(30) as u32).sum::<u32>();
    (0..rows).flat_map(|_| number().to_le_bytes()).collect()
}

/// In a column of integers every group of four bytes has more candidates than the levels up to 8 look at. What these
/// find on chains of longer groups are better matches.
#[test]
fn crowded_chains_have_longer_groups() {
    let column = column(46, 50_000);
    for page in [4096, 16_384, 65_536] {
        let mut before = size(2, &column, page);
        for level in 3..=9 {
            let size = size(level, &column, page);
            assert!(size <= before + before / 200, "{page} {level}: {size} {before}");
            before = size;
        }
    }
}

/// Short pages may be crowded, too. A long page after a short one is still crowded.
#[test]
fn short_pages_may_be_crowded() {
    let mut random = Random::new(59);
    let mut letter = |first: u8| first + random.below(16) as u8;
    let rows: Vec<u8> = (0..24_000)
        .flat_map(|_| {
            let [a, b, c] = [0, 50, 130].map(&mut letter);
            [a, b'a', b'b', b'c', b, b'd', b'e', b'f', c, b'g', b'h', b'i']
        })
        .collect();
    for lens in [[4096, 4096], [7000, 7000], [65_536, 1000]] {
        let mut before = usize::MAX;
        for level in 2..=6 {
            let mut stream = Stream::new(level, 200_000);
            let (mut rest, mut size) = (&rows[..], 0);
            for len in lens.into_iter().cycle() {
                let page;
                (page, rest) = rest.split_at(len.min(rest.len()));
                if page.is_empty() {
                    break;
                }
                size += stream.encode(page).len();
                assert!(level == 2 || page.len() < 65_536 || stream.group() > 4, "{level}");
            }
            assert!(size < before, "{level}: {size} {before}");
            before = size;
        }
    }
}

/// Longer groups suit the first pages, but not those after them, although these have as few letters.
#[test]
fn longer_groups_are_given_up_where_they_find_little() {
    let mut random = Random::new(47);
    let letters: Vec<u8> = (0..16_384).map(|_| random.below(2) as u8).collect();
    let numbers: Vec<u8> = (0..10_000)
        .flat_map(|_| format!("{:03}\n", random.below(200)).into_bytes())
        .collect();
    for level in 3..=9 {
        let alone = size(level, &letters, 4096) + size(level, &numbers, 4096);
        let both = size(level, &[&letters[..], &numbers].concat(), 4096);
        assert!(both < alone + alone / 10, "{level}: {both} {alone}");
    }
}

/// Each change of the groups links the history again. Pages of a few bytes that are now of one kind, now of another
/// must not cause that each time.
#[test]
fn groups_do_not_change_with_every_tiny_page() {
    let mut random = Random::new(48);
    let mut noise = |len: usize, letters: usize| -> Vec<u8> { (0..len).map(|_| random.below(letters) as u8).collect() };
    let column = column(47, 16_384);
    let spoiled = [&noise(30, 256)[..], &[0; 270]].concat();
    let pairs: Vec<u8> = (0..14).flat_map(|_| noise(2, 200).repeat(10)).collect();
    let kinds = [
        vec![vec![0; 13], noise(14, 256), noise(24, 256)],
        vec![vec![0; 64], noise(64, 4), noise(64, 256)],
        vec![vec![0; 300], spoiled, column[..60].to_vec()],
        vec![noise(260, 28), pairs],
        vec![vec![0; 4750], noise(250, 256), noise(21, 256)],
        vec![noise(92, 256), vec![0; 3923], [1, 2, 3].repeat(66)],
    ];
    for level in 3..=9 {
        for (whole_history, least) in [(false, LEAST_CHANGE), (true, 65_536)] {
            for pages in &kinds {
                let mut stream = Stream::new(level, 200_000);
                stream.whole_history = whole_history;
                stream.encode(&column);
                let (mut before, mut changes, mut len) = (stream.group(), 0, 0);
                for page in pages.iter().cycle().take(3000) {
                    stream.encode(page);
                    changes += usize::from(stream.group() != before);
                    (before, len) = (stream.group(), len + page.len());
                }
                assert!(
                    changes <= 2 + 2 * len / least,
                    "{level} {whole_history}: {changes} {len}"
                );
            }
        }
    }
}

/// Also if the groups were longer, and the first page is too short to choose them.
#[test]
fn reset_forgets_what_longer_groups_found() {
    let mut random = Random::new(49);
    let mut words = |words: usize, len: usize| -> Vec<u8> {
        let words: Vec<Vec<u8>> = (0..words)
            .map(|_| (0..len).map(|_| random.below(28) as u8).collect())
            .collect();
        (0..16_384 / len)
            .flat_map(|_| words[random.below(words.len())].clone())
            .collect()
    };
    let (crowd, other) = (words(6, 8), words(500, 4));
    for level in 3..=6 {
        let mut used = Stream::new(level, 200_000);
        used.encode_all(&crowd, 8192);
        used.reset();
        let mut new = Stream::new(level, 200_000);
        let pages = crowd.chunks(8192).chain(other.chunks(2048));
        for (k, page) in [&b"short"[..]].into_iter().chain(pages).enumerate() {
            assert!(used.encode(page) == new.encode(page), "level {level}: {k}");
        }
    }
}

/// Where longer groups are given up time after time, they are tried less and less often.
#[test]
fn groups_that_are_soon_given_up_are_tried_less_often() {
    let kinds = [column(56, 16_384), text(57, 65_536)];
    for level in 3..=6 {
        let mut stream = Stream::new(level, 200_000);
        let (mut before, mut changes) = (MIN_MATCH, 0);
        for page in kinds.iter().cycle().take(64).flat_map(|kind| kind.chunks(8192)) {
            stream.encode(page);
            let Method::Lazy { chains, .. } = &stream.encoder.method else {
                unreachable!()
            };
            changes += usize::from(chains.group != before);
            before = chains.group;
        }
        assert!((4..=24).contains(&changes), "{level}: {changes}");
    }
}

/// A chain of long groups leads past most of the candidates that a chain of groups of four bytes has. In small pages
/// too, where the highest level forgoes that for the smallest block.
#[test]
fn few_letters_need_few_candidates() {
    let mut random = Random::new(41);
    for (level, letters, page, most) in [
        (12, 2, 200_000, 1000.0),
        (12, 4, 200_000, 100.0),
        (12, 2, 4096, 20.0),
        (9, 2, 4096, 5.0),
        (9, 2, 1024, 4.0),
    ] {
        let data: Vec<u8> = (0..200_000).map(|_| random.below(letters) as u8).collect();
        let (looked, _) = chain::tests::candidates_in(|| Stream::new(level, 300_000).encode_all(&data, page));
        let mean = looked as f64 / data.len() as f64;
        assert!(mean < most, "{level} {letters} {page}: {mean}");
    }
}

/// In small pages the chains of groups of five bytes find nearly all that those of four bytes find.
#[test]
fn few_letters_need_groups_of_five_bytes_in_small_pages() {
    let mut random = Random::new(47);
    let mut lines = vec![];
    while lines.len() < 200_000 {
        lines.extend((0..80).map(|_| b"ACGT"[random.below(4)]));
        lines.push(b'\n');
    }
    for (page, most) in [(4096, 11.0), (8192, 11.0), (16_384, 20.0)] {
        let smallest = size(12, &lines, page);
        for level in [10, 11] {
            let (looked, size) = chain::tests::candidates_in(|| size(level, &lines, page));
            let mean = looked as f64 / lines.len() as f64;
            assert!(mean < most, "{level} {page}: {mean}");
            assert!(size <= smallest + smallest / 400, "{level} {page}: {size} {smallest}");
        }
    }
}

/// They lose matches of four bytes where the page is new, however much of it comes again.
#[test]
fn a_small_page_that_repeats_itself_keeps_short_matches() {
    let mut random = Random::new(48);
    for (letters, period, page) in [(4, 1000, 4096), (5, 4170, 13_309)] {
        let first: Vec<u8> = (0..period).map(|_| b"ACGTN"[random.below(letters)]).collect();
        let data: Vec<u8> = first.into_iter().cycle().take(page).collect();
        let smallest = size(12, &data, page);
        for level in [10, 11] {
            let size = size(level, &data, page);
            assert!(size <= smallest + smallest / 50, "{level} {page}: {size} {smallest}");
        }
    }
}

/// In a de Bruijn sequence nearly every place is searched, and each search may look at hundreds of candidates.
#[test]
fn the_candidates_of_a_level_are_bounded_on_average() {
    let data = [de_bruijn(2, 16), de_bruijn(2, 16)].concat();
    for (level, most) in [(10, 43.0), (11, 140.0)] {
        let (looked, _) = chain::tests::candidates_in(|| Stream::new(level, 300_000).encode_all(&data, 65_536));
        let mean = looked as f64 / data.len() as f64;
        assert!(mean < most, "{level}: {mean}");
    }
}

/// A long match of mostly one letter has few groups that lead past most candidates, and they may be anywhere in it.
#[test]
fn the_rare_groups_of_a_long_match_are_found() {
    let mut random = Random::new(45);
    let data: Vec<u8> = (0..131_072).map(|_| (random.below(20) == 0) as u8).collect();
    let (looked, _) = chain::tests::candidates_in(|| Stream::new(12, 300_000).encode_all(&data, 65_536));
    let mean = looked as f64 / data.len() as f64;
    assert!(mean < 200.0, "{mean}");
}

/// Records with a counter and many zeros. Nearly all candidates in the zeros match up to the next counter, and none for
/// longer. That is seen at the first one.
#[test]
fn what_only_a_longer_match_has_is_looked_for() {
    let mut random = Random::new(46);
    let mut records = vec![];
    for counter in 0..2500u32 {
        records.extend(counter.to_le_bytes());
        records.extend(random.bytes(12));
        records.extend([100, 0, 0, 0, random.below(4) as u8]);
        records.resize(records.len() + 27, 0);
    }
    for level in 10..=12 {
        for page in [1024, 4096, 65_536] {
            let (looked, _) = chain::tests::candidates_in(|| Stream::new(level, 200_000).encode_all(&records, page));
            let mean = looked as f64 / records.len() as f64;
            assert!(mean < 2.0, "{level} {page}: {mean}");
        }
    }
}

/// Nearly every position of such data begins a long match. To plan all of them takes forever.
#[test]
fn in_regular_data_long_matches_are_taken_at_once() {
    let (_, ascending) = regular(262_144).swap_remove(0);
    for level in [10, 11] {
        for page in [1024, 4096, 65_536] {
            let (looked, _) = chain::tests::candidates_in(|| Stream::new(level, 400_000).encode_all(&ascending, page));
            let mean = looked as f64 / ascending.len() as f64;
            assert!(mean < 1.0, "{level} {page}: {mean}");
        }
    }
}

/// Each search in the second run finds candidates in the first one, which has the same period.
#[test]
fn long_runs_are_not_counted_to_their_end_time_after_time() {
    let mut random = Random::new(45);
    let mut run = |len: usize| {
        let period: Vec<u8> = (0..5000).map(|_| random.below(8) as u8).collect();
        period.into_iter().cycle().take(len).collect::<Vec<u8>>()
    };
    let data = [run(100_000), run(1_000_000)].concat();
    for level in 3..=12 {
        let counted = chain::tests::rests_in(|| drop(Stream::new(level, data.len()).encode(&data)));
        assert!(counted < 20 * data.len() as u64, "{level}: {counted}");
    }
}

/// A run over several parts of a page is linked at once. It may be longer than what links are kept for.
#[test]
fn runs_may_be_longer_than_the_ring() {
    for period in [1, 2, 3, 4] {
        let run = |len: usize, first: usize| (0..len).map(move |k| (first + k % period) as u8);
        for len in [chain::RING + 100, 200_000, 300_000] {
            let data: Vec<u8> = run(len, 0).chain([99]).chain(run(100, 100)).collect();
            for level in LEVELS {
                // It decodes what it encodes.
                assert!(Stream::new(level, data.len()).encode(&data).len() < data.len() / 100);
            }
        }
    }
}

/// In records the group with the widest gap is often one that is frequent elsewhere.
#[test]
fn the_better_chain_is_the_one_with_two_wide_gaps() {
    let mut random = Random::new(44);
    let (mut time, mut values) = (1_700_000_000_u32, [500_u32; 8]);
    let mut records = vec![];
    while records.len() < 131_072 {
        let channel = random.below(8);
        time += random.below(3) as u32;
        values[channel] = values[channel] + random.below(7) as u32 - 3;
        let next = values[(channel + 1) % 8];
        for field in [
            time,
            channel as u32,
            values[channel],
            next,
            (values[channel] as f32 / 4.0).to_bits(),
        ] {
            records.extend(field.to_le_bytes());
        }
    }
    for (level, page, most) in [(11, 4096, 3.0), (12, 4096, 3.0), (12, 16_384, 7.5)] {
        let (looked, _) = chain::tests::candidates_in(|| Stream::new(level, 400_000).encode_all(&records, page));
        let mean = looked as f64 / records.len() as f64;
        assert!(mean < most, "{level} {page}: {mean}");
    }
}

/// Where pages ask for groups of different lengths in turn, nothing of the history is lost.
#[test]
fn history_is_linked_again_for_other_groups() {
    let mut random = Random::new(42);
    let mut data: Vec<u8> = (0..60_000).map(|_| random.below(4) as u8).collect();
    data.extend(random.bytes(60_000));
    for level in 3..=12 {
        let mut stream = Stream::new(level, 400_000);
        stream.whole_history = true;
        for page in data.chunks(60_000) {
            stream.encode(page);
            let half = &page[..page.len() / 2];
            assert!(stream.encode(half).len() < 300, "level {level}");
        }
    }
}

/// What comes before a very long match may take nearly all of it. The rest may be too near to the end of the page.
#[test]
fn no_match_starts_too_late_after_one_that_reaches_into_a_very_long_one() {
    for level in 3..=12 {
        for rest in 1..MATCH_MARGIN {
            let mut random = Random::new(rest as u64);
            let (long, head) = (random.bytes(5000), random.bytes(4));
            // The page has the head too, but the places searched for very long matches lie behind it.
            let other = [&head[..], &long[..5000 - rest]].concat();
            let history = [&random.bytes(40), &other[..], &random.bytes(40), &long].concat();
            let page = [&random.bytes(300), &head[..], &long, &random.bytes(LAST_LITERALS)].concat();
            let mut stream = Stream::new(level, 1 << 17);
            stream.encode(&history);
            let sequences = sequences(&stream.encode(&page));
            assert_eq!(
                sequences[0].matched.map(|(_, length)| length),
                Some(4 + 5000 - rest),
                "{level} {rest}"
            );
        }
    }
}

#[test]
fn very_long_matches_are_found_among_many_candidates() {
    // A period with faults, which the second half repeats.
    let mut random = Random::new(43);
    let mut data: Vec<u8> = (0..20_000).map(|k| (k % 37) as u8).collect();
    for at in (0..data.len()).step_by(700) {
        let fault = at + random.below(200);
        data[fault] = 99;
    }
    data.extend_from_within(..);
    data.extend(random.bytes(20));
    for level in 3..=12 {
        let encoded = Stream::new(level, 300_000).encode(&data);
        let longest = sequences(&encoded)
            .iter()
            .filter_map(|found| found.matched)
            .map(|(_, length)| length)
            .max();
        assert!(longest >= Some(15_000), "level {level}: {longest:?}");
    }
}

/// With long groups too, a match is found that overlaps little of the one before or is little longer.
#[test]
fn few_letters_are_parsed_well() {
    let data = de_bruijn(2, 16);
    for page in [4096, 65_536] {
        let size = |level| -> usize {
            let blocks = Stream::new(level, 300_000).encode_all(&data, page);
            blocks.iter().map(Vec::len).sum()
        };
        assert!(size(9) * 100 <= size(12) * 112, "{page}: {} {}", size(9), size(12));
    }
}

/// Encodes a page after a dictionary, and returns its sequences.
fn after_dictionary(level: i32, dictionary: &[u8], page: &[u8]) -> Vec<Sequence> {
    let mut encoder = HighEncoder::new(level);
    encoder.index(dictionary, 0, dictionary.len());
    let window = [dictionary, page].concat();
    let mut out = vec![0; compress_bound(page.len())];
    let length = encoder.encode(&window, 0, dictionary.len(), &mut out);
    check(&out[..length], dictionary, page);
    sequences(&out[..length])
}

#[test]
fn a_dictionary_is_found_from_its_first_byte_to_its_last() {
    let noise = Random::new(23).bytes(2000);
    for level in LEVELS {
        // A search for long matches takes seven bytes and reads eight.
        for first in [0, 1, 1000 - 9, 1000 - 8] {
            let page = [&noise[first..first + 8], &noise[1500..1520]].concat();
            let found = after_dictionary(level, &noise[..1000], &page);
            assert_eq!(found[0].matched, Some((1000 - first, 8)), "level {level}: {first}");
        }
    }
}

#[test]
fn the_lowest_levels_try_the_next_byte() {
    // Here a match of six bytes, and at the next byte one of seven.
    let mut noise = Random::new(24).bytes(2000);
    noise.copy_within(101..106, 501);
    let page = [&noise[100..106], &noise[506..508], &noise[1500..1520]].concat();
    let next = Sequence {
        literals: 1,
        matched: Some((500, 7)),
    };
    assert_eq!(after_dictionary(1, &noise[..1000], &page)[0], next);
}

/// The match at the next byte is held to its own distance, not to that of the byte before.
#[test]
fn the_next_byte_reaches_no_further_than_an_offset() {
    let noise = Random::new(25).bytes(100);
    for (distance, literals, matched) in [(65_535, 1, (65_535, 11)), (65_536, 0, (5536, 4))] {
        // Zeros, so that the tables keep all of the rest.
        let mut dictionary = vec![0; 65_536];
        dictionary[..50].copy_from_slice(&noise[..50]);
        let first = 65_537 - distance;
        // Four bytes match near, and from the second on more match far away.
        dictionary[60_000] = 77;
        dictionary.copy_within(first..first + 3, 60_001);
        let page = [&[77], &dictionary[first..first + 11], &noise[50..]].concat();
        let found = after_dictionary(1, &dictionary, &page)[0];
        let matched = Some(matched);
        assert_eq!(found, Sequence { literals, matched }, "{distance}");
    }
}

/// What is in the middle of a match is found from a few of its places on.
#[test]
fn the_lowest_levels_remember_both_ends_of_a_match() {
    let noise = Random::new(26).bytes(1000);
    let text = &noise[..100];
    // The places of long and of short matches.
    let long = [0, 2, 95, 97, 98].map(|place| (place, 7));
    let short = [0, 1, 98, 99].map(|place| (place, 4));
    for (place, length) in long.into_iter().chain(short) {
        let mut encoder = HighEncoder::new(1);
        let mut out = [0; 1000];
        let mut window = text.to_vec();
        encoder.index(&window, 0, 100);
        window.extend_from_slice(text);
        window.extend_from_slice(&noise[100..200]);
        let encoded = encoder.encode(&window, 0, 100, &mut out);
        assert_eq!(sequences(&out[..encoded])[0].matched, Some((100, 100)));
        // The first time is out of reach.
        window.extend_from_within(100 + place..100 + place + length);
        window.extend_from_slice(&noise[300..320]);
        let encoded = encoder.encode(&window, 100, 300, &mut out);
        check(&out[..encoded], &window[100..300], &window[300..]);
        let found = sequences(&out[..encoded])[0];
        let expected = Sequence {
            literals: 0,
            matched: Some((200 - place, length)),
        };
        assert_eq!(found, expected, "{place} {length}");
    }
}

/// The end of a match is found from the next page too, however near it is to the end of its own.
#[test]
fn the_lowest_levels_remember_the_last_match_of_a_page() {
    let noise = Random::new(27).bytes(200);
    let mut encoder = HighEncoder::new(1);
    let mut out = [0; 300];
    let mut window = noise[..100].to_vec();
    encoder.index(&window, 0, 100);
    window.extend_from_slice(&noise[10..50]);
    window.extend_from_slice(&noise[100..105]);
    let encoded = encoder.encode(&window, 0, 100, &mut out);
    assert_eq!(sequences(&out[..encoded])[0].matched, Some((90, 40)));
    window.extend_from_within(138..145);
    window.extend_from_slice(&noise[120..140]);
    let encoded = encoder.encode(&window, 0, 145, &mut out);
    check(&out[..encoded], &window[..145], &window[145..]);
    let expected = Sequence {
        literals: 0,
        matched: Some((7, 7)),
    };
    assert_eq!(sequences(&out[..encoded])[0], expected);
}

/// The search takes large steps through what does not match, but a match shows soon when there are some again.
#[test]
fn the_lowest_levels_find_what_follows_data_without_matches() {
    let page = |noise: usize| {
        let mut random = Random::new(28);
        let mut page = random.bytes(noise);
        let words: Vec<Vec<u8>> = (0..200).map(|_| random.bytes(12)).collect();
        (0..2000).for_each(|_| page.extend_from_slice(&words[random.below(200)]));
        page
    };
    let alone = size(1, &page(0), 24_000);
    for (noise, most) in [(4096, 250), (65_536, 4500), (1 << 20, 14_000)] {
        let page = page(noise);
        let after = size(1, &page, page.len()) - noise;
        assert!(after <= alone + most, "{noise}: {after} {alone}");
    }
}

/// Nearly all matches of the Fibonacci word are found only if the others are forgotten, see
/// `higher_levels_make_smaller_blocks_of_regular_data`. Here the same would make larger blocks.
#[test]
fn the_lowest_levels_remember_both_ends_in_regular_data_too() {
    let data = de_bruijn(2, 16);
    for page in [4096, 65_536] {
        let size = size(1, &data, page);
        assert!(size < 18_500, "{page}: {size}");
    }
}

/// Digits are few different letters, but all matches are shorter than six bytes.
#[test]
fn consecutive_numbers_keep_their_short_matches() {
    let text: String = (10_000..60_000).map(|number| format!("{number}\n")).collect();
    for page_size in [65_536, 300_000] {
        for level in LEVELS {
            let blocks = Stream::new(level, text.len()).encode_all(text.as_bytes(), page_size);
            let size: usize = blocks.iter().map(Vec::len).sum();
            assert!(size < text.len() * 7 / 10, "{page_size} {level}: {size}");
        }
    }
}

/// Nearly all places lie in long runs, but it is the others that need groups of four bytes.
#[test]
fn between_runs_short_matches_are_found() {
    let mut random = Random::new(45);
    let pieces: Vec<Vec<u8>> = (0..50)
        .map(|_| (0..5 + random.below(36)).map(|_| b"ACGT"[random.below(4)]).collect())
        .collect();
    let mut data = vec![];
    while data.len() < 262_144 {
        data.resize(data.len() + 100 + random.below(1900), [0, 32, 255][random.below(3)]);
        data.extend(&pieces[random.below(50)]);
    }
    for page in [4096, 65_536] {
        let low = size(1, &data, page);
        for level in 3..=12 {
            let size = size(level, &data, page);
            assert!(size * 100 < low * 98, "{page} {level}: {size} {low}");
        }
    }
}

#[test]
fn higher_levels_make_smaller_blocks() {
    for data in [text(27, 300_000), mixed(27, 300_000)] {
        for size in [1000, 65_536] {
            let sizes: Vec<usize> = LEVELS
                .map(|level| {
                    let blocks = Stream::new(level, 400_000).encode_all(&data[..size.min(3000) * 100], size);
                    blocks.iter().map(Vec::len).sum()
                })
                .collect();
            assert!(sizes.is_sorted_by(|lower, higher| lower >= higher), "{sizes:?}");
            assert_eq!(sizes[0], sizes[1]);
            assert!(sizes[1] > sizes[2] && sizes[8] > sizes[11], "{sizes:?}");
        }
    }
}

/// A page of matches of these lengths, each of which overlaps the one before by so many bytes, after a dictionary in
/// which they are apart.
fn overlapping(seed: u64, matches: &[(usize, usize)]) -> (Vec<u8>, Vec<u8>) {
    let mut random = Random::new(seed);
    let (mut dictionary, mut page) = (random.bytes(30), random.bytes(3));
    for &(length, overlap) in matches {
        let mut text = page[page.len() - overlap..].to_vec();
        text.extend(random.bytes(length - overlap));
        page.extend_from_slice(&text[overlap..]);
        dictionary.extend_from_slice(&text);
        dictionary.extend(random.bytes(10));
    }
    page.extend(random.bytes(20));
    (dictionary, page)
}

/// How many bytes more than necessary each level from 3 on takes for a page.
fn excess(dictionary: &[u8], page: &[u8]) -> Vec<usize> {
    let window = [dictionary, page].concat();
    let smallest = smallest(&window, 0, dictionary.len());
    (3..=12)
        .map(|level| {
            let mut encoder = HighEncoder::new(level);
            encoder.index(dictionary, 0, dictionary.len());
            let mut out = vec![0; compress_bound(page.len())];
            let length = encoder.encode(&window, 0, dictionary.len(), &mut out);
            check(&out[..length], dictionary, page);
            length - smallest
        })
        .collect()
}

#[test]
fn overlapping_matches_are_cut_where_it_costs_least() {
    for first in [4, 5, 6, 8, 12, 17, 18, 19, 20, 30] {
        for overlap in [1, 2, 3, 4, 6, 10, 14, 18] {
            for second in [4, 5, 6, 8, 12, 17, 18, 19, 20, 40] {
                if overlap >= first || overlap >= second {
                    continue;
                }
                let (dictionary, page) = overlapping(1, &[(first, 0), (second, overlap)]);
                let excess = excess(&dictionary, &page);
                // The lower levels do not always save the length byte of a longer match.
                let most = (first > SHORT_MATCH_MAX) as usize;
                assert!(
                    excess[..7].iter().all(|&excess| excess <= most),
                    "{first} {overlap} {second} {excess:?}"
                );
                assert_eq!(excess[7..], [0; 3]);
            }
        }
    }
}

/// Matches that overlap one another in a row, without length bytes.
#[test]
fn rows_of_overlapping_matches_cost_hardly_more_than_necessary() {
    let mut random = Random::new(31);
    let mut optimal = 0;
    for _ in 0..200 {
        let mut matches = vec![(4 + random.below(15), 0)];
        for _ in 0..2 + random.below(8) {
            let length = 4 + random.below(15);
            let (last, _) = matches[matches.len() - 1];
            matches.push((length, 1 + random.below(length.min(last) - 1)));
        }
        let (dictionary, page) = overlapping(random.next(), &matches);
        let excess = excess(&dictionary, &page);
        assert!(excess.iter().all(|&excess| excess <= 2), "{matches:?} {excess:?}");
        assert_eq!(excess[7..], [0; 3]);
        optimal += (excess[0] == 0) as usize;
    }
    assert!(optimal >= 185, "{optimal}");
}

#[test]
fn a_run_is_one_match() {
    for level in 3..=12 {
        for size in [1000, 65_536, 65_600, 200_000] {
            let sequences = sequences(&Stream::new(level, 300_000).encode(&vec![7; size]));
            assert_eq!(sequences.len(), 2, "level {level}: {size}");
            assert_eq!(sequences[0].matched, Some((1, size - 6)), "level {level}: {size}");
        }
    }
}

#[test]
fn a_page_of_thirteen_bytes_may_have_a_match() {
    let noise = Random::new(28).bytes(300);
    for level in LEVELS {
        let found = after_dictionary(level, &noise, &noise[100..113]);
        assert_eq!(found[0].matched, Some((200, 8)), "level {level}");
    }
}

/// Where a page repeats itself all groups are frequent, but of the first time every match counts.
#[test]
fn the_first_time_of_what_repeats_itself_keeps_short_matches() {
    let mut random = Random::new(50);
    for period in [15, 46, 150, 300, 751, 1500, 2999] {
        let first: Vec<u8> = (0..period).map(|_| b"ACGT"[random.below(4)]).collect();
        let smallest = smallest(&first, 0, 0);
        for page in [16_384, 65_536] {
            let data: Vec<u8> = first.iter().copied().cycle().take(page).collect();
            let most = smallest + page / 255 + 12;
            for level in 10..=12 {
                let size = size(level, &data, page);
                assert!(size <= most, "{level} {period} {page}: {size} {most}");
            }
        }
    }
}

/// Of what repeats itself the first time may be long, and have few letters.
#[test]
fn long_groups_suit_few_letters_that_repeat_themselves() {
    let mut random = Random::new(51);
    let first: Vec<u8> = (0..20_000).map(|_| random.below(2) as u8).collect();
    let data: Vec<u8> = first.iter().copied().cycle().take(65_536).collect();
    for level in [10, 11] {
        let (looked, size) = chain::tests::candidates_in(|| size(level, &data, data.len()));
        let alone = self::size(12, &first, first.len());
        assert!(size <= alone + alone / 10, "{level}: {size} {alone}");
        let mean = looked as f64 / first.len() as f64;
        assert!(mean < 150.0, "{level}: {mean}");
    }
}

/// Few letters, and then one period to the end of the page: of the period, all places are alike.
#[test]
fn a_period_after_few_letters_keeps_groups_of_four_bytes() {
    let mut random = Random::new(52);
    for (letters, period) in [(3, 12), (4, 6), (3, 30)] {
        let mut page: Vec<u8> = (0..900).map(|_| random.below(letters) as u8).collect();
        while page.len() < 16_384 {
            page.push(page[page.len() - period]);
        }
        let before = size(9, &page, page.len());
        for level in 10..=12 {
            let size = size(level, &page, page.len());
            assert!(size <= before, "{level} {period}: {size} {before}");
        }
    }
}

/// Between runs the few other bytes are what counts.
#[test]
fn groups_of_four_bytes_suit_pages_of_runs() {
    let mut random = Random::new(53);
    let pieces: Vec<Vec<u8>> = (0..50)
        .map(|_| (0..5 + random.below(36)).map(|_| b"AB"[random.below(2)]).collect())
        .collect();
    let mut data = vec![];
    while data.len() < 131_072 {
        data.resize(data.len() + 100 + random.below(1900), [0, 32, 255][random.below(3)]);
        data.extend(&pieces[random.below(50)]);
    }
    for page in [1024, 4096] {
        let before = size(9, &data, page);
        for level in [10, 11] {
            let size = size(level, &data, page);
            assert!(size <= before + before / 100, "{level} {page}: {size} {before}");
        }
    }
}

/// A match known at a place saves the search before it, even if it costs no less than literals.
#[test]
fn matches_that_save_no_byte_save_searches() {
    let column = column(46, 16_384);
    for level in 10..=12 {
        let (looked, _) = chain::tests::candidates_in(|| size(level, &column, 4096));
        let mean = looked as f64 / column.len() as f64;
        assert!(mean < 6.5, "{level}: {mean}");
    }
}

/// Here a byte, there a byte, and zeros between them: many candidates are as long as the next.
#[test]
fn sparse_bytes_need_as_many_candidates_as_the_level_below_has() {
    let mut random = Random::new(55);
    let sparse: Vec<u8> = (0..131_072)
        .map(|_| if random.below(20) == 0 { random.next() as u8 } else { 0 })
        .collect();
    let (lower, size) = (size(9, &sparse, 1024), size(10, &sparse, 1024));
    assert!(size <= lower + lower / 200, "{size} {lower}");
}

/// Runs of at least so many bytes, and at most so many more, of a few letters.
fn runs(least: usize, more: usize, letters: usize) -> Vec<u8> {
    let mut random = Random::new(3);
    let mut runs = Vec::new();
    while runs.len() < 200_000 {
        let letter = random.below(letters) as u8;
        let end = runs.len() + least + random.below(more);
        runs.resize(end, letter);
    }
    runs.truncate(200_000);
    runs
}

/// Here every match is very long, and there are many candidates for a longer one.
#[test]
fn searches_for_very_long_matches_have_a_limit() {
    let runs = runs(30, 170, 2);
    for level in [10, 11] {
        let (looked, _) = chain::tests::candidates_in(|| size(level, &runs, 65_536));
        let mean = looked as f64 / runs.len() as f64;
        // It would be 1.6 without a limit, and 1 if the first search were always made again.
        assert!(mean < 0.85, "{level}: {mean}");
    }
}

/// Where a match planned leaves only a part of a very long one, another match may be better than this part.
#[test]
fn a_short_rest_of_a_very_long_match_is_not_written() {
    let runs = runs(100, 500, 16);
    for level in [10, 11] {
        let size = size(level, &runs, 65_536);
        // It would be 2587.
        assert!(size <= 2570, "{level}: {size}");
    }
}
