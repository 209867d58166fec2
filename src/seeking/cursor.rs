//! Decodes from a point of the index to a position in the content.

use std::io::{self, ErrorKind};
use std::ops::Range;

use super::Map;
use crate::index::mismatch;
use crate::{Framing, Lz4StreamDecompressor, Progress};

/// How much of the stream is fetched at once.
const CHUNK: usize = 64 * 1024;

/// A place in a stream, and the page there.
#[derive(Debug)]
pub(super) struct Cursor<F> {
    decompressor: Lz4StreamDecompressor<F>,
    /// Room for a history.
    unpacked: Vec<u8>,
    /// The number of the last point at or before the decompressor's place. `None` when it has no place: before the
    /// first read, and when index and stream did not agree.
    point: Option<usize>,
    /// Whether the bytes of the stream were checked where the decompressor was resumed.
    is_checked: bool,
    /// Where the decompressor was resumed: its position in the content.
    base: u64,
    /// `fetched[at..]` are the next bytes of the stream for the decompressor.
    fetched: Vec<u8>,
    at: usize,
    /// The position in the stream of the end of `fetched`.
    fetched_to: u64,
}

impl<F: Framing> Cursor<F> {
    pub(super) fn new(map: &Map<F>) -> Self {
        Cursor {
            decompressor: map.decompressor(),
            unpacked: Vec::new(),
            point: None,
            is_checked: false,
            base: 0,
            fetched: Vec::new(),
            at: 0,
            fetched_to: 0,
        }
    }

    /// Lends the rest of a page from this position of the content on, which must be before its end. `fetch` reads bytes
    /// of the stream at a position; after an error of it, the next call resumes.
    pub(super) fn page_at(
        &mut self,
        map: &Map<F>,
        position: u64,
        mut fetch: impl FnMut(u64, &mut [u8]) -> io::Result<usize>,
    ) -> io::Result<&[u8]> {
        debug_assert!(position < map.index().content_len());
        while !self.page().contains(&position) {
            if !self.leads_to(map, position) {
                self.jump(map, map.index().point_before(position))?;
            }
            self.next_page(map, &mut fetch)?;
        }
        Ok(self.rest(position))
    }

    /// The rest of the page from this position on. Empty when the position is not in the page.
    pub(super) fn rest(&self, position: u64) -> &[u8] {
        let page = self.page();
        match page.contains(&position) {
            true => &self.decompressor.page()[(position - page.start) as usize..],
            false => &[],
        }
    }

    /// Whether the page has this position, or decoding on is the shortest way there.
    pub(super) fn leads_to(&self, map: &Map<F>, position: u64) -> bool {
        let page = self.page();
        let is_ahead = || {
            let point = &map.index().points()[map.index().point_before(position)];
            self.point.is_some() && page.end <= position && point.stream() <= self.decompressor.total_in()
        };
        page.contains(&position) || is_ahead()
    }

    /// The positions of the page in the content. Nothing of it was consumed.
    fn page(&self) -> Range<u64> {
        match self.point {
            Some(_) => {
                let end = self.base + self.decompressor.total_out();
                end - self.decompressor.page().len() as u64..end
            }
            None => 0..0,
        }
    }

    fn jump(&mut self, map: &Map<F>, point: usize) -> io::Result<()> {
        self.point = None;
        map.resume(point, &mut self.decompressor, &mut self.unpacked)?;
        self.point = Some(point);
        self.is_checked = false;
        self.base = map.index().points()[point].content();
        self.fetched.clear();
        self.at = 0;
        self.fetched_to = map.index().points()[point].stream();
        Ok(())
    }

    /// Decodes the next page, which can be empty.
    fn next_page(
        &mut self,
        map: &Map<F>,
        fetch: &mut impl FnMut(u64, &mut [u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        while !self.is_checked {
            let point = self.point.expect("the cursor has a place");
            if self.fetched.len() < map.index().check_len(point) {
                self.fetch(map, fetch)?;
                continue;
            }
            self.agrees(map.index().check(point, &self.fetched))?;
            self.is_checked = true;
        }
        loop {
            let mut input = &self.fetched[self.at..];
            let progress = self.decompressor.feed(&mut input);
            self.at = self.fetched.len() - input.len();
            match progress? {
                Progress::Page(_) => return self.pass_boundary(map),
                Progress::NeedMore(_) => self.fetch(map, fetch)?,
                Progress::End => {
                    let error = mismatch(self.decompressor.total_in(), "the stream has less content");
                    return self.agrees(Err(error));
                }
            }
        }
    }

    /// Fetches more bytes of the stream, at least one.
    fn fetch(&mut self, map: &Map<F>, fetch: &mut impl FnMut(u64, &mut [u8]) -> io::Result<usize>) -> io::Result<()> {
        if self.at == self.fetched.len() {
            self.fetched.clear();
            self.at = 0;
        }
        let rest = map.index().blocks_len() - self.fetched_to;
        let filled = self.fetched.len();
        self.fetched.resize(filled + rest.min(CHUNK as u64) as usize, 0);
        let room = &mut self.fetched[filled..];
        // If `fetch` panics, the room remains in `fetched`, and the cursor has no place.
        let point = self.point.take();
        let n = loop {
            match fetch(self.fetched_to, room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(n) if n > room.len() => {
                    break Err(io::Error::other("the source returned more bytes than requested"));
                }
                result => break result,
            }
        };
        self.point = point;
        self.fetched.truncate(filled + *n.as_ref().unwrap_or(&0));
        self.fetched_to += n? as u64;
        if self.fetched.len() > filled {
            return Ok(());
        }
        // The stream ends inside a block, or there is less content than the index says.
        self.decompressor.end_of_input()?;
        self.agrees(Err(mismatch(self.fetched_to, "the stream ends here")))
    }

    /// Checks the place against the index, after a block.
    fn pass_boundary(&mut self, map: &Map<F>) -> io::Result<()> {
        let point = self.point.expect("the cursor has a place");
        let next = map.index().end_of(point);
        let decompressor = &self.decompressor;
        let content = self.base + decompressor.total_out();
        let place = (decompressor.total_in(), content, decompressor.blocks());
        if place.0 < next.0 && place.1 <= next.1 {
            return Ok(());
        }
        let is_there = match place == next {
            true => Ok(()),
            false => Err(mismatch(place.0, "another boundary was expected")),
        };
        self.point = Some(point + 1);
        self.agrees(is_there)
    }

    /// The cursor has no place after index and stream did not agree: the next read begins at a point again.
    fn agrees(&mut self, result: Result<(), crate::Error>) -> io::Result<()> {
        if result.is_err() {
            self.point = None;
        }
        Ok(result?)
    }
}
