//! Stdin and stdout as files without a buffer.

use std::fs::File;
use std::io;
use std::path::Path;

pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdin")
}

pub fn is_stdout(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}

pub fn stdin() -> io::Result<File> {
    let file = own(&io::stdin())?;
    check_open(&file, 0)?;
    Ok(file)
}

pub fn stdout() -> io::Result<File> {
    let file = own(&io::stdout())?;
    check_open(&file, 1)?;
    Ok(file)
}

/// Fails if the descriptor with this number, of which `file` is a copy, was closed when the program started. Rust's
/// runtime then opens /dev/null for reading and writing in its place, before `main`, so that nothing would fail.
///
/// Shells open /dev/null for one of the two. Python's `DEVNULL` is for both, and for that there is no other way than to
/// name /dev/null: the system does not tell who opened a file, and both have the same flags, position and mount, and
/// can stand for several descriptors.
#[cfg(unix)]
fn check_open(file: &File, number: usize) -> io::Result<()> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use rustix::fs::OFlags;

    let metadata = file.metadata()?;
    let is_null = metadata.file_type().is_char_device()
        && std::fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == metadata.rdev());
    if is_null && rustix::fs::fcntl_getfl(file)? & OFlags::RWMODE == OFlags::RDWR {
        let role = ["input", "output"][number];
        let problem = format!(
            "is closed, or is /dev/null opened for reading and writing, which looks the same: name /dev/null as the \
             {role}"
        );
        return Err(io::Error::other(problem));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_open(_file: &File, _number: usize) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn own(stream: &impl std::os::fd::AsFd) -> io::Result<File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn own(stream: &impl std::os::windows::io::AsHandle) -> io::Result<File> {
    Ok(stream.as_handle().try_clone_to_owned()?.into())
}
