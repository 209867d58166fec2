//! Indexes: the command `index`, what `info` prints of one, and `decompress` with one.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lz4_stream::{BlockSizes, Error, Framing, Index, IndexPoint, Lz4StreamParallelReader, Lz4StreamSeekReader};

use crate::args::{MakeIndex, Span};
use crate::decode::{Decoder, Sizes, Source, Stop, check_end, past_the_content};
use crate::failure::{Failure, Result, at, failure};
use crate::files::target;
use crate::input::{BUFFER, Identity, Input};
use crate::output::{Output, Rules};
use crate::preset::{Body, needs_file};

/// The extension of index files.
const EXTENSION: &str = "idx";

/// An index that was read from a file.
pub struct IndexFile {
    index: Arc<Index>,
    pub identity: Option<Identity>,
}

impl IndexFile {
    pub fn open(path: &Path) -> Result<IndexFile> {
        needs_file("--index", &Some(path.into()))?;
        let mut input = Input::open(path)?;
        Ok(IndexFile {
            index: Arc::new(read_index(&mut input)?),
            identity: input.identity,
        })
    }
}

fn read_index(input: &mut Input) -> Result<Index> {
    let name = input.name.clone();
    let mut input = BufReader::with_capacity(BUFFER, input);
    let index = Index::read_from(&mut input).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => failure(&name, "not a valid index: it is cut off"),
        _ => at(&name)(error),
    })?;
    match input.fill_buf().map_err(at(&name))? {
        [] => Ok(index),
        _ => Err(failure(&name, "not a valid index: more bytes follow")),
    }
}

/// What `info` prints of an index.
pub fn print_index(mut input: Input, mut output: Output) -> Result<()> {
    let name = input.name.clone();
    let index = read_index(&mut input)?;
    let restarts = index.points().iter().filter(|point| point.history_len() == 0).count();
    let mut print = |what, value: &dyn Display| writeln!(output, "{what:<15} {value}").map_err(at("stdout"));
    print("index:", &name)?;
    print("interval:", &index.interval())?;
    print("points:", &index.points().len())?;
    print("restart points:", &restarts)?;
    print("blocks:", &index.blocks())?;
    print("largest page:", &index.largest_page())?;
    print("page bytes:", &index.content_len())?;
    print("stream bytes:", &index.stream_len())?;
    output.commit()
}

impl Decoder<'_> {
    /// The command `index`.
    pub fn index(&self, args: &MakeIndex, path: &Path) -> Result<()> {
        let Source {
            mut input,
            sizes,
            inputs,
        } = self.open(path)?;
        let (target, _) = target(&input, &args.files, |path| Ok(index_name(path)))?;
        let rules = Rules {
            inputs: &inputs,
            force: args.files.force,
            like: input.metadata(),
            beside: false,
        };
        let mut output = Output::create(&target, rules)?;
        output.refuse_terminal(args.files.force)?;
        input.show_progress(self.quiet || output.on_terminal);
        let mut input = BufReader::with_capacity(BUFFER, input);
        let index = match self.build(&mut input, sizes, args.interval) {
            Ok(index) => index,
            Err(stop) => return Err(self.explain(input.into_inner(), stop)),
        };
        let name = output.name.clone();
        index.write_to(&mut output).map_err(at(&name))?;
        output.commit()
    }

    fn build(&self, input: &mut BufReader<Input>, sizes: Option<Sizes>, interval: u64) -> Result<Index, Stop> {
        let name = input.get_ref().name.clone();
        let body = self.one_stream(input, &name)?;
        let mut input = input.take(body.len.unwrap_or(u64::MAX));
        let result = match sizes {
            None => Index::build(&mut input, &self.options, interval),
            Some(mut sizes) => {
                let framing = BlockSizes::new(&mut sizes);
                let result = Index::build_with_framing(&mut input, framing, &self.options, interval);
                // A size that cannot be read ends the iterator, and so the stream.
                match sizes.problem {
                    Some(problem) => return Err(Stop::Failure(problem)),
                    None => result,
                }
            }
        };
        let index = result.map_err(|error| match Error::from_io(&error) {
            Some(error) => Stop::Stream {
                error: error.clone(),
                start: body.start,
                lane: None,
            },
            None => Stop::Failure(at(&name)(error)),
        })?;
        check_end(&mut input, &body, &name, index.stream_len(), index.blocks()).map_err(Stop::Failure)?;
        Ok(index)
    }

    /// Reads what comes before the stream, which must be the only one of the file.
    fn one_stream(&self, input: &mut impl Read, name: &str) -> Result<Body, Stop> {
        let body = self.read_start(input, name)?;
        match body.lanes {
            1 => Ok(body),
            lanes => Err(Stop::Failure(failure(
                name,
                format_args!("the file has {lanes} streams, and an index is for one"),
            ))),
        }
    }

    /// Decodes the range only.
    pub fn decompress_range(
        &self,
        mut source: Source,
        index: &IndexFile,
        range: Span,
        output: &mut Output,
    ) -> Result<Input> {
        let input = source.input;
        if input.metadata().is_none() {
            let problem = "not a regular file, so that --range cannot seek in it: leave out --index";
            return Err(failure(&input.name, problem));
        }
        let len = index.index.content_len();
        if range.start > len {
            return Err(past_the_content(&input.name, range.start, len));
        }
        if let Err(stop) = self.one_stream(&mut input.file(), &input.name) {
            return Err(self.explain(input, stop));
        }
        let (options, points) = (&self.options, Arc::clone(&index.index));
        let result = match block_sizes(source.sizes.take())? {
            None => options
                .seek_reader(input.file(), points)
                .map_err(Problem::Input)
                .and_then(|reader| copy_range(reader, range, output)),
            Some(sizes) => {
                Lz4StreamSeekReader::with_framing(input.file(), options, points, move |point| sizes_from(&sizes, point))
                    .map_err(Problem::Input)
                    .and_then(|reader| copy_range(reader, range, output))
            }
        };
        match result {
            Ok(()) => Ok(input),
            Err(problem) => Err(problem.explain(&input.name, &output.name)),
        }
    }

    /// Decodes everything, on several threads.
    pub fn decompress_intervals(
        &self,
        source: Source,
        quiet: bool,
        index: &IndexFile,
        threads: usize,
        output: &mut Output,
    ) -> Result<Input> {
        let Source { mut input, sizes, .. } = source;
        input.show_progress(quiet);
        let name = input.name.clone();
        let body = match self.one_stream(&mut input, &name) {
            Ok(body) => body,
            Err(stop) => return Err(self.explain(input, stop)),
        };
        let (options, points) = (&self.options, Arc::clone(&index.index));
        let result = match block_sizes(sizes)? {
            None => options
                .parallel_reader(&mut input, points, threads)
                .map_err(Problem::Input)
                .and_then(|reader| copy_all(reader, output)),
            Some(sizes) => Lz4StreamParallelReader::with_framing(&mut input, options, points, threads, move |point| {
                sizes_from(&sizes, point)
            })
            .map_err(Problem::Input)
            .and_then(|reader| copy_all(reader, output)),
        };
        result.map_err(|problem| problem.explain(&name, &output.name))?;
        let index = &index.index;
        check_end(&mut input, &body, &name, index.stream_len(), index.blocks())?;
        Ok(input)
    }
}

fn copy_range<F: Framing>(
    mut reader: Lz4StreamSeekReader<impl Read + Seek, F>,
    range: Span,
    output: &mut Output,
) -> Result<(), Problem> {
    reader.seek(SeekFrom::Start(range.start)).map_err(Problem::Input)?;
    copy_all(reader.take(range.end - range.start), output)
}

fn copy_all(mut reader: impl BufRead, output: &mut Output) -> Result<(), Problem> {
    loop {
        let bytes = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result.map_err(Problem::Input)?,
        };
        let len = bytes.len();
        if len == 0 {
            return Ok(());
        }
        output.write_all(bytes).map_err(Problem::Output)?;
        reader.consume(len);
    }
}

enum Problem {
    Input(io::Error),
    Output(io::Error),
}

impl Problem {
    fn explain(self, input: &str, output: &str) -> Failure {
        let error = match self {
            Problem::Output(error) => return at(output)(error),
            Problem::Input(error) => error,
        };
        let hint = match Error::from_io(&error) {
            None => return at(input)(error),
            Some(Error::PageOverLimit { .. } | Error::BlockTooLarge { .. }) => "see --max-page-size",
            Some(_) => "is this the index of this stream, made with the same options?",
        };
        failure(input, format_args!("{error} ({hint})"))
    }
}

/// All sizes of a sizes file.
fn block_sizes(sizes: Option<Sizes>) -> Result<Option<Arc<[usize]>>> {
    let Some(mut sizes) = sizes else { return Ok(None) };
    let all = sizes.by_ref().collect();
    sizes.problem.map_or(Ok(Some(all)), Err)
}

/// The sizes of the blocks from a point on.
fn sizes_from(
    sizes: &Arc<[usize]>,
    point: &IndexPoint,
) -> BlockSizes<impl Iterator<Item = usize> + Send + 'static + use<>> {
    let sizes = Arc::clone(sizes);
    let blocks = point.block()..sizes.len() as u64;
    BlockSizes::new(blocks.map(move |block| sizes[block as usize]))
}

/// `STREAM.idx`.
fn index_name(stream: &Path) -> PathBuf {
    let mut name: OsString = stream.into();
    name.push(".");
    name.push(EXTENSION);
    name.into()
}
