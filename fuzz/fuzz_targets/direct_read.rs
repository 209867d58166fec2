//! Blocks of long pages, good and bad: reads into long slices, which decode pages there, agree with `fill_buf`, which
//! does not.
#![no_main]

#[path = "../../tests/common/by_hand.rs"]
mod by_hand;

use std::io::BufRead;

use arbitrary::Arbitrary;
use by_hand::{push_literals, push_sequence};
use libfuzzer_sys::fuzz_target;
use lz4_stream::{DecompressOptions, Error, Lz4StreamBufReader, Lz4StreamReader, ZeroPrefix};

/// A sequence of a block. Lengths are cut so that pages stay within a few hundred kilobytes.
#[derive(Arbitrary, Debug)]
struct Sequence {
    literals: u16,
    offset: u16,
    length: u32,
}

#[derive(Arbitrary, Debug)]
enum Part {
    Block {
        sequences: Vec<Sequence>,
        last: u16,
    },
    /// Literals, again and again.
    ShortBlocks {
        count: u8,
        len: u16,
    },
    Restart,
    /// So many bytes off the end of the stream.
    Cut(u8),
    Bytes(Vec<u8>),
}

fn literals(count: u16) -> Vec<u8> {
    (0..usize::from(count)).map(|i| ((i * i * 31) >> 3) as u8).collect()
}

fn push_block(stream: &mut Vec<u8>, block: &[u8]) {
    stream.extend((block.len() as u32).to_le_bytes());
    stream.extend_from_slice(block);
}

fn assemble(parts: &[Part]) -> Vec<u8> {
    let mut stream = Vec::new();
    for part in parts {
        match part {
            Part::Block { sequences, last } => {
                let mut block = Vec::new();
                for sequence in sequences.iter().take(100) {
                    let length = 4 + sequence.length as usize % 200_000;
                    push_sequence(&mut block, &literals(sequence.literals), sequence.offset.into(), length);
                }
                push_literals(&mut block, &literals(*last), 0);
                push_block(&mut stream, &block);
            }
            Part::ShortBlocks { count, len } => {
                let mut block = Vec::new();
                push_literals(&mut block, &literals(len % 5000), 0);
                for _ in 0..*count {
                    push_block(&mut stream, &block);
                }
            }
            Part::Restart => stream.extend([0; 4]),
            Part::Cut(n) => stream.truncate(stream.len().saturating_sub((*n).into())),
            Part::Bytes(bytes) => stream.extend_from_slice(bytes),
        }
        if stream.len() > 2 << 20 {
            break;
        }
    }
    stream
}

/// Reads with slices of these lengths by turns. For 0, takes half of what `fill_buf` lends.
fn read_through(mut reader: impl BufRead, slices: &[u32]) -> (Vec<u8>, Option<Error>) {
    let (mut out, mut buf) = (Vec::new(), vec![0; 1 << 20]);
    for &slice in slices.iter().cycle() {
        let slice = slice as usize % (1 << 20);
        let result = match slice {
            0 => reader.fill_buf().map(|lent| {
                let n = lent.len().div_ceil(2);
                out.extend_from_slice(&lent[..n]);
                n
            }),
            _ => reader
                .read(&mut buf[..slice])
                .inspect(|&n| out.extend_from_slice(&buf[..n])),
        };
        match result {
            Ok(0) => return (out, None),
            Ok(n) if slice == 0 => reader.consume(n),
            Ok(_) => {}
            Err(error) => return (out, Some(Error::from_io(&error).cloned().expect("the slice has none"))),
        }
    }
    unreachable!("it has lengths")
}

fuzz_target!(|input: (Vec<Part>, Vec<u32>, u32)| {
    let (parts, mut slices, max_page_size) = input;
    let stream = assemble(&parts);
    // Mostly long slices, and enough so that the read ends soon.
    slices.push((1 << 20) - 1);
    let options = DecompressOptions::new()
        .zero_prefix(ZeroPrefix::Restart)
        .max_page_size(1 + max_page_size as usize % 1_000_000);
    let new = || options.decompressor().unwrap();
    let mut expected = Lz4StreamBufReader::from_parts(&stream[..], new());
    let verdict = read_through(&mut expected, &[0]);
    let mut reader = Lz4StreamReader::from_parts(&stream[..], new());
    let mut buf_reader = Lz4StreamBufReader::from_parts(&stream[..], new());
    assert!(read_through(&mut reader, &slices) == verdict);
    assert!(read_through(&mut buf_reader, &slices) == verdict);
    for decompressor in [reader.decompressor(), buf_reader.decompressor()] {
        assert!(decompressor.history() == expected.decompressor().history());
        assert_eq!(decompressor.total_in(), expected.decompressor().total_in());
        assert_eq!(decompressor.total_out(), expected.decompressor().total_out());
        assert_eq!(decompressor.blocks(), expected.decompressor().blocks());
    }
});
