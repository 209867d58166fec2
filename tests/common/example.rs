//! Builds the examples, for the tests that run them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The folder of the examples, built with the same profile as this test. Cargo builds the examples before it runs all
/// tests of a package, but not for `--tests` or `--test cli`.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--examples", "--manifest-path"]);
    cargo.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    cargo.args(if profile.ends_with("release") {
        ["--profile", "bench"]
    } else {
        ["--profile", "test"]
    });
    for (feature, is_on) in [
        ("lz4_flex", cfg!(feature = "lz4_flex")),
        ("tokio", cfg!(feature = "tokio")),
        ("tokio-util", cfg!(feature = "tokio-util")),
    ] {
        if is_on {
            cargo.args(["--features", feature]);
        }
    }
    assert!(cargo.status().unwrap().success(), "the examples do not build");
    profile.join("examples")
});

/// The executable of an example.
pub fn example(name: &str) -> PathBuf {
    FOLDER.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
