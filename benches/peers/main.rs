//! This crate against its peers: the same data, in the same run, with the contenders taking turns.
//!
//! ```text
//! cargo bench --bench peers                       everything, on made data
//! cargo bench --bench peers -- FOLDER             on the files in FOLDER (or LZ4_STREAM_CORPUS=FOLDER)
//! cargo bench --bench peers -- --redraw FILE      only draw the plot of the figures in FILE
//! cargo bench --bench peers -- --help             all options
//! ```
//!
//! The README's figures are in `benches/peers.csv`, and `benches/peers.svg` is their plot. To make both again:
//!
//! ```text
//! cargo bench --bench peers -- FOLDER --csv benches/peers.csv --svg benches/peers.svg
//! ```
//!
//! To check that they belong together, redraw the plot and compare:
//!
//! ```text
//! cargo bench --bench peers -- --redraw benches/peers.csv && cmp target/peers.svg benches/peers.svg
//! ```

mod contenders;
mod data;
#[path = "../../tests/common/heap.rs"]
#[allow(dead_code)]
mod heap;
mod labels;
#[path = "../../tests/common/liblz4.rs"]
#[allow(dead_code, missing_docs)]
mod liblz4;
mod machine;
mod measure;
mod plot;
mod report;

use std::error::Error;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::{fs, process};

use clap::{Parser, ValueEnum};
use data::Sample;
use lz4_stream::Mode;
use measure::{Cell, Row, measure};

/// Measures lz4-stream and its peers. Prints Markdown, and writes the figures as CSV and a plot of them.
#[derive(Parser)]
#[command(bin_name = "cargo bench --bench peers --")]
struct Args {
    /// Folder with the files to use as data [default: made data]
    #[arg(env = "LZ4_STREAM_CORPUS")]
    folder: Option<PathBuf>,
    /// What to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Part::value_variants().to_vec())]
    only: Vec<Part>,
    /// Page sizes in bytes
    #[arg(long, value_delimiter = ',', default_values = ["1024", "4096", "8192", "65536", "1048576"])]
    pages: Vec<NonZeroUsize>,
    /// How many bytes of each file to use
    #[arg(long, default_value = "8388608")]
    limit: NonZeroUsize,
    /// Rounds for each cell
    #[arg(long, default_value = "9")]
    rounds: NonZeroUsize,
    /// Levels of high compression
    #[arg(long, value_delimiter = ',', default_values_t = 1..=12)]
    levels: Vec<i32>,
    /// Where to write the figures
    #[arg(long, default_value = "target/peers.csv")]
    csv: PathBuf,
    /// Where to write the plot
    #[arg(long, default_value = "target/peers.svg")]
    svg: PathBuf,
    /// Measure nothing, and draw the plot of the figures in FILE
    #[arg(long, value_name = "FILE")]
    redraw: Option<PathBuf>,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// All contenders in the default mode
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

const PATHOLOGICAL_LEN: usize = 1 << 20;
const MESSAGE_LEN: usize = 200;
const MESSAGES: usize = 3000;

impl Part {
    fn name(self) -> String {
        let value = self.to_possible_value().expect("no variant is skipped");
        value.get_name().to_owned()
    }

    fn pages(self, args: &Args) -> Vec<usize> {
        match self {
            Part::Pathological => vec![65_536],
            Part::Short => vec![MESSAGE_LEN],
            _ => args.pages.iter().map(|size| size.get()).collect(),
        }
    }

    fn modes(self, args: &Args) -> Vec<Mode> {
        let fast = [1, 2, 4, 8, 16, 32, 64].map(|acceleration| Mode::Fast { acceleration });
        let high = args.levels.iter().map(|&level| Mode::HighCompression { level });
        match self {
            Part::Compress | Part::Decompress | Part::Short => vec![Mode::Default],
            Part::Fast => fast.to_vec(),
            Part::High => high.collect(),
            Part::Pathological => [Mode::Default].into_iter().chain(high).collect(),
        }
    }

    fn rounds(self, args: &Args) -> usize {
        let rounds = args.rounds.get();
        match self {
            Part::Compress | Part::Decompress | Part::Fast => rounds,
            // A pass is long.
            Part::High => rounds.div_ceil(3),
            Part::Pathological => rounds.min(3),
            // A pass is short.
            Part::Short => rounds * 3,
        }
    }
}

fn main() {
    let args = Args::parse();
    let done = match &args.redraw {
        Some(csv) => draw(csv, &args.svg),
        None => run(&args),
    };
    if let Err(error) = done {
        eprintln!("{error}");
        process::exit(1);
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let limit = args.limit.get();
    let samples = match &args.folder {
        Some(folder) => data::from_folder(folder, limit).map_err(|error| at(folder, error))?,
        None => data::made(1, limit.min(4 << 20)),
    };
    let pathological = data::pathological(PATHOLOGICAL_LEN);
    let mut rows = Vec::new();
    for &part in &args.only {
        let samples = match part {
            Part::Pathological => &pathological,
            _ => &samples,
        };
        for cell in cells(part, args, samples) {
            eprintln!("{} {} {} {}", part.name(), cell.file, cell.page_size, cell.effort());
            rows.extend(measure_cell(cell));
        }
    }
    print!("{}", report::markdown(&rows));
    if let Some(folder) = args.csv.parent() {
        fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
    }
    fs::write(&args.csv, report::csv(&about(args, &samples), &rows)).map_err(|error| at(&args.csv, error))?;
    eprintln!("figures: {}", args.csv.display());
    draw(&args.csv, &args.svg)
}

fn draw(csv: &Path, svg: &Path) -> Result<(), Box<dyn Error>> {
    let drawn = plot::from_csv(csv, svg)
        .map_err(|error| format!("cannot draw {} as {}: {error}", csv.display(), svg.display()))?;
    if drawn {
        eprintln!("plot: {}", svg.display());
    } else {
        eprintln!("no plot: it needs the parts compress, fast or high with pages of 64 KiB");
    }
    Ok(())
}

fn at(path: &Path, error: impl Display) -> String {
    format!("{}: {error}", path.display())
}

fn cells<'a>(part: Part, args: &Args, samples: &'a [Sample]) -> Vec<Cell<'a>> {
    let mut cells = Vec::new();
    for sample in samples {
        let data = match part {
            // Whole messages only.
            Part::Short => {
                let messages = (sample.bytes.len() / MESSAGE_LEN).min(MESSAGES);
                &sample.bytes[..messages * MESSAGE_LEN]
            }
            _ => &sample.bytes,
        };
        for page_size in part.pages(args) {
            for mode in part.modes(args) {
                cells.push(Cell {
                    part,
                    file: &sample.name,
                    data,
                    page_size,
                    mode,
                    rounds: part.rounds(args),
                });
            }
        }
    }
    cells
}

fn measure_cell(cell: Cell<'_>) -> Vec<Row<'_>> {
    let (data, page_size) = (cell.data, cell.page_size);
    match cell.part {
        Part::Compress => measure(cell, contenders::compressors(data, page_size)),
        Part::Decompress => {
            let blocks = contenders::liblz4_blocks(data, page_size, cell.mode);
            let stream = contenders::with_prefixes(&blocks);
            measure(cell, contenders::decompressors(data, page_size, &blocks, &stream))
        }
        Part::Fast | Part::High | Part::Pathological => {
            measure(cell, contenders::ours_and_liblz4(data, page_size, cell.mode))
        }
        Part::Short => {
            let messages: Vec<&[u8]> = data.chunks(page_size).collect();
            measure(cell, contenders::short_streams(&messages))
        }
    }
}

/// The conditions of the run, one a line.
fn about(args: &Args, samples: &[Sample]) -> Vec<String> {
    let mut command = "command: cargo bench --bench peers".to_owned();
    if cfg!(feature = "lz4_flex") {
        command += " --features lz4_flex";
    }
    command += if args.folder.is_some() { " -- FOLDER" } else { " --" };
    for (option, values) in [
        ("only", list(args.only.iter().map(|part| part.name()))),
        ("pages", list(&args.pages)),
        ("limit", args.limit.to_string()),
        ("rounds", args.rounds.to_string()),
        ("levels", list(&args.levels)),
    ] {
        command += &format!(" --{option} {values}");
    }
    let used = samples
        .iter()
        .map(|sample| format!("{} ({} bytes)", sample.name, sample.bytes.len()));
    let used: Vec<String> = used.collect();
    vec![
        format!("date: {}", machine::date()),
        format!("processor: {}", machine::processor()),
        format!("compiler: {}", machine::rustc()),
        command,
        format!("data: {}", used.join(", ")),
    ]
}

fn list(items: impl IntoIterator<Item = impl ToString>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(",")
}
