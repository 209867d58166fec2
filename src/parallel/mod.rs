//! The adapters that use several threads.
//!
//! * `pool`: threads that work on jobs, and return them in order.
//! * `writer`: [`Lz4StreamParallelWriter`].

mod pool;
mod writer;

pub use writer::Lz4StreamParallelWriter;
