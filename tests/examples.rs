//! The examples run, find their own assertions true, and say something.

use std::process::Command;

/// `lz4s` has `cli.rs`.
const EXAMPLES: [&str; 5] = ["dictionary", "file", "out_of_band", "packets", "tcp"];

#[test]
fn examples_run() {
    let test = std::env::current_exe().unwrap();
    let examples = test.parent().unwrap().parent().unwrap().join("examples");
    for name in EXAMPLES {
        let program = examples.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        assert!(program.exists(), "no {}: cargo build --examples", program.display());
        let output = Command::new(program).output().unwrap();
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_ne!(output.stdout, b"", "{name}");
    }
}
