//! Compress or decompress a whole stream in memory.

use crate::decompressor::append_pages;
use crate::{CompressOptions, DecompressOptions, Error, Lz4StreamDecompressor, PrefixWidth, Progress};

/// Compresses `data` to a stream, in full pages.
///
/// # Errors
/// Those of [`CompressOptions::compressor`], and [`Error::OutOfBandSizes`] with [`PrefixWidth::OutOfBand`]: the block
/// sizes would be lost.
///
/// ```
/// use lz4_stream::{CompressOptions, DecompressOptions};
///
/// let text = "every page refers back to the page before it. ".repeat(5000);
/// let stream = lz4_stream::compress(text.as_bytes(), &CompressOptions::new())?;
/// assert!(stream.len() < text.len() / 50);
/// assert_eq!(lz4_stream::decompress(&stream, &DecompressOptions::new())?, text.as_bytes());
/// # Ok::<(), lz4_stream::Error>(())
/// ```
pub fn compress(data: &[u8], options: &CompressOptions) -> Result<Vec<u8>, Error> {
    let width = options.get_format().get_prefix_width();
    if width == PrefixWidth::OutOfBand {
        return Err(Error::OutOfBandSizes { width });
    }
    let mut compressor = options.compressor()?;
    let mut stream = Vec::new();
    let mut pages = compressor.pages(data, 0);
    while pages.make_block() {
        let block = pages.compressor().block();
        if stream.is_empty() {
            // The first block is a good estimate for the length of the others.
            let pages = data.len().div_ceil(options.get_page_size());
            stream.reserve(block.len().saturating_mul(pages));
        }
        stream.extend_from_slice(block);
    }
    let rest = &data[pages.taken()..];
    drop(pages);
    compressor.push(rest)?;
    stream.extend_from_slice(compressor.finish());
    Ok(stream)
}

/// Decompresses `stream`, which must be exactly one stream: nothing is missing and nothing follows.
///
/// An untrusted stream can decode to 255 times its length. To bound the memory, or to get the data before an error, use
/// a [`Lz4StreamReader`](crate::Lz4StreamReader).
///
/// # Errors
/// Those of [`DecompressOptions::decompressor`] and of [`Lz4StreamDecompressor::feed`]; [`Error::UnexpectedEnd`] or
/// [`Error::MissingEndMark`] when the stream is cut off, [`Error::TrailingBytes`] when bytes follow its end mark,
/// [`Error::OutOfBandSizes`] with [`PrefixWidth::OutOfBand`].
///
/// [`Lz4StreamDecompressor::feed`]: crate::Lz4StreamDecompressor::feed
///
/// ```
/// use lz4_stream::{DecompressOptions, Error};
///
/// let options = DecompressOptions::new().end_mark(true);
/// assert_eq!(lz4_stream::decompress(b"\x02\0\0\0\x10x\0\0\0\0", &options)?, b"x");
/// let error = lz4_stream::decompress(b"\x02\0\0\0\x10x\0\0\0\0!", &options).unwrap_err();
/// assert_eq!(error, Error::TrailingBytes { offset: 10, found: 1 });
/// # Ok::<(), Error>(())
/// ```
pub fn decompress(mut stream: &[u8], options: &DecompressOptions) -> Result<Vec<u8>, Error> {
    let mut decompressor = options.decompressor()?;
    let mut data = Vec::new();
    let next_page = |decompressor: &mut Lz4StreamDecompressor| loop {
        match decompressor.feed(&mut stream)? {
            Progress::Page([]) => {}
            Progress::Page(_) => return Ok(true),
            Progress::NeedMore(_) => return decompressor.end_of_input().map(|()| false),
            Progress::End => return Ok(false),
        }
    };
    append_pages(&mut decompressor, |decompressor| decompressor, &mut data, next_page)?;
    if !stream.is_empty() {
        return Err(Error::TrailingBytes {
            offset: decompressor.total_in(),
            found: stream.len(),
        });
    }
    Ok(data)
}
