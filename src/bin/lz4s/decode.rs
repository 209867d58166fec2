//! The commands that decode: `decompress`, `test` and `info`.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::mem;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use lz4_stream::{BlockSizes, DecompressOptions, Error, Framing, Lz4StreamDecompressor, Progress, ZeroPrefix};

use crate::args::{Decompress, Info, Span, Stream};
use crate::failure::{Failure, Result, at, failure};
use crate::files::{EXTENSION, remove, target};
use crate::hint::{Beginning, hint};
use crate::index::{IndexFile, print_index};
use crate::input::{BUFFER, Identity, Input, dictionary};
use crate::output::{Output, Rules};
use crate::preset::{Body, INDEX, Layout, recognize};

/// Decodes files, each with the same settings.
pub struct Decoder<'a> {
    stream: &'a Stream,
    pub layout: Layout,
    pub options: DecompressOptions,
    dictionary: Option<Identity>,
    pub quiet: bool,
}

impl Decoder<'_> {
    pub fn new(stream: &Stream, quiet: bool) -> Result<Decoder<'_>> {
        let format = &stream.format;
        let mut layout = Layout::new(format, stream.skip)?;
        layout.max_page_size = stream.max_page_size.unwrap_or(layout.max_page_size);
        let mut options = DecompressOptions::new()
            .format(layout.format())
            .max_page_size(layout.max_page_size);
        options.decompressor()?; // before any file is touched
        let (bytes, identity) = format
            .dictionary
            .as_deref()
            .map_or(Ok((Vec::new(), None)), dictionary)?;
        options = options.dictionary(bytes);
        Ok(Decoder {
            stream,
            layout,
            options,
            dictionary: identity,
            quiet,
        })
    }

    pub fn decompress(&self, args: &Decompress, index: Option<&IndexFile>, path: &Path) -> Result<()> {
        let files = &args.files.to;
        let mut source = self.open(path)?;
        source
            .inputs
            .extend(index.and_then(|index| index.identity.as_ref()).cloned());
        let (target, beside) = match (&args.range, &files.output) {
            (Some(_), None) => ("-".into(), false),
            _ => target(&source.input, files, decompressed_name)?,
        };
        let rules = Rules {
            inputs: &source.inputs,
            force: files.force,
            like: source.input.metadata(),
            beside,
        };
        let mut output = Output::create(&target, rules)?;
        // On failure, dropping `output` still writes the decoded data to stdout; a file is not replaced.
        let quiet = self.quiet || output.on_terminal;
        let input = match (index, args.range) {
            (None, range) => self.decompress_pages(source, quiet, range, &mut output)?,
            (Some(index), Some(range)) => self.decompress_range(source, index, range, &mut output)?,
            (Some(index), None) => {
                self.decompress_intervals(source, quiet, index, args.threads.unwrap_or(1), &mut output)?
            }
        };
        let is_file = output.is_file;
        output.commit()?;
        remove(&input, &args.files, is_file)
    }

    /// Decodes from the start of the stream, to the end of the range or of the stream.
    fn decompress_pages(&self, source: Source, quiet: bool, range: Option<Span>, output: &mut Output) -> Result<Input> {
        let name = output.name.clone();
        let Span { start, end } = range.unwrap_or(Span::ALL);
        let mut position = 0;
        let (input, _) = self.decode(source, quiet, |page| {
            let len = page.bytes.len() as u64;
            // Both are at most the length of the page.
            let from = start.saturating_sub(position).min(len) as usize;
            let to = end.saturating_sub(position).min(len) as usize;
            position += len;
            output.write_all(&page.bytes[from..to]).map_err(at(&name))?;
            if page.is_last_for_now {
                output.flush().map_err(at(&name))?;
            }
            Ok(match position >= end {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })?;
        if position < start {
            return Err(past_the_content(&input.name, start, position));
        }
        Ok(input)
    }

    pub fn test(&self, path: &Path) -> Result<()> {
        let source = self.open(path)?;
        self.decode(source, self.quiet, |_| Ok(ControlFlow::Continue(())))
            .map(drop)
    }

    pub fn info(&self, args: &Info, path: &Path) -> Result<()> {
        let source = self.open(path)?;
        let rules = Rules {
            inputs: &source.inputs,
            force: false,
            like: None,
            beside: false,
        };
        let mut output = Output::create(Path::new("-"), rules)?;
        if source.input.begins_with(INDEX) {
            return print_index(source.input, output);
        }
        let (mut blocks, mut bytes) = (0u64, 0);
        let (mut largest, mut smallest) = (0, usize::MAX);
        if args.blocks {
            let titles = format_args!("{:>10} {:>14} {:>10} {:>10}\n", "block", "offset", "bytes", "page");
            output.write_fmt(titles).map_err(at("stdout"))?;
        }
        let quiet = self.quiet || args.blocks && output.on_terminal;
        let (input, Totals { stream_len, restarts }) = self.decode(source, quiet, |page| {
            let len = page.bytes.len();
            if args.blocks {
                let mark = if page.restarts > 0 { "    restart" } else { "" };
                let row = format_args!(
                    "{blocks:>10} {:>14} {:>10} {len:>10}{mark}\n",
                    page.offset, page.block_len
                );
                output.write_fmt(row).map_err(at("stdout"))?;
            }
            blocks += 1;
            bytes += len as u64;
            (largest, smallest) = (largest.max(len), smallest.min(len));
            Ok(ControlFlow::Continue(()))
        })?;
        let mut print = |what, value: &dyn Display| writeln!(output, "{what:<15} {value}").map_err(at("stdout"));
        print("stream:", &input.name)?;
        print("blocks:", &blocks)?;
        if self.layout.zero == ZeroPrefix::Restart {
            print("restart marks:", &restarts)?;
        }
        print("largest page:", &largest)?;
        print("smallest page:", &smallest.min(largest))?;
        print("page bytes:", &bytes)?;
        print("stream bytes:", &stream_len)?;
        if bytes > 0 {
            print("ratio:", &format_args!("{:.3}", bytes as f64 / stream_len as f64))?;
        }
        output.commit()
    }

    pub fn open(&self, path: &Path) -> Result<Source> {
        let input = Input::open(path)?;
        if input.is_terminal() {
            let problem = format!(
                "{} is a terminal, which has no compressed data: name a file",
                input.name
            );
            return Err(Failure::Usage(problem));
        }
        let sizes = self.stream.format.sizes.as_deref().map(Input::open).transpose()?;
        let identities = [
            &self.dictionary,
            &input.identity,
            sizes.as_ref().map_or(&None, |sizes| &sizes.identity),
        ];
        let inputs = identities.into_iter().flatten().cloned().collect();
        Ok(Source {
            input,
            sizes: sizes.map(Sizes::new),
            inputs,
        })
    }

    /// Calls `each` with every page. Returns the input and what was read of the stream.
    fn decode(
        &self,
        source: Source,
        quiet: bool,
        each: impl FnMut(Page) -> Result<ControlFlow<()>>,
    ) -> Result<(Input, Totals)> {
        let Source { mut input, sizes, .. } = source;
        input.show_progress(quiet);
        let mut input = BufReader::with_capacity(BUFFER, input);
        let result = match sizes {
            None => self.decode_body(&mut input, || self.options.decompressor(), each),
            Some(mut sizes) => {
                let mut framing = Some(BlockSizes::new(&mut sizes));
                let decompressor = || {
                    let framing = framing.take().expect("sizes are for one stream");
                    Lz4StreamDecompressor::with_framing(framing, &self.options)
                };
                let result = self.decode_body(&mut input, decompressor, each);
                // A size that cannot be read ends the iterator, and so the stream.
                sizes.problem.map_or(result, |problem| Err(Stop::Failure(problem)))
            }
        };
        let input = input.into_inner();
        match result {
            Ok(totals) => Ok((input, totals)),
            Err(stop) => Err(self.explain(input, stop)),
        }
    }

    /// The failure, with a hint.
    pub fn explain(&self, mut input: Input, stop: Stop) -> Failure {
        match stop {
            Stop::Failure(failure) => failure,
            Stop::Start(error) => {
                let bytes = input.start().0;
                // Not to use the preset that is in use.
                let what = recognize(bytes).filter(|_| !self.layout.start.recognizes(bytes));
                let hint = what.map_or(String::new(), |what| format!(" ({what})"));
                failure(&input.name, format_args!("{error}{hint}"))
            }
            Stop::Stream { error, start, lane } => {
                let name = input.name.clone();
                let (bytes, is_all) = input.start();
                let beginning = Beginning {
                    bytes,
                    is_all,
                    start,
                    options: &self.options,
                };
                let hint = match lane {
                    Some(_) => String::new(),
                    None => hint(&error, &self.layout, &beginning),
                };
                let lane = lane.map_or(String::new(), |lane| format!("stream {lane}: "));
                failure(&name, format_args!("{lane}{error}{hint}"))
            }
        }
    }

    /// Reads and checks what comes before the first block.
    pub fn read_start(&self, input: &mut impl Read, name: &str) -> Result<Body, Stop> {
        self.layout.start.read(input).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Stop::Start(error),
            _ => Stop::Failure(at(name)(error)),
        })
    }

    fn decode_body<F: Framing>(
        &self,
        input: &mut BufReader<Input>,
        mut decompressor: impl FnMut() -> Result<Lz4StreamDecompressor<F>, Error>,
        mut each: impl FnMut(Page) -> Result<ControlFlow<()>>,
    ) -> Result<Totals, Stop> {
        let name = input.get_ref().name.clone();
        let io_error = |error: io::Error| Stop::Failure(at(&name)(error));
        let body = self.read_start(input, &name)?;
        let mut lanes = (0..body.lanes)
            .map(|_| decompressor())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Stop::Failure(error.into()))?;
        let mut input = input.take(body.len.unwrap_or(u64::MAX));
        let mut blocks = 0u64;
        // Up to the last block of all streams, and of each.
        let (mut position, mut before) = (0, vec![Totals::default(); lanes.len()]);
        loop {
            let lane = (blocks % lanes.len() as u64) as usize;
            let decompressor = &mut lanes[lane];
            let stop = |error| Stop::Stream {
                error,
                start: body.start,
                lane: (body.lanes > 1).then_some(lane),
            };
            // At the end of the sizes nothing is missing, so do not read.
            let mut bytes = match decompressor.missing() {
                0 => &[][..],
                _ => match input.fill_buf() {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    result => result.map_err(io_error)?,
                },
            };
            let len = bytes.len();
            let progress = decompressor.feed(&mut bytes).map_err(stop)?;
            let used = len - bytes.len();
            match progress {
                Progress::Page(_) => {
                    input.consume(used);
                    let totals = Totals::of(decompressor);
                    let last = mem::replace(&mut before[lane], totals);
                    let block_len = totals.stream_len - last.stream_len;
                    let flow = each(Page {
                        offset: position,
                        block_len,
                        restarts: totals.restarts - last.restarts,
                        bytes: decompressor.page(),
                        is_last_for_now: input.get_ref().buffer().is_empty(),
                    })
                    .map_err(Stop::Failure)?;
                    blocks += 1;
                    position += block_len;
                    if flow.is_break() {
                        return Ok(Totals::all(&lanes));
                    }
                }
                Progress::NeedMore(_) if len == 0 => {
                    decompressor.end_of_input().map_err(stop)?;
                    break;
                }
                Progress::NeedMore(_) => input.consume(used),
                Progress::End => {
                    input.consume(used);
                    break;
                }
            }
        }
        let totals = Totals::all(&lanes);
        check_end(&mut input, &body, &name, totals.stream_len, blocks).map_err(Stop::Failure)?;
        Ok(totals)
    }
}

/// Checks that the stream ends where the input does. Bytes can follow an end mark or the last size.
pub fn check_end(input: &mut impl Read, body: &Body, name: &str, ended: u64, blocks: u64) -> Result<()> {
    match body.len {
        Some(len) if ended < len => Err(failure(
            name,
            format_args!("the blocks end after {ended} of {len} bytes"),
        )),
        Some(_) => Ok(()),
        None if io::copy(&mut input.by_ref().take(1), &mut io::sink()).map_err(at(name))? > 0 => {
            let plural = if blocks == 1 { "" } else { "s" };
            let problem =
                format_args!("the stream ends at offset {ended}, after {blocks} block{plural}, but more bytes follow");
            Err(failure(name, problem))
        }
        None => Ok(()),
    }
}

pub fn past_the_content(name: &str, start: u64, len: u64) -> Failure {
    failure(
        name,
        format_args!("the range begins at byte {start}, but the content has {len} bytes"),
    )
}

/// A stream that is ready to be decoded.
pub struct Source {
    pub input: Input,
    pub sizes: Option<Sizes>,
    /// The files that must not be overwritten.
    pub inputs: Vec<Identity>,
}

/// What was read of a stream, with everything before and after the blocks.
#[derive(Clone, Copy, Default)]
struct Totals {
    stream_len: u64,
    /// The number of restart marks.
    restarts: u64,
}

impl Totals {
    fn of<F: Framing>(decompressor: &Lz4StreamDecompressor<F>) -> Totals {
        Totals {
            stream_len: decompressor.total_in(),
            restarts: decompressor.restarts(),
        }
    }

    fn all<F: Framing>(decompressors: &[Lz4StreamDecompressor<F>]) -> Totals {
        let mut all = Totals::default();
        for Totals { stream_len, restarts } in decompressors.iter().map(Totals::of) {
            all.stream_len += stream_len;
            all.restarts += restarts;
        }
        all
    }
}

/// A block of a stream and its page.
struct Page<'a> {
    offset: u64,
    /// Including the prefix, and restart marks before it.
    block_len: u64,
    /// The number of those marks.
    restarts: u64,
    bytes: &'a [u8],
    /// No more bytes are buffered, so the next page may have to be waited for.
    is_last_for_now: bool,
}

/// Why decoding ends early.
pub enum Stop {
    Failure(Failure),
    /// What comes before the first block is wrong.
    Start(io::Error),
    Stream {
        error: Error,
        /// The length of what comes before the first block.
        start: usize,
        /// Of a file with several streams.
        lane: Option<usize>,
    },
}

/// The lines of a sizes file. Ends at a line that is not a size.
pub struct Sizes {
    file: BufReader<Input>,
    line: String,
    lines: u64,
    pub problem: Option<Failure>,
}

impl Sizes {
    fn new(file: Input) -> Sizes {
        Sizes {
            file: BufReader::new(file),
            line: String::new(),
            lines: 0,
            problem: None,
        }
    }
}

impl Iterator for Sizes {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.line.clear();
        self.lines += 1;
        // No size is as long as this. The limit keeps a file without newlines from filling the memory.
        let read = self.file.by_ref().take(64).read_line(&mut self.line);
        let name = &self.file.get_ref().name;
        match read {
            Ok(0) => return None,
            Ok(_) => match self.line.trim().parse() {
                Ok(size) => return Some(size),
                Err(error) => self.problem = Some(failure(name, format_args!("line {}: {error}", self.lines))),
            },
            Err(error) => self.problem = Some(at(name)(error)),
        }
        None
    }
}

/// `NAME` of `NAME.lz4s`.
fn decompressed_name(path: &Path) -> Result<PathBuf, String> {
    if path.extension() == Some(OsStr::new(EXTENSION)) {
        return Ok(path.with_extension(""));
    }
    Err(format!("does not end in .{EXTENSION}; use --output FILE, or --stdout"))
}
