//! [`AsyncWrite`] over the compressor.

use std::future::poll_fn;
use std::io;
use std::iter;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::io::AsyncWrite;
use tokio::task::coop::poll_proceed;

use crate::{CompressOptions, Error, Framing, Lz4StreamCompressor, SizePrefix};

pin_project! {
    /// Compresses the written bytes to a stream of blocks on the inner writer: [`crate::Lz4StreamWriter`] for tokio.
    ///
    /// * **`write`** gathers bytes in a page. A full page is compressed to a block and sent. It is ready as soon as it
    ///   has taken any bytes, and waits only while a full page and an unsent block are both held.
    /// * **`flush`** sends the partial page, so that the other end can read everything written so far, and flushes the
    ///   inner writer. It ends a message.
    /// * **`shutdown`** sends the last page, and the end mark if the settings have one, and shuts the inner writer
    ///   down. Writing afterwards is [`Error::Finished`]. To end the stream but keep the connection, call
    ///   [`try_finish`](Self::try_finish).
    ///
    /// **Dropping the writer sends nothing**, because that could block: bytes written since the last `flush` are lost.
    ///
    /// # Errors
    /// Errors of the inner writer pass through and lose no data, whatever the kind: the next call first sends the rest
    /// of the block, from where the error stopped it. The same goes for a future that is dropped before it is ready:
    /// see [*Cancellation*](crate::tokio#cancellation). `Interrupted` is retried internally. A `write` that returns an
    /// error has taken nothing; a `write` that took bytes leaves the error to the next call.
    ///
    /// Only a panic of the inner writer or the framing ends the stream, because it is unknown how much was sent. Every
    /// further call returns [`Error::Poisoned`], and [`is_poisoned`](Self::is_poisoned) returns `true`.
    ///
    /// ```
    /// use lz4_stream::tokio::{Lz4StreamReader, Lz4StreamWriter};
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut writer = Lz4StreamWriter::new(Vec::new());
    /// writer.write_all(b"one message").await?;
    /// writer.flush().await?;
    /// writer.write_all(b"and another message").await?;
    /// writer.shutdown().await?;
    /// let stream = writer.into_inner();
    ///
    /// let mut text = String::new();
    /// Lz4StreamReader::new(&stream[..]).read_to_string(&mut text).await?;
    /// assert_eq!(text, "one messageand another message");
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "dropping the writer sends nothing: call `shutdown`"]
    pub struct Lz4StreamWriter<W, F = SizePrefix> {
        #[pin]
        inner: W,
        out: Output<F>,
    }
}

/// Everything but the inner writer.
#[derive(Debug)]
struct Output<F> {
    compressor: Lz4StreamCompressor<F>,
    /// Set while the inner writer or the framing is called, and so forever after it panicked.
    poisoned: bool,
    /// The block sizes since the last `drain_block_sizes`, if they are kept out of band.
    sizes: Vec<usize>,
}

impl<W: AsyncWrite> Lz4StreamWriter<W> {
    /// A writer with the default settings of [`CompressOptions::new`].
    ///
    /// ```
    /// use lz4_stream::tokio::Lz4StreamWriter;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut writer = Lz4StreamWriter::new(Vec::new());
    /// writer.write_all(b"hello").await?;
    /// writer.shutdown().await?;
    /// assert_eq!(writer.into_inner(), b"\x06\0\0\0\x50hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(inner: W) -> Self {
        Self::from_parts(inner, Lz4StreamCompressor::new())
    }

    /// A writer with these settings.
    ///
    /// # Errors
    /// Those of [`CompressOptions::compressor`].
    ///
    /// ```
    /// use lz4_stream::CompressOptions;
    /// use lz4_stream::tokio::Lz4StreamWriter;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut writer = Lz4StreamWriter::with_options(Vec::new(), &CompressOptions::new().end_mark(true))?;
    /// writer.write_all(b"hello").await?;
    /// writer.shutdown().await?;
    /// assert_eq!(writer.into_inner(), b"\x06\0\0\0\x50hello\0\0\0\0");
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_options(inner: W, options: &CompressOptions) -> Result<Self, Error> {
        Ok(Self::from_parts(inner, options.compressor()?))
    }
}

impl<W: AsyncWrite, F: Framing> Lz4StreamWriter<W, F> {
    /// A writer around `inner` that continues from the state of `compressor`. It first sends the unconsumed rest of the
    /// last block, and the current page keeps its bytes. A block that you sent yourself must be
    /// [consumed](Lz4StreamCompressor::consume) first.
    ///
    /// ```
    /// use lz4_stream::Lz4StreamCompressor;
    /// use lz4_stream::tokio::Lz4StreamWriter;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// // One warm compressor for many short streams.
    /// let mut compressor = Lz4StreamCompressor::new();
    /// for _ in 0..3 {
    ///     let mut writer = Lz4StreamWriter::from_parts(Vec::new(), compressor);
    ///     writer.write_all(b"hello").await?;
    ///     writer.shutdown().await?;
    ///     let stream;
    ///     (stream, compressor) = writer.into_parts();
    ///     assert_eq!(stream, b"\x06\0\0\0\x50hello");
    ///     compressor.reset();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_parts(inner: W, compressor: Lz4StreamCompressor<F>) -> Self {
        Lz4StreamWriter {
            inner,
            out: Output {
                compressor,
                poisoned: false,
                sizes: Vec::new(),
            },
        }
    }

    /// Sends the last page, and the end mark if the settings have one, and flushes the inner writer without shutting it
    /// down. Nothing can be written afterwards. Another call sends any bytes that an error left unsent, and flushes
    /// again. Cancel safe.
    ///
    /// # Errors
    /// Those of the inner writer, and [`Error::Poisoned`].
    ///
    /// ```
    /// use lz4_stream::CompressOptions;
    /// use lz4_stream::tokio::Lz4StreamWriter;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut writer = Lz4StreamWriter::with_options(Vec::new(), &CompressOptions::new().end_mark(true))?;
    /// writer.write_all(b"hello").await?;
    /// writer.try_finish().await?;
    /// writer.get_mut().write_all(b"trailer").await?;
    /// assert_eq!(writer.into_inner(), b"\x06\0\0\0\x50hello\0\0\0\0trailer");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_finish(&mut self) -> io::Result<()>
    where
        W: Unpin,
    {
        poll_fn(|cx| Pin::new(&mut *self).poll_finish(cx)).await
    }

    /// [`try_finish`](Self::try_finish) as a poll.
    ///
    /// # Errors
    /// Those of [`try_finish`](Self::try_finish).
    pub fn poll_finish(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        ready!(this.out.poll_send_end(this.inner.as_mut(), cx))?;
        this.out.poll_inner(|| this.inner.as_mut().poll_flush(cx))
    }

    /// Finishes this stream, begins a new one with the same settings on `inner`, and returns the old inner writer. The
    /// counts restart at zero. Block sizes kept out of band stay until they are drained. Nothing is allocated.
    ///
    /// If the future is dropped before it is ready, the writer stays with the old stream and loses none of it, but
    /// `inner` is dropped: to avoid that, call [`try_finish`](Self::try_finish) first.
    ///
    /// # Errors
    /// Those of [`try_finish`](Self::try_finish). The writer stays with the old stream, and `inner` is dropped.
    ///
    /// ```
    /// use lz4_stream::tokio::Lz4StreamWriter;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut writer = Lz4StreamWriter::new(Vec::new());
    /// writer.write_all(b"first").await?;
    /// let first = writer.reset(Vec::new()).await?;
    /// writer.write_all(b"second").await?;
    /// writer.shutdown().await?;
    /// assert_eq!(first, b"\x06\0\0\0\x50first");
    /// assert_eq!(writer.into_inner(), b"\x07\0\0\0\x60second");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn reset(&mut self, inner: W) -> io::Result<W>
    where
        W: Unpin,
    {
        self.try_finish().await?;
        self.out.compressor.reset();
        Ok(std::mem::replace(&mut self.inner, inner))
    }
}

impl<W, F> Lz4StreamWriter<W, F> {
    /// Splits the writer into the inner writer and the compressor. Nothing is sent or dropped, except block sizes that
    /// were not drained. [`Lz4StreamCompressor::block`] is the unsent rest of the last block, and
    /// [`Lz4StreamCompressor::page`] the current page, which can be full. [`from_parts`](Self::from_parts) joins both;
    /// those of [`crate::Lz4StreamWriter`] fit too.
    ///
    /// If the writer [is poisoned](Self::is_poisoned), it is unknown how much of the block the inner writer took: do
    /// not continue the stream.
    pub fn into_parts(self) -> (W, Lz4StreamCompressor<F>) {
        (self.inner, self.out.compressor)
    }

    /// Returns the inner writer. Bytes that were not sent are lost; to keep them, call
    /// [`into_parts`](Self::into_parts).
    pub fn into_inner(self) -> W {
        self.inner
    }

    /// The inner writer.
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The inner writer. Writing to it directly puts bytes into the middle of the stream, unless the stream is
    /// finished.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// Like [`get_mut`](Self::get_mut), for a pinned writer.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().inner
    }

    /// The compressor: settings, history, unsent bytes.
    pub fn compressor(&self) -> &Lz4StreamCompressor<F> {
        &self.out.compressor
    }

    /// Whether the inner writer or the framing panicked, so that the stream cannot be continued.
    pub fn is_poisoned(&self) -> bool {
        self.out.poisoned
    }

    /// With [`PrefixWidth::OutOfBand`](crate::PrefixWidth::OutOfBand), the sizes in bytes of the blocks made since the
    /// last call, oldest first; otherwise nothing. The sizes are kept until this call, so call it regularly on a long
    /// stream.
    ///
    /// ```
    /// use lz4_stream::{CompressOptions, PrefixWidth};
    /// use lz4_stream::tokio::Lz4StreamWriter;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let options = CompressOptions::new().prefix_width(PrefixWidth::OutOfBand).page_size(4);
    /// let mut writer = Lz4StreamWriter::with_options(Vec::new(), &options)?;
    /// writer.write_all(b"abcdef").await?;
    /// writer.shutdown().await?;
    /// assert_eq!(writer.drain_block_sizes().collect::<Vec<_>>(), [5, 3]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn drain_block_sizes(
        &mut self,
    ) -> impl ExactSizeIterator<Item = usize> + DoubleEndedIterator + iter::FusedIterator {
        self.out.sizes.drain(..)
    }

    /// How many bytes were written to this writer.
    pub fn total_in(&self) -> u64 {
        self.compressor().total_in()
    }

    /// How many bytes the inner writer has taken: blocks with their heads, and the end mark.
    pub fn total_out(&self) -> u64 {
        self.out.sent()
    }

    /// How many blocks were made. The last one may be unsent, wholly or in part.
    pub fn blocks(&self) -> u64 {
        self.compressor().blocks()
    }
}

impl<F> Output<F> {
    /// How many bytes of the stream the inner writer has taken.
    fn sent(&self) -> u64 {
        sent(&self.compressor)
    }
}

impl<F: Framing> Output<F> {
    /// Sends the rest of the last block.
    fn poll_send<W: AsyncWrite>(&mut self, inner: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_send(inner, &mut self.compressor, &mut self.poisoned, cx)
    }

    /// Sends the last page, and the end mark if the settings have one.
    fn poll_send_end<W: AsyncWrite>(&mut self, mut inner: Pin<&mut W>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(inner.as_mut(), cx))?;
        if !self.compressor.is_finished() {
            ready!(self.poll_make(Lz4StreamCompressor::finish, cx));
        }
        self.poll_send(inner, cx)
    }

    /// Calls [`guarded`] for something other than sending.
    fn poll_inner(&mut self, call: impl FnMut() -> Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        guarded(&mut self.poisoned, &self.compressor, call)
    }

    /// Makes a block of the current page, the end mark, or both. The last output must have been sent. A panic of the
    /// framing poisons the writer too.
    fn poll_make(&mut self, make: impl FnOnce(&mut Lz4StreamCompressor<F>) -> &[u8], cx: &mut Context<'_>) -> Poll<()> {
        ready!(poll_proceed(cx)).made_progress();
        let blocks = self.compressor.blocks();
        self.poisoned = true;
        make(&mut self.compressor);
        self.poisoned = false;
        if self.compressor.blocks() > blocks {
            keep_size(&mut self.sizes, &self.compressor);
        }
        Poll::Ready(())
    }

    /// Sends the full pages at the front of `bytes`, without gathering them first, as long as the inner writer takes
    /// them and the task has budget. Returns how many bytes were taken.
    fn write_pages<W: AsyncWrite>(&mut self, mut inner: Pin<&mut W>, bytes: &[u8], cx: &mut Context<'_>) -> usize {
        let mut pages = self.compressor.pages(bytes);
        while let Poll::Ready(budget) = poll_proceed(cx) {
            self.poisoned = true;
            let made = pages.make_block();
            self.poisoned = false;
            if !made {
                break;
            }
            budget.made_progress();
            keep_size(&mut self.sizes, pages.compressor());
            match poll_send(inner.as_mut(), pages.compressor(), &mut self.poisoned, cx) {
                Poll::Ready(Ok(())) => {}
                // The bytes were taken. The next call meets the rest of the block.
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        pages.taken()
    }
}

/// How many bytes of the stream the inner writer has taken.
fn sent<F>(compressor: &Lz4StreamCompressor<F>) -> u64 {
    compressor.total_out() - compressor.block().len() as u64
}

/// Calls the inner writer until the result is not `Interrupted`. `poisoned` stays set if it panics.
fn guarded<T, F>(
    poisoned: &mut bool,
    compressor: &Lz4StreamCompressor<F>,
    mut call: impl FnMut() -> Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    if *poisoned {
        let offset = sent(compressor);
        return Poll::Ready(Err(Error::Poisoned { offset }.into()));
    }
    *poisoned = true;
    let result = loop {
        match call() {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            result => break result,
        }
    };
    *poisoned = false;
    result
}

/// Sends the rest of the last block.
fn poll_send<W: AsyncWrite, F: Framing>(
    mut inner: Pin<&mut W>,
    compressor: &mut Lz4StreamCompressor<F>,
    poisoned: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    loop {
        let block = compressor.block();
        let write = || match block {
            [] => Poll::Ready(Ok(0)),
            _ => inner.as_mut().poll_write(cx, block),
        };
        match ready!(guarded(poisoned, compressor, write))? {
            0 if block.is_empty() => return Poll::Ready(Ok(())),
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            n if n > block.len() => {
                let error = io::Error::other("the inner writer took more bytes than it was given");
                return Poll::Ready(Err(error));
            }
            n => compressor.consume(n),
        }
    }
}

/// Keeps the size of the new block, if the sizes are kept out of band.
fn keep_size<F: Framing>(sizes: &mut Vec<usize>, compressor: &Lz4StreamCompressor<F>) {
    if compressor.framing().is_out_of_band() {
        sizes.push(compressor.block_len());
    }
}

impl<W: AsyncWrite, F: Framing> AsyncWrite for Lz4StreamWriter<W, F> {
    /// Gathers `bytes` in pages and sends each full page, as long as the inner writer takes them and the task has
    /// budget. Ready with at least one byte unless a full page and an unsent block are both held.
    ///
    /// # Errors
    /// Those of the inner writer while it takes the rest of an earlier block: none of `bytes` was taken. If it fails
    /// later in the call, the call returns how many bytes were taken, and the next call retries. [`Error::Poisoned`]
    /// after a panic, [`Error::Finished`] after the end.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.project();
        let (mut inner, out) = (this.inner, this.out);
        let mut taken = 0;
        // The caller must not offer the taken bytes again, so what happens after some were taken waits for the next
        // call, which gets there again.
        let taken_or = |taken, otherwise| if taken > 0 { Poll::Ready(Ok(taken)) } else { otherwise };
        loop {
            let is_sent = match out.poll_send(inner.as_mut(), cx) {
                Poll::Ready(Ok(())) => true,
                Poll::Ready(Err(error)) => return taken_or(taken, Poll::Ready(Err(error))),
                Poll::Pending => false,
            };
            let page_size = out.compressor.options().get_page_size();
            if out.compressor.is_full() {
                if !is_sent || out.poll_make(Lz4StreamCompressor::end_page, cx).is_pending() {
                    return taken_or(taken, Poll::Pending);
                }
            } else if is_sent
                && bytes.len() - taken >= page_size
                && out.compressor.page().is_empty()
                && !out.compressor.is_finished()
            {
                let n = out.write_pages(inner.as_mut(), &bytes[taken..], cx);
                taken += n;
                if n == 0 || !out.compressor.block().is_empty() {
                    return taken_or(taken, Poll::Pending);
                }
            } else {
                taken += out.compressor.push(&bytes[taken..])?;
                if !out.compressor.is_full() {
                    return Poll::Ready(Ok(taken));
                }
            }
        }
    }

    /// Writes one buffer after the other, each as in [`poll_write`](Self::poll_write).
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut taken = 0;
        for buffer in buffers {
            match self.as_mut().poll_write(cx, buffer) {
                Poll::Ready(Ok(n)) if n == buffer.len() => taken += n,
                Poll::Ready(Ok(n)) => return Poll::Ready(Ok(taken + n)),
                _ if taken > 0 => return Poll::Ready(Ok(taken)),
                result => return result,
            }
        }
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Sends the current page, unless it is empty, and flushes the inner writer.
    ///
    /// # Errors
    /// Those of the inner writer, and [`Error::Poisoned`]. After the end, it sends any bytes that an error left unsent.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        ready!(this.out.poll_send(this.inner.as_mut(), cx))?;
        if !this.out.compressor.page().is_empty() {
            ready!(this.out.poll_make(Lz4StreamCompressor::end_page, cx));
            ready!(this.out.poll_send(this.inner.as_mut(), cx))?;
        }
        this.out.poll_inner(|| this.inner.as_mut().poll_flush(cx))
    }

    /// Sends the last page, and the end mark if the settings have one, and shuts the inner writer down. It can be
    /// polled again at any time.
    ///
    /// # Errors
    /// Those of the inner writer, and [`Error::Poisoned`].
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        ready!(this.out.poll_send_end(this.inner.as_mut(), cx))?;
        this.out.poll_inner(|| this.inner.as_mut().poll_shutdown(cx))
    }
}
