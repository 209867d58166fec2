//! The framings of programs that send linked blocks, each in at most twenty lines: the fields of its state, and what is
//! in the methods of the trait. Every module begins with the layout, its source, and the settings that its peer needs,
//! and has both directions.

pub mod ceph;
pub mod flann;
pub mod fuchsia;
pub mod netdata;
pub mod netstring;
pub mod scylladb;
pub mod seastar;
pub mod spice;

use std::io;

type Write = fn(&[u8]) -> io::Result<Vec<u8>>;
type Read = fn(&[u8]) -> io::Result<Vec<u8>>;

#[allow(dead_code)] // the tests use this program as a module
fn main() -> io::Result<()> {
    // A thousand rows of an image, among other things.
    let content = "A message of this kind was sent before, and another message of this kind. ".repeat(2000);
    let content = content.as_bytes();
    let codecs: [(&str, Write, Read); 8] = [
        ("Ceph", ceph::write, ceph::read),
        ("FLANN", flann::write, flann::read),
        ("Fuchsia", fuchsia::write, fuchsia::read),
        ("Netdata", netdata::write, netdata::read),
        ("netstrings", netstring::write, netstring::read),
        ("ScyllaDB", scylladb::write, scylladb::read),
        ("Seastar", seastar::write, seastar::read),
        ("SPICE", spice::write, |image| spice::read(image, 1000 * spice::ROW)),
    ];
    for (name, write, read) in codecs {
        let stream = write(content)?;
        assert_eq!(read(&stream)?, content);
        println!("{name}: {} bytes take {}", content.len(), stream.len());
    }
    Ok(())
}
