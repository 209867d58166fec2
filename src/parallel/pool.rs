//! Threads that work on jobs and return them in the order in which they were submitted. The caller's thread is one of
//! them: it works whenever it would wait.

use std::collections::VecDeque;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::{fmt, mem};

/// The other threads are started when there is work for them, or [before](Self::start). They end with the pool.
pub(super) struct Pool<J> {
    shared: Arc<Shared<J>>,
    workers: Vec<JoinHandle<()>>,
    /// How many workers there may be.
    most: usize,
    /// The number of the next job to submit, and of the next one to return.
    submitted: u64,
    returned: u64,
}

struct Shared<J> {
    work: fn(&mut J),
    queue: Mutex<Queue<J>>,
    /// There is a job to do, or the pool is closed.
    todo: Condvar,
    /// A job is done.
    done: Condvar,
}

struct Queue<J> {
    todo: VecDeque<(u64, J)>,
    done: Vec<Done<J>>,
    /// How many threads wait for a job.
    idle: usize,
    closed: bool,
}

struct Done<J> {
    number: u64,
    job: J,
    panicked: bool,
}

/// The work on a job panicked.
#[derive(Debug)]
pub(super) struct Panicked;

/// Does `work`, and catches a panic of it.
pub(super) fn catch(work: impl FnOnce()) -> Result<(), Panicked> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        // It may panic when it is dropped.
        mem::forget(payload);
        Panicked
    })
}

impl<J: Send + 'static> Pool<J> {
    /// A pool of at most this many threads, the caller's among them, that do `work` on each job.
    pub(super) fn new(threads: usize, work: fn(&mut J)) -> Self {
        let queue = Queue {
            todo: VecDeque::new(),
            done: Vec::new(),
            idle: 0,
            closed: false,
        };
        Pool {
            shared: Arc::new(Shared {
                work,
                queue: Mutex::new(queue),
                todo: Condvar::new(),
                done: Condvar::new(),
            }),
            workers: Vec::new(),
            most: threads - 1,
            submitted: 0,
            returned: 0,
        }
    }

    /// Starts all threads.
    pub(super) fn start(&mut self) -> io::Result<()> {
        while self.workers.len() < self.most {
            self.start_one()?;
        }
        Ok(())
    }

    fn start_one(&mut self) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new().name("lz4-stream".into());
        self.workers.push(thread.spawn(move || shared.run())?);
        Ok(())
    }

    /// Has a job done by whichever thread is free first.
    pub(super) fn submit(&mut self, job: J) {
        if self.workers.len() < self.most && self.shared.lock().needs_threads() && self.start_one().is_err() {
            // Those there are do the work.
            self.most = self.workers.len();
        }
        self.shared.lock().todo.push_back((self.submitted, job));
        self.submitted += 1;
        self.shared.todo.notify_one();
    }

    /// Gives a job that was done elsewhere its place among the others.
    pub(super) fn submit_done(&mut self, job: J) {
        self.shared.lock().done.push(Done {
            number: self.submitted,
            job,
            panicked: false,
        });
        self.submitted += 1;
    }

    /// The oldest job, if it is done.
    pub(super) fn try_next(&mut self) -> Option<Result<J, Panicked>> {
        if self.len() == 0 {
            return None;
        }
        let done = self.shared.lock().take(self.returned)?;
        Some(self.returning(done))
    }

    /// The oldest job, once it is done. `None` if there is none. Until then, this thread works on the jobs that no
    /// other one has begun.
    pub(super) fn next(&mut self) -> Option<Result<J, Panicked>> {
        if self.len() == 0 {
            return None;
        }
        let mut queue = self.shared.lock();
        let done = loop {
            if let Some(done) = queue.take(self.returned) {
                break done;
            }
            queue = match queue.todo.pop_front() {
                Some((number, job)) => self.shared.work_on(queue, number, job),
                None => self.shared.done.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        };
        drop(queue);
        Some(self.returning(done))
    }

    fn returning(&mut self, done: Done<J>) -> Result<J, Panicked> {
        self.returned += 1;
        if done.panicked { Err(Panicked) } else { Ok(done.job) }
    }
}

impl<J> Pool<J> {
    /// How many threads there may be, the caller's among them.
    pub(super) fn threads(&self) -> usize {
        self.most + 1
    }

    /// How many jobs were submitted and not yet returned.
    pub(super) fn len(&self) -> usize {
        (self.submitted - self.returned) as usize
    }
}

impl<J> Queue<J> {
    /// Whether every idle thread has a job waiting for it.
    fn needs_threads(&self) -> bool {
        self.idle <= self.todo.len()
    }

    fn take(&mut self, number: u64) -> Option<Done<J>> {
        let at = self.done.iter().position(|done| done.number == number)?;
        Some(self.done.swap_remove(at))
    }
}

impl<J> Shared<J> {
    /// Nothing panics under the lock.
    fn lock(&self) -> MutexGuard<'_, Queue<J>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a worker does.
    fn run(&self) {
        let mut queue = self.lock();
        while !queue.closed {
            let Some((number, job)) = queue.todo.pop_front() else {
                queue.idle += 1;
                queue = self.todo.wait(queue).unwrap_or_else(PoisonError::into_inner);
                queue.idle -= 1;
                continue;
            };
            queue = self.work_on(queue, number, job);
            self.done.notify_one();
        }
    }

    /// Does a job, without the lock.
    fn work_on<'a>(&'a self, queue: MutexGuard<'a, Queue<J>>, number: u64, mut job: J) -> MutexGuard<'a, Queue<J>> {
        drop(queue);
        let panicked = catch(|| (self.work)(&mut job)).is_err();
        let mut queue = self.lock();
        queue.done.push(Done { number, job, panicked });
        queue
    }
}

/// Waits until the threads have ended. Jobs that were not begun are dropped.
impl<J> Drop for Pool<J> {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        let todo = mem::take(&mut queue.todo);
        drop(queue);
        drop(todo);
        self.shared.todo.notify_all();
        for worker in self.workers.drain(..) {
            // It has not panicked: it catches all panics.
            let _ = worker.join();
        }
    }
}

impl<J> fmt::Debug for Pool<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("most", &self.most)
            .field("started", &self.workers.len())
            .field("jobs", &(self.submitted - self.returned))
            .finish()
    }
}
