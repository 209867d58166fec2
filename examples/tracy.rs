//! Several streams side by side: a trace file of Tracy. Block k belongs to stream k mod N, and every stream has its own
//! history, so that Tracy compresses and decompresses them in parallel.
//!
//! ```text
//! file = "tlZ\x04" block*              older versions: one stream
//!      | "tr\xFDP" 0 N block*          0 is LZ4; the number of streams N is one byte
//! ```
//!
//! Pages of 64 KiB, sizes of four bytes, no end mark: the defaults of this crate. Source: `TracyFileWrite.hpp` of
//! Tracy.

use std::io::{self, Read, Write};

use lz4_stream::{CompressOptions, Lz4StreamDecompressor, Progress};

const PAGE: usize = 64 * 1024;

/// Copies the content of a trace file to `out`.
pub fn read(mut file: impl Read, mut out: impl Write) -> io::Result<()> {
    let mut magic = [0; 4];
    file.read_exact(&mut magic)?;
    let streams = match &magic {
        b"tlZ\x04" => 1,
        b"tr\xFDP" => {
            let mut settings = [0; 2];
            file.read_exact(&mut settings)?;
            match settings {
                [0, streams] if streams > 0 => streams,
                _ => return Err(invalid("not compressed with LZ4")),
            }
        }
        _ => return Err(invalid("not a trace file")),
    };
    let mut streams = vec![Lz4StreamDecompressor::new(); streams.into()];
    for turn in (0..streams.len()).cycle() {
        match next_page(&mut streams[turn], &mut file)? {
            Some(page) => out.write_all(page)?,
            None => break,
        }
    }
    Ok(())
}

/// The next page of one stream. The decompressor never reads beyond its block, where another stream goes on.
fn next_page<'a>(stream: &'a mut Lz4StreamDecompressor, file: &mut impl Read) -> io::Result<Option<&'a [u8]>> {
    while stream.missing() > 0 {
        match file.read(stream.unfilled())? {
            0 => return stream.end_of_input().map(|()| None).map_err(io::Error::from),
            n => stream.filled(n),
        }
    }
    match stream.feed(&mut &[][..])? {
        Progress::Page(page) => Ok(Some(page)),
        _ => Ok(None),
    }
}

/// Writes a trace file of `streams` streams.
pub fn write(content: &[u8], streams: u8, mut file: impl Write) -> io::Result<()> {
    file.write_all(b"tr\xFDP\0")?;
    file.write_all(&[streams])?;
    let mut streams = vec![CompressOptions::new().page_size(PAGE).compressor()?; streams.into()];
    let turns = (0..streams.len()).cycle();
    for (turn, page) in turns.zip(content.chunks(PAGE)) {
        file.write_all(streams[turn].compress(page)?)?;
    }
    Ok(())
}

fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[allow(dead_code)] // the tests use this file as a module
fn main() -> io::Result<()> {
    let content = "zone begin, zone end, frame mark. ".repeat(20_000);
    let mut file = Vec::new();
    write(content.as_bytes(), 4, &mut file)?;
    let mut again = Vec::new();
    read(&file[..], &mut again)?;
    assert_eq!(again, content.as_bytes());
    println!("{} bytes in 4 streams take {}", content.len(), file.len());
    Ok(())
}
