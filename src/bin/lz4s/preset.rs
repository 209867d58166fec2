//! The settings of programs in the wild, and how their files begin.

use std::io::{self, Read};
use std::path::PathBuf;

use clap::ValueEnum;
use lz4_stream::{ByteOrder, PrefixWidth, Strategy, StreamFormat, ZeroPrefix};

use crate::args::Format;
use crate::failure::{Failure, Result};
use crate::standard;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// python-lz4, lz4.stream with strategy="double_buffer" and buffer_size=65536
    Python,
    /// Tracy's trace files; written as one stream, in pages of 64 KiB
    Tracy,
    /// DataDog's golz4, pages of up to 5 MiB; written in pages of 64 KiB
    Golz4,
    /// lz4's example blockStreaming_doubleBuffer: pages of 8 KiB, end mark
    CExample,
    /// lz4's examples blockStreaming_ringBuffer and HCStreaming_ringBuffer: pages of 1 KiB, matches up to 8 KiB back,
    /// end mark
    CRing,
    /// lz4's example blockStreaming_lineByLine: 2-byte prefixes, pages of 1 KiB, end mark
    CLines,
    /// gdsfmt's LZ4_RA compression; only to read
    Gdsfmt,
    /// FLANN's index files: 8-byte prefixes, pages of 65456 bytes, end mark; to write them, give the first 72 bytes as
    /// --header
    Flann,
    /// Fuchsia's log recorder: 2-byte prefixes, big endian, a size of zero restarts; written in pages of 16 KiB
    Fuchsia,
}

/// One stream of a Tracy file.
const TRACY: &[u8] = b"tlZ\x04";
/// Several streams of a Tracy file, then the kind of compression and the number of streams.
const TRACY_LANES: &[u8] = b"tr\xFDP";
/// A gdsfmt file. Level, version and length of a group follow in a byte each, the number of groups in 4 bytes, and the
/// length of all groups in 6.
const GDSFMT: &[u8] = b"LZ4_RA\x10";
/// In version 1.0, a head came before each group.
const GDSFMT_VERSION: u8 = 0x11;

/// A saved FLANN index, compressed or not.
const FLANN: &[u8] = b"FLANN_INDEX_v1.1";
/// An index of a stream, as [`lz4_stream::Index::write_to`] writes it.
pub const INDEX: &[u8] = b"LZ4SIDX";

/// What comes before the first block.
#[derive(Clone)]
pub enum Start {
    /// These bytes, and then as many that are skipped.
    Bytes {
        header: Vec<u8>,
        skip: usize,
    },
    Tracy,
    Gdsfmt,
}

/// What the bytes before the first block say.
pub struct Body {
    /// The block `k` belongs to the stream `k % lanes`.
    pub lanes: usize,
    /// The length of the blocks in bytes, if something follows them.
    pub len: Option<u64>,
    /// The length of the start in bytes.
    pub start: usize,
}

impl Start {
    /// The bytes that a writer puts before the stream.
    pub fn bytes(&self) -> Result<&[u8]> {
        match self {
            Start::Bytes { header, skip: 0 } => Ok(header),
            Start::Bytes { skip, .. } => Err(Failure::Usage(format!(
                "--preset flann: give the {skip} bytes before the stream as --header"
            ))),
            Start::Tracy => Ok(TRACY),
            Start::Gdsfmt => Err(Failure::Usage("--preset gdsfmt can only be read, not written".into())),
        }
    }

    /// Whether a file that begins with these bytes is of the program that this is the start of.
    pub fn recognizes(&self, bytes: &[u8]) -> bool {
        match self {
            Start::Bytes { .. } => false,
            Start::Tracy => bytes.starts_with(TRACY) || bytes.starts_with(TRACY_LANES),
            Start::Gdsfmt => bytes.starts_with(GDSFMT),
        }
    }

    /// Reads and checks the start of a file.
    pub fn read(&self, input: &mut impl Read) -> io::Result<Body> {
        let mut body = Body {
            lanes: 1,
            len: None,
            start: 0,
        };
        let wrong = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        match self {
            Start::Bytes { header, skip } => {
                let found = take(input, header.len())?;
                if found != *header {
                    let (found, header) = (hex(&found), hex(header));
                    return wrong(format!("the input starts with {found}, not with the header {header}"));
                }
                let skipped = io::copy(&mut input.take(*skip as u64), &mut io::sink())?;
                if skipped < *skip as u64 {
                    return wrong(format!("the input ends after {skipped} of the {skip} bytes to skip"));
                }
                body.start = header.len() + skip;
            }
            Start::Tracy => {
                let magic = take(input, TRACY.len())?;
                body.start = magic.len();
                if magic == TRACY_LANES {
                    let settings = take(input, 2)?;
                    body.start += settings.len();
                    match settings[..] {
                        [0, lanes] if lanes > 0 => body.lanes = lanes.into(),
                        [1, _] => return wrong("a Tracy file that is compressed with zstd, not LZ4".into()),
                        _ => return wrong("a Tracy file of an unknown kind".into()),
                    }
                } else if magic != TRACY {
                    return wrong(format!("the input starts with {}: this is no Tracy file", hex(&magic)));
                }
            }
            Start::Gdsfmt => {
                let bytes = take(input, 20)?;
                if !bytes.starts_with(GDSFMT) {
                    return wrong("the input does not start with LZ4_RA: this is no such gdsfmt data".into());
                }
                if bytes.len() < 20 {
                    return wrong("gdsfmt data that is cut off".into());
                }
                match bytes[7..9] {
                    [0, _] => return wrong("gdsfmt data that is stored, not compressed (LZ4_RA.min)".into()),
                    [_, GDSFMT_VERSION] => {}
                    _ => return wrong("gdsfmt data of another version than 1.1".into()),
                }
                let mut len = [0; 8];
                len[..6].copy_from_slice(&bytes[14..]);
                body.len = Some(u64::from_le_bytes(len));
                body.start = bytes.len();
            }
        }
        Ok(body)
    }
}

/// The next bytes, fewer only at the end of the input.
fn take(input: &mut impl Read, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(len as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    match bytes {
        [] => "nothing".into(),
        bytes => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// The settings of a stream: those of the preset, overridden by the options.
#[derive(Clone)]
pub struct Layout {
    pub width: PrefixWidth,
    pub order: ByteOrder,
    pub zero: ZeroPrefix,
    pub start: Start,
    pub page_size: usize,
    pub max_page_size: usize,
    pub strategy: Strategy,
    pub max_distance: usize,
}

impl Layout {
    pub fn new(format: &Format, skip: Option<usize>) -> Result<Layout> {
        let mut layout = format.preset.map_or_else(Layout::default, Layout::from);
        if let Some(width) = format.prefix {
            layout.width = width;
        }
        if format.big_endian || format.little_endian {
            layout.order = if format.big_endian {
                ByteOrder::Big
            } else {
                ByteOrder::Little
            };
        }
        if format.end_mark || format.no_end_mark || format.zero_restarts {
            layout.zero = match format.end_mark {
                true => ZeroPrefix::End,
                false if format.zero_restarts => ZeroPrefix::Restart,
                false => ZeroPrefix::Invalid,
            };
        }
        if format.header.is_some() || skip.is_some() {
            layout.start = Start::Bytes {
                header: format.header.as_ref().map_or(Vec::new(), |header| header.0.clone()),
                skip: skip.unwrap_or(0),
            };
        }
        layout.page_size = layout.page_size.min(layout.width.max_page_size());
        if (layout.width == PrefixWidth::OutOfBand) != format.sizes.is_some() {
            return Err(Failure::Usage("--prefix 0 and --sizes need each other".into()));
        }
        needs_file("--sizes", &format.sizes)?;
        needs_file("--dictionary", &format.dictionary)?;
        Ok(layout)
    }

    pub fn format(&self) -> StreamFormat {
        StreamFormat::new()
            .prefix_width(self.width)
            .byte_order(self.order)
            .zero_prefix(self.zero)
    }
}

/// Checks that the file of an option is not stdin or stdout.
pub fn needs_file(option: &str, path: &Option<PathBuf>) -> Result<()> {
    match path {
        Some(path) if standard::is_stdin(path) || standard::is_stdout(path) => {
            Err(Failure::Usage(format!("{option} needs a file: - is for the stream")))
        }
        _ => Ok(()),
    }
}

impl Default for Layout {
    fn default() -> Layout {
        Layout {
            width: PrefixWidth::Four,
            order: ByteOrder::Little,
            zero: ZeroPrefix::Invalid,
            start: Start::Bytes {
                header: Vec::new(),
                skip: 0,
            },
            page_size: 64 << 10,
            max_page_size: 4 << 20,
            strategy: Strategy::DoubleBuffer,
            max_distance: 65_535,
        }
    }
}

impl From<Preset> for Layout {
    fn from(preset: Preset) -> Layout {
        let layout = Layout::default();
        match preset {
            Preset::Python => layout,
            Preset::Tracy => Layout {
                start: Start::Tracy,
                ..layout
            },
            Preset::Golz4 => Layout {
                max_page_size: 5 << 20,
                ..layout
            },
            Preset::CExample => Layout {
                zero: ZeroPrefix::End,
                page_size: 8 << 10,
                ..layout
            },
            // Its decoder has a ring of 10 KiB. A page is decoded over the oldest content, and less than a page can
            // remain unused before the end of the ring.
            Preset::CRing => Layout {
                zero: ZeroPrefix::End,
                page_size: 1 << 10,
                strategy: Strategy::RingBuffer,
                max_distance: 8 << 10,
                ..layout
            },
            // Its decoder holds 256 KiB.
            Preset::CLines => Layout {
                width: PrefixWidth::Two,
                zero: ZeroPrefix::End,
                page_size: 1 << 10,
                strategy: Strategy::RingBuffer,
                ..layout
            },
            Preset::Gdsfmt => Layout {
                width: PrefixWidth::Two,
                start: Start::Gdsfmt,
                ..layout
            },
            Preset::Flann => Layout {
                width: PrefixWidth::Eight,
                zero: ZeroPrefix::End,
                start: Start::Bytes {
                    header: Vec::new(),
                    skip: 72,
                },
                page_size: (64 << 10) - 80,
                ..layout
            },
            // Its decoder holds 64 KiB and a message.
            Preset::Fuchsia => Layout {
                width: PrefixWidth::Two,
                order: ByteOrder::Big,
                zero: ZeroPrefix::Restart,
                page_size: 16 << 10,
                strategy: Strategy::RingBuffer,
                ..layout
            },
        }
    }
}

/// What a file is that begins with these bytes, if that is known, and what to do with it.
pub fn recognize(start: &[u8]) -> Option<&'static str> {
    const KNOWN: &[(&[u8], &str)] = &[
        (TRACY, "this is a Tracy file: use --preset tracy"),
        (TRACY_LANES, "this is a Tracy file: use --preset tracy"),
        (GDSFMT, "this is gdsfmt data: use --preset gdsfmt"),
        (FLANN, "this is an index of FLANN: use --preset flann"),
        (
            INDEX,
            "this is an index, not a stream: use it as decompress --index FILE STREAM, or print it with info",
        ),
        (b"\x04\x22\x4D\x18", "this is an LZ4 frame: use the command lz4"),
        (
            b"\x02\x21\x4C\x18",
            "this is an LZ4 frame of the legacy format: use the command lz4",
        ),
        (
            b"\x2A\x4D\x18",
            "this is an LZ4 or zstd skippable frame: use the command lz4 or zstd",
        ),
        (
            b"LZ4Block",
            "this is a block stream of lz4-java, which is another format",
        ),
        (
            b"mozLz40\0",
            "this is a mozLz4 file of Firefox, which is another format",
        ),
        (b"\x28\xB5\x2F\xFD", "this is a zstd file"),
        (b"\x1F\x8B", "this is a gzip file"),
        (b"\xFD7zXZ\0", "this is an xz file"),
        (b"BZh", "this is a bzip2 file"),
        (b"PK\x03\x04", "this is a zip file"),
        (b"\xFF\x06\0\0sNaPpY", "this is a Snappy frame stream"),
    ];
    KNOWN.iter().find_map(|&(magic, what)| {
        // Sixteen magics of skippable frames differ in their first byte.
        let skippable = magic.len() == 3 && magic[0] == 0x2A;
        let bytes = match (skippable, start) {
            (true, [0x50..=0x5F, rest @ ..]) => rest,
            (true, _) => return None,
            (false, start) => start,
        };
        bytes.starts_with(magic).then_some(what)
    })
}
