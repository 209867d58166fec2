//! Random reads: a log is compressed and indexed, and ten lines are read from ten places.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};

use lz4_stream::{CompressOptions, Index, Lz4StreamReaderAt, Lz4StreamSeekReader};

const LINES: u64 = 500_000;
/// Every line has this length.
const LEN: u64 = 40;

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let (log, sidecar) = (folder.path().join("log.lz4s"), folder.path().join("log.index"));

    let mut writer = CompressOptions::new().writer(File::create(&log)?)?;
    writer.collect_index(1 << 20)?; // a point about every MiB
    for line in 0..LINES {
        writeln!(writer, "{:<39}", format!("line {line}: {} ms", line * 7919 % 1000))?;
    }
    writer.try_finish()?;
    let index = writer.take_index().expect("the stream is finished");
    index.write_to(BufWriter::new(File::create(&sidecar)?))?;
    println!(
        "{} bytes became {}, and {} of index with {} points",
        index.content_len(),
        index.stream_len(),
        sidecar.metadata()?.len(),
        index.points().len()
    );

    // Later, perhaps elsewhere.
    let index = Index::read_from(BufReader::new(File::open(&sidecar)?))?;
    let mut reader = Lz4StreamSeekReader::new(File::open(&log)?, index.clone())?;
    let mut text = String::new();
    for read in 0..5 {
        let line = read * 92_821 % LINES;
        text.clear();
        reader.seek(SeekFrom::Start(line * LEN))?;
        reader.read_line(&mut text)?;
        println!("{}", text.trim_end());
        assert!(text.starts_with(&format!("line {line}: ")));
    }

    // The same with a shared reference, from several threads.
    let reader = Lz4StreamReaderAt::new(File::open(&log)?, index)?;
    std::thread::scope(|scope| {
        let reads = (5..10).map(|read| {
            let reader = &reader;
            scope.spawn(move || {
                let line = read * 92_821 % LINES;
                let mut text = [0; LEN as usize];
                reader.read_exact_at(&mut text, line * LEN)?;
                assert!(text.starts_with(format!("line {line}: ").as_bytes()));
                io::Result::Ok(String::from_utf8_lossy(&text).trim_end().to_string())
            })
        });
        let reads: Vec<_> = reads.collect();
        for read in reads {
            println!("{}", read.join().expect("no read panics")?);
        }
        Ok(())
    })
}
