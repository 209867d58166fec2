//! LZ4 linked-block streams for [`std::io`], in safe Rust.
//!
//! A stream is a sequence of LZ4 blocks, each behind its length, in which every page may refer back to the page
//! before it: small pages compress nearly as well as one large buffer, and every flush is one decodable block.
//! It is the format of python-lz4's `lz4.stream` and of the C library's double-buffer streaming.
//!
//! # Overview
//!
//! * [`Lz4StreamWriter`] and [`Lz4StreamReader`] wrap files, sockets, anything that is `Write` or `Read`. Start
//!   here.
//! * [`Lz4StreamCompressor`] and [`Lz4StreamDecompressor`] are the same without I/O: page in, block out, block in,
//!   page out. For packets and for other kinds of I/O.
//! * [`CompressOptions`] and [`DecompressOptions`] are the settings. A stream says nothing of its own, so both ends
//!   must agree on them.
//! * [`Error`] is what can be wrong.
//!
//! Want a file that describes itself, with a magic number and checksums? Use the LZ4 frame format instead.
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
//! * `lz4_flex` (off by default): the block codec of the widely deployed crate `lz4_flex` decodes, and encodes the
//!   modes [`Mode::Default`] and [`Mode::Fast`], in place of this crate's own. It is slower, as it finds the history
//!   anew for every page, and allocates a match table for each; it has no acceleration, so `Fast` compresses as
//!   `Default` does. Everything else is the same, [`Mode::HighCompression`] included.
//!
//! # Organization
//!
//! Data goes one way: adapter (`writer`, `reader`), codec (`compressor`, `decompressor`), block codec (`block`), and
//! back. `window` is the history that both codecs keep, `prefix` the wire format around a block, `options` the
//! settings, `error` what can go wrong.

#![forbid(unsafe_code)]

mod block;
mod compressor;
mod decompressor;
mod error;
mod options;
mod prefix;
mod reader;
mod window;
mod writer;

pub use compressor::Lz4StreamCompressor;
pub use decompressor::{BlockSplit, Lz4StreamDecompressor};
pub use error::Error;
pub use options::{CompressOptions, DecompressOptions, Mode, Strategy};
pub use prefix::{ByteOrder, LZ4_MAX_INPUT_SIZE, PrefixWidth, compress_bound, input_bound};
pub use reader::Lz4StreamReader;
pub use writer::{IntoInnerError, Lz4StreamWriter};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
