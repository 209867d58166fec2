//! Compares the parallel writer with the serial one, and with the tools `lz4 -T` and `zstd -1 -T` where they are
//! installed.
//!
//!     cargo bench --bench parallel -- FILE... [--only=TEXT]...
//!
//! With `--only`, it makes the comparisons in whose title each text occurs: `--only=Default`, `--only='64 KiB'`,
//! `--only=tools`.
//!
//! The data are the files one after another, again and again from another place in each, until there are 32 MiB. It is
//! written to a writer that only counts. The contenders take turns. `speed` is that of the median of all rounds, `best`
//! that of the fastest one: on a machine that does other work too, a median says how many cores happened to be free.
//!
//! `2 apart` is what the machine has to give: two serial writers at the same time, each with one half of the data.
//!
//! `cpu` is the processor time of all threads, as a multiple of the serial writer's. On enough free cores, n threads
//! are n / cpu times as fast.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use lz4_stream::{CompressOptions, Mode};

const LEN: usize = 32 << 20;

/// One write of everything, as for a file in memory, and the pieces of `io::copy`.
const PIECES: [usize; 2] = [LEN, 8 * 1024];

struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every file in turn, a piece at a time, each time from another place.
fn data(files: &[Vec<u8>]) -> Vec<u8> {
    let mut data = Vec::with_capacity(LEN);
    for round in 0.. {
        for file in files {
            let start = round * 1_000_003 % file.len();
            data.extend_from_slice(&file[start..]);
            if data.len() >= LEN {
                data.truncate(LEN);
                return data;
            }
        }
    }
    unreachable!("some file is not empty")
}

/// The processor time of this process and of the children that ended, in ticks of 10 ms.
fn ticks() -> u64 {
    let Ok(stat) = fs::read_to_string("/proc/self/stat") else {
        return 0;
    };
    // After the name in parentheses come the state, and then numbers.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields
        .skip(11)
        .take(4)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum()
}

struct Contender<'a> {
    name: String,
    run: Box<dyn FnMut() -> io::Result<u64> + 'a>,
    times: Vec<Duration>,
    ticks: u64,
    len: u64,
}

fn write(mut writer: impl Write, data: &[u8], piece: usize) -> io::Result<()> {
    data.chunks(piece).try_for_each(|piece| writer.write_all(piece))
}

fn write_alone(options: &CompressOptions, data: &[u8], piece: usize) -> io::Result<u64> {
    let mut writer = options.writer(Count(0))?;
    write(&mut writer, data, piece)?;
    Ok(writer.finish()?.0)
}

/// The writers: the serial one first.
fn writers<'a>(options: &'a CompressOptions, data: &'a [u8], piece: usize) -> Vec<Contender<'a>> {
    let serial = move || write_alone(options, data, piece);
    let mut all = vec![contender("serial".into(), serial)];
    for threads in [1, 2, 4] {
        all.push(contender(format!("{threads} threads"), move || {
            let mut writer = options.parallel_writer(Count(0), threads)?;
            write(&mut writer, data, piece)?;
            Ok(writer.finish()?.0)
        }));
    }
    all.push(contender("2 apart".into(), move || {
        let (first, second) = data.split_at(LEN / 2);
        thread::scope(|scope| {
            let first = scope.spawn(|| write_alone(options, first, piece));
            Ok(write_alone(options, second, piece)? + first.join().expect("it does not panic")?)
        })
    }));
    all
}

/// The tools on a file, with their own start and their reading of it.
fn tools(path: &str) -> Vec<Contender<'_>> {
    let mut all = Vec::new();
    for (tool, args) in [
        ("lz4", &["-1", "-BD", "-T1"][..]),
        ("lz4", &["-1", "-BD", "-T2"]),
        ("lz4", &["-9", "-BD", "-T1"]),
        ("lz4", &["-9", "-BD", "-T2"]),
        ("zstd", &["-1", "-T1"]),
        ("zstd", &["-1", "-T2"]),
        ("pzstd", &["-1", "-p2"]),
    ] {
        let run = move || {
            let output = Command::new(tool)
                .args(args)
                .args(["-q", "-c", path])
                .stderr(Stdio::null())
                .output()?;
            match output.status.success() {
                true => Ok(output.stdout.len() as u64),
                false => Err(io::Error::other("the tool does not know these options")),
            }
        };
        match run() {
            Ok(_) => all.push(contender(format!("{tool} {}", args.join(" ")), run)),
            Err(error) => println!("{tool} {}: {error}", args.join(" ")),
        }
    }
    all
}

fn contender<'a>(name: String, run: impl FnMut() -> io::Result<u64> + 'a) -> Contender<'a> {
    Contender {
        name,
        run: Box::new(run),
        times: Vec::new(),
        ticks: 0,
        len: 0,
    }
}

fn compare(title: &str, mut contenders: Vec<Contender>, rounds: usize) -> io::Result<()> {
    for _ in 0..rounds {
        for contender in &mut contenders {
            let (start, ticks_before) = (Instant::now(), ticks());
            contender.len = (contender.run)()?;
            contender.times.push(start.elapsed());
            contender.ticks += ticks() - ticks_before;
        }
    }
    println!("\n{title}");
    println!("| | MB/s | speed | best | cpu | compressed |\n|---|---|---|---|---|---|");
    for contender in &mut contenders {
        contender.times.sort();
    }
    let ticks = contenders[0].ticks;
    for contender in &contenders {
        let ratio = |at: usize| contenders[0].times[at].as_secs_f64() / contender.times[at].as_secs_f64();
        println!(
            "| {} | {:.0} | {:.2} | {:.2} | {:.2} | {:.3} % |",
            contender.name,
            LEN as f64 / contender.times[rounds / 2].as_secs_f64() / 1e6,
            ratio(rounds / 2),
            ratio(0),
            contender.ticks as f64 / ticks as f64,
            100.0 * contender.len as f64 / LEN as f64,
        );
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let paths = env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let files = paths.map(fs::read).collect::<io::Result<Vec<_>>>()?;
    let files: Vec<Vec<u8>> = files.into_iter().filter(|file| !file.is_empty()).collect();
    if files.is_empty() {
        println!("usage: cargo bench --bench parallel -- FILE... [--only=TEXT]...");
        return Ok(());
    }
    let only: Vec<String> = env::args()
        .filter_map(|arg| Some(arg.strip_prefix("--only=")?.to_owned()))
        .collect();
    let wanted = |title: &str| only.iter().all(|text| title.contains(text.as_str()));
    let data = data(&files);
    for (mode, rounds) in [(Mode::Default, 31), (Mode::HighCompression { level: 9 }, 5)] {
        for page_size in [64 << 10, 256 << 10] {
            for piece in PIECES {
                let options = CompressOptions::new().mode(mode).page_size(page_size);
                let title = format!(
                    "{mode:?}, pages of {} KiB, written in pieces of {piece}",
                    page_size >> 10
                );
                if wanted(&title) {
                    compare(&title, writers(&options, &data, piece), rounds)?;
                }
            }
        }
    }
    if !wanted("tools") {
        return Ok(());
    }
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(&data)?;
    let path = file.path().to_str().unwrap_or_default();
    compare("tools", tools(path), 5)
}
