//! Compresses a log on all cores, with a restart point every MiB, and reads a line from its middle.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};

use lz4_stream::{CompressOptions, DecompressOptions, Lz4StreamReader};

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("log.lz4s");

    // 16 pages of 64 KiB.
    let options = CompressOptions::new().restart_every(16);
    let mut writer = options.parallel_writer(File::create(&path)?, 0)?;
    for n in 0..300_000u64 {
        writeln!(writer, "{n:08} GET /item/{} took {} ms", n * n % 9973, n * 7 % 61)?;
    }
    writer.try_finish()?;
    println!(
        "{} bytes became {} in {} blocks",
        writer.total_in(),
        writer.total_out(),
        writer.blocks()
    );

    // Decoding can begin at any block whose number is a multiple of 16. An index would know where it is in the file;
    // here the prefixes are followed.
    let mut file = BufReader::new(File::open(&path)?);
    let (block, mut offset) = (writer.blocks() / 2 / 16 * 16, 0);
    for _ in 0..block {
        let mut prefix = [0; 4];
        io::Read::read_exact(&mut file, &mut prefix)?;
        let len = u32::from_le_bytes(prefix);
        file.seek_relative(len.into())?;
        offset += 4 + u64::from(len);
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut decompressor = DecompressOptions::new().decompressor()?;
    decompressor.resume(&[], block, offset);
    let mut lines = Lz4StreamReader::from_parts(file, decompressor).lines();
    lines.next(); // the rest of a line
    let line = lines.next().expect("it is in the middle")?;
    println!("in the middle: {line}");
    assert!(line.contains(" GET /item/"));
    Ok(())
}
