//! An index as a file.
//!
//! All numbers are little endian.
//!
//! ```text
//! file   = head point* check
//! head   = magic(8) interval(8) dictionary length(4) dictionary checksum(4) largest page(8)
//!          blocks length(8) stream length(8) content length(8) blocks(8) points(8)
//! point  = stream(8) content(8) block(8) check(4) history length(4) packed length(4) packed history
//! check  = CRC-32 of all bytes before it (4)
//! magic  = "LZ4SIDX", version 1
//! ```

use std::io::{self, Read, Write};

use byteorder::{LE, ReadBytesExt, WriteBytesExt};

use super::{Index, IndexPoint, LONG_HEAD, MAX_INTERVAL, MIN_INTERVAL, UNPACKED};
use crate::Error;
use crate::format::{HISTORY, LZ4_MAX_INPUT_SIZE, compress_bound};

const MAGIC: &[u8; 7] = b"LZ4SIDX";
const VERSION: u8 = 1;

/// Passes bytes through and computes their checksum.
struct Summed<T> {
    inner: T,
    sum: crc32fast::Hasher,
}

impl<T> Summed<T> {
    fn new(inner: T) -> Self {
        let sum = crc32fast::Hasher::new();
        Summed { inner, sum }
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.sum.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.sum.update(&out[..n]);
        Ok(n)
    }
}

fn bad(reason: &'static str) -> io::Error {
    Error::BadIndex { reason }.into()
}

impl Index {
    /// Writes the index. Put a `BufWriter` around expensive writers: each point takes several small writes.
    ///
    /// # Errors
    /// Those of `out`.
    ///
    /// ```
    /// use lz4_stream::{DecompressOptions, Index};
    ///
    /// let index = Index::build(&b"\x06\0\0\0\x50hello"[..], &DecompressOptions::new(), 1 << 20)?;
    /// let mut file = Vec::new();
    /// index.write_to(&mut file)?;
    /// assert_eq!(Index::read_from(&file[..])?, index);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn write_to(&self, out: impl Write) -> io::Result<()> {
        let mut out = Summed::new(out);
        out.write_all(MAGIC)?;
        out.write_u8(VERSION)?;
        out.write_u64::<LE>(self.interval)?;
        out.write_u32::<LE>(self.dictionary.0)?;
        out.write_u32::<LE>(self.dictionary.1)?;
        out.write_u64::<LE>(self.largest_page as u64)?;
        out.write_u64::<LE>(self.blocks_len)?;
        out.write_u64::<LE>(self.stream_len)?;
        out.write_u64::<LE>(self.content_len)?;
        out.write_u64::<LE>(self.blocks)?;
        out.write_u64::<LE>(self.points.len() as u64)?;
        for point in &self.points {
            out.write_u64::<LE>(point.stream)?;
            out.write_u64::<LE>(point.content)?;
            out.write_u64::<LE>(point.block)?;
            out.write_u32::<LE>(point.check)?;
            // Both are at most a little more than 64 KiB.
            out.write_u32::<LE>(point.history_len as u32)?;
            out.write_u32::<LE>(point.packed.len() as u32)?;
            out.write_all(&point.packed)?;
        }
        let sum = out.sum.clone().finalize();
        out.write_u32::<LE>(sum)?;
        out.flush()
    }

    /// Reads an index that [`write_to`](Self::write_to) wrote, and checks it. Reads not a byte more: the index can
    /// stand in the middle of a file. Put a `BufReader` inside when reads are expensive.
    ///
    /// Memory is bounded by the bytes that are really there, not by the numbers in them.
    ///
    /// # Errors
    /// [`Error::BadIndex`] when it is not an index, of an unknown version, damaged, or contradicts itself. Errors of
    /// `inner`, and `UnexpectedEof` when the index is cut off.
    ///
    /// ```
    /// use lz4_stream::{Error, Index};
    ///
    /// let error = Index::read_from(&b"not an index"[..]).unwrap_err();
    /// let reason = "it does not begin like an index";
    /// assert_eq!(Error::from_io(&error), Some(&Error::BadIndex { reason }));
    /// ```
    pub fn read_from(inner: impl Read) -> io::Result<Index> {
        let mut inner = Summed::new(inner);
        let mut magic = [0; MAGIC.len()];
        inner.read_exact(&mut magic)?;
        if magic != *MAGIC {
            return Err(bad("it does not begin like an index"));
        }
        if inner.read_u8()? != VERSION {
            return Err(bad("it has a version that is not known"));
        }
        let mut index = Index {
            interval: inner.read_u64::<LE>()?,
            dictionary: (inner.read_u32::<LE>()?, inner.read_u32::<LE>()?),
            largest_page: usize::try_from(inner.read_u64::<LE>()?).unwrap_or(usize::MAX),
            points: Vec::new(),
            blocks_len: inner.read_u64::<LE>()?,
            stream_len: inner.read_u64::<LE>()?,
            content_len: inner.read_u64::<LE>()?,
            blocks: inner.read_u64::<LE>()?,
        };
        let points = inner.read_u64::<LE>()?;
        index.check_numbers(points)?;
        let mut room = vec![0; UNPACKED];
        for number in 0..points {
            let mut point = IndexPoint {
                stream: inner.read_u64::<LE>()?,
                content: inner.read_u64::<LE>()?,
                block: inner.read_u64::<LE>()?,
                check: inner.read_u32::<LE>()?,
                history_len: inner.read_u32::<LE>()? as usize,
                packed: Box::default(),
            };
            let packed_len = inner.read_u32::<LE>()? as usize;
            if point.history_len > HISTORY || packed_len > compress_bound(HISTORY) {
                return Err(bad("a history is too long"));
            }
            if (point.history_len == 0) != (packed_len == 0) || (number == 0 && packed_len > 0) {
                return Err(bad("a history has no length"));
            }
            let mut packed = vec![0; packed_len];
            inner.read_exact(&mut packed)?;
            point.packed = packed.into();
            point.unpack(&mut room)?;
            index.check_next(&point)?;
            index.points.push(point);
        }
        let sum = inner.sum.clone().finalize();
        if inner.read_u32::<LE>()? != sum {
            return Err(bad("it is damaged"));
        }
        index.check_gap((index.blocks_len, index.content_len, index.blocks))?;
        Ok(index)
    }

    /// Checks the head.
    fn check_numbers(&self, points: u64) -> io::Result<()> {
        let lie = bad("its numbers contradict each other");
        let in_range = (MIN_INTERVAL..=MAX_INTERVAL).contains(&self.interval)
            && self.largest_page <= LZ4_MAX_INPUT_SIZE
            && self.dictionary.0 as usize <= HISTORY;
        let agrees = self.blocks_len <= self.stream_len
            && self.stream_len - self.blocks_len <= LONG_HEAD as u64
            && self.blocks <= self.blocks_len
            && points >= 1
            // Every point has a block of its own, except the only one of an empty stream.
            && points <= self.blocks.max(1);
        if in_range && agrees { Ok(()) } else { Err(lie) }
    }

    /// Checks a point against the one before it.
    fn check_next(&self, point: &IndexPoint) -> io::Result<()> {
        if self.points.is_empty() {
            return match (point.stream, point.content, point.block) {
                (0, 0, 0) => Ok(()),
                _ => Err(bad("its first point is not the beginning")),
            };
        }
        if point.stream >= self.blocks_len || point.content > self.content_len || point.block >= self.blocks {
            return Err(bad("a point lies after the end"));
        }
        self.check_gap((point.stream, point.content, point.block))
    }

    /// Checks a boundary against the last point. The limits are those that [`IndexBuilder`](super::IndexBuilder) keeps.
    /// They bound what readers hold.
    fn check_gap(&self, (stream, content, block): (u64, u64, u64)) -> io::Result<()> {
        let Some(last) = self.points.last() else {
            return Ok(());
        };
        let gap = |later: u64, earlier| later.checked_sub(earlier);
        let is_one = match (
            gap(stream, last.stream),
            gap(content, last.content),
            gap(block, last.block),
        ) {
            // The only point of an empty stream.
            (Some(0), Some(0), Some(0)) => self.blocks == 0,
            (Some(stream), Some(content), Some(blocks)) => {
                // With long tails, a point can become due after one, and the next block is still before it.
                let longest = compress_bound(self.largest_page) as u64 + 2 * LONG_HEAD as u64;
                blocks > 0
                    && stream >= blocks
                    && stream <= 2 * self.interval + longest
                    && content <= self.interval + self.largest_page as u64
                    && content <= stream.saturating_mul(255)
            }
            _ => false,
        };
        match is_one {
            true => Ok(()),
            false => Err(bad("two points have an impossible distance")),
        }
    }
}
