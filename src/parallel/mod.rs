//! The adapters that use several threads.
//!
//! * `pool`: threads that work on jobs, and return them in order.
//! * `writer`: [`Lz4StreamParallelWriter`].
//! * `reader`: [`Lz4StreamParallelReader`].

mod pool;
mod reader;
mod writer;

pub use reader::Lz4StreamParallelReader;
pub use writer::Lz4StreamParallelWriter;
