//! This crate against its peers: same data, same run, contenders interleaved.
//!
//! ```text
//! cargo bench --bench peers                     the whole of it, over data that it makes
//! cargo bench --bench peers -- FOLDER           over the files in FOLDER (or LZ4_STREAM_CORPUS=FOLDER)
//! cargo bench --bench peers -- --help           what else can be chosen
//! ```
//!
//! In a cell, one pass of every contender makes a round; the figure of a contender is the median over the rounds of
//! its time and of its ratio to liblz4's time in the same round, so that noise which lasts longer than a round
//! cancels.

mod contenders;
#[path = "../../tests/common/heap.rs"]
#[allow(dead_code)]
mod heap;
#[path = "../../tests/common/liblz4.rs"]
#[allow(dead_code, missing_docs)]
mod liblz4;
mod plot;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, process};

use clap::{Parser, ValueEnum};
use contenders::{Contender, LIBLZ4, OURS, READER, WRITER};
use lz4_stream::Mode;

/// Measures lz4-stream and its peers; prints Markdown, and writes a CSV and a plot of it.
#[derive(Parser)]
#[command(bin_name = "cargo bench --bench peers --")]
struct Args {
    /// The folder whose files are the data [default: data that is made]
    #[arg(env = "LZ4_STREAM_CORPUS")]
    folder: Option<PathBuf>,
    /// What is measured
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Part::value_variants().to_vec())]
    only: Vec<Part>,
    /// The page sizes, in bytes
    #[arg(long, value_delimiter = ',', default_values_t = [1024, 4096, 8192, 65_536, 1 << 20])]
    pages: Vec<usize>,
    /// How much of each file is used, in bytes
    #[arg(long, default_value_t = 8 << 20)]
    limit: usize,
    /// How many rounds a cell has
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// The levels of high compression
    #[arg(long, value_delimiter = ',', default_values_t = 1..=12)]
    levels: Vec<i32>,
    /// Where the figures go
    #[arg(long, default_value = "target/peers.csv")]
    csv: PathBuf,
    /// Where the plot goes
    #[arg(long, default_value = "target/peers.svg")]
    svg: PathBuf,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The default mode, all contenders
    Compress,
    /// All contenders
    Decompress,
    /// Accelerations 1 to 64, against liblz4
    Fast,
    /// The levels of high compression, against liblz4
    High,
    /// Data that is meant to be slow, against liblz4
    Pathological,
    /// Streams of one message
    Short,
}

impl Part {
    fn name(self) -> String {
        self.to_possible_value()
            .expect("no variant is skipped")
            .get_name()
            .to_owned()
    }
}

/// A contender's figures in one cell.
struct Row {
    part: Part,
    file: String,
    page_size: usize,
    contender: String,
    /// Bytes of one pass before and after.
    bytes_in: usize,
    bytes_out: usize,
    /// Of one pass, the median.
    time: Duration,
    /// How many times as fast as liblz4, the median.
    speed: f64,
    peak_heap: usize,
}

impl Row {
    fn megabytes_per_second(&self) -> f64 {
        self.bytes_in as f64 / self.time.as_secs_f64() / 1e6
    }
}

fn main() {
    let args = Args::parse();
    let files = match &args.folder {
        Some(folder) => read_folder(folder, args.limit).unwrap_or_else(|error| {
            eprintln!("{}: {error}", folder.display());
            process::exit(1);
        }),
        None => made_data(args.limit.min(4 << 20)),
    };
    let mut rows = Vec::new();
    for &part in &args.only {
        measure_part(part, &args, &files, &mut rows);
    }
    print!("{}", markdown(&rows));
    fs::create_dir_all(args.csv.parent().unwrap_or(Path::new("."))).expect("a folder for the figures");
    fs::write(&args.csv, csv(&rows)).expect("the figures are written");
    plot::from_csv(&args.csv, &args.svg).expect("the plot is drawn");
    eprintln!("figures: {}, plot: {}", args.csv.display(), args.svg.display());
}

fn read_folder(folder: &Path, limit: usize) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let mut data = if entry.file_type()?.is_dir() {
            continue;
        } else {
            fs::read(entry.path())?
        };
        data.truncate(limit);
        // Too little to measure: a note about the files, say.
        if data.len() >= 64 * 1024 {
            files.push((entry.file_name().to_string_lossy().into_owned(), data));
        }
    }
    files.sort();
    Ok(files)
}

/// Something like text, something like records, noise.
fn made_data(len: usize) -> Vec<(String, Vec<u8>)> {
    let mut state = 1_u64;
    let mut random = move |n: u64| {
        state = state
            .wrapping_mul(0x5851_F42D_4C95_7F2D)
            .wrapping_add(0x1405_7B7E_F767_814F);
        (state >> 33) % n
    };
    let words: Vec<Vec<u8>> = (0..3000)
        .map(|_| (0..2 + random(9)).map(|_| b'a' + random(26) as u8).collect())
        .collect();
    let (mut text, mut records) = (Vec::new(), Vec::new());
    while text.len() < len {
        // Few words often, many rarely.
        let rank = random(3000) * random(3000) / 3000;
        text.extend(&words[rank as usize]);
        text.push(b' ');
    }
    while records.len() < len {
        records.extend((records.len() as u32).to_le_bytes());
        records.extend((random(1000) as u32).to_le_bytes());
        records.extend(&words[random(50) as usize]);
        records.extend([0; 5]);
        records.extend((random(1 << 32) as u32).to_le_bytes());
    }
    let noise = (0..len).map(|_| random(256) as u8).collect();
    [("text", text), ("records", records), ("noise", noise)]
        .map(|(name, mut data)| {
            data.truncate(len);
            (name.to_owned(), data)
        })
        .into()
}

/// Data on which a careless match finder takes quadratic time.
fn pathological_data(len: usize) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![("zeros".to_owned(), vec![0; len])];
    for period in 1..=8 {
        files.push((
            format!("period {period}"),
            (0..len).map(|i| b'a' + (i % period) as u8).collect(),
        ));
    }
    // Every string of 4 of few letters once: many positions with nearly equal beginnings.
    let mut walk = 1_u32;
    let linear = (0..len).map(|_| {
        walk = (walk >> 1) ^ ((walk & 1) * 0xB400);
        b'a' + (walk & 1) as u8
    });
    files.push(("binary sequence".to_owned(), linear.collect()));
    // The same four bytes all over, with something else behind them each time: one hash, no long match.
    let mut same = Vec::new();
    for i in 0..len as u32 / 8 {
        same.extend(b"same");
        same.extend((i.wrapping_mul(0x9E37_79B1)).to_le_bytes());
    }
    files.push(("one hash".to_owned(), same));
    files
}

fn measure_part(part: Part, args: &Args, files: &[(String, Vec<u8>)], rows: &mut Vec<Row>) {
    let mut cell = |file: &str, page_size, bytes_in, label: Option<String>, contenders: Vec<Contender>, rounds| {
        eprintln!(
            "{} {file} {page_size} {}",
            part.name(),
            label.as_deref().unwrap_or_default()
        );
        rows.extend(measure(contenders, rounds).into_iter().map(|figures| Row {
            part,
            file: file.to_owned(),
            page_size,
            contender: match &label {
                Some(label) => format!("{} {label}", figures.name),
                None => figures.name.to_owned(),
            },
            bytes_in,
            bytes_out: figures.bytes_out,
            time: figures.time,
            speed: figures.speed,
            peak_heap: figures.peak_heap,
        }));
    };
    match part {
        Part::Compress => each_cell(args, files, |name, data, page_size| {
            cell(
                name,
                page_size,
                data.len(),
                None,
                contenders::compressors(data, page_size),
                args.rounds,
            );
        }),
        Part::Decompress => each_cell(args, files, |name, data, page_size| {
            let blocks = contenders::liblz4_blocks(data, page_size, Mode::Default);
            let stream = contenders::with_prefixes(&blocks);
            let all = contenders::decompressors(data, page_size, &blocks, &stream);
            cell(name, page_size, data.len(), None, all, args.rounds);
        }),
        Part::Fast => each_cell(args, files, |name, data, page_size| {
            for acceleration in [1, 2, 4, 8, 16, 32, 64] {
                let both = against_liblz4(data, page_size, Mode::Fast { acceleration });
                cell(
                    name,
                    page_size,
                    data.len(),
                    Some(format!("fast {acceleration}")),
                    both,
                    args.rounds,
                );
            }
        }),
        Part::High => each_cell(args, files, |name, data, page_size| {
            // The low levels are fast enough for the effort, the high ones slow enough to need few rounds.
            let rounds = args.rounds.div_ceil(3);
            for &level in &args.levels {
                let both = against_liblz4(data, page_size, Mode::HighCompression { level });
                cell(
                    name,
                    page_size,
                    data.len(),
                    Some(format!("level {level}")),
                    both,
                    rounds,
                );
            }
        }),
        Part::Pathological => {
            for (name, data) in &pathological_data(1 << 20) {
                for (label, mode) in [("default", Mode::Default)]
                    .into_iter()
                    .map(|(l, m)| (l.to_owned(), m))
                    .chain(
                        args.levels
                            .iter()
                            .map(|&level| (format!("level {level}"), Mode::HighCompression { level })),
                    )
                {
                    cell(
                        name,
                        65_536,
                        data.len(),
                        Some(label),
                        against_liblz4(data, 65_536, mode),
                        3,
                    );
                }
            }
        }
        Part::Short => {
            for (name, data) in files {
                let messages: Vec<&[u8]> = data.chunks_exact(200).take(SHORT_MESSAGES).collect();
                let all = contenders::short_streams(&messages);
                cell(name, 200, 200 * messages.len(), None, all, args.rounds * 3);
            }
        }
    }
}

const SHORT_MESSAGES: usize = 3000;

fn each_cell(args: &Args, files: &[(String, Vec<u8>)], mut measure: impl FnMut(&str, &[u8], usize)) {
    for (name, data) in files {
        for &page_size in &args.pages {
            measure(name, data, page_size);
        }
    }
}

fn against_liblz4(data: &[u8], page_size: usize, mode: Mode) -> Vec<Contender<'_>> {
    vec![
        contenders::liblz4_compressor(data, page_size, mode),
        contenders::our_compressor(data, page_size, mode),
    ]
}

struct Figures {
    name: &'static str,
    bytes_out: usize,
    time: Duration,
    speed: f64,
    peak_heap: usize,
}

/// Runs the contenders in turn, the first of which the others are compared to.
fn measure(mut contenders: Vec<Contender>, rounds: usize) -> Vec<Figures> {
    // The first pass warms up, and counts.
    let counted: Vec<(usize, usize)> = contenders.iter_mut().map(|one| heap::peak(|| (one.pass)())).collect();
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for (one, times) in contenders.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (one.pass)();
            times.push(start.elapsed());
        }
    }
    let reference = times[0].clone();
    contenders
        .iter()
        .zip(counted)
        .zip(times)
        .map(|((one, (peak_heap, bytes_out)), times)| {
            let mut ratios: Vec<f64> = times
                .iter()
                .zip(&reference)
                .map(|(time, of)| of.as_secs_f64() / time.as_secs_f64())
                .collect();
            let mut times = times;
            times.sort();
            ratios.sort_by(f64::total_cmp);
            Figures {
                name: one.name,
                bytes_out,
                time: times[rounds / 2],
                speed: ratios[rounds / 2],
                peak_heap,
            }
        })
        .collect()
}

fn csv(rows: &[Row]) -> String {
    let mut out = "part,file,page_size,contender,bytes_in,bytes_out,mb_per_s,speed_to_liblz4,peak_heap\n".to_owned();
    for row in rows {
        writeln!(
            out,
            "{},{},{},{},{},{},{:.1},{:.3},{}",
            row.part.name(),
            row.file,
            row.page_size,
            row.contender,
            row.bytes_in,
            row.bytes_out,
            row.megabytes_per_second(),
            row.speed,
            row.peak_heap
        )
        .expect("a String takes everything");
    }
    out
}

fn markdown(rows: &[Row]) -> String {
    let mut out = String::new();
    for &part in Part::value_variants() {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.part == part).collect();
        if !rows.is_empty() {
            match part {
                Part::Compress | Part::Decompress => all_contenders(part, &rows, &mut out),
                Part::Fast | Part::High | Part::Pathological => efforts(part, &rows, &mut out),
                Part::Short => short(&rows, &mut out),
            }
        }
    }
    out
}

fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value.ln(), count + 1));
    (sum / f64::from(count.max(1))).exp()
}

/// One line a cell, one column a contender: speed as a multiple of liblz4's, and for compression the size as well.
fn all_contenders(part: Part, rows: &[&Row], out: &mut String) {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.contender.as_str()) {
            names.push(&row.contender);
        }
    }
    let of = |name: &str| {
        rows.iter()
            .filter(move |row| row.contender == name)
            .copied()
            .collect::<Vec<_>>()
    };
    let reference = of(LIBLZ4);
    let columns: Vec<Vec<&Row>> = names.iter().map(|name| of(name)).collect();

    let _ = writeln!(out, "\n## {}: speed as a multiple of liblz4's\n", part.name());
    let _ = writeln!(out, "| file | page | liblz4 MB/s | {} |", names[1..].join(" | "));
    let _ = writeln!(out, "|---|---:|---:|{}", "---:|".repeat(names.len() - 1));
    for (i, row) in reference.iter().enumerate() {
        let _ = write!(
            out,
            "| {} | {} | {:.0} |",
            row.file,
            row.page_size,
            row.megabytes_per_second()
        );
        for column in &columns[1..] {
            let _ = write!(out, " {:.2} |", column[i].speed);
        }
        out.push('\n');
    }
    let _ = write!(out, "| geometric mean | | |");
    for column in &columns[1..] {
        let _ = write!(out, " {:.2} |", geometric_mean(column.iter().map(|row| row.speed)));
    }
    out.push('\n');
    if part == Part::Compress {
        let _ = writeln!(out, "\n## compress: size in percent of the input\n");
        let shown: Vec<usize> = (0..names.len())
            .filter(|&i| names[i] != "memcpy" && names[i] != WRITER)
            .collect();
        let _ = writeln!(
            out,
            "| file | page | {} |",
            shown.iter().map(|&i| names[i]).collect::<Vec<_>>().join(" | ")
        );
        let _ = writeln!(out, "|---|---:|{}", "---:|".repeat(shown.len()));
        for (i, row) in reference.iter().enumerate() {
            let _ = write!(out, "| {} | {} |", row.file, row.page_size);
            for &column in &shown {
                let row = columns[column][i];
                let _ = write!(out, " {:.2} |", 100.0 * row.bytes_out as f64 / row.bytes_in as f64);
            }
            out.push('\n');
        }
    }
    let _ = writeln!(
        out,
        "\n## {}: peak heap in KiB, the most of all files (liblz4's own state not counted)\n",
        part.name()
    );
    let _ = writeln!(out, "| page | {} |", names.join(" | "));
    let _ = writeln!(out, "|---:|{}", "---:|".repeat(names.len()));
    let mut pages: Vec<usize> = rows.iter().map(|row| row.page_size).collect();
    pages.sort_unstable();
    pages.dedup();
    for page in pages {
        let _ = write!(out, "| {page} |");
        for column in &columns {
            let peak = column
                .iter()
                .filter(|row| row.page_size == page)
                .map(|row| row.peak_heap)
                .max();
            let _ = write!(out, " {} |", peak.unwrap_or(0).div_ceil(1024));
        }
        out.push('\n');
    }
    let adapter = if part == Part::Compress { WRITER } else { READER };
    let cost = of(OURS)
        .iter()
        .zip(of(adapter))
        .filter(|(row, _)| row.page_size == 65_536)
        .map(|(codec, adapter)| adapter.speed / codec.speed)
        .collect::<Vec<_>>();
    if !cost.is_empty() {
        let _ = writeln!(
            out,
            "\nAt pages of 64 KiB, {adapter} has {:.3} times the speed of the codec alone.",
            geometric_mean(cost.into_iter())
        );
    }
}

/// Ours and liblz4's at each effort: one line an effort and page size, over all files.
fn efforts(part: Part, rows: &[&Row], out: &mut String) {
    let title = match part {
        Part::Pathological => "pathological data of 1 MiB, pages of 64 KiB",
        _ => "over all files",
    };
    let _ = writeln!(out, "\n## {}: against liblz4, {title}\n", part.name());
    let _ = writeln!(
        out,
        "| page | effort | size, percent | liblz4 | size to liblz4's, worst | speed to liblz4's | lowest | MB/s, lowest |"
    );
    let _ = writeln!(out, "|---:|---|---:|---:|---:|---:|---:|---:|");
    let mut seen: Vec<(usize, &str)> = Vec::new();
    for row in rows {
        let Some(effort) = row.contender.strip_prefix("lz4-stream ") else {
            continue;
        };
        if seen.contains(&(row.page_size, effort)) {
            continue;
        }
        seen.push((row.page_size, effort));
        let of = |who: &str| {
            let name = format!("{who} {effort}");
            rows.iter()
                .filter(move |other| other.contender == name && other.page_size == row.page_size)
                .collect::<Vec<_>>()
        };
        let (ours, theirs) = (of(OURS), of(LIBLZ4));
        let percent = |rows: &[&&Row]| {
            geometric_mean(
                rows.iter()
                    .map(|row| 100.0 * row.bytes_out as f64 / row.bytes_in as f64),
            )
        };
        let worst = ours
            .iter()
            .zip(&theirs)
            .map(|(ours, theirs)| ours.bytes_out as f64 / theirs.bytes_out as f64)
            .fold(0.0, f64::max);
        let lowest = ours.iter().map(|row| row.speed).fold(f64::INFINITY, f64::min);
        let slowest = ours
            .iter()
            .map(|row| row.megabytes_per_second())
            .fold(f64::INFINITY, f64::min);
        let _ = writeln!(
            out,
            "| {} | {effort} | {:.2} | {:.2} | {worst:.4} | {:.2} | {lowest:.2} | {slowest:.0} |",
            row.page_size,
            percent(&ours),
            percent(&theirs),
            geometric_mean(ours.iter().map(|row| row.speed)),
        );
    }
}

/// One line a file and way: what a message costs, and how that compares to the way of liblz4 above it.
fn short(rows: &[&Row], out: &mut String) {
    let _ = writeln!(out, "\n## short: streams of one message of 200 bytes\n");
    let _ = writeln!(out, "| file | | ns a message | times liblz4's | bytes |");
    let _ = writeln!(out, "|---|---|---:|---:|---:|");
    let mut reference = rows[0];
    for row in rows {
        if row.contender.starts_with(LIBLZ4) {
            reference = row;
        }
        let messages = row.bytes_in as f64 / row.page_size as f64;
        let _ = writeln!(
            out,
            "| {} | {} | {:.0} | {:.2} | {:.1} |",
            row.file,
            row.contender,
            row.time.as_nanos() as f64 / messages,
            reference.speed / row.speed,
            row.bytes_out as f64 / messages
        );
    }
}
