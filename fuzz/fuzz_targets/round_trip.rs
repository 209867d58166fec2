//! Every round trip is lossless, for any settings, data and chunking. A writer and a codec make the same stream. After
//! a reset, a codec behaves like a new one. The strict peer decodes every stream, and liblz4 every double-buffer
//! stream.
#![no_main]

mod common;
#[path = "../../tests/common/liblz4.rs"]
#[allow(dead_code)]
mod liblz4;

use std::io::Read;

use common::{Piece, Settings, assemble, pages, write_flushed};
use libfuzzer_sys::fuzz_target;
use lz4_stream::{PrefixWidth, Strategy};

fuzz_target!(|input: (Settings, Vec<Piece>, Vec<Piece>)| {
    let (settings, pieces, before) = input;
    let (data, flushes) = assemble(&pieces);
    if data.len() / settings.page_size() > 5000 {
        return;
    }

    let mut writer = settings.compress().writer(Vec::new()).unwrap();
    write_flushed(&mut writer, &data, &flushes).unwrap();
    writer.try_finish().unwrap();
    let sizes: Vec<usize> = writer.drain_block_sizes().collect();
    let stream = writer.into_inner().unwrap();

    // A compressor that made another stream before makes the same blocks as a new one.
    let mut compressor = settings.compress().compressor().unwrap();
    for page in assemble(&before).0.chunks(settings.page_size()).take(100) {
        compressor.compress(page).unwrap();
    }
    compressor.reset();
    let mut of_codec = Vec::new();
    let mut strict = settings.strict_peer();
    let mut peer = (settings.strategy() == Strategy::DoubleBuffer)
        .then(|| liblz4::Decompressor::new(settings.page_size(), settings.dictionary()));
    for page in pages(&data, &flushes, settings.page_size()) {
        let block = compressor.compress(page).unwrap();
        of_codec.extend_from_slice(block);
        let block = &block[settings.width().bytes()..];
        assert!(strict.page(block) == page);
        if let Some(peer) = &mut peer {
            assert!(peer.decompress(block).expect("liblz4 decodes it") == page);
        }
    }
    of_codec.extend_from_slice(compressor.finish());
    assert!(stream == of_codec);
    if settings.width() != PrefixWidth::OutOfBand && flushes.is_empty() {
        assert!(lz4_stream::compress(&data, &settings.compress()).unwrap() == stream);
        assert!(lz4_stream::decompress(&stream, &settings.decompress()).unwrap() == data);
    }

    let mut out = Vec::new();
    match settings.width() {
        PrefixWidth::OutOfBand => settings
            .decompress()
            .reader_with_sizes(&stream[..], sizes)
            .unwrap()
            .read_to_end(&mut out),
        _ => settings.decompress().reader(&stream[..]).unwrap().read_to_end(&mut out),
    }
    .unwrap();
    assert!(out == data);
});
