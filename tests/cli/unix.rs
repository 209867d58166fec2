//! Unix files: permissions, owners, links, devices, signals.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use crate::{bad, command, folder, good, names, pipe, read, run};

fn mode(path: PathBuf) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn permissions() {
    let (dir, _) = folder(1000);
    let ordinary = mode(dir.path().join("text"));
    good(run(dir.path(), "compress --prefix 0 --sizes sizes text -o out"));
    assert_eq!(mode(dir.path().join("out")), ordinary);
    assert_eq!(mode(dir.path().join("sizes")), ordinary);

    for kept in [0o600, 0o640, 0o755] {
        fs::set_permissions(dir.path().join("out"), Permissions::from_mode(kept)).unwrap();
        good(run(dir.path(), "compress text -fo out"));
        assert_eq!(mode(dir.path().join("out")), kept);
    }
}

#[test]
fn umask() {
    let (dir, _) = folder(1000);
    let program = command(dir.path(), "").get_program().to_owned();
    let script = r#"umask 027; exec "$0" compress -o out"#;
    let status = Command::new("sh")
        .args(["-c", script])
        .arg(program)
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(mode(dir.path().join("out")), 0o640);
}

#[test]
fn symbolic_links_stay() {
    let (dir, text) = folder(1000);
    fs::create_dir(dir.path().join("folder")).unwrap();
    fs::write(dir.path().join("folder/real"), "old").unwrap();
    symlink("folder/real", dir.path().join("link")).unwrap();
    good(pipe(
        dir.path(),
        "decompress -fo link",
        &good(run(dir.path(), "compress text -c")),
    ));
    assert!(dir.path().join("link").is_symlink());
    assert!(read(dir.path(), "folder/real") == text);

    symlink("text", dir.path().join("alias")).unwrap();
    let error = bad(run(dir.path(), "compress text -o alias"));
    assert!(error.starts_with("lz4s: alias: is both input and output"), "{error}");
    assert!(read(dir.path(), "text") == text);
}

#[test]
fn special_files() {
    let (dir, text) = folder(100_000);
    good(run(dir.path(), "compress text -o in"));
    good(run(dir.path(), "compress text -o /dev/null"));
    good(run(dir.path(), "compress /dev/null -o /dev/null"));
    good(run(
        dir.path(),
        "compress text -o /dev/null --prefix 0 --sizes /dev/null",
    ));
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    assert!(good(run(dir.path(), "decompress in -o /dev/stdout")) == text);
    assert!(good(pipe(dir.path(), "decompress /dev/stdin", &read(dir.path(), "in"))) == text);

    assert!(
        Command::new("mkfifo")
            .arg(dir.path().join("pipe"))
            .status()
            .unwrap()
            .success()
    );
    let mut child = command(dir.path(), "decompress in -o pipe").spawn().unwrap();
    assert!(read(dir.path(), "pipe") == text);
    assert!(child.wait().unwrap().success());
    assert_eq!(names(dir.path()), ["in", "pipe", "text"]);
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk() {
    let (dir, _) = folder(200_000);
    good(run(dir.path(), "compress text -o in"));
    for args in ["compress text", "decompress in", "compress --prefix 0 --sizes out text"] {
        let error = bad(run(dir.path(), &format!("{args} -o /dev/full")));
        assert!(error.starts_with("lz4s: /dev/full: No space left on device"), "{error}");
    }
    // Output that fits the buffers fails only at the end.
    let mut small = command(dir.path(), "compress /dev/null --end-mark -c");
    small.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let error = bad(small.output().unwrap());
    assert!(error.starts_with("lz4s: stdout: No space left on device"), "{error}");
    let error = bad(run(dir.path(), "compress --prefix 0 --sizes /dev/full text -o out"));
    assert!(error.starts_with("lz4s: /dev/full: "), "{error}");
    assert_eq!(names(dir.path()), ["in", "text"]);
}

#[test]
fn redirected_files() {
    let (dir, text) = folder(100_000);
    let path = |name| dir.path().join(name);
    let append = |name| OpenOptions::new().append(true).create(true).open(path(name)).unwrap();

    // Earlier content of the same file stays.
    fs::write(path("out"), "before ").unwrap();
    let mut child = command(dir.path(), "decompress -o -");
    let stream = good(run(dir.path(), "compress text -c"));
    fs::write(path("in"), &stream).unwrap();
    child.stdin(File::open(path("in")).unwrap()).stdout(append("out"));
    good(child.output().unwrap());
    assert!(read(dir.path(), "out") == [b"before ", &text[..]].concat());

    // A file that grows while it is read would never end.
    for (args, stdin, stdout) in [("compress text -c", "in", "text"), ("compress", "text", "text")] {
        let mut child = command(dir.path(), args);
        child.stdin(File::open(path(stdin)).unwrap()).stdout(append(stdout));
        let error = bad(child.output().unwrap());
        assert_eq!(error, "lz4s: stdout: is both input and output\n");
    }
    let mut child = command(dir.path(), "compress -o text");
    child.stdin(File::open(path("text")).unwrap());
    assert_eq!(bad(child.output().unwrap()), "lz4s: text: is both input and output\n");
    assert!(read(dir.path(), "text") == text);
}

#[test]
fn names_cannot_break_the_line() {
    let (dir, _) = folder(0);
    let output = command(dir.path(), "info").arg("no\nsuch\x1bfile").output().unwrap();
    assert!(bad(output).starts_with("lz4s: no?such?file: "));
}

/// Whether this can act as other users. Says so if not.
fn is_root() -> bool {
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !root {
        println!("skipped: the rest of this test needs root");
    }
    root
}

/// The command run by an ordinary user: `user` if this is root, otherwise the user who runs the tests. The command is
/// copied to a folder where everybody can run it.
fn ordinary(folder: &Path, args: &str, user: u32) -> Command {
    let open = |path: &Path| fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    let program = folder.join("lz4s");
    // Not by this process: a fork in another thread would keep the file open for writing, and so not executable.
    let copy = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_lz4s"))
        .arg(&program)
        .status();
    assert!(copy.unwrap().success());
    let mut command = Command::new(&program);
    open(folder);
    open(&program);
    command.args(args.split_whitespace()).current_dir(folder);
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        command.uid(user).gid(user);
    }
    command.stdin(Stdio::null());
    command
}

fn owner(path: &Path) -> (u32, u32) {
    let metadata = fs::metadata(path).unwrap();
    (metadata.uid(), metadata.gid())
}

#[test]
fn a_new_file_has_the_mode_of_its_input() {
    let (dir, _) = folder(1000);
    for (input, output) in [(0o600, 0o600), (0o640, 0o640), (0o6755, 0o755), (0o1644, 0o644)] {
        fs::set_permissions(dir.path().join("text"), Permissions::from_mode(input)).unwrap();
        good(run(dir.path(), "compress text"));
        good(run(dir.path(), "compress text -o out"));
        for name in ["text.lz4s", "out"] {
            assert_eq!(mode(dir.path().join(name)), output);
            fs::remove_file(dir.path().join(name)).unwrap();
        }
    }
}

#[test]
fn a_replaced_file_keeps_owner_group_and_mode() {
    let (dir, _) = folder(1000);
    let out = dir.path().join("out");
    if !is_root() {
        return;
    }
    fs::write(&out, "old").unwrap();
    chown(&out, Some(1234), Some(1235)).unwrap();
    for kept in [0o4755, 0o2640, 0o600] {
        fs::set_permissions(&out, Permissions::from_mode(kept)).unwrap();
        good(run(dir.path(), "compress text -fo out"));
        assert_eq!((owner(&out), mode(out.clone())), ((1234, 1235), kept));
        assert_ne!(read(dir.path(), "out"), b"old");
    }

    // A file beside an input has its owner.
    chown(dir.path().join("text"), Some(1236), Some(1237)).unwrap();
    good(run(dir.path(), "compress text"));
    assert_eq!(owner(&dir.path().join("text.lz4s")), (1236, 1237));
    // One elsewhere has the user who runs the command.
    good(run(dir.path(), "compress text -o elsewhere"));
    assert_eq!(owner(&dir.path().join("elsewhere")), (0, 0));
}

#[test]
fn without_the_owner_the_s_bits_go() {
    let (dir, _) = folder(1000);
    if !is_root() {
        return;
    }
    let shared = dir.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, Permissions::from_mode(0o777)).unwrap();
    fs::write(shared.join("out"), "old").unwrap();
    fs::set_permissions(shared.join("out"), Permissions::from_mode(0o6777)).unwrap();
    good(
        ordinary(dir.path(), "compress text -fo shared/out", 1234)
            .output()
            .unwrap(),
    );
    assert_eq!(
        (owner(&shared.join("out")), mode(shared.join("out"))),
        ((1234, 1234), 0o777)
    );
    assert_eq!(names(&shared), ["out"]);
}

#[test]
fn a_file_in_a_folder_that_may_not_be_written_is_written_in_place() {
    let (dir, text) = folder(1000);
    good(run(dir.path(), "compress text -o stream"));
    let closed = dir.path().join("closed");
    let out = closed.join("out");
    fs::create_dir(&closed).unwrap();
    fs::write(&out, vec![7; 5000]).unwrap();
    fs::set_permissions(&out, Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o555)).unwrap();
    let before = owner(&out);

    // What does not begin to decode does not touch the file.
    let error = bad(ordinary(dir.path(), "decompress text -fo closed/out", 1234)
        .output()
        .unwrap());
    assert!(error.starts_with("lz4s: text: block 0"), "{error}");
    assert_eq!(fs::read(&out).unwrap(), [7; 5000]);
    good(
        ordinary(dir.path(), "decompress stream -fo closed/out", 1234)
            .output()
            .unwrap(),
    );
    assert!(fs::read(&out).unwrap() == text);
    fs::write(dir.path().join("empty"), "").unwrap();
    good(
        ordinary(dir.path(), "decompress empty -fo closed/out", 1234)
            .output()
            .unwrap(),
    );
    assert_eq!(fs::read(&out).unwrap(), b"");
    assert_eq!(owner(&out), before);

    let error = bad(ordinary(dir.path(), "compress text -o closed/new", 1234)
        .output()
        .unwrap());
    assert!(error.starts_with("lz4s: closed/new: Permission denied"), "{error}");
    assert_eq!(names(&closed), ["out"]);
    fs::set_permissions(&closed, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_file_in_a_sticky_folder_is_written_in_place() {
    let (dir, text) = folder(1000);
    if !is_root() {
        return;
    }
    good(run(dir.path(), "compress text -o stream"));
    let sticky = dir.path().join("sticky");
    fs::create_dir(&sticky).unwrap();
    fs::write(sticky.join("out"), vec![7; 5000]).unwrap();
    fs::set_permissions(sticky.join("out"), Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(&sticky, Permissions::from_mode(0o1777)).unwrap();
    let damaged = [read(dir.path(), "stream"), vec![0; 4]].concat();
    fs::write(dir.path().join("damaged"), damaged).unwrap();
    bad(ordinary(dir.path(), "decompress damaged -fo sticky/out", 1234)
        .output()
        .unwrap());
    assert_eq!(fs::read(sticky.join("out")).unwrap(), [7; 5000]);
    good(
        ordinary(dir.path(), "decompress stream -fo sticky/out", 1234)
            .output()
            .unwrap(),
    );
    assert!(fs::read(sticky.join("out")).unwrap() == text);
    assert_eq!((owner(&sticky.join("out")), mode(sticky.join("out"))), ((0, 0), 0o666));
    assert_eq!(names(&sticky), ["out"]);
}

#[test]
fn the_target_of_a_dangling_link_is_made() {
    let (dir, text) = folder(1000);
    fs::create_dir(dir.path().join("sub")).unwrap();
    symlink("sub/second", dir.path().join("first")).unwrap();
    symlink("third", dir.path().join("sub/second")).unwrap();
    let stream = good(run(dir.path(), "compress -c text"));
    good(pipe(dir.path(), "decompress -o first", &stream));
    assert!(dir.path().join("first").is_symlink() && dir.path().join("sub/second").is_symlink());
    assert!(!dir.path().join("sub/third").is_symlink());
    assert!(read(dir.path(), "sub/third") == text);

    symlink("loop", dir.path().join("loop")).unwrap();
    symlink("nowhere/file", dir.path().join("lost")).unwrap();
    for name in ["loop", "lost"] {
        let error = bad(run(dir.path(), &format!("compress text -fo {name}")));
        assert!(error.starts_with(&format!("lz4s: {name}: ")), "{error}");
        assert!(dir.path().join(name).is_symlink());
    }
    assert_eq!(names(dir.path()), ["first", "loop", "lost", "sub", "text"]);
}

/// Runs a command line of the shell, in which `$0` is the command.
fn shell(folder: &Path, line: &str) -> std::process::Output {
    let mut command = Command::new("sh");
    command
        .args(["-c", line, env!("CARGO_BIN_EXE_lz4s")])
        .current_dir(folder);
    command.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn closed_stdin_and_stdout_are_errors() {
    let (dir, text) = folder(1000);
    good(run(dir.path(), "compress text -o in"));
    fs::write(dir.path().join("out"), "precious").unwrap();
    for line in [
        r#""$0" compress -fo out <&-"#,
        r#""$0" decompress -fo out <&-"#,
        r#""$0" test <&-"#,
        r#""$0" info <&-"#,
        r#""$0" compress -c text >&-"#,
        r#""$0" compress -c text <&- >&-"#,
        r#""$0" decompress -fo out <&- >&-"#,
        r#""$0" compress <text >&-"#,
        r#""$0" compress --end-mark <text >&-"#,
        r#""$0" decompress -c in >&-"#,
        r#""$0" decompress -c /dev/null >&-"#,
        r#""$0" info in >&-"#,
        r#""$0" man >&-"#,
        r#""$0" completions bash >&-"#,
    ] {
        let error = bad(shell(dir.path(), line));
        let reads_stdin = line.contains("<&-") && !line.contains("text");
        let name = if reads_stdin { "stdin" } else { "stdout" };
        assert!(
            error.starts_with(&format!("lz4s: {name}: is closed")),
            "{line}: {error}"
        );
        assert_eq!(read(dir.path(), "out"), b"precious");
        assert_eq!(names(dir.path()), ["in", "out", "text"]);
    }
    // What is not needed may be closed. /dev/null is a file like others.
    for line in [
        r#""$0" compress text -fo out <&- >&- 2>&-"#,
        r#""$0" test in <&- >&-"#,
        r#""$0" compress </dev/null >/dev/null"#,
        r#""$0" decompress -c in >/dev/null"#,
    ] {
        good(shell(dir.path(), line));
    }
    assert!(good(run(dir.path(), "decompress -c out")) == text);
}

/// Python's `DEVNULL` is /dev/null, opened for reading and writing, which is what the runtime opens for a closed one.
#[test]
fn what_looks_like_a_closed_descriptor_can_be_named() {
    let (dir, text) = folder(1000);
    good(run(dir.path(), "compress text -o in"));
    let null = || File::options().read(true).write(true).open("/dev/null").unwrap();
    let with_null = |args: &str| command(dir.path(), args).stdin(null()).stdout(null()).output().unwrap();
    for (args, role) in [("compress", "input"), ("decompress -c in", "output")] {
        let error = bad(with_null(args));
        assert!(error.ends_with(&format!(" name /dev/null as the {role}\n")), "{error}");
    }
    for args in [
        "compress /dev/null -fo out",
        "decompress in -o /dev/null",
        "test in",
        "decompress in -fo out",
    ] {
        good(with_null(args));
    }
    assert!(read(dir.path(), "out") == text);
}

#[test]
fn only_the_end_of_a_dictionary_is_read() {
    let (dir, text) = folder(100_000);
    let path = |name| dir.path().join(name);
    fs::write(path("end"), &text[text.len() - 65_536..]).unwrap();
    let expected = good(run(dir.path(), "compress --dictionary end text -c"));

    // More than can be read in that time, or held.
    let mut file = File::create(path("huge")).unwrap();
    file.set_len(1 << 40).unwrap();
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(&text).unwrap();
    drop(file);
    let line = r#"ulimit -v 200000; ulimit -t 5; "$0" compress --dictionary huge text -c"#;
    assert!(good(shell(dir.path(), line)) == expected);

    // A pipe, which has no length.
    let line = r#"ulimit -v 200000; head -c 300M huge | cat - text | "$0" compress --dictionary /dev/fd/0 text -o out"#;
    good(shell(dir.path(), line));
    assert!(read(dir.path(), "out") == expected);
}

#[test]
fn a_signal_leaves_no_hidden_file() {
    let (dir, _) = folder(0);
    let hidden = || names(dir.path()).iter().any(|name| name.starts_with(".lz4s-"));
    let send = |name: &str, id: u32| {
        let line = format!("kill -{name} {id}");
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    };
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        // A signal that this process ignores, under nohup or in the background, its children ignore too. One with a
        // handler they do not.
        signal_hook::flag::register_conditional_default(number, Arc::new(AtomicBool::new(true))).unwrap();
        let mut child = command(dir.path(), "compress -o out")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        while !hidden() {
            thread::yield_now();
        }
        send(name, child.id());
        assert_eq!(child.wait().unwrap().signal(), Some(number), "{name}");
        assert_eq!(names(dir.path()), ["text"], "{name}");
        drop(stdin);
    }

    // nohup and background jobs ignore signals.
    let line = r#"trap '' HUP INT; exec "$0" compress -o out"#;
    let mut child = Command::new("sh");
    child
        .args(["-c", line, env!("CARGO_BIN_EXE_lz4s")])
        .current_dir(dir.path());
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    while !hidden() {
        thread::yield_now();
    }
    send("HUP", child.id());
    send("INT", child.id());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(names(dir.path()), ["out", "text"]);
}

#[test]
fn terminals() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let (dir, text) = folder(40);
    good(run(dir.path(), "compress text -o in"));
    let mut master = File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap());
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let terminal = || File::options().read(true).write(true).open(&name).unwrap();
    let keep_open = terminal();

    let usage = |mut command: Command| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    for args in ["compress text -c", "compress text -o -", "compress text -o /dev/stdout"] {
        let mut to_terminal = command(dir.path(), args);
        to_terminal.stdout(terminal());
        assert!(usage(to_terminal).contains("stdout is a terminal: use --output FILE, or --force"));
    }
    let to_terminal = command(dir.path(), &format!("compress text -o {name}"));
    assert!(usage(to_terminal).contains(&format!("{name} is a terminal")));
    for args in ["decompress", "test", "info"] {
        // Ends of input, so that reading it would not take forever.
        master.write_all(b"\x04\x04\x04").unwrap();
        let mut from_terminal = command(dir.path(), args);
        from_terminal.stdin(terminal());
        assert!(usage(from_terminal).contains("stdin is a terminal"));
    }

    // Nothing was written so far: what comes first is this.
    for args in ["compress -fc text", "decompress -c in"] {
        let mut to_terminal = command(dir.path(), args);
        to_terminal.stdout(terminal());
        good(to_terminal.output().unwrap());
    }
    let expected = [read(dir.path(), "in"), text].concat();
    let mut got = vec![0; expected.len()];
    master.read_exact(&mut got).unwrap();
    assert_eq!(got, expected);
    drop(keep_open);
}
