//! Adapters that the crate does not have. They show that its public interface is sufficient.

mod common;

use std::io::{self, ErrorKind, Read, Write};

use common::hostile::{ScriptedReader, ScriptedWriter, Step, script};
use common::{compress_all, text};
use lz4_stream::{CompressOptions, DecompressOptions, Framing, Lz4StreamCompressor, Lz4StreamDecompressor, Progress};

/// A writer in the style of `AsyncWrite`: every call makes as much progress as possible, and returns `None` when it
/// must be polled again. All state is in the compressor, so an abandoned call loses nothing.
struct PollWriter<W, F> {
    inner: W,
    compressor: Lz4StreamCompressor<F>,
}

impl<W: Write, F: Framing> PollWriter<W, F> {
    fn poll_send(&mut self) -> Option<io::Result<()>> {
        while !self.compressor.block().is_empty() {
            match self.inner.write(self.compressor.block()) {
                Ok(0) => return Some(Err(ErrorKind::WriteZero.into())),
                Ok(n) => self.compressor.consume(n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(()))
    }

    /// Ready as soon as it has taken any bytes.
    fn poll_write(&mut self, bytes: &[u8]) -> Option<io::Result<usize>> {
        if self.compressor.is_full() {
            match self.poll_send()? {
                Ok(()) => _ = self.compressor.end_page(),
                Err(error) => return Some(Err(error)),
            }
        }
        Some(self.compressor.push(bytes).map_err(io::Error::from))
    }

    fn poll_shutdown(&mut self) -> Option<io::Result<()>> {
        if let Err(error) = self.poll_send()? {
            return Some(Err(error));
        }
        let _ = self.compressor.finish();
        self.poll_send()
    }
}

/// Polls until the call is ready, ignoring errors.
fn ready<T>(mut poll: impl FnMut() -> Option<io::Result<T>>) -> T {
    loop {
        if let Some(Ok(value)) = poll() {
            return value;
        }
    }
}

#[test]
fn an_async_writer() {
    let all = text(1, 50_000);
    let options = CompressOptions::new().page_size(1000).end_mark(true);
    let expected = compress_all(&options, &all);
    for seed in 0..20 {
        let mut writer = PollWriter {
            inner: ScriptedWriter::new(script(seed, 3000)),
            compressor: options.compressor().unwrap(),
        };
        let mut rest = &all[..];
        while !rest.is_empty() {
            let n = ready(|| writer.poll_write(rest));
            rest = &rest[n..];
        }
        ready(|| writer.poll_shutdown());
        assert!(writer.inner.taken == expected);
    }
}

#[test]
fn an_async_reader() {
    let all = text(2, 50_000);
    let stream = compress_all(&CompressOptions::new().page_size(1000).end_mark(true), &all);
    for seed in 0..20 {
        let steps = script(seed, 3000).into_iter().filter(|step| *step != Step::Bytes(0));
        let mut inner = ScriptedReader::new(&stream, steps);
        let mut decompressor = DecompressOptions::new().end_mark(true).decompressor().unwrap();
        let mut out = Vec::new();
        // One poll: `None` for Pending.
        let mut poll = || loop {
            match decompressor.feed(&mut &[][..]).map_err(io::Error::from) {
                Ok(Progress::Page(page)) => {
                    out.extend_from_slice(page);
                    return Some(Ok(false));
                }
                Ok(Progress::End) => return Some(Ok(true)),
                Ok(Progress::NeedMore(_)) => {}
                Err(error) => return Some(Err(error)),
            }
            match inner.read(decompressor.unfilled()) {
                Ok(0) => return Some(decompressor.end_of_input().map(|()| true).map_err(io::Error::from)),
                Ok(n) => decompressor.filled(n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) => return Some(Err(error)),
            }
        };
        while !ready(&mut poll) {}
        assert!(out == all);
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
