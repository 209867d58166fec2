//! Adapters that use several threads.

mod reader;

pub use reader::Lz4StreamParallelReader;
