//! LZ4 linked-block streams over the traits of futures-io.

fn main() {}
