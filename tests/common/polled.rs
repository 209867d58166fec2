//! Inner readers and writers for tokio that do everything their traits allow, at the worst times; and futures that are
//! dropped after each poll.
#![allow(dead_code, missing_docs)] // no test uses all of it

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::common::Random;

/// What one poll does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Moves at most this many bytes.
    Bytes(usize),
    /// Is not ready, and wakes the task at once.
    Pending,
    Fails(ErrorKind),
    Panics,
}

/// A random script: short moves, and between them errors and polls that change nothing.
pub fn acts(seed: u64, count: usize) -> VecDeque<Act> {
    let mut random = Random::new(seed);
    (0..count)
        .map(|_| match random.below(7) {
            0 => Act::Fails(ErrorKind::Interrupted),
            1 => Act::Fails(ErrorKind::TimedOut),
            2 | 3 => Act::Pending,
            4 => Act::Bytes(1),
            _ => Act::Bytes(1 + random.below(40)),
        })
        .collect()
}

/// Reads from `data` and writes to `taken`. Follows `script` in every poll, and then works without faults.
#[derive(Debug, Default)]
pub struct Polled {
    pub data: Vec<u8>,
    pub read: usize,
    pub taken: Vec<u8>,
    pub script: VecDeque<Act>,
    pub polls: usize,
    pub flushes: usize,
    pub shutdowns: usize,
}

impl Polled {
    pub fn writer(script: impl IntoIterator<Item = Act>) -> Polled {
        Polled {
            script: script.into_iter().collect(),
            ..Polled::default()
        }
    }

    pub fn reader(data: &[u8], script: impl IntoIterator<Item = Act>) -> Polled {
        Polled {
            data: data.to_vec(),
            script: script.into_iter().collect(),
            ..Polled::default()
        }
    }

    /// How many bytes this poll may move.
    fn act(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.polls += 1;
        match self.script.pop_front() {
            None => Poll::Ready(Ok(usize::MAX)),
            Some(Act::Bytes(n)) => Poll::Ready(Ok(n)),
            Some(Act::Fails(kind)) => Poll::Ready(Err(kind.into())),
            Some(Act::Pending) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Act::Panics) => panic!("as the script says"),
        }
    }
}

impl AsyncRead for Polled {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.act(cx).map_ok(|most| {
            let n = most.min(out.remaining()).min(self.data.len() - self.read);
            out.put_slice(&self.data[self.read..][..n]);
            self.read += n;
        })
    }
}

impl AsyncWrite for Polled {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        assert_ne!(bytes, b"", "nothing to write");
        self.act(cx).map_ok(|most| {
            let n = most.min(bytes.len());
            self.taken.extend_from_slice(&bytes[..n]);
            n
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.act(cx).map_ok(|_| self.flushes += 1)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.act(cx).map_ok(|_| self.shutdowns += 1)
    }
}

/// Polls a future once and drops it. If it was not ready, it must have arranged to be polled again.
pub fn once<T>(future: impl Future<Output = T>) -> Poll<T> {
    let mut task = tokio_test::task::spawn(future);
    let result = task.poll();
    assert!(result.is_ready() || task.is_woken(), "nothing will wake the task");
    result
}

/// Calls `poll` until it is ready without an error. Errors must be those of the script.
pub fn until_ready<T>(mut poll: impl FnMut() -> Poll<io::Result<T>>) -> T {
    loop {
        match poll() {
            Poll::Ready(Ok(value)) => return value,
            Poll::Ready(Err(error)) => assert!(lz4_stream::Error::from_io(&error).is_none(), "{error}"),
            Poll::Pending => {}
        }
    }
}
