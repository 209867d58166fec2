//! What may be the reason when a stream does not decode: other settings, or another format.

use std::fmt::Write;
use std::ops::RangeInclusive;

use lz4_stream::{ByteOrder, DecompressOptions, Error, Lz4StreamDecompressor, PrefixWidth, Progress, ZeroPrefix};

use crate::preset::{Layout, Start, recognize};

/// What to ask oneself when nothing better is known.
const ASK: &str = "is this a linked-block stream? see --preset, --prefix, --big-endian, --skip, --end-mark, \
                   --dictionary, --max-page-size";

/// Headers up to this length are looked for.
const LONGEST_HEADER: usize = 64;

/// The beginning of an input.
pub struct Beginning<'a> {
    pub bytes: &'a [u8],
    /// The bytes are the whole input.
    pub is_all: bool,
    /// The length of what comes before the stream.
    pub start: usize,
    /// A dictionary is in use.
    pub has_dictionary: bool,
}

/// The hint to put after the message of `error`.
pub fn hint(error: &Error, layout: &Layout, beginning: &Beginning) -> String {
    if matches!(error, Error::MissingEndMark { .. }) {
        return " (cut off, or made without an end mark: see --no-end-mark)".into();
    }
    // Blocks of another stream can look right at first, but not for long.
    let (block, offset) = place(error);
    let is_cut_off = block > 0 && matches!(error, Error::UnexpectedEnd { .. });
    let near = beginning.start as u64 + offset < beginning.bytes.len() as u64 || block == 0;
    if near && !is_cut_off && layout.width != PrefixWidth::OutOfBand {
        // What comes before the stream was recognized already, if anything does.
        if beginning.start == 0
            && let Some(what) = recognize(beginning.bytes)
        {
            return format!(" ({what})");
        }
        // Of a longer input, the end mark is not seen.
        let decodes = if beginning.is_all {
            "it decodes"
        } else {
            "its beginning decodes"
        };
        // The likely reasons first: by chance, a stream can also decode from its second block on.
        let here = beginning.start..=beginning.start;
        if let Some(options) = settings_that_decode(layout, beginning, here) {
            return format!(" (with {options}, {decodes})");
        }
        if matches!(error, Error::MatchOffset { .. })
            && !beginning.has_dictionary
            && decodes_with_dictionary(layout, beginning)
        {
            return " (it refers to data before its start: see --dictionary)".into();
        }
        let others = header_len(layout)..=LONGEST_HEADER.min(beginning.bytes.len());
        if let Some(options) = settings_that_decode(layout, beginning, others) {
            return format!(" (with {options}, {decodes})");
        }
    }
    match (error, block) {
        (Error::PageOverLimit { .. }, _) => " (see --max-page-size)".into(),
        (_, 0) if layout.width == PrefixWidth::OutOfBand => " (see --sizes, --skip, --dictionary)".into(),
        (Error::UnexpectedEnd { .. }, 0) => format!(" (cut off, or {ASK})"),
        (_, 0) => format!(" ({ASK})"),
        (Error::BlockTooLarge { .. }, _) => " (see --max-page-size)".into(),
        (Error::EmptyBlock { .. }, _) => " (see --end-mark)".into(),
        _ => String::new(),
    }
}

fn place(error: &Error) -> (u64, u64) {
    match *error {
        Error::BadHead { block, offset, .. }
        | Error::BlockTooLarge { block, offset, .. }
        | Error::PageOverLimit { block, offset, .. }
        | Error::EmptyBlock { block, offset }
        | Error::TruncatedBlock { block, offset, .. }
        | Error::MatchOffset { block, offset, .. }
        | Error::UnexpectedEnd { block, offset, .. }
        | Error::MissingEndMark { block, offset } => (block, offset),
        _ => (u64::MAX, u64::MAX),
    }
}

/// The length of what comes before the bytes that --skip counts. They take the place of a preset's start.
fn header_len(layout: &Layout) -> usize {
    match &layout.start {
        Start::Bytes { header, .. } => header.len(),
        Start::Tracy | Start::Gdsfmt => 0,
    }
}

/// The options with which all of the beginning decodes from one of the `starts` on.
fn settings_that_decode(layout: &Layout, beginning: &Beginning, starts: RangeInclusive<usize>) -> Option<String> {
    let widths = [PrefixWidth::Four, PrefixWidth::Two, PrefixWidth::Eight];
    let zeros = [ZeroPrefix::Invalid, ZeroPrefix::End, ZeroPrefix::Restart];
    let mut decoders = Vec::new();
    for zero in zeros {
        for order in [layout.order, other(layout.order)] {
            for width in widths {
                decoders.push(Decoder::new(layout, width, order, zero)?);
            }
        }
        decoders.push(Decoder::new(layout, PrefixWidth::One, layout.order, zero)?);
    }
    // The settings in use first, with another start.
    decoders.sort_by_key(|decoder| {
        (decoder.width != layout.width) as u8
            + (decoder.order != layout.order) as u8
            + (decoder.zero != layout.zero) as u8
    });
    for start in starts {
        let bytes = beginning.bytes.get(start..)?;
        for decoder in &mut decoders {
            let is_other = start != beginning.start;
            // One block alone can decode by chance.
            let needed = if is_other || decoder.width == PrefixWidth::One {
                2
            } else {
                1
            };
            if decoder.decodes(bytes, beginning.is_all) >= needed {
                let mut options = decoder.options(layout);
                if is_other {
                    let _ = write!(options, " --skip {}", start - header_len(layout));
                }
                return Some(options.trim_start().into()).filter(|options: &String| !options.is_empty());
            }
        }
    }
    None
}

fn other(order: ByteOrder) -> ByteOrder {
    match order {
        ByteOrder::Little => ByteOrder::Big,
        ByteOrder::Big => ByteOrder::Little,
    }
}

struct Decoder {
    width: PrefixWidth,
    order: ByteOrder,
    zero: ZeroPrefix,
    decompressor: Lz4StreamDecompressor,
}

impl Decoder {
    fn new(layout: &Layout, width: PrefixWidth, order: ByteOrder, zero: ZeroPrefix) -> Option<Decoder> {
        let decompressor = DecompressOptions::new()
            .prefix_width(width)
            .byte_order(order)
            .zero_prefix(zero)
            .max_page_size(layout.max_page_size)
            .decompressor()
            .ok()?;
        Some(Decoder {
            width,
            order,
            zero,
            decompressor,
        })
    }

    /// The options that differ from the layout's.
    fn options(&self, layout: &Layout) -> String {
        let mut options = String::new();
        if self.width != layout.width {
            let _ = write!(options, " --prefix {}", self.width.bytes());
        }
        if self.order != layout.order {
            options += match self.order {
                ByteOrder::Little => " --little-endian",
                ByteOrder::Big => " --big-endian",
            };
        }
        if self.zero != layout.zero {
            options += match self.zero {
                ZeroPrefix::Invalid => " --no-end-mark",
                ZeroPrefix::End => " --end-mark",
                ZeroPrefix::Restart => " --zero-restarts",
            };
        }
        options
    }

    /// The number of blocks in `bytes`; 0 if they do not decode, or end where no stream ends.
    fn decodes(&mut self, bytes: &[u8], is_all: bool) -> u64 {
        self.decompressor.reset();
        blocks(&mut self.decompressor, bytes, is_all)
    }
}

fn blocks(decompressor: &mut Lz4StreamDecompressor, mut bytes: &[u8], is_all: bool) -> u64 {
    let ends_well = loop {
        match decompressor.feed(&mut bytes) {
            Ok(Progress::Page(_)) => {}
            Ok(Progress::NeedMore(_)) => break !is_all || decompressor.end_of_input().is_ok(),
            Ok(Progress::End) => break bytes.is_empty(),
            Err(_) => break false,
        }
    };
    // Some bytes, such as 01 01, are blocks of nothing.
    if ends_well && decompressor.total_out() > 0 {
        decompressor.blocks()
    } else {
        0
    }
}

fn decodes_with_dictionary(layout: &Layout, beginning: &Beginning) -> bool {
    let options = DecompressOptions::new()
        .format(layout.format().dictionary([0; 64 << 10]))
        .max_page_size(layout.max_page_size);
    let (Ok(mut decompressor), Some(bytes)) = (options.decompressor(), beginning.bytes.get(beginning.start..)) else {
        return false;
    };
    blocks(&mut decompressor, bytes, beginning.is_all) > 0
}
