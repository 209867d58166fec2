//! The figures as Markdown: the sets of data one after the other, with a section for each part, and the points at the
//! end.

mod efforts;
mod points;
mod short;
mod spread;
mod table;

use clap::ValueEnum;

use crate::Part;
use crate::measure::Row;
use table::{Table, page};

pub fn markdown(rows: &[Row]) -> String {
    let sets = distinct(rows.iter().map(|row| row.cell.set));
    let mut out = String::new();
    for set in &sets {
        for &part in Part::value_variants() {
            let rows = select(rows, |row| row.cell.set == *set && row.cell.part == part);
            if !rows.is_empty() {
                out += &format!("\n## {}: {set}\n", part.name());
                out += &section(part, &rows);
            }
        }
    }
    for set in sets {
        let of = |part| select(rows, |row| row.cell.set == set && row.cell.part == part);
        let points = points::compression(&of(Part::Compress))
            + &points::decompression(&of(Part::Decompress), &of(Part::DecompressContiguous));
        if !points.is_empty() {
            out += &format!("\n## points: {set}\n{points}");
        }
    }
    out
}

fn section(part: Part, rows: &[&Row]) -> String {
    match part {
        Part::Compress => spread::compression(rows) + &heaps(rows),
        Part::Decompress | Part::DecompressContiguous => spread::decompression(rows) + &heaps(rows),
        Part::Fast | Part::High => efforts::by_page(rows),
        Part::Pathological => efforts::by_page(rows) + &efforts::slowest(rows),
        Part::Short => short::section(rows),
    }
}

fn select<'a>(rows: &'a [Row<'a>], which: impl Fn(&Row) -> bool) -> Vec<&'a Row<'a>> {
    rows.iter().filter(|row| which(row)).collect()
}

/// In the order of their first appearance.
fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut out = Vec::new();
    for item in items {
        if !out.contains(&item) {
            out.push(item);
        }
    }
    out
}

fn page_sizes(rows: &[&Row]) -> Vec<usize> {
    distinct(rows.iter().map(|row| row.cell.page_size))
}

/// A line for each contender.
fn heaps(rows: &[&Row]) -> String {
    let pages = page_sizes(rows);
    let header = ["peak heap in KiB".to_owned()];
    let mut table = Table::new(header.into_iter().chain(pages.iter().map(|&size| page(size))));
    for label in distinct(rows.iter().map(|row| row.label())) {
        let peaks = pages.iter().map(|&size| {
            let of_page = rows
                .iter()
                .filter(|row| row.cell.page_size == size && row.label() == label);
            let peak = of_page.map(|row| row.peak_heap).max().unwrap_or(0);
            peak.div_ceil(1024).to_string()
        });
        table.line([label.clone()].into_iter().chain(peaks));
    }
    table.finish() + "\nThe largest of all files. What liblz4 allocates in C is not counted.\n"
}
