//! Readers that stop and fail at any point lose nothing; writers that fail at any point repeat nothing.
#![no_main]

mod common;

use std::io::{self, BufRead, ErrorKind, Read, Write};

use arbitrary::Arbitrary;
use common::{Piece, Settings, assemble, write_flushed};
use libfuzzer_sys::fuzz_target;
use lz4_stream::{Error, PrefixWidth};

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

struct Limited<'a> {
    taken: Vec<u8>,
    room: usize,
    steps: std::slice::Iter<'a, Step>,
}

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = match self.steps.next() {
            Some(Step::Bytes(n)) => usize::from(*n) + 1,
            Some(Step::Interrupted) => return Err(ErrorKind::Interrupted.into()),
            _ => usize::MAX,
        };
        let n = most.min(bytes.len()).min(self.room - self.taken.len());
        if n == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.taken.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fuzz_target!(|input: (Settings, Vec<Piece>, Vec<Step>, u16, u8)| {
    let (settings, pieces, steps, room, piece) = input;
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

    // Reading, by copy and by loan in turn, through every error.
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

    // Writing to where there is not room for all of it.
    let room = usize::from(room) % (stream.len() + 1);
    let mut writer = settings
        .compress()
        .writer(Limited {
            taken: Vec::new(),
            room,
            steps: steps.iter(),
        })
        .unwrap();
    let result = write_flushed(&mut writer, &data, &flushes).and_then(|()| writer.try_finish());
    assert_eq!(result.is_ok(), room == stream.len());
    if result.is_err() {
        for error in [
            writer.write(b"x").unwrap_err(),
            writer.flush().unwrap_err(),
            writer.try_finish().unwrap_err(),
        ] {
            assert!(matches!(Error::from_io(&error), Some(Error::Poisoned { .. })));
        }
    }
    let (inner, page) = writer.into_parts();
    assert!(inner.taken == stream[..room]);
    assert!(page.len() <= settings.page_size());
});
