//! This crate against its peers: the same data, in the same run, with the contenders taking turns.
//!
//! ```text
//! cargo bench --bench peers                       everything, on data made from seed 1
//! cargo bench --bench peers -- --seed 7           on data made from another seed
//! cargo bench --bench peers -- FOLDER             on the files in FOLDER (or LZ4_STREAM_CORPUS=FOLDER)
//! cargo bench --bench peers -- FOLDER --seed 1    on both, reported one after the other
//! cargo bench --bench peers -- --redraw FILE      only draw the plot of the figures in FILE
//! cargo bench --bench peers -- --help             all options
//! ```
//!
//! A seed decides everything about the made data. Do not tune on it alone: judge on a seed that was never used.
//!
//! The README's figures are in `benches/peers.csv`, and `benches/peers.svg` is their plot. To make both again:
//!
//! ```text
//! cargo bench --bench peers -- FOLDER --seed 1 --csv benches/peers.csv --svg benches/peers.svg
//! ```
//!
//! To check that they belong together, redraw the plot and compare:
//!
//! ```text
//! cargo bench --bench peers -- --redraw benches/peers.csv && cmp target/peers.svg benches/peers.svg
//! ```

mod contenders;
mod csv;
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
#[path = "../../tests/common/random.rs"]
mod random;
mod report;

use std::error::Error;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::{fs, process};

use clap::{Parser, ValueEnum};
use contenders::Blocks;
use data::Set;
use lz4_stream::Mode;
use measure::{Cell, Row, effort, measure};

/// Measures lz4-stream and its peers. Prints Markdown, and writes the figures as CSV and a plot of them.
#[derive(Parser)]
#[command(bin_name = "cargo bench --bench peers --")]
struct Args {
    /// Folder with the files to use as data
    #[arg(env = "LZ4_STREAM_CORPUS")]
    folder: Option<PathBuf>,
    /// Use data of many kinds made from this seed, in addition to FOLDER [default without FOLDER: 1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// What to measure
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Part::value_variants().to_vec())]
    only: Vec<Part>,
    /// Page sizes in bytes
    #[arg(long, value_delimiter = ',', default_values = ["1024", "4096", "8192", "65536", "1048576"])]
    pages: Vec<NonZeroUsize>,
    /// How many bytes to use of each file and of each kind of made data [default: 8388608 and 2097152]
    #[arg(long)]
    limit: Option<NonZeroUsize>,
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
    /// All contenders, in the modes that compete with each other
    Compress,
    /// All contenders, on the blocks of liblz4 over two page buffers
    Decompress,
    /// By each way to use this crate, on the blocks of liblz4 over contiguous input
    DecompressContiguous,
    /// Accelerations 1 to 64, against liblz4
    Fast,
    /// The levels of high compression, against liblz4
    High,
    /// Data that is meant to be slow, against liblz4
    Pathological,
    /// Streams of one message
    Short,
}

const FILE_LIMIT: usize = 8 << 20;
const MADE_LEN: usize = 2 << 20;
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
            Part::Compress | Part::Decompress | Part::DecompressContiguous | Part::Short => vec![Mode::Default],
            Part::Fast => fast.to_vec(),
            Part::High => high.collect(),
            Part::Pathological => [Mode::Default].into_iter().chain(high).collect(),
        }
    }

    fn rounds(self, args: &Args) -> usize {
        let rounds = args.rounds.get();
        match self {
            Part::Compress | Part::Decompress | Part::DecompressContiguous | Part::Fast => rounds,
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
    let sets = sets(args)?;
    let pathological = [data::pathological(PATHOLOGICAL_LEN)];
    let mut rows = Vec::new();
    for &part in &args.only {
        let sets = match part {
            Part::Pathological => &pathological[..],
            _ => &sets,
        };
        for cell in cells(part, args, sets) {
            let effort = effort(cell.mode);
            eprintln!("{} {} {} {effort}", part.name(), cell.file, cell.page_size);
            rows.extend(measure_cell(cell));
        }
    }
    print!("{}", report::markdown(&rows));
    if let Some(folder) = args.csv.parent() {
        fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
    }
    fs::write(&args.csv, csv::csv(&about(args, &sets), &rows)).map_err(|error| at(&args.csv, error))?;
    eprintln!("figures: {}", args.csv.display());
    draw(&args.csv, &args.svg)
}

fn sets(args: &Args) -> Result<Vec<Set>, String> {
    let limit = |default| args.limit.map_or(default, NonZeroUsize::get);
    let mut sets = Vec::new();
    if let Some(folder) = &args.folder {
        sets.push(data::from_folder(folder, limit(FILE_LIMIT)).map_err(|error| at(folder, error))?);
    }
    if let Some(seed) = seed(args) {
        sets.push(data::made(seed, limit(MADE_LEN)));
    }
    Ok(sets)
}

fn seed(args: &Args) -> Option<u64> {
    match args.folder {
        Some(_) => args.seed,
        None => args.seed.or(Some(1)),
    }
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

fn cells<'a>(part: Part, args: &Args, sets: &'a [Set]) -> Vec<Cell<'a>> {
    let mut cells = Vec::new();
    for (set, sample) in sets
        .iter()
        .flat_map(|set| set.samples.iter().map(move |sample| (set, sample)))
    {
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
                    set: &set.name,
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
            let blocks = Blocks::of_two_pages(data, page_size);
            let contiguous = Blocks::contiguous(data, page_size);
            measure(cell, contenders::decompressors(data, &blocks, &contiguous))
        }
        Part::DecompressContiguous => {
            let blocks = Blocks::contiguous(data, page_size);
            measure(cell, contenders::decompressors_of_contiguous(data, &blocks))
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
fn about(args: &Args, sets: &[Set]) -> Vec<String> {
    let mut command = "command: cargo bench --bench peers".to_owned();
    if cfg!(feature = "lz4_flex") {
        command += " --features lz4_flex";
    }
    command += if args.folder.is_some() { " -- FOLDER" } else { " --" };
    for (option, values) in [
        ("seed", list(seed(args))),
        ("only", list(args.only.iter().map(|part| part.name()))),
        ("pages", list(&args.pages)),
        ("limit", list(args.limit)),
        ("rounds", args.rounds.to_string()),
        ("levels", list(&args.levels)),
    ] {
        if !values.is_empty() {
            command += &format!(" --{option} {values}");
        }
    }
    let mut about = vec![
        format!("date: {}", machine::date()),
        format!("processor: {}", machine::processor()),
        format!("compiler: {}", machine::rustc()),
        command,
    ];
    about.extend(sets.iter().map(|set| {
        let samples = set.samples.iter();
        let used: Vec<String> = samples
            .map(|sample| format!("{} ({} bytes)", sample.name, sample.bytes.len()))
            .collect();
        format!("{}: {}", set.name, used.join(", "))
    }));
    about
}

fn list(items: impl IntoIterator<Item = impl ToString>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(",")
}
