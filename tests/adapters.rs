//! Adapters that the crate does not have. They show that its public interface is sufficient.

mod common;

use std::collections::VecDeque;
use std::thread;

use common::{compress_all, strict_content, text};
use lz4_stream::{CompressOptions, Lz4StreamDecompressor, Progress, Strategy};

/// Compresses pages on several threads, each with the previous page as its history. The output is a valid stream and
/// does not depend on the number of threads.
fn compress_in_parallel(options: &CompressOptions, data: &[u8], threads: usize) -> Vec<u8> {
    let pages: Vec<&[u8]> = data.chunks(options.get_page_size()).collect();
    let compress = |first: usize| {
        let (mut compressor, mut blocks) = (options.compressor().unwrap(), VecDeque::new());
        for at in (first..pages.len()).step_by(threads) {
            if at > 0 {
                compressor.reset_with_history(pages[at - 1]);
            }
            blocks.push_back(compressor.compress(pages[at]).unwrap().to_vec());
        }
        blocks
    };
    let mut of_threads: Vec<VecDeque<Vec<u8>>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(move || compress(first))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    (0..pages.len())
        .flat_map(|at| of_threads[at % threads].pop_front().unwrap())
        .collect()
}

#[test]
fn a_parallel_writer() {
    let all = text(3, 1_000_000);
    for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
        for page_size in [10_000, 100_000] {
            let options = CompressOptions::new().page_size(page_size).strategy(strategy);
            let one = compress_in_parallel(&options, &all, 1);
            assert!(strict_content(&options, &one, &[]) == all);
            for threads in [2, 3, 7] {
                assert!(compress_in_parallel(&options, &all, threads) == one);
            }
        }
    }
}

/// Reads at any position of a stream, from the resume points that one pass over the stream collected.
#[test]
fn a_seeking_reader() {
    struct Point {
        content: u64,
        stream: u64,
        block: u64,
        history: Vec<u8>,
    }
    let all = text(4, 300_000);
    let stream = compress_all(&CompressOptions::new().page_size(3000), &all);
    let mut points = Vec::new();
    let mut pass = Lz4StreamDecompressor::new();
    let mut rest = &stream[..];
    loop {
        if pass.blocks().is_multiple_of(10) {
            points.push(Point {
                content: pass.total_out(),
                stream: pass.total_in(),
                block: pass.blocks(),
                history: pass.history().to_vec(),
            });
        }
        if !matches!(pass.feed(&mut rest), Ok(Progress::Page(_))) {
            break;
        }
    }
    assert!(points.len() > 5);
    let mut decompressor = Lz4StreamDecompressor::new();
    for at in (0..all.len()).step_by(7919) {
        let point = points.iter().rfind(|point| point.content <= at as u64).unwrap();
        decompressor.resume(&point.history, point.block, point.stream);
        let mut rest = &stream[point.stream as usize..];
        let mut content = point.content as usize;
        let found = loop {
            let Progress::Page(page) = decompressor.feed(&mut rest).unwrap() else {
                panic!("past the end");
            };
            if at < content + page.len() {
                break page[at - content..].to_vec();
            }
            content += page.len();
        };
        assert!(all[at..].starts_with(&found));
    }
}
