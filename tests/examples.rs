//! The examples run, their own assertions hold, and they print something.

#[path = "common/example.rs"]
mod example;

use std::process::Command;

const EXAMPLES: &[&str] = &[
    "dictionary",
    "file",
    "framings",
    "gdsfmt",
    "out_of_band",
    "packets",
    "parallel",
    "seek",
    "tcp",
    "tracy",
    #[cfg(feature = "tokio")]
    "async_proxy",
    #[cfg(feature = "tokio")]
    "async_server",
    #[cfg(feature = "tokio")]
    "futures_io",
    #[cfg(feature = "tokio-util")]
    "async_messages",
];

#[test]
fn examples_run() {
    for name in EXAMPLES {
        let output = Command::new(example::example(name)).output().unwrap();
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_ne!(output.stdout, b"", "{name}");
    }
}
