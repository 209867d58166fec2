//! The codecs for [`Framed`](::tokio_util::codec::Framed): one message is one block. Needs the feature `tokio-util`.
//!
//! * [`Lz4StreamCodec`] is both ends, for `Framed`.
//! * [`Lz4StreamCompressor`] is an [`Encoder`] for [`FramedWrite`](::tokio_util::codec::FramedWrite), and
//!   [`Lz4StreamDecompressor`] a [`Decoder`] for [`FramedRead`](::tokio_util::codec::FramedRead).
//!
//! A message is anything that is `AsRef<[u8]>`, such as `Bytes` or `&[u8]`, and arrives as [`BytesMut`]. It may refer
//! back to the messages before it, so even short messages compress well.
//!
//! ```
//! use bytes::Bytes;
//! use futures::{SinkExt, StreamExt};
//! use lz4_stream::tokio_util::Lz4StreamCodec;
//! use tokio_util::codec::Framed;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let (client, server) = tokio::io::duplex(1024);
//! let mut client = Framed::new(client, Lz4StreamCodec::new());
//! let mut server = Framed::new(server, Lz4StreamCodec::new());
//! for message in ["the first message", "", "the first message, again"] {
//!     client.send(Bytes::from(message)).await?;
//!     assert_eq!(server.next().await.expect("a message")?, message);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Rules
//! * An empty message is a block of an empty page, `01 00 00 00 00` with the default prefix, and arrives as an empty
//!   message. The next message refers to nothing before it: see [*Empty pages*](crate::format#empty-pages). python-lz4
//!   and the adapters of this crate read no bytes from it and go on.
//! * A message longer than [`page_size`](crate::CompressOptions::page_size) is [`Error::PageTooLarge`], which names
//!   both lengths. Nothing was encoded, and the next message can be sent. A received message longer than
//!   [`max_page_size`](crate::DecompressOptions::max_page_size) is [`Error::PageOverLimit`] or
//!   [`Error::BlockTooLarge`].
//! * After an error in the stream, the decoder returns the same error again for any further bytes.
//! * The encoder does not learn when a sink is closed. If the settings have an end mark, send [`EndOfStream`] last. The
//!   decoder then rejects a connection that ends without it, as [`Error::MissingEndMark`], and bytes after it, as
//!   [`Error::TrailingBytes`]; those stay in the buffer. A codec cannot end a `Framed`: after the end mark, `next`
//!   waits until the connection ends. So close the sink after [`EndOfStream`].
//! * Messages may have many types, so the compiler must be told one for `close` and `flush`, which have none:
//!   `SinkExt::<Bytes>::close(&mut framed)`.
//! * A dropped `next` loses nothing. A dropped `send` may lose its message, but as a whole; the stream goes on.
//! * Nothing here yields between messages: many short ones can be in the buffer. A task that must not hold up others
//!   calls [`coop::cooperative`](https://docs.rs/tokio/1/tokio/task/coop/fn.cooperative.html) around `next`.
//! * Every block has a prefix: [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand) is [`Error::OutOfBandSizes`].
//! * The format has no message boundaries other than blocks. A stream from an
//!   [`Lz4StreamWriter`](crate::Lz4StreamWriter) arrives page by page, and every reader reads a stream of messages.

use std::io;

use bytes::{Buf, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use crate::{
    CompressOptions, DecompressOptions, Error, Framing, Lz4StreamCompressor, Lz4StreamDecompressor, PrefixWidth,
    Progress, SizePrefix,
};

/// A read may be asked for this many bytes at most, so that a head alone cannot cause a large allocation.
const MAX_READ: usize = 64 * 1024;

/// Both ends of a connection, for [`Framed`](::tokio_util::codec::Framed). See the [module](self).
#[derive(Debug, Clone)]
pub struct Lz4StreamCodec<F = SizePrefix, G = F> {
    compressor: Lz4StreamCompressor<F>,
    decompressor: Lz4StreamDecompressor<G>,
}

/// Ends a stream of messages: sends the end mark, if the settings have one. Sending a message afterwards is
/// [`Error::Finished`].
///
/// ```
/// use bytes::Bytes;
/// use futures::SinkExt;
/// use lz4_stream::CompressOptions;
/// use lz4_stream::tokio_util::EndOfStream;
/// use tokio_util::codec::FramedWrite;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut sink = FramedWrite::new(Vec::new(), CompressOptions::new().end_mark(true).compressor()?);
/// sink.send(Bytes::from("hello")).await?;
/// sink.send(EndOfStream).await?;
/// assert_eq!(sink.get_ref(), b"\x06\0\0\0\x50hello\0\0\0\0");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndOfStream;

impl Default for Lz4StreamCodec {
    fn default() -> Self {
        Self::new()
    }
}

impl Lz4StreamCodec {
    /// A codec with the default settings at both ends.
    pub fn new() -> Self {
        Self::from_parts(Lz4StreamCompressor::new(), Lz4StreamDecompressor::new())
    }

    /// A codec with these settings.
    ///
    /// # Errors
    /// Those of [`CompressOptions::compressor`] and [`DecompressOptions::decompressor`], and [`Error::OutOfBandSizes`]
    /// with [`PrefixWidth::OutOfBand`].
    ///
    /// ```
    /// use lz4_stream::tokio_util::Lz4StreamCodec;
    /// use lz4_stream::{CompressOptions, DecompressOptions, StreamFormat};
    ///
    /// let format = StreamFormat::new().end_mark(true).dictionary("words in many messages");
    /// let codec = Lz4StreamCodec::with_options(
    ///     &CompressOptions::new().format(format.clone()).page_size(16 * 1024),
    ///     &DecompressOptions::new().format(format).max_page_size(16 * 1024),
    /// )?;
    /// # Ok::<(), lz4_stream::Error>(())
    /// ```
    pub fn with_options(compress: &CompressOptions, decompress: &DecompressOptions) -> Result<Self, Error> {
        for format in [compress.get_format(), decompress.get_format()] {
            check_prefix(&format.prefix)?;
        }
        Ok(Self::from_parts(compress.compressor()?, decompress.decompressor()?))
    }
}

impl<F, G> Lz4StreamCodec<F, G> {
    /// A codec that continues from the states of a compressor and a decompressor.
    pub fn from_parts(compressor: Lz4StreamCompressor<F>, decompressor: Lz4StreamDecompressor<G>) -> Self {
        Lz4StreamCodec {
            compressor,
            decompressor,
        }
    }

    /// Splits the codec into the compressor and the decompressor.
    pub fn into_parts(self) -> (Lz4StreamCompressor<F>, Lz4StreamDecompressor<G>) {
        (self.compressor, self.decompressor)
    }

    /// The compressor: settings and counts.
    pub fn compressor(&self) -> &Lz4StreamCompressor<F> {
        &self.compressor
    }

    /// The decompressor: settings and counts.
    pub fn decompressor(&self) -> &Lz4StreamDecompressor<G> {
        &self.decompressor
    }
}

/// The message boundaries must be in the stream.
fn check_prefix(framing: &impl Framing) -> Result<(), Error> {
    if framing.is_out_of_band() {
        let width = PrefixWidth::OutOfBand;
        return Err(Error::OutOfBandSizes { width });
    }
    Ok(())
}

/// Moves the last output of the compressor to `out`.
fn send<F>(compressor: &mut Lz4StreamCompressor<F>, out: &mut BytesMut) {
    out.extend_from_slice(compressor.block());
    compressor.consume(usize::MAX);
}

/// One message is one block. Bytes that were pushed before become the beginning of the message.
impl<T: AsRef<[u8]>, F: Framing> Encoder<T> for Lz4StreamCompressor<F> {
    type Error = io::Error;

    /// # Errors
    /// [`Error::PageTooLarge`], [`Error::Finished`], [`Error::OutOfBandSizes`].
    fn encode(&mut self, message: T, out: &mut BytesMut) -> io::Result<()> {
        check_prefix(self.framing())?;
        send(self, out);
        let message = message.as_ref();
        if message.is_empty() {
            self.end_page_even_empty()?;
        } else {
            self.compress(message)?;
        }
        send(self, out);
        Ok(())
    }
}

impl<F: Framing> Encoder<EndOfStream> for Lz4StreamCompressor<F> {
    type Error = io::Error;

    fn encode(&mut self, _: EndOfStream, out: &mut BytesMut) -> io::Result<()> {
        send(self, out);
        self.finish();
        send(self, out);
        Ok(())
    }
}

/// One block is one message. The unconsumed rest of the last page comes first.
impl<F: Framing> Decoder for Lz4StreamDecompressor<F> {
    type Item = BytesMut;
    type Error = io::Error;

    /// # Errors
    /// Those of [`feed`](Lz4StreamDecompressor::feed), and [`Error::TrailingBytes`].
    fn decode(&mut self, input: &mut BytesMut) -> io::Result<Option<BytesMut>> {
        // Only a decompressor that came from a reader has an unread rest.
        if !self.page().is_empty() {
            let message = BytesMut::from(self.page());
            self.consume(usize::MAX);
            return Ok(Some(message));
        }
        let mut rest = &input[..];
        let result = match self.feed(&mut rest) {
            Ok(Progress::Page(page)) => Ok(Some(BytesMut::from(page))),
            Ok(Progress::NeedMore(_)) => Ok(None),
            Ok(Progress::End) if rest.is_empty() => Ok(None),
            Ok(Progress::End) => Err(Error::TrailingBytes {
                offset: self.total_in(),
                found: rest.len(),
            }),
            Err(error) => Err(error),
        };
        let used = input.len() - rest.len();
        input.advance(used);
        self.consume(usize::MAX);
        if let Ok(None) = result {
            input.reserve(self.missing().clamp(1, MAX_READ));
        }
        Ok(result?)
    }

    /// # Errors
    /// Those of `decode`, and [`Error::UnexpectedEnd`] or [`Error::MissingEndMark`] when the connection
    /// ends too early.
    fn decode_eof(&mut self, input: &mut BytesMut) -> io::Result<Option<BytesMut>> {
        let message = self.decode(input)?;
        if message.is_none() {
            self.end_of_input()?;
        }
        Ok(message)
    }
}

impl<T, F: Framing, G> Encoder<T> for Lz4StreamCodec<F, G>
where
    Lz4StreamCompressor<F>: Encoder<T, Error = io::Error>,
{
    type Error = io::Error;

    fn encode(&mut self, item: T, out: &mut BytesMut) -> io::Result<()> {
        self.compressor.encode(item, out)
    }
}

impl<F, G: Framing> Decoder for Lz4StreamCodec<F, G> {
    type Item = BytesMut;
    type Error = io::Error;

    fn decode(&mut self, input: &mut BytesMut) -> io::Result<Option<BytesMut>> {
        self.decompressor.decode(input)
    }

    fn decode_eof(&mut self, input: &mut BytesMut) -> io::Result<Option<BytesMut>> {
        self.decompressor.decode_eof(input)
    }
}
