//! This crate, liblz4 and lz4_flex decode the same block after the same history to the same bytes and verdict. This
//! crate decodes the blocks of liblz4's encoders.
#![no_main]

mod common;
#[path = "../../tests/common/liblz4.rs"]
#[allow(dead_code)]
mod liblz4;

use common::{Piece, Settings, assemble, pages};
use libfuzzer_sys::fuzz_target;
use lz4_stream::{DecompressOptions, Error};

fuzz_target!(|input: (Settings, Vec<Piece>, Vec<Piece>, Vec<(u16, u8)>)| {
    let (settings, pieces, history, flips) = input;
    let (data, flushes) = assemble(&pieces);
    let (history, _) = assemble(&history);
    if data.len() / settings.page_size() > 2000 {
        return;
    }

    let mut peer = liblz4::Compressor::new(settings.page_size(), settings.mode(), settings.dictionary());
    let mut decompressor = settings.decompress().decompressor().unwrap();
    let mut block = Vec::new();
    for page in pages(&data, &flushes, settings.page_size()) {
        block = peer.compress(page);
        assert!(decompressor.decompress(&block).unwrap() == page);
    }

    // The last block, damaged, after a different history.
    for (at, mask) in flips {
        let len = block.len().max(1);
        if let Some(byte) = block.get_mut(usize::from(at) % len) {
            *byte ^= mask;
        }
    }
    if block.is_empty() {
        return;
    }
    let history = &history[history.len().saturating_sub(65_535)..];
    let room = settings.page_size();
    let options = DecompressOptions::new().dictionary(history).max_page_size(room);
    let mut decompressor = options.decompressor().unwrap();
    let ours = decompressor.decompress(&block);
    if let Err(Error::BlockTooLarge { .. }) = ours {
        return;
    }

    let mut page = vec![0; room];
    match (
        &ours,
        lz4_flex::block::decompress_into_with_dict(&block, &mut page, history),
    ) {
        (Ok(ours), Ok(len)) => assert!(*ours == &page[..len]),
        (Err(_), Err(_)) => {}
        (ours, theirs) => panic!("{:?}, but lz4_flex: {theirs:?}", ours.as_ref().map(|page| page.len())),
    }
    match (&ours, liblz4::decompress_with_history(&block, room, history)) {
        (Ok(ours), Some(theirs)) => assert!(*ours == theirs),
        // liblz4 decodes an offset of zero to zeros, and rejects some blocks that only an encoder must not make: a
        // match that ends in the last 5 bytes, or starts in the last 12.
        (Err(Error::MatchOffset { found: 0, .. }), Some(_)) | (_, None) => {}
        (Err(error), Some(_)) => panic!("{error}, but liblz4 decodes it"),
    }
});
