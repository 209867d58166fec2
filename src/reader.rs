//! [`std::io::Read`] and [`std::io::BufRead`] over the decompressor.

use std::io::{self, BufRead, ErrorKind, Read};
use std::str;

use crate::decompressor::append_pages;
use crate::{BlockSizes, Framing, Lz4StreamDecompressor, Progress, SizePrefix};

/// Decompresses a stream of blocks from the inner reader.
///
/// Decoded bytes are handed out before the inner reader is touched again. The reader consumes exactly one head and one
/// block at a time, so once all decoded bytes have been read, the inner reader is at a block boundary. That makes two
/// reads a block: put a `BufReader` inside when reads are expensive, as those of a file or of a socket with small
/// pages are. [`Lz4StreamBufReader`] decodes straight from such a buffer. As a [`BufRead`] it lends the decoded bytes
/// without a copy.
///
/// # End of the stream
/// An end of input between two blocks is the end of the stream, and **a stream that was cut there looks the same**,
/// unless both ends use an end mark ([`StreamFormat::end_mark`](crate::StreamFormat::end_mark)). The end mark is
/// consumed by the call that returns `Ok(0)`: read until then before calling [`into_inner`](Self::into_inner). What
/// follows it is left in the inner reader. Streams written one after the other, without a dictionary and without end
/// marks, read as one.
///
/// # Errors
/// * Input that ends inside a head or a block: `UnexpectedEof`, [`Error::UnexpectedEnd`](crate::Error::UnexpectedEnd). When an end mark is expected,
///   also input that ends before it: [`Error::MissingEndMark`](crate::Error::MissingEndMark).
/// * A bad block: `InvalidData`, with the [`Error`](crate::Error) that says what is wrong. Everything decoded before it is handed out
///   first, and every later call returns the same error.
/// * Errors of the inner reader pass through, and lose nothing, whatever the kind: the next call goes on where this one
///   stopped. So a non-blocking inner reader can be tried again after `WouldBlock`. `Interrupted` is retried here.
///
/// ```
/// use lz4_stream::Lz4StreamReader;
/// use std::io::{BufRead, Read};
///
/// let stream = b"\x0e\0\0\0\xd0two\nlines: 2\n";
/// let lines: Vec<String> = Lz4StreamReader::new(&stream[..]).lines().collect::<Result<_, _>>()?;
/// assert_eq!(lines, ["two", "lines: 2"]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Lz4StreamReader<R, F = SizePrefix> {
    inner: R,
    decompressor: Lz4StreamDecompressor<F>,
}

/// [`Lz4StreamReader`] for an inner reader that has a buffer: a block that lies whole in that buffer is decoded from
/// there, which saves a copy. For bytes in memory, and for a `BufReader` with room for several blocks.
///
/// Everything else is as in [`Lz4StreamReader`].
///
/// ```
/// use lz4_stream::Lz4StreamBufReader;
/// use std::io::Read;
///
/// let mut text = String::new();
/// Lz4StreamBufReader::new(&b"\x06\0\0\0\x50hello"[..]).read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Lz4StreamBufReader<R, F = SizePrefix> {
    inner: R,
    decompressor: Lz4StreamDecompressor<F>,
}

impl<R: Read, F: Framing> Lz4StreamReader<R, F> {
    /// Reads what the decompressor needs next into the room that it lends. `Ok(false)` at the end of the input.
    fn supply(&mut self) -> io::Result<bool> {
        let room = self.decompressor.unfilled();
        let n = self.inner.read(room)?;
        if n > room.len() {
            return Err(io::Error::other(
                "the inner reader returned more bytes than it was asked for",
            ));
        }
        self.decompressor.filled(n);
        Ok(n > 0)
    }
}

impl<R: BufRead, F: Framing> Lz4StreamBufReader<R, F> {
    /// Feeds the inner reader's buffer to the decompressor, up to the end of a block. `Ok(false)` at the end of the
    /// input.
    fn supply(&mut self) -> io::Result<bool> {
        let mut lent = self.inner.fill_buf()?;
        let len = lent.len();
        let result = self.decompressor.feed(&mut lent).map(drop);
        let used = len - lent.len();
        self.inner.consume(used);
        result?;
        Ok(len > 0)
    }
}

/// What both readers have: only the way in which the decompressor gets its bytes, `supply`, is different.
macro_rules! reader {
    ($Reader:ident, $Inner:ident) => {
        impl<R: $Inner> $Reader<R> {
            /// A reader with the default settings, those of [`DecompressOptions::new`](crate::DecompressOptions::new).
            /// [`DecompressOptions`](crate::DecompressOptions) has functions that make readers with others.
            ///
            /// ```
            /// use std::io::Read;
            ///
            /// let mut text = String::new();
            #[doc = concat!("lz4_stream::", stringify!($Reader), "::new(&b\"\\x06\\0\\0\\0\\x50hello\"[..])")]
            ///     .read_to_string(&mut text)?;
            /// assert_eq!(text, "hello");
            /// # Ok::<(), std::io::Error>(())
            /// ```
            pub fn new(inner: R) -> Self {
                Self::from_parts(inner, Lz4StreamDecompressor::new())
            }
        }

        impl<R: $Inner, F: Framing> $Reader<R, F> {
            /// A reader around `inner` that goes on where `decompressor` is: what is not consumed of its page comes
            /// first.
            ///
            /// ```
            /// use std::io::Read;
            ///
            /// // One warm decompressor for many short streams.
            /// let mut decompressor = lz4_stream::Lz4StreamDecompressor::new();
            /// for _ in 0..3 {
            #[doc = concat!("    let mut reader = lz4_stream::", stringify!($Reader), "::from_parts(")]
            ///         &b"\x06\0\0\0\x50hello"[..],
            ///         decompressor,
            ///     );
            ///     let mut text = String::new();
            ///     reader.read_to_string(&mut text)?;
            ///     assert_eq!(text, "hello");
            ///     (_, decompressor) = reader.into_parts();
            ///     decompressor.reset();
            /// }
            /// # Ok::<(), std::io::Error>(())
            /// ```
            pub fn from_parts(inner: R, decompressor: Lz4StreamDecompressor<F>) -> Self {
                $Reader { inner, decompressor }
            }

            /// Starts to read another stream, with the same settings, from `inner`, and gives back the old inner
            /// reader. What was decoded and not read is dropped, an earlier error is forgotten, and the counts start
            /// at zero again. Nothing is allocated.
            ///
            /// The framing is not reset. A reader with out-of-band sizes is still at the end of the old sizes after it:
            /// see `Lz4StreamReader::reset_with_sizes`.
            ///
            /// ```
            /// use std::io::Read;
            ///
            /// let mut text = String::new();
            #[doc = concat!("let mut reader = lz4_stream::", stringify!($Reader), "::new(&b\"\\x04\\0\\0\\0\\x30one\"[..]);")]
            /// reader.read_to_string(&mut text)?;
            /// reader.reset(&b"\x04\0\0\0\x30two"[..]);
            /// reader.read_to_string(&mut text)?;
            /// assert_eq!(text, "onetwo");
            /// # Ok::<(), std::io::Error>(())
            /// ```
            pub fn reset(&mut self, inner: R) -> R {
                self.decompressor.reset();
                std::mem::replace(&mut self.inner, inner)
            }

            /// Gets the next page that is not empty, unless there are bytes of the last one. `Ok(false)` at the end of
            /// the stream.
            fn next_page(&mut self) -> io::Result<bool> {
                while self.decompressor.page().is_empty() {
                    match self.decompressor.feed(&mut &[][..])? {
                        Progress::Page(_) => {}
                        Progress::End => return Ok(false),
                        Progress::NeedMore(_) => match self.supply() {
                            Ok(true) => {}
                            Ok(false) => {
                                self.decompressor.end_of_input()?;
                                return Ok(false);
                            }
                            Err(error) if error.kind() == ErrorKind::Interrupted => {}
                            Err(error) => return Err(error),
                        },
                    }
                }
                Ok(true)
            }
        }

        impl<R, F> $Reader<R, F> {
            /// The inner reader.
            pub fn get_ref(&self) -> &R {
                &self.inner
            }

            /// The inner reader. Reading from it directly takes bytes out of the stream.
            pub fn get_mut(&mut self) -> &mut R {
                &mut self.inner
            }

            /// The decompressor: settings, history, what was not consumed.
            pub fn decompressor(&self) -> &Lz4StreamDecompressor<F> {
                &self.decompressor
            }

            /// Gives back the inner reader. It is after the last block that was decoded, unless an error stopped the
            /// reader inside one. Bytes that were decoded and not read are lost; to keep them, call
            /// [`into_parts`](Self::into_parts).
            ///
            /// ```
            /// use std::io::Read;
            ///
            /// let stream = b"\x06\0\0\0\x50hello\x04\0\0\0\x30two";
            #[doc = concat!("let mut reader = lz4_stream::", stringify!($Reader), "::new(&stream[..]);")]
            /// reader.read_exact(&mut [0; 5])?;
            /// assert_eq!(reader.into_inner(), b"\x04\0\0\0\x30two");
            /// # Ok::<(), std::io::Error>(())
            /// ```
            pub fn into_inner(self) -> R {
                self.inner
            }

            /// Takes the reader apart: the inner reader, and the decompressor with all that was not consumed.
            /// [`from_parts`](Self::from_parts) goes on with both, and has an example.
            pub fn into_parts(self) -> (R, Lz4StreamDecompressor<F>) {
                (self.inner, self.decompressor)
            }

            /// How many bytes of the stream were decoded: blocks with their heads, and the end mark once it was
            /// reached.
            pub fn total_in(&self) -> u64 {
                self.decompressor.total_in()
            }

            /// How many decoded bytes were handed out.
            pub fn total_out(&self) -> u64 {
                self.decompressor.total_out() - self.decompressor.page().len() as u64
            }

            /// How many blocks were decoded.
            pub fn blocks(&self) -> u64 {
                self.decompressor.blocks()
            }
        }

        impl<R: $Inner, F: Framing> Read for $Reader<R, F> {
            /// Hands out decoded bytes of one page. An empty `out` returns `Ok(0)` and touches nothing.
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                if out.is_empty() {
                    return Ok(0);
                }
                let read = self.fill_buf()?.read(out)?;
                self.consume(read);
                Ok(read)
            }

            /// Appends whole pages, decoded in place where `out` has room. What was appended before an error stays.
            fn read_to_end(&mut self, out: &mut Vec<u8>) -> io::Result<usize> {
                append_pages(self, |reader| &mut reader.decompressor, out, Self::next_page)
            }

            /// Appends text. When it is not UTF-8, nothing is appended, and what was read is lost: also when an error
            /// of the inner reader comes between the bytes of a character. Use `read_to_end` if that can happen.
            fn read_to_string(&mut self, out: &mut String) -> io::Result<usize> {
                append_utf8(out, |bytes| self.read_to_end(bytes))
            }
        }

        impl<R: $Inner, F: Framing> BufRead for $Reader<R, F> {
            /// Lends the decoded bytes of one page; none at the end of the stream.
            fn fill_buf(&mut self) -> io::Result<&[u8]> {
                self.next_page()?;
                Ok(self.decompressor.page())
            }

            fn consume(&mut self, amount: usize) {
                self.decompressor.consume(amount);
            }
        }
    };
}

reader!(Lz4StreamReader, Read);
reader!(Lz4StreamBufReader, BufRead);

impl<R: Read, I: Iterator<Item = usize>> Lz4StreamReader<R, BlockSizes<I>> {
    /// [`reset`](Self::reset) for a stream without prefixes, with the sizes of the new stream's blocks.
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, PrefixWidth};
    /// use std::io::Read;
    ///
    /// let options = DecompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
    /// let mut text = String::new();
    /// let mut reader = options.reader_with_sizes(&b"\x30one"[..], [4])?;
    /// reader.read_to_string(&mut text)?;
    /// reader.reset_with_sizes(&b"\x30two"[..], [4]);
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "onetwo");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reset_with_sizes(&mut self, inner: R, sizes: impl IntoIterator<IntoIter = I>) -> R {
        *self.decompressor.framing_mut() = BlockSizes::new(sizes);
        self.reset(inner)
    }
}

/// Appends what `read` appends to bytes to a string, as the standard library does for its readers: nothing if it is not
/// UTF-8, also when an error ended it inside a character.
fn append_utf8(out: &mut String, read: impl FnOnce(&mut Vec<u8>) -> io::Result<usize>) -> io::Result<usize> {
    /// Puts the text back whatever happens, a panic of the inner reader included.
    struct Text<'a> {
        out: &'a mut String,
        bytes: Vec<u8>,
        /// How many of the bytes are known to be UTF-8.
        valid: usize,
    }
    impl Drop for Text<'_> {
        fn drop(&mut self) {
            self.bytes.truncate(self.valid);
            let bytes = std::mem::take(&mut self.bytes);
            *self.out = String::from_utf8(bytes).expect("the old text and the new are UTF-8 each");
        }
    }
    let (valid, bytes) = (out.len(), std::mem::take(out).into_bytes());
    let mut text = Text { out, bytes, valid };
    let result = read(&mut text.bytes);
    if str::from_utf8(&text.bytes[valid..]).is_ok() {
        text.valid = text.bytes.len();
        return result;
    }
    let message = "the stream did not contain valid UTF-8";
    result.and(Err(io::Error::new(ErrorKind::InvalidData, message)))
}
