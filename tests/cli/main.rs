//! The command `lz4s`, run as a user or a script runs it.

mod files;
mod index;
mod presets;
mod run;
mod streams;
#[cfg(unix)]
mod unix;

use run::{bad, command, folder, good, names, pipe, read, run};
