//! The temporary files, which a signal removes.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{Builder, TempPath};

/// The temporary files that exist. Locked while one is made, renamed or removed, so that a signal in between cannot
/// miss it.
static FILES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn files() -> MutexGuard<'static, Vec<PathBuf>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A temporary file, removed when dropped and by signals.
pub struct Temporary {
    path: Option<TempPath>,
}

impl Temporary {
    pub fn create(builder: &Builder, folder: &Path) -> io::Result<(File, Temporary)> {
        watch();
        let mut files = files();
        let (file, path) = builder.tempfile_in(folder)?.into_parts();
        files.push(path.to_path_buf());
        Ok((file, Temporary { path: Some(path) }))
    }

    /// Renames the file. Returns it with the error if that fails. An existing target is replaced only on request.
    pub fn rename(mut self, target: &Path, replace: bool) -> Result<(), (io::Error, Temporary)> {
        let Some(path) = self.path.take() else { return Ok(()) };
        let mut files = files();
        let old = path.to_path_buf();
        let result = if replace {
            path.persist(target)
        } else {
            path.persist_noclobber(target)
        };
        match result {
            Ok(()) => {
                files.retain(|file| *file != old);
                Ok(())
            }
            Err(error) => {
                self.path = Some(error.path);
                Err((error.error, self))
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(""))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            let mut files = files();
            files.retain(|file| *file != *path);
            drop(path);
        }
    }
}

/// Removes the temporary files on a signal that ends the program, and then lets it end the program.
#[cfg(unix)]
fn watch() {
    use std::sync::Once;
    use std::{fs, thread};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A signal that is ignored, as nohup and a shell's background jobs have it, must stay ignored.
        let ignored = ignored_signals();
        let wanted = [SIGHUP, SIGINT, SIGTERM]
            .into_iter()
            .filter(|signal| ignored >> (signal - 1) & 1 == 0);
        // Without a handler, the program works as well; only a hidden file can remain.
        let Ok(mut signals) = Signals::new(wanted) else { return };
        let _ = thread::Builder::new().spawn(move || {
            for signal in signals.forever() {
                let files = files();
                for file in files.iter() {
                    let _ = fs::remove_file(file);
                }
                // The lock is held to the end, so that no file follows.
                let _ = emulate_default_handler(signal);
            }
        });
    });
}

#[cfg(not(unix))]
fn watch() {}

/// The signals that are ignored, as bits: 0 for SIGHUP (1). Known on Linux only.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
            u64::from_str_radix(line.trim(), 16).ok()
        })
        .unwrap_or(0)
}
