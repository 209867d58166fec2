//! What may be the reason when a stream does not decode: other settings, or another format.

use std::fmt::Write;
use std::ops::RangeInclusive;

use lz4_stream::{ByteOrder, DecompressOptions, Error, PrefixWidth, Progress, StreamFormat, ZeroPrefix};

use crate::preset::{Layout, Start, recognize};

/// What to ask oneself when nothing better is known.
const ASK: &str = "is this a linked-block stream? see --preset, --prefix, --big-endian, --skip, --end-mark, \
                   --dictionary, --max-page-size";

/// Headers up to this length are looked for.
const LONGEST_HEADER: usize = 64;

/// The largest page that is tried beyond the limit in use. It bounds the memory.
const LARGEST_PAGE: usize = 16 << 20;

/// The beginning of an input.
pub struct Beginning<'a> {
    pub bytes: &'a [u8],
    /// The bytes are the whole input.
    pub is_all: bool,
    /// The length of what comes before the stream.
    pub start: usize,
    /// The settings in use.
    pub options: &'a DecompressOptions,
}

impl Beginning<'_> {
    fn stream(&self) -> Option<&[u8]> {
        self.bytes.get(self.start..)
    }
}

/// The hint to put after the message of `error`.
pub fn hint(error: &Error, layout: &Layout, beginning: &Beginning) -> String {
    if matches!(error, Error::MissingEndMark { .. }) {
        return " (cut off, or made without an end mark: see --no-end-mark)".into();
    }
    let (Some(block), Some(offset)) = (error.block(), error.offset()) else {
        return String::new();
    };
    // Blocks of another stream can look right at first, but not for long.
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
        if matches!(error, Error::PageOverLimit { .. } | Error::BlockTooLarge { .. })
            && let Some(page_size) = page_size_that_decodes(beginning)
        {
            return format!(" (with --max-page-size {page_size}, {decodes})");
        }
        // The likely reasons first: by chance, a stream can also decode from its second block on.
        let here = beginning.start..=beginning.start;
        if let Some(options) = settings_that_decode(layout, beginning, here) {
            return format!(" (with {options}, {decodes})");
        }
        if matches!(error, Error::MatchOffset { .. })
            && beginning.options.get_format().get_dictionary().is_empty()
            && decodes_with_dictionary(beginning)
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

/// The largest page, if all of the beginning decodes without the limit.
fn page_size_that_decodes(beginning: &Beginning) -> Option<usize> {
    let options = beginning.options.clone().max_page_size(LARGEST_PAGE);
    let Found { blocks, largest_page } = decode(&options, beginning.stream()?, beginning.is_all);
    (blocks > 0 && largest_page > beginning.options.get_max_page_size()).then_some(largest_page)
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
    let mut candidates = Vec::new();
    for zero in zeros {
        let options = beginning.options.clone().zero_prefix(zero);
        for order in [layout.order, other(layout.order)] {
            for width in widths {
                candidates.push(options.clone().byte_order(order).prefix_width(width));
            }
        }
        candidates.push(options.byte_order(layout.order).prefix_width(PrefixWidth::One));
    }
    // The settings in use first, with another start.
    candidates.sort_by_key(|options| {
        let format = options.get_format();
        (format.get_prefix_width() != layout.width) as u8
            + (format.get_byte_order() != layout.order) as u8
            + (format.get_zero_prefix() != layout.zero) as u8
    });
    for start in starts {
        let bytes = beginning.bytes.get(start..)?;
        for options in &candidates {
            let is_other = start != beginning.start;
            // One block alone can decode by chance.
            let needed = if is_other || options.get_format().get_prefix_width() == PrefixWidth::One {
                2
            } else {
                1
            };
            if decode(options, bytes, beginning.is_all).blocks >= needed {
                let mut arguments = arguments(options.get_format(), layout);
                if is_other {
                    let _ = write!(arguments, " --skip {}", start - header_len(layout));
                }
                return Some(arguments.trim_start().into()).filter(|arguments: &String| !arguments.is_empty());
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

/// The options of the command for `format` that differ from the layout's.
fn arguments(format: &StreamFormat, layout: &Layout) -> String {
    let (width, order, zero) = (
        format.get_prefix_width(),
        format.get_byte_order(),
        format.get_zero_prefix(),
    );
    let mut arguments = String::new();
    if width != layout.width {
        let _ = write!(arguments, " --prefix {}", width.bytes());
    }
    if order != layout.order {
        arguments += match order {
            ByteOrder::Little => " --little-endian",
            ByteOrder::Big => " --big-endian",
        };
    }
    if zero != layout.zero {
        arguments += match zero {
            ZeroPrefix::Invalid => " --no-end-mark",
            ZeroPrefix::End => " --end-mark",
            ZeroPrefix::Restart => " --zero-restarts",
        };
    }
    arguments
}

#[derive(Default)]
struct Found {
    blocks: u64,
    largest_page: usize,
}

/// What there is in `bytes`; nothing if they do not decode, or end where no stream ends.
fn decode(options: &DecompressOptions, mut bytes: &[u8], is_all: bool) -> Found {
    let Ok(mut decompressor) = options.decompressor() else {
        return Found::default();
    };
    let mut largest_page = 0;
    let ends_well = loop {
        match decompressor.feed(&mut bytes) {
            Ok(Progress::Page(page)) => largest_page = largest_page.max(page.len()),
            Ok(Progress::NeedMore(_)) => break !is_all || decompressor.end_of_input().is_ok(),
            Ok(Progress::End) => break bytes.is_empty(),
            Err(_) => break false,
        }
    };
    // Some bytes, such as 01 01, are blocks of nothing.
    match ends_well && largest_page > 0 {
        true => Found {
            blocks: decompressor.blocks(),
            largest_page,
        },
        false => Found::default(),
    }
}

fn decodes_with_dictionary(beginning: &Beginning) -> bool {
    let options = beginning.options.clone().dictionary([0; 64 << 10]);
    let stream = beginning.stream();
    stream.is_some_and(|stream| decode(&options, stream, beginning.is_all).blocks > 0)
}
