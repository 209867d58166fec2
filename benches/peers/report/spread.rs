//! The contenders at each page size: means over the files, and how far the files lie apart.

use lz4_stream::Mode;

use super::table::{Table, geometric_mean, highest, lowest, page};
use super::{distinct, page_sizes};
use crate::contenders::{
    APPENDED, BUF_READ, BUF_READ_TO_END, CONTIGUOUS, COPIED, FEED, FILL_BUF, FLEX_BLOCK, FLEX_FRAME, LIBLZ4, ONE_SHOT,
    OURS, READ, READ_TO_END, READ_TO_NEW, RING, RIP_FRAME, SNAP_FRAME,
};
use crate::measure::Row;

pub fn compression(rows: &[&Row]) -> String {
    let columns = [OURS, RING, CONTIGUOUS, FLEX_BLOCK, FLEX_FRAME, RIP_FRAME, SNAP_FRAME];
    let mean = |rows: &[&Row]| {
        let (speed, size) = (mean(rows, |row| row.speed), mean(rows, |row| row.size));
        format!("{speed:.2} / {size:.3}")
    };
    let text =
        format!("\nSpeed / size as multiples of {LIBLZ4}'s in the default mode, geometric means over the files.\n");
    let spreads: Vec<String> = page_sizes(rows)
        .into_iter()
        .map(|size| spread(size, &of_page(rows, size), &[speeds, sizes]))
        .collect();
    text + &by_page(&columns, rows, mean) + &spreads.concat()
}

pub fn decompression(rows: &[&Row]) -> String {
    let peers = [OURS, CONTIGUOUS, FLEX_BLOCK, FLEX_FRAME, RIP_FRAME, SNAP_FRAME];
    let lent = [OURS, FEED, FILL_BUF];
    let copied = [COPIED, BUF_READ, READ];
    let whole = [APPENDED, BUF_READ_TO_END, READ_TO_END, READ_TO_NEW, ONE_SHOT];
    let mean = |rows: &[&Row]| format!("{:.2}", mean(rows, |row| row.speed));
    let reference = rows[0].label();
    let text = format!("\nSpeed as a multiple of {reference}'s, geometric means over the files.\n");
    let mut out = text;
    // On the blocks of the contiguous encoder, there are no other peers than the reference.
    if reference != CONTIGUOUS {
        out += &by_page(&peers, rows, mean);
    }
    out += "\nBy each way to use it that lends pages.\n";
    out += &by_page(&lent, rows, mean);
    out += "\nBy each way that copies pages to a page of the caller.\n";
    out += &by_page(&copied, rows, mean);
    out += "\nBy each way that gives everything in one piece.\n";
    out += &by_page(&whole, rows, mean);
    for size in page_sizes(rows) {
        out += &spread(size, &of_page(rows, size), &[speeds]);
    }
    out
}

fn of_page<'a>(rows: &[&'a Row<'a>], size: usize) -> Vec<&'a Row<'a>> {
    rows.iter().filter(|row| row.cell.page_size == size).copied().collect()
}

fn mean(rows: &[&Row], value: impl Fn(&Row) -> f64) -> f64 {
    geometric_mean(rows.iter().map(|row| value(row)))
}

/// A line for each page size, a column for each contender in the default mode.
fn by_page(columns: &[&str], rows: &[&Row], show: impl Fn(&[&Row]) -> String) -> String {
    let mut table = Table::new(["page"].iter().chain(columns));
    let line = |rows: &[&Row]| -> Vec<String> {
        let of = |contender: &str| -> Vec<&Row> {
            let default = rows.iter().filter(|row| row.mode == Mode::Default);
            default.filter(|row| row.contender == contender).copied().collect()
        };
        columns.iter().map(|contender| show(&of(contender))).collect()
    };
    for size in page_sizes(rows) {
        table.line([page(size)].into_iter().chain(line(&of_page(rows, size))));
    }
    table.line(["all (mean)".to_owned()].into_iter().chain(line(rows)));
    table.finish()
}

/// What a table shows about a contender: names of columns, and their values from its rows.
type Columns = fn(&[&Row]) -> [(&'static str, String); 3];

/// A line for each contender.
fn spread(size: usize, rows: &[&Row], columns: &[Columns]) -> String {
    let all = |rows: &[&Row]| -> Vec<(&str, String)> { columns.iter().flat_map(|columns| columns(rows)).collect() };
    let names = all(rows).into_iter().map(|(name, _)| name.to_owned());
    let mut table = Table::new([format!("pages of {}", page(size))].into_iter().chain(names));
    for label in distinct(rows.iter().map(|row| row.label())) {
        let of: Vec<&Row> = rows.iter().filter(|row| row.label() == label).copied().collect();
        let values = all(&of).into_iter().map(|(_, value)| value);
        table.line([label].into_iter().chain(values));
    }
    table.finish()
}

fn speeds(rows: &[&Row]) -> [(&'static str, String); 3] {
    let slowest = rows.iter().min_by(|a, b| a.speed.total_cmp(&b.speed));
    let slowest = slowest.map_or(String::new(), |row| format!("{:.2} {}", row.speed, row.cell.file));
    [
        ("speed, lowest", slowest),
        ("mean", format!("{:.2}", mean(rows, |row| row.speed))),
        ("highest", format!("{:.2}", highest(rows.iter().map(|row| row.speed)))),
    ]
}

fn sizes(rows: &[&Row]) -> [(&'static str, String); 3] {
    [
        (
            "size, lowest",
            format!("{:.3}", lowest(rows.iter().map(|row| row.size))),
        ),
        ("mean", format!("{:.3}", mean(rows, |row| row.size))),
        ("highest", format!("{:.3}", highest(rows.iter().map(|row| row.size)))),
    ]
}
