//! LZ4 linked-block streams with tokio.

fn main() {}
