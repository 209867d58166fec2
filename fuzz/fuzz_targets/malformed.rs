//! Any bytes are a stream or an error, the same by the reader and by the codec, and an error repeats.
#![no_main]

mod common;

use std::io::{ErrorKind, Read};

use common::Settings;
use libfuzzer_sys::fuzz_target;
use lz4_stream::{BlockSplit, Error, PrefixWidth};

fuzz_target!(|input: (Settings, Vec<u16>, &[u8])| {
    let (settings, sizes, stream) = input;
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

    let mut decompressor = options.decompressor().unwrap();
    let mut rest = stream;
    let mut at = 0;
    let verdict = loop {
        match decompressor.get_block(rest) {
            Ok(BlockSplit::Block { block, rest: behind }) => match decompressor.decompress(block) {
                Ok(page) => {
                    assert!(page.len() <= settings.page_size());
                    assert!(out[at..].starts_with(page));
                    at += page.len();
                    rest = behind;
                }
                Err(error) => break Some(error),
            },
            Ok(BlockSplit::EndMark { rest: behind }) => {
                assert_eq!(reader.into_inner(), behind);
                break None;
            }
            Ok(BlockSplit::Incomplete { missing }) => {
                assert!(missing > 0);
                // The codec cannot know whether more will come, the reader does.
                let kind = error.as_ref().map(std::io::Error::kind);
                assert!(kind == Some(ErrorKind::UnexpectedEof) || (kind.is_none() && rest.is_empty()));
                return;
            }
            Err(error) => break Some(error),
        }
    };
    assert_eq!(
        error.as_ref().map(|error| Error::from_io(error).unwrap()),
        verdict.as_ref()
    );
    assert_eq!(at, out.len());
});
