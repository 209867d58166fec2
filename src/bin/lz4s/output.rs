//! The files that are written: complete, or not at all, wherever the folder allows it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result, at, failure, printable};
use crate::input::{BUFFER, Identity, identity};
use crate::signals::Temporary;
use crate::standard;

/// What an output may do, and what it has in common with its input.
pub struct Rules<'a> {
    /// The files that must not be overwritten.
    pub inputs: &'a [Identity],
    /// Replace existing files.
    pub force: bool,
    /// The input, whose mode a new file gets.
    pub like: Option<Metadata>,
    /// A new file also gets the owner and the time of its input.
    pub beside: bool,
}

/// A file that is written, or stdout.
pub struct Output {
    pub name: String,
    file: BufWriter<Writer>,
    /// `None` if the bytes go to the open file itself: stdout, a device, a pipe, or a file that cannot be replaced.
    replacement: Option<Replacement>,
    identity: Option<Identity>,
    pub on_terminal: bool,
    /// A regular file that was opened by its name.
    pub is_file: bool,
}

/// What a complete temporary file replaces.
struct Replacement {
    temporary: Temporary,
    target: PathBuf,
    existing: Option<File>,
    /// For a target that does not exist yet, see [`Rules`].
    like: Option<Metadata>,
    beside: bool,
    force: bool,
}

/// A file that loses its content with the first write.
struct Writer {
    file: File,
    truncate: bool,
}

impl Writer {
    fn start(&mut self) -> io::Result<()> {
        if self.truncate {
            self.file.set_len(0)?;
            self.truncate = false;
        }
        Ok(())
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.start()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Output {
    /// Opens the output at `path`; `-` is stdout.
    pub fn create(path: &Path, rules: Rules) -> Result<Output> {
        let standard = standard::is_stdout(path);
        let name = if standard { "stdout".into() } else { printable(path) };
        let inputs = rules.inputs;
        // Whatever else is wrong with it: this is the better message.
        if !standard && fs::metadata(path).is_ok_and(|there| there.is_file()) {
            let same = File::open(path).and_then(|file| identity(&file, path));
            if same.is_ok_and(|same| same.is_some_and(|same| inputs.contains(&same))) {
                return Err(both(&name));
            }
        }
        let output = Self::open(path, standard, &name, rules).map_err(at(&name))?;
        if output
            .identity
            .as_ref()
            .is_some_and(|identity| inputs.contains(identity))
        {
            return Err(both(&name));
        }
        Ok(output)
    }

    fn open(path: &Path, standard: bool, name: &str, rules: Rules) -> io::Result<Output> {
        // An inherited descriptor may have content already: append to it.
        let is_descriptor = path.starts_with("/dev/fd") || path.starts_with("/proc");
        // An existing file must be writable, although it is not written to yet.
        let existing = if standard {
            Some(standard::stdout()?)
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
        let (file, replacement) = match existing {
            Some(file) if standard || is_descriptor || !file.metadata()?.is_file() => (file, None),
            existing => {
                if existing.is_some() && !rules.force {
                    return Err(io::Error::other("the file exists; use --force to replace it"));
                }
                Self::replace(path, existing, rules)?
            }
        };
        let truncate = replacement.is_none() && !standard && !is_descriptor && identity.is_some();
        Ok(Output {
            name: name.into(),
            on_terminal: file.is_terminal(),
            is_file: replacement.is_some() || truncate,
            file: BufWriter::with_capacity(BUFFER, Writer { file, truncate }),
            replacement,
            identity,
        })
    }

    fn replace(path: &Path, existing: Option<File>, rules: Rules) -> io::Result<(File, Option<Replacement>)> {
        // Replace the target of a symbolic link, not the link.
        let target = if existing.is_some() {
            fs::canonicalize(path)?
        } else {
            new_target(path)?
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".lz4s-");
        #[cfg(unix)]
        if existing.is_none() && rules.like.is_none() {
            // By default only the owner could read it; the umask still applies.
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        }
        let folder = target.parent().expect("an absolute path of a file");
        match (Temporary::create(&builder, folder), existing) {
            (Ok((file, temporary)), existing) => Ok((
                file,
                Some(Replacement {
                    temporary,
                    target,
                    existing,
                    like: rules.like,
                    beside: rules.beside,
                    force: rules.force,
                }),
            )),
            (Err(error), Some(existing)) if is_refused(&error) => Ok((existing, None)),
            (Err(error), _) => Err(error),
        }
    }

    /// Compressed data on a terminal is of no use.
    pub fn refuse_terminal(&self, force: bool) -> Result<()> {
        if self.on_terminal && !force {
            return Err(Failure::Usage(format!(
                "{} is a terminal: use --output FILE, or --force to write compressed data to it",
                self.name
            )));
        }
        Ok(())
    }

    pub fn is_same(&self, other: &Output) -> bool {
        let target = |output: &Output| output.replacement.as_ref().map(|new| new.target.clone());
        self.identity.is_some() && self.identity == other.identity
            || target(self).is_some() && target(self) == target(other)
    }

    /// Puts the complete file in its place.
    pub fn commit(self) -> Result<()> {
        let name = self.name.clone();
        self.put().map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => failure(&name, "the file exists; use --force to replace it"),
            _ => at(&name)(error),
        })
    }

    fn put(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_mut().start()?;
        let Some(replacement) = self.replacement else {
            return Ok(());
        };
        let Replacement { existing, like, .. } = &replacement;
        let file = &self.file.get_ref().file;
        match (existing, like) {
            (Some(existing), _) => take_over(file, &existing.metadata()?)?,
            (None, Some(like)) => imitate(file, like, replacement.beside)?,
            (None, None) => {}
        }
        let target = &replacement.target;
        match (
            replacement.temporary.rename(target, replacement.force),
            replacement.existing,
        ) {
            (Ok(()), _) => Ok(()),
            (Err((error, temporary)), Some(mut existing)) if is_refused(&error) => {
                let mut complete = File::open(temporary.path())?;
                existing.set_len(0)?;
                io::copy(&mut complete, &mut existing).map(drop)
            }
            (Err((error, _)), _) => Err(error),
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

fn both(name: &str) -> Failure {
    failure(name, "is both input and output")
}

/// Whether the folder does not allow it, although the file itself may be writable.
fn is_refused(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::ResourceBusy
    )
}

/// Gives `file` the owner, group and mode of the file that it replaces.
#[cfg(unix)]
fn take_over(file: &File, existing: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let kept = own(file, existing);
    // With another owner or group, these bits would lend the wrong rights.
    let mode = existing.mode() & if kept { 0o7777 } else { 0o777 };
    file.set_permissions(fs::Permissions::from_mode(mode))
}

/// Gives a new `file` the mode of its input, and the owner and time too if it lies beside it.
#[cfg(unix)]
fn imitate(file: &File, input: &Metadata, beside: bool) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    if beside {
        own(file, input);
        if let Ok(time) = input.modified() {
            let _ = file.set_modified(time);
        }
    }
    file.set_permissions(fs::Permissions::from_mode(input.mode() & 0o777))
}

/// Gives `file` the owner and group of `model`, or at least the group. Returns whether it has both.
#[cfg(unix)]
fn own(file: &File, model: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt, fchown};

    let (uid, gid) = (model.uid(), model.gid());
    let has_both = |file: &File| file.metadata().is_ok_and(|now| (now.uid(), now.gid()) == (uid, gid));
    if !has_both(file) && fchown(file, Some(uid), Some(gid)).is_err() {
        let _ = fchown(file, None, Some(gid));
    }
    has_both(file)
}

#[cfg(not(unix))]
fn take_over(file: &File, existing: &Metadata) -> io::Result<()> {
    file.set_permissions(existing.permissions())
}

#[cfg(not(unix))]
fn imitate(file: &File, input: &Metadata, beside: bool) -> io::Result<()> {
    if let (true, Ok(time)) = (beside, input.modified()) {
        let _ = file.set_modified(time);
    }
    Ok(())
}

/// The absolute path of a new file in an existing folder. Follows links to files that do not exist.
fn new_target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    // As many as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => return absolute(&path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

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
