//! Streams of one message.

use super::distinct;
use super::table::{Table, geometric_mean};
use crate::contenders::LIBLZ4;
use crate::measure::Row;

/// A line for each contender, over all files. A contender is compared with the last one of liblz4 before it.
pub fn section(rows: &[&Row]) -> String {
    let mut table = Table::new(["", "ns a message", "times liblz4's", "lowest", "highest", "bytes"]);
    let mut reference = rows[0].contender;
    for contender in distinct(rows.iter().map(|row| row.contender)) {
        if contender.starts_with(LIBLZ4) {
            reference = contender;
        }
        let of = |name: &str| -> Vec<&Row> { rows.iter().filter(|row| row.contender == name).copied().collect() };
        let (of, references) = (of(contender), of(reference));
        let mut times: Vec<f64> = of
            .iter()
            .zip(references)
            .map(|(row, to)| to.speed / row.speed)
            .collect();
        times.sort_by(f64::total_cmp);
        let mean = |value: fn(&Row) -> f64| geometric_mean(of.iter().map(|row| value(row) / messages(row)));
        table.line([
            contender.to_owned(),
            format!("{:.0}", mean(|row| row.time.as_nanos() as f64)),
            format!("{:.2}", geometric_mean(times.iter().copied())),
            format!("{:.2}", times[0]),
            format!("{:.2}", times[times.len() - 1]),
            format!("{:.1}", mean(|row| row.bytes_out as f64)),
        ]);
    }
    table.finish()
}

fn messages(row: &Row) -> f64 {
    row.cell.data.len() as f64 / row.cell.page_size as f64
}
