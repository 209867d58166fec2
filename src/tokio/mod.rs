//! Adapters for [`AsyncWrite`](::tokio::io::AsyncWrite), [`AsyncRead`](::tokio::io::AsyncRead) and
//! [`AsyncBufRead`](::tokio::io::AsyncBufRead). Needs the feature `tokio`.
//!
//! They mirror the [adapters for `std::io`](crate) name for name, and make and read the same bytes. Only an index is
//! not collected: [`Index::build`](crate::Index::build) makes it from the stream.
//!
//! * [`Lz4StreamWriter`] compresses. `flush().await` sends everything written so far, as one block that the other end
//!   can decode at once. `shutdown().await` ends the stream and the connection. **Nothing is sent on drop.**
//! * [`Lz4StreamReader`] and [`Lz4StreamBufReader`] decompress.
//!
//! ```
//! use lz4_stream::tokio::{Lz4StreamBufReader, Lz4StreamWriter};
//! use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//! use tokio::net::{TcpListener, TcpStream};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let mut sender = Lz4StreamWriter::new(TcpStream::connect(listener.local_addr()?).await?);
//! let mut receiver = Lz4StreamBufReader::new(BufReader::new(listener.accept().await?.0));
//!
//! let mut line = String::new();
//! for message in ["first message\n", "second message\n"] {
//!     sender.write_all(message.as_bytes()).await?;
//!     sender.flush().await?;
//!     line.clear();
//!     receiver.read_line(&mut line).await?;
//!     assert_eq!(line, message);
//! }
//! sender.shutdown().await?;
//! line.clear();
//! assert_eq!(receiver.read_line(&mut line).await?, 0);
//! # Ok(())
//! # }
//! ```
//!
//! `with_options` takes the settings, which the other end must share. For a custom [`Framing`](crate::Framing), and to
//! continue from the state of any codec, use `from_parts`. (After `use lz4_stream::*`, the name `tokio` is ambiguous:
//! import the items by name.)
//!
//! To use a connection in both directions, split it; each direction is a stream of its own, and `shutdown` ends only
//! one of them.
//! [`tokio::io::join`](https://docs.rs/tokio/1/tokio/io/fn.join.html) makes one value of a reader and a
//! writer again. For `futures::io`, see `compat` of tokio-util and the example `futures_io`.
//!
//! # Cancellation
//! All state is in the adapter, none in the futures. A future may be dropped at any await point, for example by
//! `select!` or a timeout: the adapter loses nothing and sends nothing twice, and the next call goes on from there. The
//! usual rules for the methods of tokio's extension traits still hold: `write`, `flush`, `shutdown`, `read` and
//! `fill_buf` are cancel safe. `write_all` and `read_exact` are not, because only the dropped future knew how many
//! bytes were taken; [`Lz4StreamWriter::total_in`] and [`Lz4StreamReader::total_out`] tell. The same goes for
//! `read_line`, `read_to_end` and the like: what they had read is in your buffer or lost with the future.
//!
//! A flush that was dropped may have ended the page already, and a shutdown the stream: call it again.
//!
//! # CPU time
//! Compressing and decompressing happen inside the polls. The unit is a page. Before each page, a task that used up
//! its [budget](::tokio::task::coop) yields to the runtime; that is after 128 pages or other operations at the latest.
//! Microseconds per page of text, on an AMD EPYC (Zen 5), by `cargo bench --bench async --features tokio -- pages`:
//!
//! | page | `Default` | level 3 | level 9 | level 12 | decompression |
//! |---|---:|---:|---:|---:|---:|
//! | 4 KiB | 13 | 35 | 21 | 43 | 1 |
//! | 64 KiB | 160 | 350 | 710 | 1600 | 14 |
//! | 1 MiB | 1400 | 5500 | 7300 | 17 000 | 230 |
//!
//! A task should not run for much longer than 100 µs between two await points. Decompression, and compression in the
//! default mode with pages of up to 64 KiB, need no precaution on a server whose connections send messages. A task that
//! sends bulk data to a fast peer runs for up to 128 pages before it yields: choose pages of 4 to 16 KiB, or
//! yield more often. For large pages in high compression, hand whole pages to the compressor on another thread with
//! [`spawn_blocking`](::tokio::task::spawn_blocking):
//!
//! ```
//! use lz4_stream::{CompressOptions, Lz4StreamDecompressor, Mode};
//! use tokio::io::AsyncWriteExt;
//! use tokio::task::spawn_blocking;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mode = Mode::HighCompression { level: 12 };
//! let mut compressor = CompressOptions::new().page_size(1 << 20).mode(mode).compressor()?;
//! let mut inner = Vec::new(); // or a socket
//! for page in [vec![1; 1 << 20], vec![2; 1 << 20]] {
//!     // The compressor moves to the other thread and back.
//!     compressor = spawn_blocking(move || {
//!         compressor.compress(&page)?;
//!         Ok::<_, lz4_stream::Error>(compressor)
//!     })
//!     .await??;
//!     inner.write_all(compressor.block()).await?;
//! }
//! assert_eq!(compressor.total_in(), 2 << 20);
//! # Ok(())
//! # }
//! ```
//!
//! # Memory
//! That of the codecs: see [`Lz4StreamCompressor`](crate::Lz4StreamCompressor) and
//! [`Lz4StreamDecompressor`](crate::Lz4StreamDecompressor). It grows with the pages that a connection really carries:
//! about 0.5 KiB for a new reader and writer together, 20 KiB after a few messages of 200 bytes, 700 KiB after many
//! pages of 4 KiB, and 800 KiB, always less than 1 MiB, with full pages of 64 KiB. While a block waits for the inner
//! writer, the writer takes bytes until the next page is full, and nothing beyond that.
//!
//! # Untrusted input
//! Set [`max_page_size`](crate::DecompressOptions::max_page_size) to the longest page that the peer may send. With the
//! default of 4 MiB, one peer can make a reader use 12 MiB. It is no limit for `read_line` and `read_to_end`, which
//! gather any number of pages, and a block decodes to up to 255 times its length: limit them with
//! [`take`](https://docs.rs/tokio/1/tokio/io/trait.AsyncReadExt.html#method.take). A peer that is silent is a matter
//! for [`timeout`](https://docs.rs/tokio/1/tokio/time/fn.timeout.html).

mod reader;
mod writer;

pub use reader::{Lz4StreamBufReader, Lz4StreamReader};
pub use writer::Lz4StreamWriter;
