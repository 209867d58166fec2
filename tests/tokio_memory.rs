//! The memory of the adapters for tokio, measured by the allocator. A single test, so that nothing else runs at the
//! same time.
#![cfg(feature = "tokio")]

mod common;
#[path = "common/heap.rs"]
#[allow(dead_code)] // another test uses the rest
mod heap;

use common::{Random, text};
use lz4_stream::tokio::{Lz4StreamBufReader, Lz4StreamReader, Lz4StreamWriter};
use lz4_stream::{CompressOptions, DecompressOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::runtime::Builder;

const KIB: usize = 1024;

/// One end of a connection.
struct End {
    reader: Lz4StreamReader<ReadHalf<DuplexStream>>,
    writer: Lz4StreamWriter<WriteHalf<DuplexStream>>,
}

fn end(socket: DuplexStream, page_size: usize) -> End {
    let (input, output) = tokio::io::split(socket);
    let (compress, decompress) = (
        CompressOptions::new().page_size(page_size),
        DecompressOptions::new().max_page_size(page_size),
    );
    End {
        reader: Lz4StreamReader::with_options(input, &decompress).unwrap(),
        writer: Lz4StreamWriter::with_options(output, &compress).unwrap(),
    }
}

/// Bytes held per end of a connection that has carried `messages` in both directions and is idle now.
fn per_end(connections: usize, page_size: usize, messages: &[Vec<u8>]) -> usize {
    // The pipe is not the adapters': subtract it. It grows with what is in it.
    let longest = messages.iter().map(Vec::len).max().unwrap_or(0) + 1000; // more than any block
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut buf = vec![0; longest];
    let (pipes, _kept) = heap::held(|| {
        runtime.block_on(async {
            let mut pipes = Vec::with_capacity(connections);
            for _ in 0..connections {
                let (mut one, mut other) = tokio::io::duplex(longest);
                for message in messages {
                    one.write_all(message).await.unwrap();
                    other.read_exact(&mut buf[..message.len()]).await.unwrap();
                    other.write_all(message).await.unwrap();
                    one.read_exact(&mut buf[..message.len()]).await.unwrap();
                }
                pipes.push((tokio::io::split(one), tokio::io::split(other)));
            }
            pipes
        })
    });
    let (all, _kept) = heap::held(|| {
        runtime.block_on(async {
            let mut ends = Vec::with_capacity(connections);
            for _ in 0..connections {
                let (one, other) = tokio::io::duplex(longest);
                let (mut one, mut other) = (end(one, page_size), end(other, page_size));
                for message in messages {
                    let (from, to) = (&mut one, &mut other);
                    from.writer.write_all(message).await.unwrap();
                    from.writer.flush().await.unwrap();
                    to.reader.read_exact(&mut buf[..message.len()]).await.unwrap();
                    assert!(buf[..message.len()] == *message);
                    to.writer.write_all(message).await.unwrap();
                    to.writer.flush().await.unwrap();
                    from.reader.read_exact(&mut buf[..message.len()]).await.unwrap();
                }
                ends.push((one, other));
            }
            ends
        })
    });
    all.saturating_sub(pipes) / (2 * connections)
}

#[test]
fn memory() {
    a_thousand_idle_connections();
    a_long_page_that_is_read_as_a_whole_is_not_held();
}

fn a_thousand_idle_connections() {
    let short: Vec<Vec<u8>> = (0..5).map(|i| text(i, 200)).collect();
    let noise = Random::new(1).bytes(65_536 * 6);
    let full: Vec<Vec<u8>> = noise.chunks(65_536).map(<[u8]>::to_vec).collect();
    let small: Vec<Vec<u8>> = noise.chunks(4096).map(<[u8]>::to_vec).collect();
    // What the README and the documentation of the codecs say: three pages and 512 KiB each for the writer and the
    // reader, and less than 512 KiB with pages of 64 KiB.
    let formula = |page_size: usize| {
        2 * (3 * page_size + 512 * KIB).min(if page_size == 65_536 { 512 * KIB } else { usize::MAX })
    };
    for (name, connections, page_size, messages, allowed) in [
        ("new", 1000, 65_536, &[][..], KIB),
        ("short messages", 1000, 65_536, &short, 24 * KIB),
        ("full pages", 100, 65_536, &full, formula(65_536)),
        ("pages of 4 KiB", 100, 4096, &small, formula(4096)),
    ] {
        let bytes = per_end(connections, page_size, messages);
        println!("{name}: {bytes} bytes per connection");
        assert!(bytes < allowed, "{name}: {bytes} bytes per connection");
    }
}

fn a_long_page_that_is_read_as_a_whole_is_not_held() {
    const PAGE: usize = 4096 * KIB;
    let all = text(8, 2 * PAGE);
    let stream = lz4_stream::compress(&all, &CompressOptions::new().page_size(PAGE)).unwrap();
    let options = DecompressOptions::new().max_page_size(PAGE);
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut page = vec![0; PAGE];
    let (held, ()) = heap::peak(|| {
        runtime.block_on(async {
            let mut reader = Lz4StreamBufReader::with_options(&stream[..], &options).unwrap();
            for expected in all.chunks(PAGE) {
                assert_eq!(reader.read(&mut page).await.unwrap(), PAGE);
                assert!(page == expected);
            }
        });
    });
    assert!(held < 512 * KIB, "the reader takes {held}");
}
