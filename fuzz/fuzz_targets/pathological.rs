//! Data on which a careless match finder takes quadratic time, at every level: long runs, short periods, many positions
//! with the same hash. The fuzzer's time limit detects slow inputs; liblz4 and the strict peer decode the output.
#![no_main]

mod common;
#[path = "../../tests/common/liblz4.rs"]
#[allow(dead_code)]
mod liblz4;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use lz4_stream::{CompressOptions, Mode};

#[derive(Arbitrary, Debug)]
struct Part {
    /// The repeated bytes.
    seed: [u8; 8],
    /// How many bytes of the seed are used.
    period: u8,
    /// How often a byte differs; 0 means never.
    noise: u8,
    len: u16,
}

fuzz_target!(|input: (i8, u32, Vec<Part>)| {
    let (level, page_size, parts) = input;
    let mut data = Vec::new();
    for part in parts.iter().take(8) {
        let period = usize::from(part.period % 8) + 1;
        let mut state = u32::from(part.noise) << 8 | 1;
        for i in 0..usize::from(part.len) {
            state = state.wrapping_mul(0x0801_5A35).wrapping_add(1);
            let differs = part.noise > 0 && (state >> 16) % (u32::from(part.noise) + 4) == 0;
            data.push(part.seed[i % period].wrapping_add(u8::from(differs)));
        }
    }
    let page_size = 1000 + page_size as usize % 100_000;
    let mode = Mode::HighCompression {
        level: i32::from(level % 14),
    };
    let mut compressor = CompressOptions::new()
        .page_size(page_size)
        .mode(mode)
        .compressor()
        .unwrap();
    let mut peer = liblz4::Decompressor::new(page_size, b"");
    let mut strict = common::reference::Strict::new(page_size, false, b"");
    for page in data.chunks(page_size) {
        let block = compressor.compress(page).unwrap();
        assert!(strict.page(&block[4..]) == page);
        assert!(peer.decompress(&block[4..]).expect("liblz4 decodes it") == page);
    }
});
