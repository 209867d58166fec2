//! Sources that are read at an offset.

use std::io;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// A source that can be read at any offset without a position of its own, so that threads can share it.
///
/// Implemented for bytes in memory, for `File` on Unix and Windows, and for references and smart pointers to a source.
/// For a memory map, pass its slice.
///
/// ```
/// use lz4_stream::ReadAt;
///
/// let mut out = [0; 3];
/// assert_eq!(b"hello"[..].read_at(&mut out, 3)?, 2);
/// assert_eq!(b"hello"[..].read_at(&mut out, 9)?, 0);
/// assert_eq!(&out[..2], b"lo");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait ReadAt {
    /// Reads up to `out.len()` bytes from `offset` on, and returns how many were read: 0 only at the end and after it,
    /// or when `out` is empty.
    ///
    /// # Errors
    /// Those of the source. Then nothing was read.
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl ReadAt for [u8] {
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..));
        let rest = rest.unwrap_or(&[]);
        let n = rest.len().min(out.len());
        out[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}

impl<const N: usize> ReadAt for [u8; N] {
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        self[..].read_at(out, offset)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        self[..].read_at(out, offset)
    }
}

#[cfg(unix)]
impl ReadAt for std::fs::File {
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, out, offset)
    }
}

/// Moves the file's own position.
#[cfg(windows)]
impl ReadAt for std::fs::File {
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, out, offset)
    }
}

macro_rules! forwarded {
    ($($Pointer:ty),*) => {$(
        impl<S: ReadAt + ?Sized> ReadAt for $Pointer {
            fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
                self.deref().read_at(out, offset)
            }
        }
    )*};
}

forwarded!(&S, Box<S>, Rc<S>, Arc<S>);
