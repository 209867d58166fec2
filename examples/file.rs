//! Writes a compressed file and reads it back.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use lz4_stream::{Lz4StreamReader, Lz4StreamWriter};

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("squares.lz4s");

    let mut writer = Lz4StreamWriter::new(File::create(&path)?);
    for n in 0..100_000u64 {
        writeln!(writer, "the square of {n} is {}", n * n)?;
    }
    // Dropping the writer would send the last page too, but would ignore errors.
    writer.try_finish()?;
    println!(
        "{} bytes became {} in {} blocks",
        writer.total_in(),
        writer.total_out(),
        writer.blocks()
    );
    assert!(writer.total_out() < writer.total_in() / 2);

    let reader = Lz4StreamReader::new(BufReader::new(File::open(&path)?));
    let mut lines = 0u64;
    for (n, line) in (0u64..).zip(reader.lines()) {
        assert_eq!(line?, format!("the square of {n} is {}", n * n));
        lines += 1;
    }
    assert_eq!(lines, 100_000);
    println!("{lines} lines read back");
    Ok(())
}
