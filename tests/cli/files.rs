//! Which files are read and written.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use crate::{bad, command, folder, good, names, pipe, read, run};

#[test]
fn outputs_lie_beside_inputs() {
    let (dir, text) = folder(100_000);
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("sub/b.c"), "other").unwrap();
    assert_eq!(good(run(dir.path(), "compress text sub/b.c")), b"");
    assert_eq!(names(dir.path()), ["sub", "text", "text.lz4s"]);
    assert_eq!(names(&dir.path().join("sub")), ["b.c", "b.c.lz4s"]);

    fs::remove_file(dir.path().join("text")).unwrap();
    fs::remove_file(dir.path().join("sub/b.c")).unwrap();
    assert_eq!(good(run(dir.path(), "decompress text.lz4s ./sub/b.c.lz4s")), b"");
    assert!(read(dir.path(), "text") == text);
    assert_eq!(read(dir.path(), "sub/b.c"), b"other");
    assert_eq!(names(dir.path()), ["sub", "text", "text.lz4s"]);
}

#[test]
fn names_without_the_extension_need_an_output() {
    let (dir, text) = folder(1000);
    good(run(dir.path(), "compress text"));
    let error = bad(run(dir.path(), "compress text.lz4s"));
    assert!(
        error.starts_with("lz4s: text.lz4s: already ends in .lz4s; use --output FILE"),
        "{error}"
    );
    fs::rename(dir.path().join("text.lz4s"), dir.path().join("other")).unwrap();
    fs::write(dir.path().join(".lz4s"), "").unwrap();
    for name in ["other", ".lz4s"] {
        let error = bad(run(dir.path(), &format!("decompress {name}")));
        let message = format!("lz4s: {name}: does not end in .lz4s; use --output FILE, or --stdout");
        assert!(error.starts_with(&message), "{error}");
    }
    assert_eq!(names(dir.path()), [".lz4s", "other", "text"]);
    assert!(good(run(dir.path(), "decompress other -c")) == text);
}

#[test]
fn existing_files_are_replaced_only_with_force() {
    let (dir, text) = folder(1000);
    good(run(dir.path(), "compress text -o stream"));
    fs::copy(dir.path().join("stream"), dir.path().join("old.lz4s")).unwrap();
    fs::write(dir.path().join("old"), "old").unwrap();
    fs::write(dir.path().join("text.lz4s"), "old").unwrap();
    for (args, name) in [
        ("compress text", "text.lz4s"),
        ("compress text -o old", "old"),
        ("decompress stream -o old", "old"),
        ("decompress old.lz4s", "old"),
        ("compress --prefix 0 --sizes old text -o new", "old"),
    ] {
        let error = bad(run(dir.path(), args));
        assert_eq!(
            error,
            format!("lz4s: {name}: the file exists; use --force to replace it\n")
        );
        assert_eq!(names(dir.path()), ["old", "old.lz4s", "stream", "text", "text.lz4s"]);
        assert_eq!(read(dir.path(), "old"), b"old");
        assert_eq!(read(dir.path(), "text.lz4s"), b"old");
    }
    good(run(dir.path(), "compress -f text"));
    assert!(read(dir.path(), "text.lz4s") == read(dir.path(), "stream"));
    good(run(dir.path(), "decompress old.lz4s --force"));
    assert!(read(dir.path(), "old") == text);
}

/// A file that appears while the stream is made is not replaced either.
#[test]
fn a_file_that_appears_later_is_kept() {
    let (dir, _) = folder(0);
    let mut child = command(dir.path(), "compress -o new")
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while names(dir.path()).len() < 2 {
        std::thread::yield_now();
    }
    fs::write(dir.path().join("new"), "precious").unwrap();
    drop(child.stdin.take());
    let error = bad(child.wait_with_output().unwrap());
    assert_eq!(error, "lz4s: new: the file exists; use --force to replace it\n");
    assert_eq!(read(dir.path(), "new"), b"precious");
    assert_eq!(names(dir.path()), ["new", "text"]);
}

#[test]
fn the_other_inputs_follow_one_that_fails() {
    let (dir, text) = folder(1000);
    good(run(dir.path(), "compress text -o a.lz4s"));
    fs::copy(dir.path().join("a.lz4s"), dir.path().join("c.lz4s")).unwrap();
    fs::write(dir.path().join("b.lz4s"), "damage").unwrap();
    for command in ["decompress", "test", "info"] {
        let output = run(dir.path(), &format!("{command} a.lz4s b.lz4s nofile.lz4s c.lz4s"));
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<&str> = stderr.lines().collect();
        assert!(lines[0].starts_with("lz4s: b.lz4s: block 0 at offset 0: "), "{stderr}");
        assert!(lines[1].starts_with("lz4s: nofile.lz4s: "), "{stderr}");
        assert_eq!(lines.len(), 2, "{stderr}");
        let titles = String::from_utf8(output.stdout).unwrap().matches("stream:").count();
        assert_eq!(titles, if command == "info" { 2 } else { 0 });
    }
    assert_eq!(names(dir.path()), ["a", "a.lz4s", "b.lz4s", "c", "c.lz4s", "text"]);
    assert!(read(dir.path(), "a") == text && read(dir.path(), "c") == text);
}

#[test]
fn several_inputs_on_stdout_are_one() {
    let (dir, text) = folder(70_000);
    let stream = good(run(dir.path(), "compress -c text text"));
    assert!(good(pipe(dir.path(), "decompress", &stream)) == [&text[..], &text].concat());
    good(run(dir.path(), "compress --end-mark text -o in"));
    assert!(good(run(dir.path(), "decompress --end-mark -c in in")) == [&text[..], &text].concat());
    // Stdin is an input as any other.
    assert!(
        good(pipe(
            dir.path(),
            "decompress --end-mark -c in -",
            &read(dir.path(), "in")
        ))
        .len()
            == 140_000
    );
}

#[test]
fn inputs_stay_unless_they_are_to_go() {
    let (dir, text) = folder(1000);
    good(run(dir.path(), "compress -k text"));
    assert_eq!(names(dir.path()), ["text", "text.lz4s"]);
    good(run(dir.path(), "compress --rm -f text"));
    assert_eq!(names(dir.path()), ["text.lz4s"]);
    good(run(dir.path(), "decompress --rm text.lz4s -o back"));
    assert_eq!(names(dir.path()), ["back"]);
    assert!(read(dir.path(), "back") == text);
    // Not when the output is no file, and not on failure.
    good(run(dir.path(), "compress --rm back -o -"));
    good(run(dir.path(), "compress --rm back -o /dev/stdout"));
    #[cfg(unix)]
    good(run(dir.path(), "compress --rm back -o /dev/null"));
    assert_eq!(names(dir.path()), ["back"]);
    bad(run(dir.path(), "decompress --rm back -o out"));
    assert_eq!(names(dir.path()), ["back"]);
}

#[test]
fn test_writes_nothing() {
    let (dir, _) = folder(100_000);
    good(run(dir.path(), "compress text -o in"));
    let stream = read(dir.path(), "in");
    assert_eq!(good(run(dir.path(), "test in")), b"");
    assert_eq!(good(pipe(dir.path(), "test", &stream)), b"");
    let error = bad(pipe(dir.path(), "test", &stream[..stream.len() - 1]));
    assert!(error.contains("input ends after"), "{error}");
    assert_eq!(names(dir.path()), ["in", "text"]);
}

#[test]
fn a_file_beside_its_input_has_its_time() {
    let (dir, _) = folder(1000);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::options()
        .write(true)
        .open(dir.path().join("text"))
        .unwrap()
        .set_modified(time)
        .unwrap();
    let modified = |name| fs::metadata(dir.path().join(name)).unwrap().modified().unwrap();
    good(run(dir.path(), "compress text"));
    assert_eq!(modified("text.lz4s"), time);
    good(run(dir.path(), "compress text -o other"));
    assert_ne!(modified("other"), time);
}

#[test]
fn completions_and_manual_pages() {
    let (dir, _) = folder(0);
    for (args, words) in [
        ("completions bash", "complete -F lz4s --page-size"),
        ("completions zsh", "#compdef lz4s --page-size"),
        ("completions fish", "complete lz4s page-size"),
        ("man", ".TH lz4s compress decompress info test"),
        ("man decompress", ".TH lz4s-decompress max\\-page\\-size tracy"),
    ] {
        let text = String::from_utf8(good(run(dir.path(), args))).unwrap();
        for word in words.split(' ') {
            assert!(text.contains(word), "{args}: {word}");
        }
    }
}
