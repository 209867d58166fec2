//! `lz4s`: compresses, decompresses and inspects LZ4 linked-block streams on the command line.
//!
//! `cargo run --release --example lz4s -- compress notes.txt -o notes.lz4s`

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lz4_stream::{
    BlockSizes, ByteOrder, CompressOptions, DecompressOptions, Error, Framing, Lz4StreamDecompressor, Lz4StreamWriter,
    Mode, PrefixWidth, Progress, Strategy,
};
use tempfile::TempPath;

/// The size of one read or write.
const BUFFER: usize = 64 * 1024;

/// The progress bar appears after this time.
const PATIENCE: Duration = Duration::from_millis(300);

/// Compress, decompress and inspect LZ4 linked-block streams
///
/// The format is that of python-lz4's lz4.stream and of the C library's double-buffer streaming. A stream does not
/// record its settings: decompress with the same --prefix, --big-endian, --end-mark and --dictionary. There are no
/// checksums: damage that still decodes is not detected. An output file is written to a hidden file (.lz4s-...) in the
/// same folder and renamed when it is complete. If the program is killed, the hidden file remains.
#[derive(Parser)]
#[command(
    name = "lz4s",
    version,
    after_help = "Exit status: 0 on success, 1 on failure, 2 for wrong usage, 141 if the output pipe was closed."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Show no progress bar (there is none unless stderr is a terminal)
    #[arg(short, long, global = true, display_order = 900)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Compress INPUT to OUTPUT
    Compress(Compress),
    /// Decompress INPUT to OUTPUT
    Decompress(Decompress),
    /// Decode all of INPUT and print its block count, page sizes, total sizes and ratio
    Info(Info),
}

#[derive(Args)]
struct Compress {
    #[command(flatten)]
    format: Format,
    /// Page size in bytes; the suffixes K and M mean units of 1024 and 1048576 bytes
    ///
    /// Each page becomes one block. The default is 64K, or the most that fits the prefix: 65264 with --prefix 2, 239
    /// with --prefix 1.
    #[arg(long, value_name = "N[K|M]", value_parser = size)]
    page_size: Option<usize>,
    /// How far back matches reach
    #[arg(long, value_enum, default_value_t = Reach::DoubleBuffer)]
    strategy: Reach,
    /// Compression effort
    #[arg(long, value_enum, default_value_t = Effort::Default)]
    mode: Effort,
    /// With --mode fast: 1 to 65537, higher is faster and larger; other values are clamped [default: 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    acceleration: Option<i32>,
    /// With --mode hc: 1 to 12, higher is slower and smaller; below 1 means 9, above 12 means 12 [default: 9]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    level: Option<i32>,
    /// File to write, replaced only on success; - is stdout
    #[arg(short, long, default_value = "-")]
    output: PathBuf,
}

#[derive(Args)]
struct Decompress {
    #[command(flatten)]
    stream: Stream,
    /// File to write, replaced only on success; - is stdout
    #[arg(short, long, default_value = "-")]
    output: PathBuf,
}

#[derive(Args)]
struct Info {
    #[command(flatten)]
    stream: Stream,
    /// Also print one line per block: index, offset in the stream, bytes in the stream, bytes of the page
    #[arg(long)]
    blocks: bool,
}

/// The settings of all commands.
#[derive(Args)]
struct Format {
    /// File to read; - is stdin
    #[arg(default_value = "-")]
    input: PathBuf,
    /// Length of the size prefix of each block; with 0, the sizes are in the --sizes file
    #[arg(long, value_name = "BYTES", default_value = "4", value_parser = PossibleValuesParser::new(["0", "1", "2", "4"])
        .try_map(|bytes| PrefixWidth::try_from(bytes.parse::<usize>().unwrap_or(usize::MAX))))]
    prefix: PrefixWidth,
    /// Size prefixes are big endian, not little endian
    #[arg(long)]
    big_endian: bool,
    /// The stream ends with a size of zero, so that truncation is detected
    #[arg(long)]
    end_mark: bool,
    /// File with the history of the first page; its last 64 KiB are used
    #[arg(long, value_name = "FILE")]
    dictionary: Option<PathBuf>,
    /// With --prefix 0: file with the block sizes in bytes, one decimal number per line
    #[arg(long, value_name = "FILE")]
    sizes: Option<PathBuf>,
}

/// The settings of the commands that decode.
#[derive(Args)]
struct Stream {
    #[command(flatten)]
    format: Format,
    /// Largest page to accept in bytes; the suffixes K and M mean units of 1024 and 1048576 bytes; bounds the memory
    #[arg(long, value_name = "N[K|M]", default_value = "4M", value_parser = size)]
    max_page_size: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Reach {
    /// In the page and the one before it, for every reader
    DoubleBuffer,
    /// In the last 64 KiB: smaller, but python-lz4 decodes it incorrectly
    RingBuffer,
}

#[derive(Clone, Copy, ValueEnum)]
enum Effort {
    /// A balance of speed and size
    Default,
    /// Faster and larger, see --acceleration
    Fast,
    /// Slower and smaller, see --level
    Hc,
}

fn size(text: &str) -> Result<usize, String> {
    let (digits, unit) = match text.strip_suffix(['K', 'k']) {
        Some(digits) => (digits, 1 << 10),
        None => text
            .strip_suffix(['M', 'm'])
            .map_or((text, 1), |digits| (digits, 1 << 20)),
    };
    let number: usize = digits
        .parse()
        .map_err(|_| "not a number, with or without K or M after it")?;
    number.checked_mul(unit).ok_or_else(|| "too large".into())
}

/// Why the program ends early.
enum Failure {
    Usage(String),
    /// The line to print.
    Message(String),
    /// The output pipe was closed. This needs no message.
    ClosedPipe,
}

type Result<T, E = Failure> = std::result::Result<T, E>;

/// Settings that the library rejects.
impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Usage(error.to_string())
    }
}

fn failure(name: &str, problem: impl Display) -> Failure {
    Failure::Message(format!("{name}: {problem}"))
}

/// For `map_err`: puts the file's name before the error.
fn at(name: &str) -> impl Fn(io::Error) -> Failure {
    move |error| match Error::from_io(&error) {
        _ if error.kind() == io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        Some(Error::PageOverLimit { .. }) => failure(name, format_args!("{error} (see --max-page-size)")),
        // At the beginning, the cause is probably that this is no such stream, or one with other settings.
        Some(Error::BlockTooLarge { block: 0, .. }) => failure(
            name,
            format_args!("{error} (is this a linked-block stream? see --prefix, --big-endian, --max-page-size)"),
        ),
        Some(Error::BlockTooLarge { .. }) => failure(name, format_args!("{error} (see --max-page-size)")),
        Some(Error::EmptyBlock { .. }) => failure(name, format_args!("{error} (see --end-mark)")),
        Some(Error::MatchOffset { block: 0, .. }) => {
            failure(name, format_args!("{error} (see --prefix, --big-endian, --dictionary)"))
        }
        _ => failure(name, error),
    }
}

fn main() -> ExitCode {
    let Cli { command, quiet } = Cli::parse();
    let (name, result) = match &command {
        Command::Compress(args) => ("compress", compress(args, quiet)),
        Command::Decompress(args) => ("decompress", decompress(args, quiet)),
        Command::Info(args) => ("info", info(args, quiet)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            let mut cli = Cli::command();
            cli.build();
            let command = cli.find_subcommand_mut(name).expect("the command that was parsed");
            command.error(ErrorKind::ValueValidation, message).exit()
        }
        Err(Failure::Message(message)) => {
            // Not eprintln, which panics when stderr is closed.
            let _ = writeln!(io::stderr(), "lz4s: {message}");
            ExitCode::FAILURE
        }
        // The status that a shell reports for a program killed by SIGPIPE, so that scripts treat both alike; 0 would
        // mean that everything was written.
        Err(Failure::ClosedPipe) => ExitCode::from(141),
    }
}

fn compress(args: &Compress, quiet: bool) -> Result<()> {
    let format = &args.format;
    format.check()?;
    let mut options = CompressOptions::new()
        .prefix_width(format.prefix)
        .byte_order(format.byte_order())
        .end_mark(format.end_mark)
        .page_size(args.page_size.unwrap_or(format.prefix.max_page_size().min(64 * 1024)))
        .strategy(match args.strategy {
            Reach::DoubleBuffer => Strategy::DoubleBuffer,
            Reach::RingBuffer => Strategy::RingBuffer,
        })
        .mode(args.mode()?);
    options.compressor()?; // before any file is touched
    let (dictionary, mut inputs) = format.dictionary()?;
    options = options.dictionary(dictionary);

    let mut input = Input::open(&format.input)?;
    inputs.extend(input.identity.iter().cloned());
    let output = Output::create(&args.output, &inputs)?;
    if output.on_terminal {
        return Err(Failure::Usage(format!("{} is a terminal: use -o", output.name)));
    }
    let mut sizes = format
        .sizes
        .as_deref()
        .map(|path| Output::create(path, &inputs))
        .transpose()?;
    if sizes.as_ref().is_some_and(|sizes| output.is_same(sizes)) {
        return Err(failure(&output.name, "is both OUTPUT and the --sizes file"));
    }

    input.show_progress(quiet);
    let name = output.name.clone();
    let mut writer = options.writer(output)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(at(&input.name)(error)),
        };
        writer.write_all(&buffer[..read]).map_err(at(&name))?;
        write_sizes(&mut writer, &mut sizes)?;
    }
    writer.try_finish().map_err(at(&name))?;
    write_sizes(&mut writer, &mut sizes)?;
    if let Some(sizes) = &mut sizes {
        sizes.flush().map_err(at(&sizes.name))?;
    }
    // Both files are written. Only the renames remain.
    writer.finish().map_err(at(&name))?.commit()?;
    sizes.map_or(Ok(()), Output::commit)
}

/// Writes the gathered sizes, which would fill the memory on a long stream.
fn write_sizes(writer: &mut Lz4StreamWriter<Output>, sizes: &mut Option<Output>) -> Result<()> {
    let Some(file) = sizes else { return Ok(()) };
    for size in writer.drain_block_sizes() {
        writeln!(file, "{size}").map_err(at(&file.name))?;
    }
    Ok(())
}

fn decompress(args: &Decompress, quiet: bool) -> Result<()> {
    let stream = Source::open(&args.stream)?;
    let mut output = Output::create(&args.output, &stream.inputs)?;
    // On failure, dropping `output` still writes the decoded data to stdout; a file is not replaced.
    stream.decode(quiet || output.on_terminal, |page| {
        let name = &output.name;
        output.file.write_all(page.bytes).map_err(at(name))?;
        if page.is_last_for_now {
            output.file.flush().map_err(at(name))?;
        }
        Ok(())
    })?;
    output.commit()
}

fn info(args: &Info, quiet: bool) -> Result<()> {
    let stream = Source::open(&args.stream)?;
    let mut output = Output::create(Path::new("-"), &stream.inputs)?;
    let input = stream.input.name.clone();
    let (mut blocks, mut bytes) = (0u64, 0);
    let (mut largest, mut smallest) = (0, usize::MAX);
    if args.blocks {
        let titles = format_args!("{:>10} {:>14} {:>10} {:>10}\n", "block", "offset", "bytes", "page");
        output.write_fmt(titles).map_err(at("stdout"))?;
    }
    let stream_len = stream.decode(quiet || args.blocks && output.on_terminal, |page| {
        let len = page.bytes.len();
        if args.blocks {
            let row = format_args!("{blocks:>10} {:>14} {:>10} {len:>10}\n", page.offset, page.block_len);
            output.write_fmt(row).map_err(at("stdout"))?;
        }
        blocks += 1;
        bytes += len as u64;
        (largest, smallest) = (largest.max(len), smallest.min(len));
        Ok(())
    })?;
    let mut print = |what, value: &dyn Display| writeln!(output, "{what:<15} {value}").map_err(at("stdout"));
    print("stream:", &input)?;
    print("blocks:", &blocks)?;
    print("largest page:", &largest)?;
    print("smallest page:", &smallest.min(largest))?;
    print("page bytes:", &bytes)?;
    print("stream bytes:", &stream_len)?;
    if bytes > 0 {
        print("ratio:", &format_args!("{:.3}", bytes as f64 / stream_len as f64))?;
    }
    output.commit()
}

impl Compress {
    fn mode(&self) -> Result<Mode> {
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

impl Format {
    fn check(&self) -> Result<()> {
        if (self.prefix == PrefixWidth::OutOfBand) != self.sizes.is_some() {
            return Err(Failure::Usage("--prefix 0 and --sizes need each other".into()));
        }
        for (option, path) in [("--sizes", &self.sizes), ("--dictionary", &self.dictionary)] {
            let standard = |path: &PathBuf| is_standard(path, "/dev/stdin") || is_standard(path, "/dev/stdout");
            if path.as_ref().is_some_and(standard) {
                return Err(Failure::Usage(format!("{option} needs a file: - is for the stream")));
            }
        }
        Ok(())
    }

    fn byte_order(&self) -> ByteOrder {
        if self.big_endian {
            ByteOrder::Big
        } else {
            ByteOrder::Little
        }
    }

    /// The dictionary, and the file that must not be overwritten.
    fn dictionary(&self) -> Result<(Vec<u8>, Vec<Identity>)> {
        let mut bytes = Vec::new();
        let Some(path) = &self.dictionary else {
            return Ok((bytes, Vec::new()));
        };
        let mut file = Input::open(path)?;
        file.read_to_end(&mut bytes).map_err(at(&file.name))?;
        Ok((bytes, file.identity.into_iter().collect()))
    }
}

/// A stream that is ready to be decoded.
struct Source {
    options: DecompressOptions,
    input: Input,
    sizes: Option<Sizes>,
    /// The files that must not be overwritten.
    inputs: Vec<Identity>,
}

/// A block of a stream and its page.
struct Page<'a> {
    offset: u64,
    /// Including the prefix.
    block_len: u64,
    bytes: &'a [u8],
    /// No more bytes are buffered, so the next page may have to be waited for.
    is_last_for_now: bool,
}

impl Source {
    fn open(stream: &Stream) -> Result<Source> {
        let format = &stream.format;
        format.check()?;
        let mut options = DecompressOptions::new()
            .prefix_width(format.prefix)
            .byte_order(format.byte_order())
            .end_mark(format.end_mark)
            .max_page_size(stream.max_page_size);
        options.decompressor()?; // before any file is touched
        let (dictionary, mut inputs) = format.dictionary()?;
        options = options.dictionary(dictionary);
        let input = Input::open(&format.input)?;
        let sizes = format.sizes.as_deref().map(Input::open).transpose()?;
        inputs.extend(input.identity.iter().cloned());
        inputs.extend(sizes.iter().flat_map(|sizes| &sizes.identity).cloned());
        Ok(Source {
            options,
            input,
            sizes: sizes.map(Sizes::new),
            inputs,
        })
    }

    /// Calls `each` with every page, and returns the length of the stream in bytes.
    fn decode(mut self, quiet: bool, each: impl FnMut(Page) -> Result<()>) -> Result<u64> {
        self.input.show_progress(quiet);
        let input = BufReader::with_capacity(BUFFER, self.input);
        let Some(mut sizes) = self.sizes else {
            return decode(input, self.options.decompressor()?, each);
        };
        let framing = BlockSizes::new(&mut sizes);
        let result = decode(
            input,
            Lz4StreamDecompressor::with_framing(framing, &self.options)?,
            each,
        );
        // A size that cannot be read ends the iterator, and so the stream.
        sizes.problem.map_or(result, Err)
    }
}

fn decode<F: Framing>(
    mut input: BufReader<Input>,
    mut decompressor: Lz4StreamDecompressor<F>,
    mut each: impl FnMut(Page) -> Result<()>,
) -> Result<u64> {
    let name = input.get_ref().name.clone();
    loop {
        let offset = decompressor.total_in();
        // At the end of the sizes nothing is missing, so do not read.
        let mut bytes = match decompressor.missing() {
            0 => &[][..],
            _ => match input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result.map_err(at(&name))?,
            },
        };
        let len = bytes.len();
        let progress = decompressor.feed(&mut bytes).map_err(|error| at(&name)(error.into()))?;
        let used = len - bytes.len();
        match progress {
            Progress::Page(_) => {
                input.consume(used);
                each(Page {
                    offset,
                    block_len: decompressor.total_in() - offset,
                    bytes: decompressor.page(),
                    is_last_for_now: input.buffer().is_empty(),
                })?;
            }
            Progress::NeedMore(_) if len == 0 => {
                decompressor.end_of_input().map_err(|error| at(&name)(error.into()))?;
                break;
            }
            Progress::NeedMore(_) => input.consume(used),
            Progress::End => {
                input.consume(used);
                break;
            }
        }
    }
    let (blocks, end) = (decompressor.blocks(), decompressor.total_in());
    // Bytes can follow an end mark or the last size.
    if input.bytes().next().transpose().map_err(at(&name))?.is_some() {
        let plural = if blocks == 1 { "" } else { "s" };
        let problem =
            format_args!("the stream ends at offset {end}, after {blocks} block{plural}, but more bytes follow");
        return Err(failure(&name, problem));
    }
    Ok(end)
}

/// The lines of a sizes file. Ends at a line that is not a size.
struct Sizes {
    file: BufReader<Input>,
    line: String,
    lines: u64,
    problem: Option<Failure>,
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

/// A file that is read, or stdin.
struct Input {
    name: String,
    file: File,
    identity: Option<Identity>,
    bar: ProgressBar,
    /// When to show the bar; `None` for never.
    show_at: Option<Instant>,
}

impl Input {
    fn open(path: &Path) -> Result<Input> {
        let standard = is_standard(path, "/dev/stdin");
        let name = if standard { "stdin".into() } else { printable(path) };
        let file = if standard { own(&io::stdin()) } else { File::open(path) };
        let file = file.map_err(at(&name))?;
        let identity = identity(&file, path).map_err(at(&name))?;
        Ok(Input {
            name,
            file,
            identity,
            bar: ProgressBar::hidden(),
            show_at: None,
        })
    }

    fn show_progress(&mut self, quiet: bool) {
        if quiet || !io::stderr().is_terminal() {
            return;
        }
        let length = self
            .file
            .metadata()
            .ok()
            .filter(|metadata| metadata.is_file())
            .map(|metadata| metadata.len());
        let style = match length {
            Some(_) => "{wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}",
            None => "{spinner} {binary_bytes} {binary_bytes_per_sec}",
        };
        self.bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden())
            .with_style(ProgressStyle::with_template(style).expect("a valid template"));
        self.show_at = Some(Instant::now() + PATIENCE);
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if self.show_at.is_some_and(|at| Instant::now() >= at) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.show_at = None;
        }
        self.bar.inc(read as u64);
        Ok(read)
    }
}

/// A file that is written, or stdout.
struct Output {
    name: String,
    file: BufWriter<File>,
    /// The file being written, and the file that it finally replaces. `None` where nothing can be replaced: stdout,
    /// devices, pipes.
    temporary: Option<(TempPath, PathBuf)>,
    identity: Option<Identity>,
    on_terminal: bool,
}

impl Output {
    /// Opens the output at `path`, which must be none of the `inputs`.
    fn create(path: &Path, inputs: &[Identity]) -> Result<Output> {
        let standard = is_standard(path, "/dev/stdout");
        let name = if standard { "stdout".into() } else { printable(path) };
        let output = Self::open(path, standard, &name).map_err(at(&name))?;
        if output
            .identity
            .as_ref()
            .is_some_and(|identity| inputs.contains(identity))
        {
            return Err(failure(&name, "is both input and output"));
        }
        Ok(output)
    }

    fn open(path: &Path, standard: bool, name: &str) -> io::Result<Output> {
        // An inherited descriptor may have content already: append to it.
        let is_descriptor = path.starts_with("/dev/fd") || path.starts_with("/proc");
        // An existing file must be writable, although it is not written to yet.
        let existing = if standard {
            Some(own(&io::stdout())?)
        } else {
            match OpenOptions::new().write(true).append(is_descriptor).open(path) {
                Ok(file) => Some(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            }
        };
        let identity = existing
            .as_ref()
            .map(|file| identity(file, path))
            .transpose()?
            .flatten();
        let (file, temporary) = match existing {
            Some(file) if standard || is_descriptor || !file.metadata()?.is_file() => (file, None),
            existing => {
                // Replace the target of a symbolic link, not the link.
                let target = if existing.is_some() {
                    fs::canonicalize(path)?
                } else {
                    absolute(path)?
                };
                let mut builder = tempfile::Builder::new();
                builder.prefix(".lz4s-");
                #[cfg(unix)] // by default only the owner could read it; the umask still applies
                builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
                let folder = target.parent().expect("an absolute path of a file");
                let (file, temporary) = builder.tempfile_in(folder)?.into_parts();
                if let Some(existing) = existing {
                    file.set_permissions(existing.metadata()?.permissions())?;
                }
                (file, Some((temporary, target)))
            }
        };
        Ok(Output {
            name: name.into(),
            on_terminal: file.is_terminal(),
            file: BufWriter::with_capacity(BUFFER, file),
            temporary,
            identity,
        })
    }

    fn is_same(&self, other: &Output) -> bool {
        let target = |output: &Output| output.temporary.as_ref().map(|(_, target)| target.clone());
        self.identity.is_some() && self.identity == other.identity
            || self.temporary.is_some() && target(self) == target(other)
    }

    /// Renames the complete file to its target.
    fn commit(mut self) -> Result<()> {
        self.file.flush().map_err(at(&self.name))?;
        drop(self.file);
        match self.temporary {
            Some((temporary, target)) => temporary.persist(target).map_err(|error| at(&self.name)(error.error)),
            None => Ok(()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn is_standard(path: &Path, device: &str) -> bool {
    path == Path::new("-") || path == Path::new(device)
}

/// The absolute path of a new file in an existing folder.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let folder = path
        .parent()
        .filter(|folder| folder != &Path::new(""))
        .unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(io::ErrorKind::NotFound)?;
    Ok(fs::canonicalize(folder)?.join(name))
}

/// The path for a one-line message.
fn printable(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "?")
}

/// Identifies a regular file.
#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(unix)]
fn identity(file: &File, _path: &Path) -> io::Result<Option<Identity>> {
    use std::os::unix::fs::MetadataExt;

    let metadata = file.metadata()?;
    Ok(metadata.is_file().then(|| (metadata.dev(), metadata.ino())))
}

#[cfg(not(unix))]
fn identity(_file: &File, path: &Path) -> io::Result<Option<Identity>> {
    Ok(fs::canonicalize(path).ok())
}

/// Stdin or stdout as an unbuffered file.
#[cfg(unix)]
fn own(stream: &impl std::os::fd::AsFd) -> io::Result<File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn own(stream: &impl std::os::windows::io::AsHandle) -> io::Result<File> {
    Ok(stream.as_handle().try_clone_to_owned()?.into())
}
