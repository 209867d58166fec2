//! [`AsyncRead`] and [`AsyncBufRead`] over the decompressor.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};
use tokio::task::coop::poll_proceed;

use crate::decompressor::Step;
use crate::{BlockSizes, DecompressOptions, Error, Framing, Lz4StreamDecompressor, SizePrefix};

pin_project! {
    /// Decompresses a stream of blocks from the inner reader: [`crate::Lz4StreamReader`] for tokio.
    ///
    /// The reader consumes exactly one head and one block at a time, and returns all decoded bytes before it reads
    /// again. So once all decoded bytes have been read, the inner reader is at a block boundary. That takes two reads
    /// per block: put a [`BufReader`](https://docs.rs/tokio/1/tokio/io/struct.BufReader.html) inside, and use
    /// [`Lz4StreamBufReader`], unless you need the inner reader at that boundary.
    ///
    /// A read is never ready with 0 bytes before the end of the stream, whatever empty pages are in it. After each
    /// empty page and each restart ([`ZeroPrefix::Restart`](crate::ZeroPrefix::Restart)) the task yields.
    ///
    /// # End of the stream
    /// As in [`crate::Lz4StreamReader`]. **A stream cut off between two blocks looks complete**, unless both ends use
    /// an end mark ([`StreamFormat::end_mark`](crate::StreamFormat::end_mark)). The end mark is consumed by the call
    /// that returns 0 bytes. The bytes after it stay in the inner reader.
    ///
    /// # Errors
    /// * Input that ends inside a head or a block: `UnexpectedEof`, [`Error::UnexpectedEnd`]. Input that ends before an
    ///   expected end mark: `UnexpectedEof`, [`Error::MissingEndMark`].
    /// * A bad block: `InvalidData`, with an [`Error`] inside. All data before the block is returned first, and every
    ///   later call returns the same error.
    /// * Errors of the inner reader pass through and lose no data, whatever the kind: the next call resumes where this
    ///   one stopped. `Interrupted` is retried internally.
    ///
    /// ```
    /// use lz4_stream::tokio::Lz4StreamReader;
    /// use tokio::io::{AsyncBufReadExt, AsyncReadExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let stream = b"\x0e\0\0\0\xd0two\nlines: 2\n";
    /// let mut lines = Lz4StreamReader::new(&stream[..]).lines();
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("two"));
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("lines: 2"));
    /// assert_eq!(lines.next_line().await?, None);
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    pub struct Lz4StreamReader<R, F = SizePrefix> {
        #[pin]
        inner: R,
        decompressor: Lz4StreamDecompressor<F>,
    }
}

pin_project! {
    /// Like [`Lz4StreamReader`], but for an inner reader with a buffer. A block that the buffer contains completely is
    /// decoded directly from it, which saves a copy. Use it for bytes in memory, and for a
    /// [`BufReader`](https://docs.rs/tokio/1/tokio/io/struct.BufReader.html) around a socket.
    ///
    /// ```
    /// use lz4_stream::tokio::Lz4StreamBufReader;
    /// use tokio::io::AsyncReadExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut text = String::new();
    /// Lz4StreamBufReader::new(&b"\x06\0\0\0\x50hello"[..]).read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    pub struct Lz4StreamBufReader<R, F = SizePrefix> {
        #[pin]
        inner: R,
        decompressor: Lz4StreamDecompressor<F>,
    }
}

impl<R: AsyncRead, F: Framing> Lz4StreamReader<R, F> {
    /// Reads the next bytes into the room of the decompressor. Ready with `false` at the end of the input.
    fn poll_supply(self: Pin<&mut Self>, cx: &mut Context<'_>, _: &mut &mut [u8]) -> Poll<io::Result<bool>> {
        let this = self.project();
        let room = this.decompressor.unfilled();
        let (at, len) = (room.as_ptr(), room.len());
        let mut buf = ReadBuf::new(room);
        ready!(this.inner.poll_read(cx, &mut buf))?;
        let n = buf.filled().len();
        if !ptr::eq(buf.filled().as_ptr(), at) || n > len {
            return Poll::Ready(Err(io::Error::other("the inner reader exchanged the buffer")));
        }
        this.decompressor.filled(n);
        Poll::Ready(Ok(n > 0))
    }
}

impl<R: AsyncBufRead, F: Framing> Lz4StreamBufReader<R, F> {
    /// Feeds the inner reader's buffer to the decompressor, up to the end of a block. Ready with `false` at the end of
    /// the input. `out`: see [`Lz4StreamDecompressor::advance`].
    fn poll_supply(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut &mut [u8]) -> Poll<io::Result<bool>> {
        let mut this = self.project();
        let mut lent = ready!(this.inner.as_mut().poll_fill_buf(cx))?;
        let len = lent.len();
        let result = this.decompressor.advance(&mut lent, out).map(drop);
        let used = len - lent.len();
        this.inner.consume(used);
        result?;
        Poll::Ready(Ok(len > 0))
    }
}

/// The parts that both readers share. Only `poll_supply`, which gets bytes to the decompressor, differs.
macro_rules! reader {
    ($Reader:ident, $Inner:ident) => {
        impl<R: $Inner> $Reader<R> {
            /// A reader with the default settings of [`DecompressOptions::new`].
            ///
            /// ```
            /// use tokio::io::AsyncReadExt;
            ///
            /// # #[tokio::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// let mut text = String::new();
            #[doc = concat!("lz4_stream::tokio::", stringify!($Reader), "::new(&b\"\\x06\\0\\0\\0\\x50hello\"[..])")]
            ///     .read_to_string(&mut text)
            ///     .await?;
            /// assert_eq!(text, "hello");
            /// # Ok(())
            /// # }
            /// ```
            pub fn new(inner: R) -> Self {
                Self::from_parts(inner, Lz4StreamDecompressor::new())
            }

            /// A reader with these settings.
            ///
            /// # Errors
            /// Those of [`DecompressOptions::reader`].
            ///
            /// ```
            /// use lz4_stream::DecompressOptions;
            #[doc = concat!("use lz4_stream::tokio::", stringify!($Reader), ";")]
            /// use tokio::io::AsyncReadExt;
            ///
            /// # #[tokio::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// let options = DecompressOptions::new().end_mark(true);
            /// let input = &b"\x02\0\0\0\x10x\0\0\0\0"[..];
            #[doc = concat!("let mut reader = ", stringify!($Reader), "::with_options(input, &options)?;")]
            /// let mut text = String::new();
            /// reader.read_to_string(&mut text).await?;
            /// assert_eq!(text, "x");
            /// # Ok(())
            /// # }
            /// ```
            pub fn with_options(inner: R, options: &DecompressOptions) -> Result<Self, Error> {
                options.check_sizes(false)?;
                Ok(Self::from_parts(inner, options.decompressor()?))
            }
        }

        impl<R: $Inner, I: Iterator<Item = usize>> $Reader<R, BlockSizes<I>> {
            /// A reader with these settings, for a stream without prefixes. `sizes` yields the length of each block in
            /// bytes, see [`BlockSizes`]. The stream is over when it has no more.
            ///
            /// It is asked inside the polls, so it must not block. If sizes arrive while the stream is read, read each
            /// block yourself, and pass it to [`Lz4StreamDecompressor::decompress`].
            ///
            /// # Errors
            /// Those of [`DecompressOptions::reader_with_sizes`].
            ///
            /// ```
            #[doc = concat!("use lz4_stream::tokio::", stringify!($Reader), ";")]
            /// use lz4_stream::{DecompressOptions, PrefixWidth};
            /// use tokio::io::AsyncReadExt;
            ///
            /// # #[tokio::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// let options = DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
            /// let input = &b"\x40abcd\x20ef"[..];
            #[doc = concat!("let mut reader = ", stringify!($Reader), "::with_sizes(input, &options, [5, 3])?;")]
            /// let mut text = String::new();
            /// reader.read_to_string(&mut text).await?;
            /// assert_eq!(text, "abcdef");
            /// # Ok(())
            /// # }
            /// ```
            pub fn with_sizes(
                inner: R,
                options: &DecompressOptions,
                sizes: impl IntoIterator<IntoIter = I>,
            ) -> Result<Self, Error> {
                Ok(Self::from_parts(inner, options.decompressor_with_sizes(sizes)?))
            }

            /// Like [`reset`](Self::reset), but for a stream without prefixes: `sizes` are the block sizes of the new
            /// stream.
            pub fn reset_with_sizes(&mut self, inner: R, sizes: impl IntoIterator<IntoIter = I>) -> R
            where
                R: Unpin,
            {
                *self.decompressor.framing_mut() = BlockSizes::new(sizes);
                self.reset(inner)
            }
        }

        impl<R: $Inner, F: Framing> $Reader<R, F> {
            /// A reader around `inner` that continues from the state of `decompressor`. The unconsumed rest of its page
            /// comes first.
            pub fn from_parts(inner: R, decompressor: Lz4StreamDecompressor<F>) -> Self {
                $Reader { inner, decompressor }
            }

            /// Starts a new stream from `inner` with the same settings, and returns the old inner reader. Drops decoded
            /// bytes that were not read, clears an earlier error, and restarts the counts at zero. Nothing is
            /// allocated.
            ///
            /// The framing is not reset. A reader with out-of-band sizes would continue with the old sizes: use
            /// `reset_with_sizes`.
            ///
            /// ```
            /// use tokio::io::AsyncReadExt;
            ///
            /// # #[tokio::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// let mut text = String::new();
            /// let first = &b"\x04\0\0\0\x30one"[..];
            #[doc = concat!("let mut reader = lz4_stream::tokio::", stringify!($Reader), "::new(first);")]
            /// reader.read_to_string(&mut text).await?;
            /// reader.reset(&b"\x04\0\0\0\x30two"[..]);
            /// reader.read_to_string(&mut text).await?;
            /// assert_eq!(text, "onetwo");
            /// # Ok(())
            /// # }
            /// ```
            pub fn reset(&mut self, inner: R) -> R
            where
                R: Unpin,
            {
                self.decompressor.reset();
                std::mem::replace(&mut self.inner, inner)
            }

            /// Advances to the next page that is not empty, unless the last one has unread bytes. Ready with `false` at
            /// the end of the stream. `out`: see [`Lz4StreamDecompressor::advance`].
            fn poll_page(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                out: &mut &mut [u8],
            ) -> Poll<io::Result<bool>> {
                if !self.decompressor.page().is_empty() {
                    return Poll::Ready(Ok(true));
                }
                let budget = ready!(poll_proceed(cx));
                let place = |decompressor: &Lz4StreamDecompressor<F>| (decompressor.blocks(), decompressor.total_in());
                let (start, room) = (place(&self.decompressor), out.len());
                loop {
                    let has_more = match self.as_mut().project().decompressor.advance(&mut &[][..], out) {
                        Ok(Step::NeedMore(_)) => ready!(self.as_mut().poll_supply(cx, out)),
                        Ok(Step::Page) => Ok(true),
                        Ok(Step::End) => Ok(false),
                        Err(error) => Err(error.into()),
                    };
                    // The end and errors too: a task may ask for more again and again.
                    budget.made_progress();
                    match has_more {
                        Ok(true) => {}
                        Ok(false) => {
                            self.project().decompressor.end_of_input()?;
                            return Poll::Ready(Ok(false));
                        }
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) => return Poll::Ready(Err(error)),
                    }
                    if !self.decompressor.page().is_empty() || out.len() < room {
                        return Poll::Ready(Ok(true));
                    }
                    if place(&self.decompressor) != start && !self.decompressor.is_ended() {
                        // Any number of empty pages and restarts could follow each other, and not every runtime has a
                        // budget.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
            }
        }

        impl<R, F> $Reader<R, F> {
            /// The inner reader.
            pub fn get_ref(&self) -> &R {
                &self.inner
            }

            /// The inner reader. Reading from it directly takes bytes out of the stream, unless the stream is over.
            pub fn get_mut(&mut self) -> &mut R {
                &mut self.inner
            }

            /// Like [`get_mut`](Self::get_mut), for a pinned reader.
            pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
                self.project().inner
            }

            /// The decompressor: settings, history, unconsumed bytes.
            pub fn decompressor(&self) -> &Lz4StreamDecompressor<F> {
                &self.decompressor
            }

            /// Returns the inner reader. It is just after the last decoded block, unless the reader stopped inside a
            /// block. Decoded bytes that were not read are lost; to keep them, call [`into_parts`](Self::into_parts).
            pub fn into_inner(self) -> R {
                self.inner
            }

            /// Splits the reader into the inner reader and the decompressor. Nothing is read or dropped: the
            /// decompressor holds the decoded bytes that were not read, and those of an incomplete block.
            /// [`from_parts`](Self::from_parts) joins both.
            pub fn into_parts(self) -> (R, Lz4StreamDecompressor<F>) {
                (self.inner, self.decompressor)
            }

            /// How many bytes of the stream were decoded: blocks with their heads, and the end mark once it was
            /// reached.
            pub fn total_in(&self) -> u64 {
                self.decompressor.total_in()
            }

            /// How many decoded bytes were read.
            pub fn total_out(&self) -> u64 {
                self.decompressor.total_out() - self.decompressor.page().len() as u64
            }

            /// How many blocks were decoded.
            pub fn blocks(&self) -> u64 {
                self.decompressor.blocks()
            }
        }

        impl<R: $Inner, F: Framing> AsyncRead for $Reader<R, F> {
            /// Reads decoded bytes of one page. With a full `out`, it is ready without reading.
            ///
            /// A page that is much longer than 64 KiB and fits in the initialized part of `out` is decoded directly
            /// into it, which saves a copy.
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                out: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                if out.remaining() > 0 {
                    let filled = out.filled().len();
                    let mut room = &mut out.initialized_mut()[filled..];
                    let len = room.len();
                    ready!(self.as_mut().poll_page(cx, &mut room))?;
                    let direct = len - room.len();
                    out.advance(direct);
                    // Nothing, if the page is in `out` already.
                    let page = self.decompressor.page();
                    let n = page.len().min(out.remaining());
                    out.put_slice(&page[..n]);
                    self.consume(n);
                }
                Poll::Ready(Ok(()))
            }
        }

        impl<R: $Inner, F: Framing> AsyncBufRead for $Reader<R, F> {
            /// Lends the unread bytes of one page; none at the end of the stream.
            fn poll_fill_buf(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
                ready!(self.as_mut().poll_page(cx, &mut &mut [][..]))?;
                Poll::Ready(Ok(self.project().decompressor.page()))
            }

            fn consume(self: Pin<&mut Self>, amount: usize) {
                self.project().decompressor.consume(amount);
            }
        }
    };
}

reader!(Lz4StreamReader, AsyncRead);
reader!(Lz4StreamBufReader, AsyncBufRead);
