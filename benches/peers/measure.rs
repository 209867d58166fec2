//! Runs the contenders of a cell in turn and takes medians.
//!
//! One pass of every contender makes a round. A contender's figures are the medians, over the rounds, of its time and
//! of its speed relative to the reference in the same round. Noise that lasts longer than a round cancels out.

use std::time::{Duration, Instant};

use lz4_stream::Mode;

use crate::contenders::Contender;
use crate::{Part, heap};

/// What the contenders are compared on.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    pub part: Part,
    pub set: &'a str,
    pub file: &'a str,
    pub data: &'a [u8],
    pub page_size: usize,
    /// The mode of the reference.
    pub mode: Mode,
    pub rounds: usize,
}

/// The mode as the CSV and the plot name it.
pub fn effort(mode: Mode) -> String {
    match mode {
        Mode::Default => "default".to_owned(),
        Mode::Fast { acceleration } => format!("fast {acceleration}"),
        Mode::HighCompression { level } => format!("level {level}"),
        other => format!("{other:?}"),
    }
}

/// A contender's figures in one cell.
pub struct Row<'a> {
    pub cell: Cell<'a>,
    pub contender: &'static str,
    pub mode: Mode,
    /// Bytes that one pass returned.
    pub bytes_out: usize,
    /// The same, as a multiple of the reference's.
    pub size: f64,
    /// Median time of one pass.
    pub time: Duration,
    /// Median speed, as a multiple of the reference's.
    pub speed: f64,
    /// Bytes of heap that one pass took at most.
    pub peak_heap: usize,
}

impl Row<'_> {
    pub fn megabytes_per_second(&self) -> f64 {
        self.cell.data.len() as f64 / self.time.as_secs_f64() / 1e6
    }

    pub fn percent(&self) -> f64 {
        100.0 * self.bytes_out as f64 / self.cell.data.len() as f64
    }

    /// The contender as the tables name it.
    pub fn label(&self) -> String {
        match self.mode {
            Mode::Default => self.contender.to_owned(),
            mode => format!("{} {}", self.contender, effort(mode)),
        }
    }
}

/// One row for each contender. The first contender is the reference.
pub fn measure<'a>(cell: Cell<'a>, mut contenders: Vec<Contender>) -> Vec<Row<'a>> {
    // The first pass warms up, and counts the heap. It is not timed.
    let first_pass: Vec<(usize, usize)> = contenders.iter_mut().map(|one| heap::peak(|| (one.pass)())).collect();
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); contenders.len()];
    for _ in 0..cell.rounds {
        for (one, times) in contenders.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (one.pass)();
            times.push(start.elapsed());
        }
    }
    let (reference, reference_bytes) = (&times[0], first_pass[0].1);
    contenders
        .iter()
        .zip(&times)
        .zip(first_pass)
        .map(|((one, times), (peak_heap, bytes_out))| Row {
            cell,
            contender: one.name,
            mode: one.mode,
            bytes_out,
            size: bytes_out as f64 / reference_bytes as f64,
            time: Duration::from_secs_f64(median(times.iter().map(Duration::as_secs_f64))),
            speed: median(
                times
                    .iter()
                    .zip(reference)
                    .map(|(time, reference)| reference.as_secs_f64() / time.as_secs_f64()),
            ),
            peak_heap,
        })
        .collect()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
