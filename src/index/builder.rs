//! Collects an index block by block.

use crate::block::Matches;
use crate::format::HISTORY;
use crate::{CompressOptions, Framing, Index, IndexPoint, Lz4StreamCompressor, PrefixWidth};

use super::{CHECKED, MAX_INTERVAL, MIN_INTERVAL, fingerprint};

/// Collects an [`Index`] while a stream is written or read.
///
/// [`Lz4StreamWriter::collect_index`](crate::Lz4StreamWriter::collect_index) and [`Index::build`] drive it. Use it
/// directly to index while you drive a codec yourself: call [`push_block`](Self::push_block) after every block, in
/// order, and [`finish`](Self::finish) at the end.
///
/// # Where it puts points
/// At the first block boundary after `interval` bytes of content, or after twice as many bytes of the stream, which
/// takes very small pages. A restart point in the last quarter of the interval is taken instead, if it shows in its
/// first block: a block with matches, none of which reaches back before the block.
///
/// # What it keeps of the history
/// It looks at the matches of the blocks that follow, for 64 KiB of content: later blocks cannot refer to anything
/// before the point. Bytes of the history to which no match refers are replaced by zeros, and what lies before the
/// first byte that is needed is left out. If none is needed, the point is a restart point. The rest is compressed.
/// Where the next point is due before 64 KiB of content, among very small pages, what later blocks could still refer
/// to is kept as it is.
///
/// Memory: the points so far, and less than 1 MiB.
///
/// ```
/// use lz4_stream::{IndexBuilder, Lz4StreamCompressor};
///
/// let mut compressor = Lz4StreamCompressor::new();
/// let mut builder = IndexBuilder::new(1 << 20, b"");
/// let mut stream = Vec::new();
/// for page in [&b"how much wood would a woodchuck chuck"[..], b"if a woodchuck could chuck wood"] {
///     compressor.compress(page)?;
///     stream.extend_from_slice(compressor.block());
///     let (head, data) = compressor.block().split_at(4);
///     builder.push_block(head, data, page.len(), compressor.history());
/// }
/// let index = builder.finish(stream.len() as u64);
/// assert_eq!(index.content_len(), 68);
/// # Ok::<(), lz4_stream::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IndexBuilder {
    interval: u64,
    dictionary: (u32, u32),
    points: Vec<IndexPoint>,
    /// The next boundary: its position in the stream and in the content, and the number of blocks before it.
    stream: u64,
    content: u64,
    blocks: u64,
    largest_page: usize,
    /// The last point, while it is not known what it needs.
    candidate: Option<Candidate>,
    /// What the next block may refer to, while the next boundary may become a point. At most twice 64 KiB.
    recent: Option<Vec<u8>>,
    /// Compresses histories.
    packer: Lz4StreamCompressor,
}

/// A point whose first blocks are being looked at.
#[derive(Clone, Debug)]
struct Candidate {
    check: crc32fast::Hasher,
    /// How many bytes of the stream `check` has seen.
    checked: usize,
    /// The history at the point.
    history: Vec<u8>,
    /// The bytes of `history` that are needed, and zeros.
    needed: Vec<u8>,
    /// The index of the first byte needed.
    first: usize,
    /// How many bytes of content after the point were looked at.
    traced: usize,
}

impl Candidate {
    fn new(history: Vec<u8>) -> Self {
        Candidate {
            check: crc32fast::Hasher::new(),
            checked: 0,
            needed: vec![0; history.len()],
            first: history.len(),
            history,
            traced: 0,
        }
    }

    fn look_at(&mut self, head: &[u8], data: &[u8], page_len: usize) {
        self.add_to_check(head);
        self.add_to_check(data);
        let len = self.history.len();
        if self.traced < HISTORY && len > 0 {
            for found in Matches::of(data) {
                let at = self.traced.saturating_add(found.at);
                if at >= HISTORY {
                    break;
                }
                if found.offset > at {
                    let from = len.saturating_sub(found.offset - at);
                    let to = len.min(from.saturating_add(found.len));
                    self.needed[from..to].copy_from_slice(&self.history[from..to]);
                    self.first = self.first.min(from);
                }
            }
        }
        self.traced = self.traced.saturating_add(page_len);
    }

    /// What decoding needs of the history, and what later blocks could still refer to.
    fn kept(&mut self) -> &[u8] {
        let len = self.history.len();
        let in_reach = len.saturating_sub(HISTORY.saturating_sub(self.traced));
        self.needed[in_reach..].copy_from_slice(&self.history[in_reach..]);
        &self.needed[self.first.min(in_reach)..]
    }

    fn add_to_check(&mut self, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(CHECKED - self.checked)];
        self.check.update(bytes);
        self.checked += bytes.len();
    }

    fn is_known(&self) -> bool {
        self.checked == CHECKED && self.traced >= HISTORY
    }
}

impl IndexBuilder {
    /// A builder for a stream from its beginning. `interval` is the distance between two points in bytes of content. It
    /// is clamped to 64 KiB ..= 64 MiB. `dictionary` is that of the stream, of which the last 64 KiB count.
    pub fn new(interval: u64, dictionary: &[u8]) -> Self {
        let packing = CompressOptions::new().prefix_width(PrefixWidth::OutOfBand);
        let mut builder = IndexBuilder {
            interval: interval.clamp(MIN_INTERVAL, MAX_INTERVAL),
            dictionary: fingerprint(dictionary),
            points: Vec::new(),
            stream: 0,
            content: 0,
            blocks: 0,
            largest_page: 0,
            candidate: None,
            recent: None,
            packer: packing.page_size(HISTORY).compressor().expect("the settings are valid"),
        };
        // The dictionary is not stored: both ends have it.
        builder.begin_point(Vec::new());
        builder
    }

    /// Takes the next block of the stream: its head, its data, and the length of its page in bytes. `history` is what
    /// the block after it may refer to: [`Lz4StreamCompressor::history`] or
    /// [`Lz4StreamDecompressor::history`](crate::Lz4StreamDecompressor::history) once the block was made or decoded.
    /// Its last 64 KiB are used. [`Index::read_from`] accepts at most 64 KiB between two blocks.
    pub fn push_block(&mut self, head: &[u8], data: &[u8], page_len: usize, history: &[u8]) {
        if self.candidate.is_none() && self.is_due(data) {
            let mut history = self.recent.take().unwrap_or_default();
            history.drain(..history.len().saturating_sub(HISTORY));
            self.begin_point(history);
        }
        self.stream += (head.len() + data.len()) as u64;
        self.content = self.content.saturating_add(page_len as u64);
        self.blocks += 1;
        self.largest_page = self.largest_page.max(page_len);
        if let Some(candidate) = &mut self.candidate {
            candidate.look_at(head, data, page_len);
            // Or many blocks with next to no content: another point is due, and there is only one candidate at a time.
            if candidate.is_known() || self.stream_distance() >= 2 * self.interval {
                self.end_point(false);
            }
        }
        if self.candidate.is_none() && (self.is_near() || self.is_over()) {
            self.keep(page_len, &history[history.len().saturating_sub(HISTORY)..]);
        }
    }

    /// Takes the bytes after the last block, for a framing with a [`TAIL_LEN`](Framing::TAIL_LEN).
    pub fn push_tail(&mut self, tail: &[u8]) {
        self.stream += tail.len() as u64;
        if let Some(candidate) = &mut self.candidate {
            candidate.add_to_check(tail);
        }
    }

    /// Takes the last block of the compressor, like [`push_block`](Self::push_block).
    pub(crate) fn push_last<F: Framing>(
        &mut self,
        compressor: &Lz4StreamCompressor<F>,
        page_len: usize,
        history: &[u8],
    ) {
        let (head, data, tail) = compressor.last_block();
        self.push_block(head, data, page_len, history);
        self.push_tail(tail);
    }

    /// The index of the blocks so far. `stream_len` is the length of the whole stream in bytes: that of the blocks, and
    /// of an end mark, if there is one.
    #[must_use]
    pub fn finish(mut self, stream_len: u64) -> Index {
        self.end_point(true);
        Index {
            interval: self.interval,
            dictionary: self.dictionary,
            points: self.points,
            blocks_len: self.stream,
            stream_len: stream_len.max(self.stream),
            content_len: self.content,
            blocks: self.blocks,
            largest_page: self.largest_page,
        }
    }

    /// How many blocks were pushed.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// The distance between two points in bytes of content.
    pub fn interval(&self) -> u64 {
        self.interval
    }

    /// Whether a point belongs before the block `data`.
    fn is_due(&self, data: &[u8]) -> bool {
        let refers_to_itself = || {
            let mut matches = Matches::of(data).peekable();
            matches.peek().is_some() && matches.all(|found| found.offset <= found.at)
        };
        self.is_over() || (self.is_near() && refers_to_itself())
    }

    /// Whether a restart point would be welcome at the next boundary.
    fn is_near(&self) -> bool {
        self.content_distance() >= self.interval / 4 * 3
    }

    fn is_over(&self) -> bool {
        self.content_distance() >= self.interval || self.stream_distance() >= 2 * self.interval
    }

    fn content_distance(&self) -> u64 {
        self.content - self.points.last().map_or(0, |point| point.content)
    }

    fn stream_distance(&self) -> u64 {
        self.stream - self.points.last().map_or(0, |point| point.stream)
    }

    /// Keeps what the next block may refer to. `history` includes the last page.
    fn keep(&mut self, page_len: usize, history: &[u8]) {
        match &mut self.recent {
            Some(recent) if history.len() > page_len => {
                recent.extend_from_slice(&history[history.len() - page_len..]);
                if recent.len() > 2 * HISTORY {
                    recent.drain(..recent.len() - HISTORY);
                }
            }
            recent => *recent = Some(history.to_vec()),
        }
    }

    fn begin_point(&mut self, history: Vec<u8>) {
        self.points.push(IndexPoint {
            stream: self.stream,
            content: self.content,
            block: self.blocks,
            check: 0,
            history_len: 0,
            packed: Box::default(),
        });
        self.candidate = Some(Candidate::new(history));
    }

    /// Completes the last point. `is_last`: no other blocks follow.
    fn end_point(&mut self, is_last: bool) {
        let candidate = self.candidate.take();
        let (Some(mut candidate), Some(point)) = (candidate, self.points.last_mut()) else {
            return;
        };
        if is_last {
            candidate.traced = HISTORY;
        }
        point.check = candidate.check.clone().finalize();
        let history = candidate.kept();
        if !history.is_empty() {
            self.packer.reset();
            let packed = self.packer.compress(history).expect("a history is at most one page");
            point.packed = packed.into();
            point.history_len = history.len();
        }
    }
}
