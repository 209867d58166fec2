//! Adapters that the crate does not have. They show that its public interface is sufficient.

mod common;

use common::{compress_all, text};
use lz4_stream::{CompressOptions, Lz4StreamDecompressor, Progress};

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
