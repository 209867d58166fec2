//! Any bytes are an index or an error. With the right index, every read at any place is the content. With a changed
//! one, it is an error or at most as many bytes.
#![no_main]

mod common;

use std::io::{Cursor, Read, Seek, SeekFrom};

use common::{Piece, Settings, assemble, write_flushed};
use libfuzzer_sys::fuzz_target;
use lz4_stream::{Index, PrefixWidth};

/// Changes of the file of an index: positions and new values.
type Changes = Vec<(u16, u8)>;

fuzz_target!(|input: (Settings, Vec<Piece>, Vec<u32>, Changes, bool, &[u8])| {
    let (settings, pieces, places, changes, with_checksum, file) = input;
    if let Ok(index) = Index::read_from(file) {
        // What was accepted can be written and read again.
        let mut again = Vec::new();
        index.write_to(&mut again).unwrap();
        assert!(Index::read_from(&again[..]).unwrap() == index);
    }
    if settings.width() == PrefixWidth::OutOfBand {
        return;
    }
    let (data, flushes) = assemble(&pieces);
    let mut writer = settings.compress().writer(Vec::new()).unwrap();
    writer.collect_index(0).unwrap();
    write_flushed(&mut writer, &data, &flushes).unwrap();
    writer.try_finish().unwrap();
    let index = writer.take_index().unwrap();
    let stream = writer.finish().unwrap();
    let options = settings.decompress();

    let mut file = Vec::new();
    index.write_to(&mut file).unwrap();
    for (at, value) in changes {
        let len = file.len();
        file[usize::from(at) % len] = value;
    }
    if with_checksum {
        let end = file.len() - 4;
        let sum = crc32fast::hash(&file[..end]);
        file[end..].copy_from_slice(&sum.to_le_bytes());
    }
    let Ok(found) = Index::read_from(&file[..]) else {
        return;
    };
    // Where the index lies about the history or the place of a point, the bytes may be others.
    let is_right = found == index;
    let content_len = found.content_len();
    let Ok(mut reader) = options.seek_reader(Cursor::new(&stream), found.clone()) else {
        assert!(!is_right);
        return;
    };
    let shared = options.reader_at(&stream, found.clone()).unwrap();
    for place in places.into_iter().take(8) {
        let at = u64::from(place) % (data.len() as u64 + 2);
        let expected = data.get(at as usize..).unwrap_or(&[]);
        let expected = &expected[..expected.len().min(1000)];
        let mut out = Vec::new();
        reader.seek(SeekFrom::Start(at)).unwrap();
        let result = (&mut reader).take(1000).read_to_end(&mut out);
        assert!(out.len() as u64 <= content_len.saturating_sub(at));
        let mut room = [0; 1000];
        let read = shared.read_at(&mut room, at);
        if is_right {
            result.unwrap();
            assert!(out == expected);
            assert!(&room[..read.unwrap()] == expected);
        }
    }
    let mut out = Vec::new();
    let mut parallel = options.parallel_reader(&stream[..], found, 2).unwrap();
    let result = parallel.read_to_end(&mut out);
    assert!(out.len() as u64 <= content_len);
    if is_right {
        result.unwrap();
        assert!(out == data);
    }
});
