//! Why the program ends early, and the line that says so.

use std::fmt::Display;
use std::io;
use std::path::Path;

use lz4_stream::Error;

pub enum Failure {
    /// The settings are wrong.
    Usage(String),
    /// The line to print.
    Message(String),
    /// The output pipe was closed. This needs no message.
    ClosedPipe,
}

pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Settings that the library rejects.
impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Usage(error.to_string())
    }
}

pub fn failure(name: &str, problem: impl Display) -> Failure {
    Failure::Message(format!("{name}: {problem}"))
}

/// For `map_err`: puts the file's name before the error.
pub fn at(name: &str) -> impl Fn(io::Error) -> Failure {
    move |error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => failure(name, error),
    }
}

/// The path for a one-line message.
pub fn printable(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "?")
}
