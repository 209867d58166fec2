//! What indexes and their readers hold: memory and threads. One test, because the counters are the program's.

#[allow(dead_code)] // not all of it is used
#[path = "common/heap.rs"]
mod heap;
#[path = "common/random.rs"]
mod random;

use std::io::{BufRead, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

use lz4_stream::{
    CompressOptions, DecompressOptions, Index, Lz4StreamParallelReader, Lz4StreamReaderAt, Lz4StreamSeekReader,
};
use random::{Random, text};

const MIB: usize = 1 << 20;

/// Waits until this process has so many threads of parallel readers: a thread gets its name after it started, and is
/// listed for a moment after it was joined.
#[cfg(target_os = "linux")]
fn wait_for_threads(expected: std::ops::RangeInclusive<usize>) {
    let count = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let name =
            |task: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(task.ok()?.path().join("comm")).ok();
        tasks
            .filter_map(name)
            .filter(|name| name.starts_with("lz4-stream"))
            .count()
    };
    for _ in 0..1000 {
        if expected.contains(&count()) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{} threads", count());
}

#[test]
fn memory_and_threads_are_bounded() {
    let content = text(1, 40 * MIB);
    let stream = lz4_stream::compress(&content, &CompressOptions::new()).unwrap();
    let options = DecompressOptions::new();

    // Building: the index, a reader and 1 MiB.
    let (peak, index) = heap::peak(|| Index::build(&stream[..], &options, MIB as u64).unwrap());
    let mut file = Vec::new();
    index.write_to(&mut file).unwrap();
    assert!(file.len() < content.len() / 20, "{}", file.len());
    assert!(peak < 2 * file.len() + 3 * MIB / 2, "{peak}");
    let index = Arc::new(index);

    // Seeking: a reader and 400 KiB.
    let (peak, ()) = heap::peak(|| {
        let mut reader = Lz4StreamSeekReader::new(Cursor::new(&stream), Arc::clone(&index)).unwrap();
        let mut random = Random::new(1);
        for _ in 0..100 {
            reader
                .seek(SeekFrom::Start(random.below(content.len()) as u64))
                .unwrap();
            reader.fill_buf().unwrap();
        }
    });
    assert!(peak < 912 * 1024, "{peak}");

    // Reading at an offset: the same for each of four places.
    let reader = Lz4StreamReaderAt::new(&stream, Arc::clone(&index)).unwrap();
    let (peak, ()) = heap::peak(|| {
        let mut random = Random::new(1);
        for _ in 0..100 {
            let at = random.below(content.len() - 4096);
            reader.read_exact_at(&mut [0; 4096], at as u64).unwrap();
        }
    });
    assert!(peak < 4 * 912 * 1024, "{peak}");

    // In parallel: with one thread, one interval and its part of the stream; else two more than threads.
    for threads in [1, 2] {
        let (peak, ()) = heap::peak(|| {
            let mut reader = options
                .parallel_reader(&stream[..], Arc::clone(&index), threads)
                .unwrap();
            let mut len = 0;
            while let [_, ..] = reader.fill_buf().unwrap() {
                let n = reader.fill_buf().unwrap().len();
                assert!(reader.fill_buf().unwrap() == &content[len..][..n]);
                len += n;
                reader.consume(n);
            }
            assert_eq!(len, content.len());
        });
        let interval = MIB + 64 * 1024 + MIB * 3 / 4;
        let intervals = if threads == 1 { 1 } else { threads + 2 };
        assert!(peak < intervals * interval + MIB / 2, "{threads}: {peak}");
    }

    // Lies that a file can tell with a valid checksum. Points that are not there, and an index of a long stream.
    let mut lie = file[..72].to_vec();
    lie[24..32].copy_from_slice(&(1_u64 << 30).to_le_bytes()); // the largest page
    lie[56..64].copy_from_slice(&(1_u64 << 23).to_le_bytes()); // the blocks
    lie[64..72].copy_from_slice(&(1_u64 << 23).to_le_bytes()); // the points
    let (peak, result) = heap::peak(|| Index::read_from(&lie[..]));
    result.unwrap_err();
    assert!(peak < 100_000, "{peak}");

    // Threads end with the reader, also in the middle.
    #[cfg(target_os = "linux")]
    {
        for take in [0, 1, 3 * MIB, usize::MAX] {
            let mut reader = options.parallel_reader(&stream[..], Arc::clone(&index), 3).unwrap();
            // The caller's is the third.
            wait_for_threads(2..=2);
            std::io::copy(&mut (&mut reader).take(take as u64), &mut std::io::sink()).unwrap();
            wait_for_threads(2..=2);
            drop(reader);
            wait_for_threads(0..=0);
        }
        // Never more than intervals.
        let short = lz4_stream::compress(b"hello", &CompressOptions::new()).unwrap();
        let index = Index::build(&short[..], &options, MIB as u64).unwrap();
        let reader = Lz4StreamParallelReader::new(&short[..], index.clone()).unwrap();
        wait_for_threads(0..=0);
        reader.into_inner();
        wait_for_threads(0..=0);
        let reader = options.parallel_reader(&short[..], index, 1_000_000).unwrap();
        wait_for_threads(0..=0);
        drop(reader);
    }
}
