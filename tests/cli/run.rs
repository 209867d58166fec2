//! Runs the command.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use tempfile::TempDir;

/// The command, with `folder` as its working directory.
pub fn command(folder: &Path, args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lz4s"));
    command.args(args.split_whitespace()).current_dir(folder);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub fn run(folder: &Path, args: &str) -> Output {
    command(folder, args).output().unwrap()
}

/// Runs the command with `input` as its stdin.
pub fn pipe(folder: &Path, args: &str, input: &[u8]) -> Output {
    let mut child = command(folder, args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // It may exit before it has read everything.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    })
}

/// The stdout of a successful run.
#[track_caller]
pub fn good(output: Output) -> Vec<u8> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    assert_eq!(stderr, "", "no message on success");
    output.stdout
}

/// The one-line message of a run that failed because of its data or files.
#[track_caller]
pub fn bad(output: Output) -> String {
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("lz4s: ") && stderr.ends_with('\n'), "{stderr}");
    stderr
}

/// A folder with a file `text` of `len` bytes that compress to about half.
pub fn folder(len: usize) -> (TempDir, Vec<u8>) {
    let mut seed = 1u32;
    let mut text = Vec::with_capacity(len + 8);
    while text.len() < len {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend_from_slice(&["linked ", "block ", "stream ", "page "][seed as usize >> 30].as_bytes()[..4]);
        text.push((seed >> 8) as u8);
    }
    text.truncate(len);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("text"), &text).unwrap();
    (folder, text)
}

pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap()
}
