//! Readers and writers that do everything their traits allow, at the worst moment.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use super::Random;

/// What a scripted reader or writer does on one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Moves at most this many bytes.
    Bytes(usize),
    Fails(ErrorKind),
}

/// A random script: short moves, with errors that leave everything as it was between them.
pub fn script(seed: u64, steps: usize) -> VecDeque<Step> {
    let mut random = Random::new(seed);
    (0..steps)
        .map(|_| match random.below(6) {
            0 => Step::Fails(ErrorKind::Interrupted),
            1 => Step::Fails(ErrorKind::WouldBlock),
            2 => Step::Fails(ErrorKind::TimedOut),
            3 => Step::Bytes(1),
            _ => Step::Bytes(1 + random.below(40)),
        })
        .collect()
}

/// A reader over `data` that follows `script`, and then goes on without a fault.
#[derive(Debug, Clone)]
pub struct ScriptedReader<'a> {
    pub data: &'a [u8],
    pub script: VecDeque<Step>,
    pub calls: usize,
}

impl<'a> ScriptedReader<'a> {
    pub fn new(data: &'a [u8], script: impl IntoIterator<Item = Step>) -> Self {
        ScriptedReader {
            data,
            script: script.into_iter().collect(),
            calls: 0,
        }
    }
}

impl Read for ScriptedReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        let most = match self.script.pop_front() {
            Some(Step::Fails(kind)) => return Err(kind.into()),
            Some(Step::Bytes(n)) => n,
            None => usize::MAX,
        };
        let most = most.min(out.len());
        self.data.read(&mut out[..most])
    }
}

/// A writer that takes `room` bytes in moves of at most `most`, and then fails with `kind` (`WriteZero`: returns
/// `Ok(0)`).
#[derive(Debug)]
pub struct FailingWriter {
    pub taken: Vec<u8>,
    pub room: usize,
    pub most: usize,
    pub kind: ErrorKind,
    pub calls: usize,
    pub flushes: usize,
}

impl FailingWriter {
    pub fn new(room: usize, most: usize, kind: ErrorKind) -> Self {
        FailingWriter {
            taken: Vec::new(),
            room,
            most,
            kind,
            calls: 0,
            flushes: 0,
        }
    }
}

impl Write for FailingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls % 3 == 2 {
            return Err(ErrorKind::Interrupted.into());
        }
        let n = bytes.len().min(self.most).min(self.room - self.taken.len());
        if n == 0 && !bytes.is_empty() {
            return match self.kind {
                ErrorKind::WriteZero => Ok(0),
                kind => Err(kind.into()),
            };
        }
        self.taken.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushes += 1;
        Ok(())
    }
}
