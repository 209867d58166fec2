//! The figures as Markdown and as CSV.

use std::fmt::Write as _;

use clap::ValueEnum;

use crate::Part;
use crate::contenders::{LIBLZ4, MEMCPY, OURS, READER, WRITER};
use crate::measure::Row;

/// The columns of the CSV.
pub const COLUMNS: &str = "part,file,page_size,contender,effort,bytes_in,bytes_out,mb_per_s,speed_to_liblz4,peak_heap";

/// The CSV. `about` comes first, as comments: lines with `# ` before them.
pub fn csv(about: &[String], rows: &[Row]) -> String {
    let mut out = String::new();
    for line in about {
        let _ = writeln!(out, "# {}", line.replace(['\n', '\r'], " "));
    }
    let _ = writeln!(out, "{COLUMNS}");
    for row in rows {
        let _ = writeln!(
            out,
            "{},{},{},{},{},{},{},{:.1},{:.3},{}",
            row.cell.part.name(),
            field(row.cell.file),
            row.cell.page_size,
            field(row.contender),
            row.cell.effort(),
            row.cell.data.len(),
            row.bytes_out,
            row.megabytes_per_second(),
            row.speed,
            row.peak_heap
        );
    }
    out
}

/// A name without the characters that would need quotes.
fn field(name: &str) -> String {
    name.replace(',', ";").replace(['"', '\n', '\r'], " ")
}

/// A section for each part that was measured.
pub fn markdown(rows: &[Row]) -> String {
    let mut out = String::new();
    for &part in Part::value_variants() {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.cell.part == part).collect();
        if rows.is_empty() {
            continue;
        }
        match part {
            Part::Compress => {
                let columns = columns(&rows);
                speeds(part, &columns, &mut out);
                sizes(&columns, &mut out);
                heaps(part, &columns, &mut out);
                adapter_cost(WRITER, &columns, &mut out);
            }
            Part::Decompress => {
                let columns = columns(&rows);
                speeds(part, &columns, &mut out);
                heaps(part, &columns, &mut out);
                adapter_cost(READER, &columns, &mut out);
            }
            Part::Fast | Part::High | Part::Pathological => efforts(part, &rows, &mut out),
            Part::Short => short(&rows, &mut out),
        }
    }
    out
}

/// The rows of one contender. The n-th rows of all columns are of the same cell.
struct Column<'a> {
    name: &'a str,
    rows: Vec<&'a Row<'a>>,
}

/// liblz4's column comes first.
fn columns<'a>(rows: &[&'a Row<'a>]) -> Vec<Column<'a>> {
    let mut columns: Vec<Column> = Vec::new();
    for &row in rows {
        match columns.iter_mut().find(|column| column.name == row.contender) {
            Some(column) => column.rows.push(row),
            None => columns.push(Column {
                name: row.contender,
                rows: vec![row],
            }),
        }
    }
    columns
}

fn names(columns: &[&Column]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(" | ")
}

fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value.ln(), count + 1));
    (sum / f64::from(count.max(1))).exp()
}

/// A line for each cell, a column for each contender.
fn speeds(part: Part, columns: &[Column], out: &mut String) {
    let reference = &columns[0];
    let others: Vec<&Column> = columns[1..].iter().collect();
    let _ = writeln!(out, "\n## {}: speed as a multiple of liblz4's\n", part.name());
    let _ = writeln!(out, "| file | page | liblz4 MB/s | {} |", names(&others));
    let _ = writeln!(out, "|---|---:|---:|{}", "---:|".repeat(others.len()));
    for (i, row) in reference.rows.iter().enumerate() {
        let (file, page, speed) = (row.cell.file, row.cell.page_size, row.megabytes_per_second());
        let _ = write!(out, "| {file} | {page} | {speed:.0} |");
        for column in &others {
            let _ = write!(out, " {:.2} |", column.rows[i].speed);
        }
        out.push('\n');
    }
    let _ = write!(out, "| geometric mean | | |");
    for column in &others {
        let _ = write!(out, " {:.2} |", geometric_mean(column.rows.iter().map(|row| row.speed)));
    }
    out.push('\n');
}

/// The same table of sizes.
fn sizes(columns: &[Column], out: &mut String) {
    let shown: Vec<&Column> = columns
        .iter()
        .filter(|column| ![MEMCPY, WRITER].contains(&column.name))
        .collect();
    let _ = writeln!(out, "\n## compress: size in percent of the input\n");
    let _ = writeln!(out, "| file | page | {} |", names(&shown));
    let _ = writeln!(out, "|---|---:|{}", "---:|".repeat(shown.len()));
    for (i, row) in columns[0].rows.iter().enumerate() {
        let _ = write!(out, "| {} | {} |", row.cell.file, row.cell.page_size);
        for column in &shown {
            let _ = write!(out, " {:.2} |", column.rows[i].percent());
        }
        out.push('\n');
    }
}

/// A line for each page size.
fn heaps(part: Part, columns: &[Column], out: &mut String) {
    let _ = writeln!(
        out,
        "\n## {}: peak heap in KiB, the largest of all files (without what liblz4 allocates in C)\n",
        part.name()
    );
    let _ = writeln!(out, "| page | {} |", names(&columns.iter().collect::<Vec<_>>()));
    let _ = writeln!(out, "|---:|{}", "---:|".repeat(columns.len()));
    let mut pages: Vec<usize> = columns[0].rows.iter().map(|row| row.cell.page_size).collect();
    pages.sort_unstable();
    pages.dedup();
    for page in pages {
        let _ = write!(out, "| {page} |");
        for column in columns {
            let rows = column.rows.iter().filter(|row| row.cell.page_size == page);
            let peak = rows.map(|row| row.peak_heap).max().unwrap_or(0);
            let _ = write!(out, " {} |", peak.div_ceil(1024));
        }
        out.push('\n');
    }
}

/// What the adapter for `std::io` costs beside the codec alone.
fn adapter_cost(adapter: &str, columns: &[Column], out: &mut String) {
    let speeds = |name: &str| -> Vec<f64> {
        columns
            .iter()
            .filter(|column| column.name == name)
            .flat_map(|column| &column.rows)
            .filter(|row| row.cell.page_size == 65_536)
            .map(|row| row.speed)
            .collect()
    };
    let (codec, adapted) = (speeds(OURS), speeds(adapter));
    if !codec.is_empty() {
        let _ = writeln!(
            out,
            "\nWith pages of 64 KiB, {adapter} has {:.3} times the speed of the codec alone.",
            geometric_mean(codec.iter().zip(adapted).map(|(codec, adapted)| adapted / codec))
        );
    }
}

/// A line for each page size and effort, over all files.
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
    let mut lines: Vec<(usize, String)> = Vec::new();
    for row in rows {
        let line = (row.cell.page_size, row.cell.effort());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    for (page_size, effort) in lines {
        let of = |contender: &str| -> Vec<&Row> {
            rows.iter()
                .filter(|row| row.contender == contender)
                .filter(|row| row.cell.page_size == page_size && row.cell.effort() == effort)
                .copied()
                .collect()
        };
        let (ours, theirs) = (of(OURS), of(LIBLZ4));
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
            "| {page_size} | {effort} | {:.2} | {:.2} | {worst:.4} | {:.2} | {lowest:.2} | {slowest:.0} |",
            geometric_mean(ours.iter().map(|row| row.percent())),
            geometric_mean(theirs.iter().map(|row| row.percent())),
            geometric_mean(ours.iter().map(|row| row.speed)),
        );
    }
}

/// A line for each file and contender. A contender is compared with the last one of liblz4 before it.
fn short(rows: &[&Row], out: &mut String) {
    let _ = writeln!(out, "\n## short: streams of one message of 200 bytes\n");
    let _ = writeln!(out, "| file | | ns a message | times liblz4's | bytes |");
    let _ = writeln!(out, "|---|---|---:|---:|---:|");
    let mut reference = rows[0];
    for row in rows {
        if row.contender.starts_with(LIBLZ4) {
            reference = row;
        }
        let messages = row.cell.data.len() as f64 / row.cell.page_size as f64;
        let _ = writeln!(
            out,
            "| {} | {} | {:.0} | {:.2} | {:.1} |",
            row.cell.file,
            row.contender,
            row.time.as_nanos() as f64 / messages,
            reference.speed / row.speed,
            row.bytes_out as f64 / messages
        );
    }
}
