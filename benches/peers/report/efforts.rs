//! Modes side by side with liblz4's.

use lz4_stream::Mode;

use super::table::{Table, geometric_mean, highest, lowest, page};
use super::{distinct, page_sizes};
use crate::contenders::{LIBLZ4, OURS};
use crate::measure::Row;

/// A table for each page size, with a line for each mode. The sizes and the MB/s are those of all files together.
pub fn by_page(rows: &[&Row]) -> String {
    let mut out = String::new();
    for size in page_sizes(rows) {
        out += &format!("\nPages of {}:\n", page(size));
        let mut table = Table::new([
            "mode",
            "size, % of the input",
            "liblz4",
            "MB/s",
            "liblz4",
            "speed to liblz4's",
            "lowest",
            "highest",
            "size to liblz4's, highest",
        ]);
        for mode in distinct(rows.iter().map(|row| row.mode)) {
            let of = |contender: &str| -> Vec<&Row> {
                let rows = rows.iter().filter(|row| row.contender == contender);
                let rows = rows.filter(|row| row.mode == mode && row.cell.page_size == size);
                rows.copied().collect()
            };
            let (ours, theirs) = (of(OURS), of(LIBLZ4));
            let speeds = || ours.iter().map(|row| row.speed);
            table.line([
                name(mode),
                format!("{:.2}", percent(&ours)),
                format!("{:.2}", percent(&theirs)),
                format!("{:.0}", megabytes_per_second(&ours)),
                format!("{:.0}", megabytes_per_second(&theirs)),
                format!("{:.2}", geometric_mean(speeds())),
                format!("{:.2}", lowest(speeds())),
                format!("{:.2}", highest(speeds())),
                format!("{:.4}", highest(ours.iter().map(|row| row.size))),
            ]);
        }
        out += &table.finish();
    }
    out
}

/// The one cell where this crate is slowest.
pub fn slowest(rows: &[&Row]) -> String {
    let ours = rows.iter().filter(|row| row.contender == OURS);
    ours.min_by(|a, b| a.megabytes_per_second().total_cmp(&b.megabytes_per_second()))
        .map_or(String::new(), |row| {
            let (mode, speed) = (name(row.mode), row.megabytes_per_second());
            format!("\nThe slowest: {mode} on {}, {speed:.0} MB/s.\n", row.cell.file)
        })
}

fn name(mode: Mode) -> String {
    match mode {
        Mode::Default => "`Default`".to_owned(),
        Mode::Fast { acceleration } => format!("`Fast`, acceleration {acceleration}"),
        Mode::HighCompression { level } => format!("`HighCompression`, level {level}"),
        other => format!("`{other:?}`"),
    }
}

fn bytes(rows: &[&Row]) -> f64 {
    rows.iter().map(|row| row.cell.data.len() as f64).sum()
}

fn percent(rows: &[&Row]) -> f64 {
    100.0 * rows.iter().map(|row| row.bytes_out as f64).sum::<f64>() / bytes(rows)
}

fn megabytes_per_second(rows: &[&Row]) -> f64 {
    bytes(rows) / rows.iter().map(|row| row.time.as_secs_f64()).sum::<f64>() / 1e6
}
