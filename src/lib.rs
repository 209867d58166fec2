//! LZ4 linked-block streams for [`std::io`], in safe Rust.
//!
//! A stream is a sequence of LZ4 blocks, each preceded by its length. A *page* is up to `page_size` bytes of your data;
//! a *block* is a compressed page. Every page may refer back to the page before it, so small pages compress nearly as
//! well as one large buffer. Every flush is one block, which the other end can decode at once. The format is that of
//! python-lz4's `lz4.stream` and of the C library's double-buffer streaming.
//!
//! # Overview
//!
//! * [`Lz4StreamWriter`] and [`Lz4StreamReader`] wrap files, sockets and anything else that is `Write` or `Read`. Start
//!   here. [`Lz4StreamBufReader`] wraps a `BufRead` and saves a copy.
//! * [`Lz4StreamParallelWriter`] compresses on several threads.
//! * [`compress`] and [`decompress`] handle a whole stream in memory.
//! * The module `tokio` has the adapters for async code, and the module `tokio_util` the codec for `Framed`: see
//!   [*Features*](#features).
//! * [`Lz4StreamCompressor`] and [`Lz4StreamDecompressor`] are the codecs without I/O, for packets and other kinds of
//!   I/O. The adapters above only drive them.
//! * [`CompressOptions`] and [`DecompressOptions`] are the settings. A stream records none of them, so both ends must
//!   agree on those in [`StreamFormat`].
//! * [`Index`] makes any place of a stream readable: [`Lz4StreamSeekReader`] is `Seek`, [`Lz4StreamReaderAt`] reads at
//!   an offset and is shared by threads, [`Lz4StreamParallelReader`] decodes on several threads.
//! * [`Framing`] describes the bytes around each block. Implement it for protocols with other heads than size prefixes.
//! * [`Error`] lists everything that can go wrong. [`format`](mod@format) documents the rules of the format, each with
//!   its source.
//!
//! For a self-describing file with a magic number and checksums, use the LZ4 frame format instead.
//!
//! # Example: a compressed file
//!
//! ```
//! use lz4_stream::{Lz4StreamReader, Lz4StreamWriter};
//! use std::fs::File;
//! use std::io::{self, BufReader, Read};
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("notes.lz4s");
//! let mut writer = Lz4StreamWriter::new(File::create(&path)?);
//! io::copy(&mut &b"all work and no play, all work and no play"[..], &mut writer)?;
//! writer.finish()?;
//!
//! let mut text = String::new();
//! Lz4StreamReader::new(BufReader::new(File::open(&path)?)).read_to_string(&mut text)?;
//! assert_eq!(text, "all work and no play, all work and no play");
//! # Ok::<(), io::Error>(())
//! ```
//!
//! # Example: messages over a socket
//!
//! ```
//! use lz4_stream::{Lz4StreamReader, Lz4StreamWriter};
//! use std::io::{BufRead, BufReader, Write};
//! use std::net::{TcpListener, TcpStream};
//!
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let mut sender = Lz4StreamWriter::new(TcpStream::connect(listener.local_addr()?)?);
//! let mut receiver = Lz4StreamReader::new(BufReader::new(listener.accept()?.0));
//!
//! let mut line = String::new();
//! for message in ["first message", "second message"] {
//!     writeln!(sender, "{message}")?;
//!     sender.flush()?; // one block, readable at the other end at once
//!     line.clear();
//!     receiver.read_line(&mut line)?;
//!     assert_eq!(line.trim_end(), message);
//! }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Features
//!
//! * `lz4_flex` (off by default): adds `Engine::Lz4Flex`, a setting that replaces this crate's block codec with that of
//!   the widely deployed crate `lz4_flex`. Nothing changes unless you select it.
//! * `tokio` (off by default): adds the module `tokio`, with the adapters for `AsyncWrite` and `AsyncRead`.
//! * `tokio-util` (off by default): adds the module `tokio_util`, with the codecs for `Framed`.
//! * `cli` (off by default): builds the command `lz4s`. The library is the same without it.
//!
//! # Organization
//!
//! There are three layers: adapters (`writer`, `reader`, `functions`, `seeking`, `parallel`, `tokio`, `tokio_util`),
//! codecs (`compressor`, `decompressor`) and the block codec (`block`). Each layer only knows the one below. The codecs
//! own the stream, the adapters only do I/O. The other modules are shared: `framing` reads and writes the bytes around
//! each block, `window` holds the history and the page of a codec, `index` knows where decoding can begin, `options`
//! has the settings, `error` the errors, and `format` the rules of the format.

#![forbid(unsafe_code)]

mod block;
mod compressor;
mod decompressor;
mod error;
pub mod format;
mod framing;
mod functions;
mod index;
mod options;
mod parallel;
mod reader;
mod seeking;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "tokio-util")]
pub mod tokio_util;
mod window;
mod writer;

pub use compressor::Lz4StreamCompressor;
pub use decompressor::{BlockSplit, Lz4StreamDecompressor, Progress};
pub use error::Error;
pub use format::{LZ4_MAX_INPUT_SIZE, compress_bound, input_bound, page_bound};
pub use framing::{BlockSizes, ByteOrder, Framing, Head, PrefixWidth, SizePrefix, ZeroPrefix};
pub use functions::{compress, decompress};
pub use index::{Index, IndexBuilder, IndexPoint};
pub use options::{CompressOptions, DecompressOptions, Engine, Mode, Strategy, StreamFormat};
pub use parallel::{Lz4StreamParallelReader, Lz4StreamParallelWriter};
pub use reader::{Lz4StreamBufReader, Lz4StreamReader};
pub use seeking::{Lz4StreamReaderAt, Lz4StreamSeekReader, ReadAt};
pub use writer::{IntoInnerError, Lz4StreamWriter};

// One of the examples needs the feature.
#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
