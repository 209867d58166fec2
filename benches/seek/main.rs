//! Random reads, index sizes and parallel reading, beside the serial reader: `cargo bench --bench seek [-- MIB]`.
//!
//! The content is a made log of so many MiB (default 256), in memory.

use std::hint::black_box;
use std::io::{BufRead, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lz4_stream::{CompressOptions, DecompressOptions, Index, Lz4StreamReaderAt, Lz4StreamSeekReader};

#[path = "../../tests/common/random.rs"]
mod random;
use random::Random;

/// Lines of a log, with numbers and words that differ.
fn log(len: usize) -> Vec<u8> {
    let words = [
        "GET", "POST", "user", "cache", "miss", "hit", "timeout", "retry", "session", "started",
    ];
    let mut random = Random::new(1);
    let mut log = Vec::with_capacity(len + 200);
    let mut time = 1_700_000_000_000_u64;
    while log.len() < len {
        time += random.next() % 50;
        let (a, b, c) = (random.below(10), random.below(10), random.below(10));
        let line = format!(
            "{time} INFO [{:02}] {} {} /v1/{}/{:08x} {}ms\n",
            random.below(16),
            words[a],
            words[b],
            words[c],
            random.next() as u32,
            random.below(900)
        );
        log.extend_from_slice(line.as_bytes());
    }
    log.truncate(len);
    log
}

fn median(mut times: Vec<Duration>) -> (Duration, Duration, Duration) {
    times.sort();
    (
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1],
    )
}

/// Reads everything, without a copy, and returns the time.
fn drain(mut reader: impl BufRead) -> Duration {
    let start = Instant::now();
    loop {
        let lent = black_box(reader.fill_buf().unwrap());
        let n = lent.len();
        if n == 0 {
            return start.elapsed();
        }
        reader.consume(n);
    }
}

fn main() {
    let mib = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(256);
    let content = log(mib << 20);
    let options = DecompressOptions::new();
    for page_size in [4 << 10, 64 << 10, 256 << 10] {
        let stream = lz4_stream::compress(&content, &CompressOptions::new().page_size(page_size)).unwrap();
        println!(
            "{mib} MiB of a log, pages of {} KiB, {:.1} % of its length",
            page_size >> 10,
            { stream.len() as f64 * 100.0 / content.len() as f64 }
        );
        for interval in [256 << 10, 1 << 20, 4 << 20] {
            let start = Instant::now();
            let index = Arc::new(Index::build(&stream[..], &options, interval).unwrap());
            let built = start.elapsed();
            let mut file = Vec::new();
            index.write_to(&mut file).unwrap();
            let reader = Lz4StreamReaderAt::new(&stream[..], Arc::clone(&index)).unwrap();
            let mut seeker = Lz4StreamSeekReader::new(Cursor::new(&stream[..]), Arc::clone(&index)).unwrap();
            let mut random = Random::new(7);
            let mut out = [0; 4096];
            let (mut at_offset, mut seeking) = (Vec::new(), Vec::new());
            for _ in 0..500 {
                let at = random.below(content.len() - out.len());
                let start = Instant::now();
                reader.read_exact_at(&mut out, at as u64).unwrap();
                at_offset.push(start.elapsed());
                assert!(out == content[at..][..out.len()]);
                let at = random.below(content.len() - out.len());
                let start = Instant::now();
                seeker.seek(SeekFrom::Start(at as u64)).unwrap();
                seeker.read_exact(&mut out).unwrap();
                seeking.push(start.elapsed());
                assert!(out == content[at..][..out.len()]);
            }
            println!(
                "  interval {:>5} KiB: index {:.3} % of the content, built in {built:.1?}; 4 KiB read_at {:.0?}, seek {:.0?} (median, 99 %, worst)",
                interval >> 10,
                file.len() as f64 * 100.0 / content.len() as f64,
                median(at_offset),
                median(seeking),
            );
        }
        let index = Arc::new(Index::build(&stream[..], &options, 1 << 20).unwrap());
        let mut times = [const { Vec::new() }; 4];
        for _ in 0..7 {
            times[0].push(drain(options.reader(&stream[..]).unwrap()));
            for (threads, times) in [1, 2, 4].into_iter().zip(&mut times[1..]) {
                let reader = options.parallel_reader(&stream[..], Arc::clone(&index), threads);
                times.push(drain(reader.unwrap()));
            }
        }
        let serial = median(times[0].clone()).0;
        println!(
            "  decoding from the start: {serial:.1?} ({:.0} MB/s)",
            content.len() as f64 / 1e6 / serial.as_secs_f64()
        );
        for (threads, times) in [1, 2, 4].into_iter().zip(&times[1..]) {
            let time = median(times.clone()).0;
            println!(
                "  parallel reader, {threads} threads: {:.2} times the speed",
                serial.as_secs_f64() / time.as_secs_f64()
            );
        }
    }
}
