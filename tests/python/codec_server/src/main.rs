//! A small binary protocol on stdin and stdout through which Python drives the codecs and the adapters:
//! `codec_client.py` is the other end.
//!
//! ```text
//! request  = op (1 byte)      codec (4 bytes) length (4 bytes) payload
//! reply    = status (1 byte)                  length (4 bytes) payload
//! settings = width (1 byte) big endian (1 byte) end mark (1 byte) ring buffer (1 byte)
//!            mode (1 byte) acceleration or level (4 bytes) page size (8 bytes) dictionary (list entry)
//! list     = (length (4 bytes) bytes)*
//! ```
//!
//! All integers are little endian. A reply to a failed request has status 1 and the error as its payload: what
//! `Debug` makes of it, a line feed, what `Display` makes of it.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::io::{self, BufReader, ErrorKind, Read, Write};

use lz4_stream::{
    BlockSplit, CompressOptions, DecompressOptions, Error, Lz4StreamCompressor, Lz4StreamDecompressor, Mode,
    PrefixWidth, Strategy,
};

const OK: u8 = 0;
const ERROR: u8 = 1;
const INCOMPLETE: u8 = 2;
const END_MARK: u8 = 3;

enum Codec {
    Compressor(Lz4StreamCompressor),
    Decompressor(Lz4StreamDecompressor),
}

/// A failure of the codec is an answer; any other is one of the protocol and ends the server.
type Outcome = Result<u8, Box<dyn StdError>>;

fn main() -> Result<(), Box<dyn StdError>> {
    let mut requests = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let mut replies = io::stdout().lock();
    let mut codecs = HashMap::new();
    let mut payload = Vec::new();
    let mut reply = Vec::new();
    let mut created = 0;
    loop {
        let mut head = [0; 9];
        match requests.read_exact(&mut head) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            result => result?,
        }
        let codec = u32::from_le_bytes(head[1..5].try_into()?);
        let len = u32::from_le_bytes(head[5..].try_into()?);
        payload.clear();
        (&mut requests).take(len.into()).read_to_end(&mut payload)?;

        reply.clear();
        reply.extend_from_slice(&[0; 5]);
        let outcome = match head[0] {
            b'c' | b'd' => create(head[0], &payload).map(|codec| {
                created += 1;
                codecs.insert(created, codec);
                reply.extend_from_slice(&u32::to_le_bytes(created));
                OK
            }),
            b'x' => {
                codecs.remove(&codec);
                Ok(OK)
            }
            b'W' => write_stream(&payload, &mut reply),
            b'R' => read_stream(&payload, &mut reply),
            op => use_codec(op, codecs.get_mut(&codec).ok_or("no such codec")?, &payload, &mut reply),
        };
        reply[0] = match outcome {
            Ok(status) => status,
            Err(error) => {
                let error = error.downcast::<Error>()?;
                reply.truncate(5);
                write!(reply, "{error:?}\n{error}")?;
                ERROR
            }
        };
        let len = u32::try_from(reply.len() - 5)?;
        reply[1..5].copy_from_slice(&len.to_le_bytes());
        replies.write_all(&reply)?;
        replies.flush()?;
    }
}

fn create(op: u8, mut settings: &[u8]) -> Result<Codec, Box<dyn StdError>> {
    let (compress, decompress) = take_settings(&mut settings)?;
    Ok(match op {
        b'c' => Codec::Compressor(compress.compressor()?),
        _ => Codec::Decompressor(decompress.decompressor()?),
    })
}

fn use_codec(op: u8, codec: &mut Codec, payload: &[u8], reply: &mut Vec<u8>) -> Outcome {
    match (op, codec) {
        (b'C', Codec::Compressor(compressor)) => {
            compressor.compress_into(payload, reply)?;
        }
        (b'F', Codec::Compressor(compressor)) => {
            reply.extend_from_slice(compressor.finish());
        }
        (b'r', Codec::Compressor(compressor)) => compressor.reset(),
        (b'r', Codec::Decompressor(decompressor)) => decompressor.reset(),
        (b'D', Codec::Decompressor(decompressor)) => reply.extend_from_slice(decompressor.decompress(payload)?),
        (b'G', Codec::Decompressor(decompressor)) => match decompressor.get_block(payload)? {
            BlockSplit::Block { block, .. } => reply.extend_from_slice(block),
            BlockSplit::EndMark { .. } => return Ok(END_MARK),
            BlockSplit::Incomplete { missing } => {
                reply.extend_from_slice(&(missing as u64).to_le_bytes());
                return Ok(INCOMPLETE);
            }
            _ => return Err("no such split".into()),
        },
        _ => return Err("no such request".into()),
    }
    Ok(OK)
}

/// `Lz4StreamWriter`: settings and a list of what to write, with a flush after each entry, to a list of the stream and
/// the block sizes.
fn write_stream(mut request: &[u8], reply: &mut Vec<u8>) -> Outcome {
    let mut writer = take_settings(&mut request)?.0.writer(Vec::new())?;
    while !request.is_empty() {
        writer.write_all(take_entry(&mut request)?).map_err(ours)?;
        writer.flush().map_err(ours)?;
    }
    writer.try_finish().map_err(ours)?;
    let sizes: Vec<u8> = writer
        .drain_block_sizes()
        .flat_map(|size| (size as u32).to_le_bytes())
        .collect();
    for entry in [writer.finish().map_err(ours)?, sizes] {
        reply.extend_from_slice(&u32::try_from(entry.len())?.to_le_bytes());
        reply.extend_from_slice(&entry);
    }
    Ok(OK)
}

/// `Lz4StreamReader`: settings and a list of the stream and the block sizes, to the content.
fn read_stream(mut request: &[u8], reply: &mut Vec<u8>) -> Outcome {
    let out_of_band = request.first() == Some(&0);
    let (_, decompress) = take_settings(&mut request)?;
    let stream = take_entry(&mut request)?;
    let sizes = take_entry(&mut request)?;
    if out_of_band {
        let sizes = sizes
            .chunks_exact(4)
            .map(|size| u32::from_le_bytes([size[0], size[1], size[2], size[3]]) as usize);
        decompress
            .reader_with_sizes(stream, sizes)?
            .read_to_end(reply)
            .map_err(ours)?;
    } else {
        decompress.reader(stream)?.read_to_end(reply).map_err(ours)?;
    }
    Ok(OK)
}

/// The error of the crate inside of an `io::Error`: over slices and vectors there is no other.
fn ours(error: io::Error) -> Box<dyn StdError> {
    match Error::from_io(&error) {
        Some(ours) => ours.clone().into(),
        None => error.into(),
    }
}

fn take<'a>(from: &mut &'a [u8], n: usize) -> Result<&'a [u8], &'static str> {
    let (taken, rest) = from.split_at_checked(n).ok_or("short request")?;
    *from = rest;
    Ok(taken)
}

fn take_entry<'a>(from: &mut &'a [u8]) -> Result<&'a [u8], Box<dyn StdError>> {
    let len = u32::from_le_bytes(take(from, 4)?.try_into()?);
    Ok(take(from, len as usize)?)
}

fn take_settings(from: &mut &[u8]) -> Result<(CompressOptions, DecompressOptions), Box<dyn StdError>> {
    let flags = take(from, 5)?;
    let parameter = i32::from_le_bytes(take(from, 4)?.try_into()?);
    let page_size = u64::from_le_bytes(take(from, 8)?.try_into()?) as usize;
    let dictionary = take_entry(from)?;

    // python-lz4 has no prefixes of 8 bytes.
    let width = match PrefixWidth::try_from(usize::from(flags[0]))? {
        PrefixWidth::Eight => return Err(lz4_stream::Error::PrefixWidth { found: 8 }.into()),
        width => width,
    };
    let order = match flags[1] {
        0 => lz4_stream::ByteOrder::Little,
        _ => lz4_stream::ByteOrder::Big,
    };
    let end_mark = flags[2] != 0;
    let strategy = match flags[3] {
        0 => Strategy::DoubleBuffer,
        _ => Strategy::RingBuffer,
    };
    let mode = match flags[4] {
        0 => Mode::Default,
        1 => Mode::Fast {
            acceleration: parameter,
        },
        _ => Mode::HighCompression { level: parameter },
    };
    let compress = CompressOptions::new()
        .prefix_width(width)
        .byte_order(order)
        .end_mark(end_mark)
        .dictionary(dictionary)
        .page_size(page_size)
        .strategy(strategy)
        .mode(mode);
    let decompress = DecompressOptions::new()
        .prefix_width(width)
        .byte_order(order)
        .end_mark(end_mark)
        .dictionary(dictionary)
        .max_page_size(page_size);
    Ok((compress, decompress))
}
