//! The figures as CSV.

use std::fmt::Write as _;

use crate::measure::{Row, effort};

pub const COLUMNS: &str =
    "part,set,file,page_size,contender,effort,bytes_in,bytes_out,mb_per_s,speed_to_liblz4,peak_heap";

/// `about` comes first, as comments: lines with `# ` before them.
pub fn csv(about: &[String], rows: &[Row]) -> String {
    let mut out = String::new();
    for line in about {
        let _ = writeln!(out, "# {}", line.replace(['\n', '\r'], " "));
    }
    let _ = writeln!(out, "{COLUMNS}");
    for row in rows {
        let _ = writeln!(
            out,
            "{},{},{},{},{},{},{},{},{:.1},{:.3},{}",
            row.cell.part.name(),
            field(row.cell.set),
            field(row.cell.file),
            row.cell.page_size,
            field(row.contender),
            effort(row.mode),
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
