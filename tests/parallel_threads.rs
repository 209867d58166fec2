//! The threads and the memory of the parallel writer, seen from outside. A single test, so that nothing else runs at
//! the same time.

#[path = "common/heap.rs"]
mod heap;
#[path = "common/random.rs"]
mod random;

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
#[cfg(target_os = "linux")]
use std::{
    thread,
    time::{Duration, Instant},
};

use heap::{allocations, peak};
use lz4_stream::{CompressOptions, Mode, Strategy};
use random::{Random, text};

const MIB: usize = 1 << 20;

#[test]
fn threads_and_memory() {
    #[cfg(target_os = "linux")]
    threads_start_with_the_work_and_end_with_the_writer();
    memory_is_that_of_the_jobs();
    a_warm_writer_allocates_nothing();
    a_short_stream_takes_little();
}

/// The threads of this process that the parallel writer started.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "lz4-stream").count()
}

/// Waits until the number of threads is as it should be: a thread gets its name a little after it has started, and is
/// listed for a little while after it was joined.
#[cfg(target_os = "linux")]
#[track_caller]
fn threads_become(expected: impl Fn(usize) -> bool) {
    let start = Instant::now();
    while !expected(threads()) {
        assert!(start.elapsed() < Duration::from_secs(20), "{} threads", threads());
        thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(target_os = "linux")]
fn threads_start_with_the_work_and_end_with_the_writer() {
    struct Fails(io::ErrorKind);
    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let all = text(1, 6 * MIB);
    for (count, expected) in [(1, 0), (2, 1), (4, 3)] {
        let mut writer = CompressOptions::new().parallel_writer(io::sink(), count).unwrap();
        writer.write_all(&all[..100_000]).unwrap();
        writer.flush().unwrap();
        assert_eq!(threads(), 0);
        writer.write_all(&all).unwrap();
        threads_become(|threads| threads <= expected && (threads > 0) == (expected > 0));
        writer.flush().unwrap();
        let writer = writer.finish();
        threads_become(|threads| threads == 0);
        drop(writer);

        // With an error pending, and while unwinding.
        let mut writer = CompressOptions::new()
            .parallel_writer(Fails(io::ErrorKind::WouldBlock), count)
            .unwrap();
        writer.write_all(&all).and_then(|()| writer.flush()).unwrap_err();
        drop(writer);
        threads_become(|threads| threads == 0);
        let mut writer = CompressOptions::new().parallel_writer(io::sink(), count).unwrap();
        let unwound = panic::catch_unwind(AssertUnwindSafe(|| {
            writer.write_all(&all).unwrap();
            let _writer = writer;
            panic::resume_unwind(Box::new(()));
        }));
        assert!(unwound.is_err());
        threads_become(|threads| threads == 0);
    }
}

fn memory_is_that_of_the_jobs() {
    for all in [text(1, 12 * MIB), Random::new(1).bytes(12 * MIB)] {
        for (mode, strategy, page_size, of_job) in [
            (Mode::Default, Strategy::DoubleBuffer, 65_536, 3 * MIB),
            (Mode::Default, Strategy::RingBuffer, 1000, 3 * MIB),
            (
                Mode::HighCompression { level: 5 },
                Strategy::DoubleBuffer,
                262_144,
                4 * MIB,
            ),
            (
                Mode::HighCompression { level: 10 },
                Strategy::DoubleBuffer,
                MIB,
                5 * MIB,
            ),
            (Mode::Default, Strategy::DoubleBuffer, 2 * MIB, 7 * MIB),
        ] {
            for threads in [2, 4] {
                let options = CompressOptions::new()
                    .mode(mode)
                    .strategy(strategy)
                    .page_size(page_size);
                let (held, ()) = peak(|| {
                    let mut writer = options.parallel_writer(io::sink(), threads).unwrap();
                    for piece in all.chunks(10_000) {
                        writer.write_all(piece).unwrap();
                    }
                    writer.finish().unwrap();
                });
                let limit = (2 * threads + 2) * of_job;
                assert!(
                    held < limit,
                    "{threads} threads, {mode:?}, {page_size}: {held} of {limit}"
                );
            }
        }
    }
}

fn a_warm_writer_allocates_nothing() {
    let all = text(2, 12 * MIB);
    for (page_size, message) in [(65_536, all.len()), (1000, 3 * MIB), (65_536, 2_500_000), (65_536, 100)] {
        let mut writer = CompressOptions::new()
            .page_size(page_size)
            .parallel_writer(io::sink(), 2)
            .unwrap();
        let mut send = |all: &[u8]| {
            for message in all.chunks(message) {
                writer.write_all(message).unwrap();
                writer.flush().unwrap();
            }
        };
        let len = if message == 100 { MIB } else { all.len() };
        // Which jobs there are at a time depends on the threads, so it may take a while until all are warm.
        for _ in 0..3 {
            send(&all[..len]);
        }
        let calls = allocations(|| send(&all[..len]));
        assert!(calls < 20, "{page_size}, {message}: {calls} allocations");
    }
}

fn a_short_stream_takes_little() {
    for threads in [1, 2, 16] {
        let (held, _) = peak(|| {
            let mut writer = CompressOptions::new().parallel_writer(io::sink(), threads).unwrap();
            writer.write_all(&[7; 100]).unwrap();
            writer.finish().unwrap()
        });
        assert!(held < 12_000, "{threads} threads: {held}");
    }
}
