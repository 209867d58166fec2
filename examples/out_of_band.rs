//! Sizes out of band: the blocks are stored back to back without prefixes, and their sizes in a separate index.

use std::io::{self, Read, Write};

use lz4_stream::{CompressOptions, DecompressOptions, PrefixWidth};

fn main() -> io::Result<()> {
    let text = "How much wood would a woodchuck chuck if a woodchuck could chuck wood? ".repeat(100);

    let mut index = Vec::new();
    let mut writer = CompressOptions::new()
        .prefix_width(PrefixWidth::OutOfBand)
        .page_size(1024)
        .writer(Vec::new())?;
    for part in text.as_bytes().chunks(3000) {
        writer.write_all(part)?;
        index.extend(writer.drain_block_sizes());
    }
    writer.try_finish()?;
    index.extend(writer.drain_block_sizes()); // of the last page
    let blocks = writer.finish()?;

    assert_eq!(index.len(), text.len().div_ceil(1024));
    assert_eq!(index.iter().sum::<usize>(), blocks.len());
    println!(
        "{} bytes became {} in {} blocks: {index:?}",
        text.len(),
        blocks.len(),
        index.len()
    );

    let mut read_back = String::new();
    DecompressOptions::new()
        .prefix_width(PrefixWidth::OutOfBand)
        .reader_with_sizes(&blocks[..], index)?
        .read_to_string(&mut read_back)?;
    assert_eq!(read_back, text);
    Ok(())
}
