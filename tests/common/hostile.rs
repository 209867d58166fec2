//! Readers and writers that do everything their traits allow, at the worst times.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use super::Random;

/// The behaviour of a scripted reader or writer on one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Moves at most this many bytes.
    Bytes(usize),
    Fails(ErrorKind),
}

/// A random script: short moves, and between them errors that change nothing.
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

/// A reader over `data` that follows `script`, and then works without faults.
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

/// A writer that follows `script`, and then works without faults. `Bytes(n)` takes `n` bytes, in one call or several;
/// `Bytes(0)` takes none. `WriteZero` returns `Ok(0)`.
#[derive(Debug, Clone)]
pub struct ScriptedWriter {
    pub taken: Vec<u8>,
    pub script: VecDeque<Step>,
}

impl ScriptedWriter {
    pub fn new(script: impl IntoIterator<Item = Step>) -> Self {
        ScriptedWriter {
            taken: Vec::new(),
            script: script.into_iter().collect(),
        }
    }
}

impl Write for ScriptedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        while self.script.front() == Some(&Step::Bytes(0)) {
            self.script.pop_front();
        }
        let most = match self.script.front_mut() {
            Some(Step::Fails(ErrorKind::WriteZero)) => {
                self.script.pop_front();
                0
            }
            Some(&mut Step::Fails(kind)) => {
                self.script.pop_front();
                return Err(kind.into());
            }
            Some(Step::Bytes(left)) => {
                let most = (*left).min(bytes.len());
                *left -= most;
                most
            }
            None => bytes.len(),
        };
        self.taken.extend_from_slice(&bytes[..most]);
        Ok(most)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
