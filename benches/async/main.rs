//! The adapters for tokio against others.

fn main() {}
