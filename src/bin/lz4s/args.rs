//! The command line: subcommands, options and their help.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use lz4_stream::{Mode, PrefixWidth, Strategy};

use crate::failure::{Failure, Result};
use crate::preset::Preset;

/// More would only take memory.
const MAX_THREADS: usize = 256;

/// Compress, decompress and inspect LZ4 linked-block streams
///
/// The format is that of python-lz4's lz4.stream and of the C library's double-buffer streaming. A stream does not
/// record its settings: decompress with the same --preset, --prefix, --big-endian, --end-mark, --dictionary, --header.
/// There are no checksums: damage that still decodes is not detected.
#[derive(Parser)]
#[command(
    name = "lz4s",
    version,
    args_override_self = true,
    after_help = "Exit status: 0 on success, 1 if a file failed (the others are still processed), 2 for wrong usage, \
                  141 if the output pipe was closed.",
    after_long_help = "Examples:
  lz4s compress notes.txt             writes notes.txt.lz4s
  lz4s decompress notes.txt.lz4s      writes notes.txt
  lz4s decompress -c notes.txt.lz4s   writes to stdout
  lz4s compress <notes.txt >stream    from stdin to stdout
  lz4s info --preset tracy trace      prints page sizes and totals

Output files:
  An output file is written to a hidden file (.lz4s-...) in the same folder, which is renamed when it is complete, so \
that a failure leaves an existing file as it was. The hidden file is removed on failure and on SIGINT, SIGTERM and \
SIGHUP. An existing file keeps its mode, owner and group; without the right to keep the owner and group, it loses its \
setuid and setgid bits. A new file gets the mode of the input.

  An existing file is written in place if the folder does not allow a new file: a failure then leaves it incomplete. \
If only the rename is not allowed, as in a sticky folder such as /tmp, or onto a mount point, the complete hidden file \
is copied into the existing one. Neither happens without --force.

Exit status:
  0 on success, 1 if a file failed (the others are still processed), 2 for wrong usage, 141 if the output pipe was \
closed."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Show no progress bar (there is none unless stderr is a terminal)
    #[arg(short, long, global = true, display_order = 900)]
    pub quiet: bool,
}

#[derive(Subcommand)]
pub enum Command {
    /// Compress files to NAME.lz4s, or stdin to stdout
    Compress(Compress),
    /// Decompress files NAME.lz4s to NAME, or stdin to stdout
    Decompress(Decompress),
    /// Decode streams and report errors, but write nothing
    Test(Test),
    /// Decode streams and print their block count, page sizes, total sizes and ratio; also reads index files
    Info(Info),
    /// Write the index of a stream, with which decompress reads a range or works on several threads
    ///
    /// The index of STREAM is STREAM.idx, unless --output says otherwise; that of stdin goes to stdout. It belongs to
    /// these bytes of the stream, and to the same --preset, --prefix, --big-endian, --end-mark, --dictionary and so on.
    Index(MakeIndex),
    /// Print a completion script for a shell
    ///
    /// For example: lz4s completions bash > ~/.local/share/bash-completion/completions/lz4s
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of lz4s, or of one of its commands
    ///
    /// For example: lz4s man compress | man -l -
    Man {
        /// The command, such as compress
        command: Option<String>,
    },
}

#[derive(Args)]
pub struct Compress {
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub format: Format,
    /// Page size in bytes; the suffixes K, M and G mean units of 1024, 1024^2 and 1024^3 bytes
    ///
    /// Each page becomes one block, once the page is full or the input ends. The default is 64K, or the most that fits
    /// the prefix: 65264 with --prefix 2, 239 with --prefix 1. python-lz4 needs the same size as its buffer_size; the C
    /// examples fail on larger pages than their own.
    #[arg(long, value_name = "N[K|M|G]", value_parser = size, help_heading = "Compression")]
    pub page_size: Option<usize>,
    /// How far back matches reach [default: double-buffer]
    #[arg(long, value_enum, help_heading = "Compression")]
    pub strategy: Option<Reach>,
    /// Let matches reach back at most this far, for readers that hold little: 1 to 65535 [default: 65535]
    ///
    /// A reader that decodes pages of P bytes into a ring of N bytes needs N - 2 * P, with --strategy ring-buffer.
    #[arg(long, value_name = "N[K|M|G]", value_parser = size, help_heading = "Compression")]
    pub max_distance: Option<usize>,
    /// Let every Nth page refer to nothing before it, so that decoding can begin there; 0 for never [default: 0]
    ///
    /// With --zero-restarts, a size of zero stands before each but the first. Otherwise the stream does not show them.
    #[arg(long, value_name = "PAGES", help_heading = "Compression")]
    pub restart_every: Option<usize>,
    /// Compression effort
    #[arg(long, value_enum, default_value_t = Effort::Default, help_heading = "Compression")]
    pub mode: Effort,
    /// With --mode fast: 1 to 65537, higher is faster and larger; other values are clamped [default: 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Compression")]
    pub acceleration: Option<i32>,
    /// With --mode hc: 1 to 12, higher is slower and smaller; below 1 means 9, above 12 means 12 [default: 9]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Compression")]
    pub level: Option<i32>,
    /// Compress on this many threads: 1 to 256; 0 for one per core. The output does not depend on it
    #[arg(
        long,
        value_name = "N",
        value_parser = threads,
        allow_negative_numbers = true,
        default_value = "1",
        help_heading = "Compression"
    )]
    pub threads: usize,
    /// Also write the index of the stream to this file, see lz4s index
    #[arg(long, value_name = "FILE", help_heading = "Compression")]
    pub index: Option<PathBuf>,
    /// Distance of the index's points in bytes of content: 64K to 64M, other values are clamped [default: 1M]
    #[arg(long, value_name = "N[K|M|G]", value_parser = number, requires = "index", help_heading = "Compression")]
    pub index_interval: Option<u64>,
}

#[derive(Args)]
pub struct Decompress {
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub stream: Stream,
    /// The index of the stream, as lz4s index or compress --index wrote it
    #[arg(long, value_name = "FILE")]
    pub index: Option<PathBuf>,
    /// Only these bytes of the content: A..B, A.., ..B or A..+LENGTH, counted from 0, without B
    ///
    /// K, M and G after a number mean units of 1024, 1024^2 and 1024^3 bytes. The range goes to
    /// stdout, unless --output names a file. One that ends after the content is cut there. With --index, decoding
    /// begins near A; without, at the start of the stream.
    #[arg(long, value_name = "A..B", value_parser = Span::parse, conflicts_with = "rm", allow_hyphen_values = true)]
    pub range: Option<Span>,
    /// Decompress on this many threads: 1 to 256; 0 for one per core. Needs --index [default: 1]
    #[arg(
        long,
        value_name = "N",
        value_parser = threads,
        allow_negative_numbers = true,
        requires = "index",
        conflicts_with = "range"
    )]
    pub threads: Option<usize>,
}

#[derive(Args)]
pub struct MakeIndex {
    #[command(flatten)]
    pub files: Outputs,
    #[command(flatten)]
    pub stream: Stream,
    /// Distance of the index's points in bytes of content: 64K to 64M, other values are clamped
    ///
    /// To read a range, half as much is decoded without need, on average.
    #[arg(long, value_name = "N[K|M|G]", value_parser = number, default_value = "1M")]
    pub interval: u64,
}

#[derive(Args)]
pub struct Test {
    #[command(flatten)]
    pub inputs: Inputs,
    #[command(flatten)]
    pub stream: Stream,
}

#[derive(Args)]
pub struct Info {
    #[command(flatten)]
    pub inputs: Inputs,
    #[command(flatten)]
    pub stream: Stream,
    /// Also print one line per block: index, offset in the stream, bytes in the stream, bytes of the page, and the word
    /// restart if the block follows a restart mark
    #[arg(long)]
    pub blocks: bool,
}

#[derive(Args)]
pub struct Inputs {
    /// Files to read; - is stdin, and so is no file at all
    #[arg(value_name = "FILE")]
    pub paths: Vec<PathBuf>,
}

/// The inputs and outputs of the commands that write files.
#[derive(Args)]
pub struct Outputs {
    #[command(flatten)]
    pub inputs: Inputs,
    /// File to write; - is stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write to stdout
    #[arg(short = 'c', long, conflicts_with = "output")]
    pub stdout: bool,
    /// Replace existing files; let compress and index write to a terminal
    #[arg(short, long)]
    pub force: bool,
}

/// The same, for the commands whose output can take the place of the input.
#[derive(Args)]
pub struct Files {
    #[command(flatten)]
    pub to: Outputs,
    /// Remove each input file once its output file is complete
    #[arg(long, conflicts_with_all = ["stdout", "keep"])]
    pub rm: bool,
    /// Keep the input files (the default)
    #[arg(short, long)]
    pub keep: bool,
}

/// What both ends of a stream must agree on.
#[derive(Args)]
pub struct Format {
    /// The settings of another program; the other options override them
    #[arg(long, value_enum, help_heading = "Format")]
    pub preset: Option<Preset>,
    /// Length of the size prefix of each block; with 0, the sizes are in the --sizes file [default: 4]
    #[arg(
        long,
        value_name = "BYTES",
        value_parser = PossibleValuesParser::new(["0", "1", "2", "4", "8"])
            .try_map(|bytes| PrefixWidth::try_from(bytes.parse::<usize>().unwrap_or(usize::MAX))),
        help_heading = "Format"
    )]
    pub prefix: Option<PrefixWidth>,
    /// Size prefixes are big endian
    #[arg(long, overrides_with = "little_endian", help_heading = "Format")]
    pub big_endian: bool,
    /// Size prefixes are little endian (the default)
    #[arg(long, help_heading = "Format")]
    pub little_endian: bool,
    /// The stream ends with a size of zero, so that truncation is detected
    #[arg(long, overrides_with_all = ["no_end_mark", "zero_restarts"], help_heading = "Format")]
    pub end_mark: bool,
    /// The stream ends with the input, and a size of zero is an error (the default)
    #[arg(long, overrides_with = "zero_restarts", help_heading = "Format")]
    pub no_end_mark: bool,
    /// A size of zero is no end: both ends forget the data before it. See compress --restart-every
    ///
    /// Of --end-mark, --no-end-mark and --zero-restarts, the last one counts.
    #[arg(long, help_heading = "Format")]
    pub zero_restarts: bool,
    /// File with the history of the first page; its last 64 KiB are used
    #[arg(long, value_name = "FILE", help_heading = "Format")]
    pub dictionary: Option<PathBuf>,
    /// With --prefix 0: file with the block sizes in bytes, one decimal number per line; compress writes it
    #[arg(long, value_name = "FILE", help_heading = "Format")]
    pub sizes: Option<PathBuf>,
    /// Bytes before the stream, as hexadecimal digits: written by compress, otherwise checked and skipped
    #[arg(long, value_name = "HEX", value_parser = Bytes::parse, help_heading = "Format")]
    pub header: Option<Bytes>,
}

/// The settings of the commands that decode.
#[derive(Args)]
pub struct Stream {
    #[command(flatten)]
    pub format: Format,
    /// Skip this many bytes before the stream, after those of --header
    ///
    /// Offsets in messages and in the output of info are counted from the start of the stream.
    #[arg(long, value_name = "N[K|M|G]", value_parser = size, help_heading = "Format")]
    pub skip: Option<usize>,
    /// Largest page to accept in bytes; the suffixes K, M and G mean units of 1024, 1024^2 and 1024^3 bytes; bounds the
    /// memory [default: 4M]
    #[arg(long, value_name = "N[K|M|G]", value_parser = size)]
    pub max_page_size: Option<usize>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Reach {
    /// In the page and the one before it, for every reader
    DoubleBuffer,
    /// In the last 64 KiB: smaller, but readers that hold less, such as python-lz4, decode it incorrectly
    RingBuffer,
}

impl From<Reach> for Strategy {
    fn from(reach: Reach) -> Strategy {
        match reach {
            Reach::DoubleBuffer => Strategy::DoubleBuffer,
            Reach::RingBuffer => Strategy::RingBuffer,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Effort {
    /// A balance of speed and size
    Default,
    /// Faster and larger, see --acceleration
    Fast,
    /// Slower and smaller, see --level
    Hc,
}

impl Compress {
    pub fn mode(&self) -> Result<Mode> {
        Ok(match (self.mode, self.acceleration, self.level) {
            (Effort::Default, None, None) => Mode::Default,
            (Effort::Fast, acceleration, None) => Mode::Fast {
                acceleration: acceleration.unwrap_or(1),
            },
            (Effort::Hc, None, level) => Mode::HighCompression {
                level: level.unwrap_or(9),
            },
            (Effort::Default | Effort::Fast, _, Some(_)) => {
                return Err(Failure::Usage("--level is for --mode hc".into()));
            }
            (Effort::Default | Effort::Hc, Some(_), _) => {
                return Err(Failure::Usage("--acceleration is for --mode fast".into()));
            }
        })
    }
}

/// Bytes given as hexadecimal digits.
#[derive(Clone)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    fn parse(text: &str) -> Result<Bytes, &'static str> {
        let digits: Option<Vec<u8>> = text
            .chars()
            .filter(|c| *c != ' ')
            .map(|c| c.to_digit(16).map(|digit| digit as u8))
            .collect();
        let digits = digits.ok_or("not hexadecimal digits")?;
        if digits.len() % 2 == 1 {
            return Err("an odd number of hexadecimal digits");
        }
        Ok(Bytes(
            digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect(),
        ))
    }
}

/// A range of the content, without the byte at `end`.
#[derive(Clone, Copy)]
pub struct Span {
    pub start: u64,
    pub end: u64,
}

impl Span {
    pub const ALL: Span = Span {
        start: 0,
        end: u64::MAX,
    };

    fn parse(text: &str) -> Result<Span, String> {
        let (start, end) = text.split_once("..").ok_or("not A..B, A.., ..B or A..+LENGTH")?;
        let start = if start.is_empty() { 0 } else { number(start)? };
        let end = match end.strip_prefix('+') {
            _ if end.is_empty() => u64::MAX,
            Some(len) => start.checked_add(number(len)?).ok_or("too large")?,
            None => number(end)?,
        };
        if end < start {
            return Err("it ends before it begins".into());
        }
        Ok(Span { start, end })
    }
}

fn threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|threads| *threads <= MAX_THREADS);
    threads.ok_or_else(|| format!("not a number from 0 to {MAX_THREADS}"))
}

fn size(text: &str) -> Result<usize, String> {
    number(text)?.try_into().map_err(|_| "too large".into())
}

fn number(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'K' | 'k')) => (&text[..at], 1 << 10),
        Some((at, 'M' | 'm')) => (&text[..at], 1 << 20),
        Some((at, 'G' | 'g')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    // Not what `parse` takes besides: a sign.
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err("not a number, with or without K, M or G after it".into());
    }
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "too large".into())
}
