//! The files that are read, and the progress bar.

use std::collections::VecDeque;
use std::fs::{File, Metadata};
use std::io::{self, IsTerminal, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lz4_stream::ReadAt;

use crate::failure::{Result, at, printable};
use crate::standard;

/// The size of one read or write.
pub const BUFFER: usize = 64 * 1024;

/// The progress bar appears after this time.
const PATIENCE: Duration = Duration::from_millis(300);

/// How much of the beginning is kept, to find out what is wrong with a stream.
const START: usize = 256 * 1024;

/// A dictionary is the history of the first page: no match reaches further.
const HISTORY: usize = 64 * 1024;

/// A file that is read, or stdin.
pub struct Input {
    pub name: String,
    /// `None` for stdin.
    pub path: Option<PathBuf>,
    file: File,
    pub identity: Option<Identity>,
    /// The first bytes that were read.
    start: Vec<u8>,
    bar: ProgressBar,
    /// When to show the bar; `None` for never.
    show_at: Option<Instant>,
}

impl Input {
    pub fn open(path: &Path) -> Result<Input> {
        let standard = standard::is_stdin(path);
        let name = if standard { "stdin".into() } else { printable(path) };
        let file = if standard { standard::stdin() } else { File::open(path) };
        let file = file.map_err(at(&name))?;
        let identity = identity(&file, path).map_err(at(&name))?;
        Ok(Input {
            name,
            path: (!standard).then(|| path.to_path_buf()),
            file,
            identity,
            start: Vec::new(),
            bar: ProgressBar::hidden(),
            show_at: None,
        })
    }

    /// What a new output file has in common with this one, if this is a regular file.
    pub fn metadata(&self) -> Option<Metadata> {
        self.file.metadata().ok().filter(Metadata::is_file)
    }

    pub fn is_terminal(&self) -> bool {
        self.file.is_terminal()
    }

    /// The first bytes of the input, and whether they are all of it. Reads on if that cannot block.
    pub fn start(&mut self) -> (&[u8], bool) {
        let mut complete = false;
        if self.metadata().is_some() {
            let room = START - self.start.len();
            let mut file = (&self.file).take(room as u64);
            complete = file.read_to_end(&mut self.start).is_ok_and(|read| read < room);
        }
        (&self.start, complete)
    }

    /// Whether this is a regular file that begins with these bytes. Reads nothing.
    pub fn begins_with(&self, magic: &[u8]) -> bool {
        let mut start = vec![0; magic.len()];
        self.metadata().is_some() && self.file.read_at(&mut start, 0).is_ok() && start == magic
    }

    /// The file itself, at the place up to which it was read.
    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn show_progress(&mut self, quiet: bool) {
        if quiet || !io::stderr().is_terminal() {
            return;
        }
        let length = self.metadata().map(|metadata| metadata.len());
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
        let kept = read.min(START - self.start.len());
        self.start.extend_from_slice(&buffer[..kept]);
        if self.show_at.is_some_and(|at| Instant::now() >= at) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.show_at = None;
        }
        self.bar.inc(read as u64);
        Ok(read)
    }
}

/// The last 64 KiB of a file, and its identity.
pub fn dictionary(path: &Path) -> Result<(Vec<u8>, Option<Identity>)> {
    let mut input = Input::open(path)?;
    let name = input.name.clone();
    // What comes before need not be read, where that is possible.
    let skip = input
        .metadata()
        .map_or(0, |metadata| metadata.len().saturating_sub(HISTORY as u64));
    if skip > 0 {
        input.file.seek(SeekFrom::Start(skip)).map_err(at(&name))?;
    }
    let mut last = VecDeque::with_capacity(2 * HISTORY);
    let mut buffer = vec![0; HISTORY];
    loop {
        match input.file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => last.extend(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(at(&name)(error)),
        }
        last.drain(..last.len().saturating_sub(HISTORY));
    }
    Ok((last.into(), input.identity))
}

/// Identifies a regular file.
#[cfg(unix)]
pub type Identity = (u64, u64);
#[cfg(not(unix))]
pub type Identity = PathBuf;

#[cfg(unix)]
pub fn identity(file: &File, _path: &Path) -> io::Result<Option<Identity>> {
    use std::os::unix::fs::MetadataExt;

    let metadata = file.metadata()?;
    Ok(metadata.is_file().then(|| (metadata.dev(), metadata.ino())))
}

#[cfg(not(unix))]
pub fn identity(_file: &File, path: &Path) -> io::Result<Option<Identity>> {
    Ok(std::fs::canonicalize(path).ok())
}
