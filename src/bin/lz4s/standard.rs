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
    check_open(&file)?;
    Ok(file)
}

pub fn stdout() -> io::Result<File> {
    let file = own(&io::stdout())?;
    check_open(&file)?;
    Ok(file)
}

/// Fails if the descriptor was closed when the program started. Rust's runtime then opens /dev/null for reading and
/// writing in its place, before `main`, so that nothing would fail. Shells open /dev/null for one of the two.
#[cfg(unix)]
fn check_open(file: &File) -> io::Result<()> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use rustix::fs::OFlags;

    let metadata = file.metadata()?;
    let is_null = metadata.file_type().is_char_device()
        && std::fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == metadata.rdev());
    if is_null && rustix::fs::fcntl_getfl(file)? & OFlags::RWMODE == OFlags::RDWR {
        return Err(io::Error::other(
            "is closed (or is /dev/null opened for reading and writing, which looks the same)",
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_open(_file: &File) -> io::Result<()> {
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
