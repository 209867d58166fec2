//! The codecs without I/O: each UDP datagram is one block, and refers back to earlier ones.

use std::error::Error;
use std::net::UdpSocket;
use std::time::Duration;

use lz4_stream::{CompressOptions, DecompressOptions, PrefixWidth};

const PAGE: usize = 1200;

fn main() -> Result<(), Box<dyn Error>> {
    // A datagram has a length, so no prefix is needed.
    let mut compressor = CompressOptions::new()
        .prefix_width(PrefixWidth::OutOfBand)
        .page_size(PAGE)
        .compressor()?;
    let mut decompressor = DecompressOptions::new()
        .prefix_width(PrefixWidth::OutOfBand)
        .max_page_size(PAGE)
        .decompressor()?;

    let receiver = UdpSocket::bind("127.0.0.1:0")?;
    receiver.set_read_timeout(Some(Duration::from_secs(10)))?;
    let sender = UdpSocket::bind("127.0.0.1:0")?;
    sender.connect(receiver.local_addr()?)?;

    let mut block = Vec::new();
    let mut datagram = [0; lz4_stream::compress_bound(PAGE)];
    let (mut sent, mut received) = (0, 0);
    for n in 0..100 {
        let reading = format!(
            "sensor=greenhouse-3 n={n} temperature={}.{} humidity={}",
            20 + n % 5,
            n % 10,
            60 + n % 7
        );
        block.clear();
        sent += compressor.compress_into(reading.as_bytes(), &mut block)?;
        sender.send(&block)?;

        // Here no datagram is lost or reordered. On a real network, number the blocks and `reset` both ends when one is
        // missing; or `reset` for every datagram, and give both ends a dictionary.
        let len = receiver.recv(&mut datagram)?;
        let page = decompressor.decompress(&datagram[..len])?;
        assert_eq!(page, reading.as_bytes());
        received += page.len();
    }
    println!("{received} bytes travelled as {sent}, in 100 datagrams");
    assert!(sent < received / 2);
    Ok(())
}
