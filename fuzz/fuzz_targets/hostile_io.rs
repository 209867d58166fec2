//! Readers and writers that stop and fail at any point: in both directions, nothing is lost or repeated.
#![no_main]

mod common;

use std::io::{self, BufRead, ErrorKind, Read, Write};

use arbitrary::Arbitrary;
use common::{Piece, Settings, assemble, write_flushed};
use libfuzzer_sys::fuzz_target;
use lz4_stream::{BlockSplit, Error, PrefixWidth};

#[derive(Arbitrary, Debug, Clone)]
enum Step {
    Bytes(u8),
    Interrupted,
    WouldBlock,
    Other,
}

struct Scripted<'a> {
    data: &'a [u8],
    steps: std::slice::Iter<'a, Step>,
}

impl Read for Scripted<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = match self.steps.next() {
            Some(Step::Bytes(n)) => usize::from(*n) + 1,
            Some(Step::Interrupted) => return Err(ErrorKind::Interrupted.into()),
            Some(Step::WouldBlock) => return Err(ErrorKind::WouldBlock.into()),
            Some(Step::Other) => return Err(ErrorKind::ConnectionReset.into()),
            None => usize::MAX,
        };
        let most = most.min(out.len());
        self.data.read(&mut out[..most])
    }
}

struct ScriptedWriter<'a> {
    taken: Vec<u8>,
    steps: std::slice::Iter<'a, Step>,
}

impl ScriptedWriter<'_> {
    fn step(&mut self) -> io::Result<usize> {
        match self.steps.next() {
            Some(Step::Bytes(n)) => Ok(usize::from(*n)),
            Some(Step::Interrupted) => Err(ErrorKind::Interrupted.into()),
            Some(Step::WouldBlock) => Err(ErrorKind::WouldBlock.into()),
            Some(Step::Other) => Err(ErrorKind::ConnectionReset.into()),
            None => Ok(usize::MAX),
        }
    }
}

impl Write for ScriptedWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.step()?.min(bytes.len());
        self.taken.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.step().map(drop)
    }
}

/// Calls again until the call succeeds. Every error must come from the inner writer.
fn insist<T>(mut call: impl FnMut() -> io::Result<T>) -> T {
    loop {
        match call() {
            Ok(value) => return value,
            Err(error) => assert!(Error::from_io(&error).is_none(), "{error}"),
        }
    }
}

fuzz_target!(|input: (Settings, Vec<Piece>, Vec<Step>, u8)| {
    let (settings, pieces, steps, piece) = input;
    if settings.width() == PrefixWidth::OutOfBand {
        return;
    }
    let (data, flushes) = assemble(&pieces);
    if data.len() / settings.page_size() > 2000 {
        return;
    }
    let mut writer = settings.compress().writer(Vec::new()).unwrap();
    write_flushed(&mut writer, &data, &flushes).unwrap();
    let stream = writer.finish().unwrap();
    let mut strict = settings.strict_peer();
    let mut rest = &stream[..];
    let decompressor = settings.decompress().decompressor().unwrap();
    loop {
        rest = match decompressor.get_block(rest) {
            Ok(BlockSplit::Block { block, rest }) => {
                strict.page(block);
                rest
            }
            Ok(BlockSplit::Restart { rest }) => {
                strict.restart();
                rest
            }
            _ => break,
        };
    }

    // Reads through every error, alternately with `read` and with `fill_buf`.
    let mut reader = settings
        .decompress()
        .reader(Scripted {
            data: &stream,
            steps: steps.iter(),
        })
        .unwrap();
    let (mut out, mut buf) = (Vec::new(), vec![0; usize::from(piece) + 1]);
    loop {
        let read = if out.len() % 2 == 0 {
            reader.read(&mut buf).inspect(|&n| out.extend_from_slice(&buf[..n]))
        } else {
            let lent = reader.fill_buf().map(|lent| {
                out.extend_from_slice(lent);
                lent.len()
            });
            lent.inspect(|&n| reader.consume(n))
        };
        match read {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                assert!(
                    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionReset),
                    "{error}"
                )
            }
        }
    }
    assert!(out == data);

    // Writes through every error.
    let mut writer = settings
        .compress()
        .writer(ScriptedWriter {
            taken: Vec::new(),
            steps: steps.iter(),
        })
        .unwrap();
    let mut from = 0;
    for &to in flushes.iter().chain([&data.len()]) {
        while from < to {
            from += insist(|| writer.write(&data[from..to]));
        }
        insist(|| writer.flush());
    }
    insist(|| writer.try_finish());
    assert_eq!(writer.total_out(), stream.len() as u64);
    assert!(writer.into_parts().0.taken == stream);
});
