//! The parallel writer with jobs of their real length: every number of threads makes the same stream, all readers read
//! it, and it is hardly longer than that of the serial writer. Short jobs, errors and panics are tested in
//! `src/parallel/writer/tests.rs`.

mod common;

use std::io::{self, Read, Write};
use std::rc::Rc;

use common::{ENGINES, MODES, Random, Varint, liblz4, strict_content, text};
use lz4_stream::{
    CompressOptions, DecompressOptions, Error, Index, Lz4StreamBufReader, Lz4StreamCompressor, Lz4StreamDecompressor,
    Lz4StreamParallelWriter, Mode, PrefixWidth, Strategy, StreamFormat, ZeroPrefix,
};

/// Text, numbers and noise.
fn content(len: usize) -> Vec<u8> {
    let mut random = Random::new(1);
    let mut all = Vec::with_capacity(len + 300_000);
    while all.len() < len {
        let seed = random.next();
        match random.below(3) {
            0 => all.extend(text(seed, 300_000)),
            1 => (0..30_000).for_each(|i| all.extend_from_slice(&(seed as u32 % 1000 + i * 7).to_le_bytes())),
            _ => all.extend(random.bytes(20_000)),
        }
    }
    all.truncate(len);
    all
}

fn write(options: &CompressOptions, threads: usize, pieces: &[&[u8]], flush: bool) -> Vec<u8> {
    let mut writer = options.parallel_writer(Vec::new(), threads).unwrap();
    for piece in pieces {
        writer.write_all(piece).unwrap();
        if flush {
            writer.flush().unwrap();
        }
    }
    writer.finish().unwrap()
}

#[test]
fn every_number_of_threads_makes_the_same_stream_which_is_hardly_longer_than_the_serial_one() {
    let all = content(5_300_000);
    for mode in MODES {
        for &engine in ENGINES {
            for (page_size, strategy) in [
                (65_536, Strategy::DoubleBuffer),
                (262_144, Strategy::DoubleBuffer),
                (4096, Strategy::DoubleBuffer),
                (4096, Strategy::RingBuffer),
            ] {
                let all = match mode {
                    Mode::HighCompression { level: 9.. } => &all[..2_300_000],
                    _ => &all[..],
                };
                let options = CompressOptions::new()
                    .mode(mode)
                    .engine(engine)
                    .page_size(page_size)
                    .strategy(strategy);
                let one = write(&options, 1, &[all], false);
                assert!(strict_content(&options, &one, &[]) == all);
                let pieces: Vec<&[u8]> = all.chunks(100_003).collect();
                for threads in [1, 2, 3] {
                    assert!(
                        write(&options, threads, &pieces, false) == one,
                        "{threads} {mode:?} {engine:?} {page_size} {strategy:?}"
                    );
                }
                let serial = lz4_stream::compress(all, &options).unwrap().len();
                assert!(
                    one.len() as f64 <= 1.01 * serial as f64,
                    "{} to {serial}: {mode:?} {engine:?} {page_size} {strategy:?}",
                    one.len()
                );
            }
        }
    }
}

#[test]
fn more_threads_than_there_can_be_are_as_many_as_there_is_work_for() {
    let all = content(2_300_000);
    let options = CompressOptions::new();
    let one = write(&options, 1, &[&all], false);
    for threads in [usize::MAX, usize::MAX / 2 + 1] {
        assert!(write(&options, threads, &[&all], false) == one);
    }
}

#[test]
fn flushes_and_settings_are_kept() {
    let all = content(6_000_000);
    let pieces = [&all[..2_500_000], &all[2_500_000..2_500_100], &all[2_500_100..]];
    for options in [
        CompressOptions::new().dictionary(&all[..70_000]).end_mark(true),
        CompressOptions::new().restart_every(3).prefix_width(PrefixWidth::Two),
        CompressOptions::new().page_size(3_000_000),
        CompressOptions::new().page_size(50).restart_every(100_000),
    ] {
        let one = write(&options, 1, &pieces, true);
        assert!(strict_content(&options, &one, &[]) == all);
        assert!(write(&options, 2, &pieces, true) == one);
        assert!(write(&options, 7, &pieces, true) == one);
        let reader = DecompressOptions::new().format(options.get_format().clone());
        assert!(lz4_stream::decompress(&one, &reader).unwrap() == all);
        let mut read = Vec::new();
        reader.buf_reader(&one[..]).unwrap().read_to_end(&mut read).unwrap();
        assert!(read == all);
    }
}

#[test]
fn after_a_flush_everything_is_at_the_other_end() {
    let all = content(4_000_000);
    for threads in [1, 2, 4] {
        let mut writer = CompressOptions::new().parallel_writer(Vec::new(), threads).unwrap();
        let mut decompressor = DecompressOptions::new().decompressor().unwrap();
        let (mut read, mut content) = (0, Vec::new());
        for piece in [&all[..3_000_000], b"x", b"", &all[3_000_000..]] {
            writer.write_all(piece).unwrap();
            writer.flush().unwrap();
            let mut sent = &writer.get_ref()[read..];
            while let lz4_stream::Progress::Page(page) = decompressor.feed(&mut sent).unwrap() {
                content.extend_from_slice(page);
            }
            read = writer.get_ref().len();
            assert_eq!(content.len() as u64, writer.total_in());
            assert_eq!(read as u64, writer.total_out());
        }
    }
}

#[test]
fn liblz4_reads_the_stream() {
    let all = content(3_000_000);
    for mode in MODES {
        let options = CompressOptions::new().mode(mode);
        let stream = write(&options, 3, &[&all], false);
        let mut peer = liblz4::Decompressor::new(65_536, b"");
        let (mut content, mut rest) = (Vec::new(), &stream[..]);
        while let Some((len, after)) = rest.split_first_chunk() {
            let (block, after) = after.split_at(u32::from_le_bytes(*len) as usize);
            content.extend_from_slice(peer.decompress(block).unwrap());
            rest = after;
        }
        assert!(content == all);
    }
}

#[test]
fn a_custom_framing_is_used_and_the_inner_writer_stays_on_its_thread() {
    /// Neither `Send` nor `Sync`.
    struct Local(Rc<std::cell::RefCell<Vec<u8>>>);
    impl Write for Local {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let all = content(3_000_000);
    let out = Rc::new(std::cell::RefCell::new(Vec::new()));
    let compressor = Lz4StreamCompressor::with_framing(Varint, &CompressOptions::new()).unwrap();
    let mut writer = Lz4StreamParallelWriter::from_parts(Local(out.clone()), compressor, 2);
    writer.write_all(&all).unwrap();
    writer.finish().unwrap();
    let stream = out.take();
    let decompressor = Lz4StreamDecompressor::with_framing(Varint, &DecompressOptions::new()).unwrap();
    let mut content = Vec::new();
    Lz4StreamBufReader::from_parts(&stream[..], decompressor)
        .read_to_end(&mut content)
        .unwrap();
    assert!(content == all);
}

/// The writer can be shared and sent where its inner writer can.
const _: () = {
    const fn is<T: Send + Sync>() {}
    is::<Lz4StreamParallelWriter<Vec<u8>>>();
};

/// Whatever compressor made a block, the index has what is needed there.
#[test]
fn the_index_is_that_of_a_pass_over_the_stream() {
    let all = content(3_300_000);
    let dictionary = text(7, 50_000);
    for strategy in [Strategy::DoubleBuffer, Strategy::RingBuffer] {
        for (page_size, restart_every) in [(1000, 0), (1000, 300), (1 << 16, 0), (1 << 16, 3)] {
            let format = StreamFormat::new()
                .zero_prefix(ZeroPrefix::Restart)
                .dictionary(&dictionary);
            let options = CompressOptions::new()
                .format(format.clone())
                .page_size(page_size)
                .restart_every(restart_every)
                .strategy(strategy);
            let read = DecompressOptions::new().format(format);
            for pieces in [
                &[&all[..]][..],
                &[&all[..150_000], &all[150_000..2_000_000], &all[2_000_000..]],
            ] {
                for threads in [1, 2, 3] {
                    let mut writer = options.parallel_writer(Vec::new(), threads).unwrap();
                    writer.collect_index(100_000).unwrap();
                    for piece in pieces {
                        writer.write_all(piece).unwrap();
                        writer.flush().unwrap();
                    }
                    assert!(writer.take_index().is_none());
                    writer.try_finish().unwrap();
                    let index = writer.take_index().unwrap();
                    let stream = writer.finish().unwrap();
                    assert!(index == Index::build(&stream[..], &read, 100_000).unwrap());
                    let reader = read.reader_at(&stream[..], index).unwrap();
                    let mut piece = [0; 3000];
                    for at in (0..all.len() - piece.len()).step_by(77_777) {
                        reader.read_exact_at(&mut piece, at as u64).unwrap();
                        assert!(piece == all[at..][..piece.len()]);
                    }
                }
            }
        }
    }
}

#[test]
fn an_index_begins_with_the_stream() {
    for threads in [1, 2] {
        let mut writer = CompressOptions::new().parallel_writer(Vec::new(), threads).unwrap();
        writer.write_all(&[1; 1_500_000]).unwrap();
        assert!(matches!(writer.collect_index(1), Err(Error::LateIndex { block: 1.. })));
        writer.reset(Vec::new()).unwrap();
        writer.collect_index(1).unwrap();
        writer.write_all(&[2; 1_500_000]).unwrap();
        let first = writer.reset(Vec::new()).unwrap();
        // It goes on collecting.
        writer.write_all(&[2; 1_500_000]).unwrap();
        writer.try_finish().unwrap();
        let index = writer.take_index().unwrap();
        assert!(index == Index::build(&first[..], &DecompressOptions::new(), 1).unwrap());
    }
}
