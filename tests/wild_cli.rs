//! The presets of `lz4s`, with streams that other programs wrote: see `wild.rs`.

#[allow(dead_code)] // not all of it is used
#[path = "cli/run.rs"]
mod run;

use std::fs;
use std::path::{Path, PathBuf};

use run::{bad, folder, good, pipe, run};

fn wild(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wild").join(name)
}

const WILD: [(&str, &str); 10] = [
    ("tracy", "tracy-one-stream.fast"),
    ("tracy", "tracy-one-stream.extreme"),
    ("tracy", "tracy-four-streams.fast"),
    ("golz4", "golz4-writer-4097"),
    ("golz4", "golz4-compress-reader"),
    ("gdsfmt", "gdsfmt-level2-16k"),
    ("c-example", "c-double-buffer"),
    ("c-ring", "c-ring-buffer"),
    ("c-ring", "c-hc-ring-buffer"),
    ("c-lines", "c-line-by-line"),
];

#[test]
fn presets_read_what_the_programs_wrote() {
    let (dir, _) = folder(0);
    for (preset, name) in WILD {
        let content = fs::read(wild(if preset == "c-lines" {
            "lines.raw"
        } else {
            "content.raw"
        }))
        .unwrap();
        let stream = wild(name);
        let stream = stream.display();
        assert!(
            good(run(dir.path(), &format!("decompress -c --preset {preset} {stream}"))) == content,
            "{name}"
        );
        let info = String::from_utf8(good(run(dir.path(), &format!("info --preset {preset} {stream}")))).unwrap();
        assert!(info.contains(&format!("page bytes:     {}\n", content.len())), "{info}");
    }
}

#[test]
fn damaged_files_of_other_programs() {
    let (dir, _) = folder(0);
    let tracy = fs::read(wild("tracy-four-streams.fast")).unwrap();
    let gdsfmt = fs::read(wild("gdsfmt-level2-16k")).unwrap();
    let with = |bytes: &[u8], at: usize, new: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes[at..at + new.len()].copy_from_slice(new);
        bytes
    };
    for (preset, stream, message) in [
        (
            "tracy",
            tracy[..100].to_vec(),
            "stream 0: block 0 at offset 0: input ends after 90 of the block's",
        ),
        (
            "tracy",
            with(&tracy, 4, &[1]),
            "a Tracy file that is compressed with zstd, not LZ4",
        ),
        ("tracy", with(&tracy, 5, &[0]), "a Tracy file of an unknown kind"),
        ("tracy", tracy[..5].to_vec(), "a Tracy file of an unknown kind"),
        ("gdsfmt", gdsfmt[..19].to_vec(), "gdsfmt data that is cut off"),
        (
            "gdsfmt",
            with(&gdsfmt, 7, &[0]),
            "gdsfmt data that is stored, not compressed (LZ4_RA.min)",
        ),
        (
            "gdsfmt",
            with(&gdsfmt, 8, &[0x10]),
            "gdsfmt data of another version than 1.1",
        ),
        (
            "gdsfmt",
            gdsfmt[..9000].to_vec(),
            "block 0 at offset 0: input ends after 8978 of the block's",
        ),
        ("gdsfmt", gdsfmt[..20].to_vec(), "the blocks end after 0 of 43742 bytes"),
        (
            "gdsfmt",
            with(&gdsfmt, 14, &[9, 0]),
            "block 0 at offset 0: input ends after 7 of the block's",
        ),
    ] {
        let error = bad(pipe(dir.path(), &format!("test --preset {preset}"), &stream));
        assert!(
            error.starts_with(&format!("lz4s: stdin: {message}")),
            "{message}: {error}"
        );
        assert!(!error.contains("use --preset"), "{error}");
    }
}
