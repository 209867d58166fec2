//! The compressors.

use std::hint::black_box;
use std::io::Write;

use lz4_stream::{CompressOptions, Lz4StreamCompressor, Mode, Strategy, compress_bound};

use super::frames::Counter;
use super::{
    CONTIGUOUS, Contender, FLEX_BLOCK, Frames, LIBLZ4, ONE_SHOT, OURS, PREFIX, RING, RING_WRITER, WRITER, contender,
    memcpy, options, reused,
};
use crate::liblz4;

/// All compressors: the peers, this crate in the modes that compete with them, and the ways to use it.
pub fn compressors(data: &[u8], page_size: usize) -> Vec<Contender<'_>> {
    let fast = [2, 3, 4, 6, 8, 16].map(|acceleration| Mode::Fast { acceleration });
    let high = [1, 3].map(|level| Mode::HighCompression { level });
    let mut all = vec![liblz4(data, page_size, Mode::Default)];
    all.extend(
        [Mode::Default]
            .into_iter()
            .chain(fast)
            .chain(high)
            .map(|mode| ours(data, page_size, mode)),
    );
    all.extend(
        [Mode::Default]
            .into_iter()
            .chain(fast)
            .flat_map(|mode| [ring(data, page_size, mode), ring_writer(data, page_size, mode)]),
    );
    all.extend([
        writer(WRITER, data, options(page_size, Mode::Default)),
        one_shot(data, page_size),
        liblz4(data, page_size, Mode::Fast { acceleration: 4 }),
        liblz4_contiguous(data, page_size, 1),
        liblz4_contiguous(data, page_size, 4),
        flex_block(data, page_size),
    ]);
    all.extend(Frames::ALL.map(|frames| {
        contender(frames.name(), Mode::Default, move || {
            frames.write(data, page_size, Counter(0)).0
        })
    }));
    all.push(memcpy(data, page_size));
    all
}

/// This crate and liblz4 in the same mode. liblz4 is the reference, here and above.
pub fn ours_and_liblz4(data: &[u8], page_size: usize, mode: Mode) -> Vec<Contender<'_>> {
    vec![liblz4(data, page_size, mode), ours(data, page_size, mode)]
}

fn liblz4(data: &[u8], page_size: usize, mode: Mode) -> Contender<'_> {
    let mut block = vec![0; compress_bound(page_size)];
    let mut slot = None;
    contender(LIBLZ4, mode, move || {
        let new = || liblz4::Compressor::new(page_size, mode, b"");
        let compressor = reused(&mut slot, new, liblz4::Compressor::reset);
        data.chunks(page_size)
            .map(|page| PREFIX + compressor.compress_into(page, &mut block))
            .sum()
    })
}

/// Acceleration 1 is the default mode.
fn liblz4_contiguous(data: &[u8], page_size: usize, acceleration: i32) -> Contender<'_> {
    let mode = match acceleration {
        1 => Mode::Default,
        _ => Mode::Fast { acceleration },
    };
    let mut block = vec![0; compress_bound(page_size)];
    contender(CONTIGUOUS, mode, move || {
        let mut compressor = liblz4::ContiguousCompressor::new(data, acceleration);
        let mut len = 0;
        while let Some(block_len) = compressor.compress_into(page_size, &mut block) {
            len += PREFIX + block_len;
        }
        len
    })
}

fn ours(data: &[u8], page_size: usize, mode: Mode) -> Contender<'_> {
    codec(OURS, data, page_size, (mode, Strategy::DoubleBuffer))
}

fn ring(data: &[u8], page_size: usize, mode: Mode) -> Contender<'_> {
    codec(RING, data, page_size, (mode, Strategy::RingBuffer))
}

fn codec<'a>(
    name: &'static str,
    data: &'a [u8],
    page_size: usize,
    (mode, strategy): (Mode, Strategy),
) -> Contender<'a> {
    let options = options(page_size, mode).strategy(strategy);
    let mut slot = None;
    contender(name, mode, move || {
        let new = || options.compressor().unwrap();
        let compressor = reused(&mut slot, new, Lz4StreamCompressor::reset);
        data.chunks(page_size)
            .map(|page| black_box(compressor.compress(page).unwrap()).len())
            .sum()
    })
}

/// The peer of `liblz4_contiguous`, whose content is not copied either.
fn ring_writer(data: &[u8], page_size: usize, mode: Mode) -> Contender<'_> {
    writer(
        RING_WRITER,
        data,
        options(page_size, mode).strategy(Strategy::RingBuffer),
    )
}

fn writer<'a>(name: &'static str, data: &'a [u8], options: CompressOptions) -> Contender<'a> {
    let mut slot = None;
    contender(name, options.get_mode(), move || {
        let new = || options.writer(Counter(0)).unwrap();
        let writer = reused(&mut slot, new, |_| ());
        writer.write_all(data).unwrap();
        // Finishes the stream, and starts the next.
        writer.reset(Counter(0)).unwrap().0
    })
}

fn one_shot(data: &[u8], page_size: usize) -> Contender<'_> {
    let options = options(page_size, Mode::Default);
    contender(ONE_SHOT, Mode::Default, move || {
        black_box(lz4_stream::compress(data, &options).unwrap()).len()
    })
}

fn flex_block(data: &[u8], page_size: usize) -> Contender<'_> {
    let mut block = vec![0; lz4_flex::block::get_maximum_output_size(page_size)];
    contender(FLEX_BLOCK, Mode::Default, move || {
        let mut last: &[u8] = &[];
        data.chunks(page_size)
            .map(|page| {
                let len = lz4_flex::block::compress_into_with_dict(page, &mut block, last).unwrap();
                last = &page[page.len().saturating_sub(65_536)..];
                PREFIX + len
            })
            .sum()
    })
}
