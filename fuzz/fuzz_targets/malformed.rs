//! Any bytes are a stream or an error. The readers and the codec agree, whatever the length of the pieces, and an error
//! repeats.
#![no_main]

mod common;

use std::io::{ErrorKind, Read};

use common::Settings;
use libfuzzer_sys::fuzz_target;
use lz4_stream::{BlockSplit, Error, PrefixWidth, Progress};

fuzz_target!(|input: (Settings, Vec<u16>, Vec<u8>, &[u8])| {
    let (settings, sizes, cuts, stream) = input;
    let options = settings.decompress();
    let mut out = Vec::new();
    if settings.width() == PrefixWidth::OutOfBand {
        let sizes = sizes.into_iter().map(usize::from);
        let mut reader = options.reader_with_sizes(stream, sizes).unwrap();
        if let Err(error) = reader.read_to_end(&mut out) {
            assert!(Error::from_io(&error).is_some());
        }
        return;
    }
    let mut reader = options.reader(stream).unwrap();
    let error = reader.read_to_end(&mut out).err();
    if let Some(error) = &error {
        assert!(matches!(
            error.kind(),
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof
        ));
        let again = reader.read(&mut [0]).unwrap_err();
        assert_eq!(Error::from_io(error), Error::from_io(&again));
        assert!(Error::from_io(error).is_some());
    }

    let mut buf_reader = options.buf_reader(stream).unwrap();
    let mut of_buf_reader = Vec::new();
    let verdict = buf_reader.read_to_end(&mut of_buf_reader).err();
    assert!(of_buf_reader == out);
    assert_eq!(verdict.as_ref().map(Error::from_io), error.as_ref().map(Error::from_io));
    assert_eq!(buf_reader.total_in(), reader.total_in());

    // In pieces.
    let mut decompressor = options.decompressor().unwrap();
    let (mut rest, mut cuts) = (stream, cuts.iter().cycle());
    let mut of_pieces = Vec::new();
    let verdict = loop {
        let cut = cuts.next().map_or(rest.len(), |&cut| usize::from(cut) + 1);
        let mut piece = &rest[..cut.min(rest.len())];
        let len = piece.len();
        let fed = decompressor.feed(&mut piece);
        rest = &rest[len - piece.len()..];
        match fed {
            Ok(Progress::Page(page)) => of_pieces.extend_from_slice(page),
            Ok(Progress::NeedMore(missing)) => {
                assert!(missing > 0 && piece.is_empty());
                if rest.is_empty() {
                    break decompressor.end_of_input().err();
                }
            }
            Ok(Progress::End) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(of_pieces == out);
    assert_eq!(verdict.as_ref(), error.as_ref().and_then(Error::from_io));

    let mut decompressor = options.decompressor().unwrap();
    let mut rest = stream;
    let mut at = 0;
    let verdict = loop {
        match decompressor.get_block(rest) {
            Ok(BlockSplit::Block { block, rest: after }) => match decompressor.decompress(block) {
                Ok(page) => {
                    assert!(page.len() <= settings.page_size());
                    assert!(out[at..].starts_with(page));
                    at += page.len();
                    rest = after;
                }
                Err(error) => break Some(error),
            },
            Ok(BlockSplit::EndMark { rest: after }) => {
                assert_eq!(reader.into_inner(), after);
                break None;
            }
            Ok(BlockSplit::Restart { rest: after }) => {
                decompressor.restart();
                rest = after;
            }
            Ok(BlockSplit::Incomplete { missing }) => {
                assert!(missing > 0);
                // The codec cannot know whether more input follows; the reader does.
                let kind = error.as_ref().map(std::io::Error::kind);
                assert!(kind == Some(ErrorKind::UnexpectedEof) || (kind.is_none() && rest.is_empty()));
                return;
            }
            Ok(_) => unreachable!("there are four answers"),
            Err(error) => break Some(error),
        }
    };
    assert_eq!(
        error.as_ref().map(|error| Error::from_io(error).unwrap()),
        verdict.as_ref()
    );
    assert_eq!(at, out.len());
});
