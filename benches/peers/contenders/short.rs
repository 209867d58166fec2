//! Streams of one message each.

use std::hint::black_box;
use std::io::Write;

use lz4_stream::{CompressOptions, Lz4StreamWriter, Mode, compress_bound};

use super::{Contender, PREFIX, contender};
use crate::liblz4;

/// A stream for each message: first with everything new each time, then with a compressor that is reset.
pub fn short_streams<'a>(messages: &'a [&'a [u8]]) -> Vec<Contender<'a>> {
    let most = messages.iter().map(|message| message.len()).max().unwrap_or(0);
    let mut block = vec![0; compress_bound(most)];
    let mut again_block = block.clone();
    let mut peer = liblz4::Compressor::new(most, Mode::Default, b"");
    let mut out = Vec::new();
    let mut compressor = CompressOptions::new().compressor().unwrap();
    let mut writer = Lz4StreamWriter::new(Vec::new());
    let mut spare = Vec::new();
    type One<'a> = Box<dyn FnMut(&[u8]) -> usize + 'a>;
    let each = |name, mut one: One<'a>| {
        contender(name, Mode::Default, move || {
            messages.iter().map(|message| one(message)).sum()
        })
    };
    vec![
        each(
            "liblz4: create, compress, free",
            Box::new(move |message| {
                let mut compressor = liblz4::Compressor::new(message.len(), Mode::Default, b"");
                PREFIX + compressor.compress_into(message, &mut block)
            }),
        ),
        each(
            "lz4-stream: new compressor, compress, drop",
            Box::new(move |message| {
                let mut compressor = CompressOptions::new().compressor().unwrap();
                black_box(compressor.compress(message).unwrap()).len()
            }),
        ),
        each(
            "lz4-stream: new writer, write_all, finish",
            Box::new(move |message| {
                out.clear();
                let mut writer = Lz4StreamWriter::new(&mut out);
                writer.write_all(message).unwrap();
                writer.finish().unwrap().len()
            }),
        ),
        each(
            "liblz4: reset, compress",
            Box::new(move |message| {
                peer.reset();
                PREFIX + peer.compress_into(message, &mut again_block)
            }),
        ),
        each(
            "lz4-stream: reset compressor, compress",
            Box::new(move |message| {
                compressor.reset();
                black_box(compressor.compress(message).unwrap()).len()
            }),
        ),
        each(
            "lz4-stream: reset writer, write_all, finish",
            Box::new(move |message| {
                writer.write_all(message).unwrap();
                spare.clear();
                spare = writer.reset(std::mem::take(&mut spare)).unwrap();
                spare.len()
            }),
        ),
    ]
}
