//! Speed and size together: the points of the peers, and which of them this crate beats.
//!
//! A peer's point is its speed and its size on one file with one page size. It is beaten when some mode of this crate
//! is no larger and no slower there.

use super::table::{Table, page};
use super::{distinct, page_sizes};
use crate::contenders::{CONTIGUOUS, FLEX_FRAME, LIBLZ4, OURS, RING, RING_WRITER, RIP_FRAME, SNAP_FRAME};
use crate::measure::Row;

const PEERS: [&str; 5] = [LIBLZ4, CONTIGUOUS, FLEX_FRAME, RIP_FRAME, SNAP_FRAME];
const MODES: [&str; 3] = [OURS, RING, RING_WRITER];
/// How many cells the lists of the worst name.
const WORST: usize = 10;

struct Point<'a> {
    peer: &'a Row<'a>,
    /// The fastest mode of this crate that is no larger.
    best: Option<&'a Row<'a>>,
}

impl Point<'_> {
    fn is_beaten(&self) -> bool {
        self.best.is_some_and(|best| best.speed >= self.peer.speed)
    }
}

pub fn compression(rows: &[&Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let points = all_points(rows);
    let unbeaten: Vec<&Point> = points.iter().filter(|point| !point.is_beaten()).collect();
    let text = format!(
        "\nCompression: no mode of {OURS} beats {} of {} points of its peers.\n",
        unbeaten.len(),
        points.len()
    );
    text + &by_peer(&points) + &worst(&unbeaten) + &nothing_as_small(&unbeaten)
}

fn all_points<'a>(rows: &[&'a Row<'a>]) -> Vec<Point<'a>> {
    let peers = rows.iter().filter(|row| PEERS.contains(&row.contender));
    peers
        .map(|&peer| {
            let ours = rows.iter().copied().filter(|row| MODES.contains(&row.contender));
            let ours = ours.filter(|row| row.cell.file == peer.cell.file);
            let ours = ours.filter(|row| row.cell.page_size == peer.cell.page_size);
            let as_small = ours.filter(|row| row.bytes_out <= peer.bytes_out);
            let best = as_small.max_by(|a, b| a.speed.total_cmp(&b.speed));
            Point { peer, best }
        })
        .collect()
}

/// A line for each peer: how many points are not beaten, of how many.
fn by_peer(points: &[Point]) -> String {
    let rows: Vec<&Row> = points.iter().map(|point| point.peer).collect();
    let pages = page_sizes(&rows);
    let header = ["not beaten, of".to_owned()];
    let names = pages.iter().map(|&size| page(size));
    let mut table = Table::new(header.into_iter().chain(names).chain(["all".to_owned()]));
    for label in distinct(rows.iter().map(|row| row.label())) {
        let of: Vec<&Point> = points.iter().filter(|point| point.peer.label() == label).collect();
        let count = |size: Option<usize>| {
            let of: Vec<&&Point> = of
                .iter()
                .filter(|point| size.is_none_or(|size| point.peer.cell.page_size == size))
                .collect();
            let unbeaten = of.iter().filter(|point| !point.is_beaten()).count();
            format!("{unbeaten} / {}", of.len())
        };
        let counts: Vec<String> = pages
            .iter()
            .map(|&size| count(Some(size)))
            .chain([count(None)])
            .collect();
        table.line([label].into_iter().chain(counts));
    }
    table.finish()
}

/// The points that lack the most speed.
fn worst(unbeaten: &[&Point]) -> String {
    let mut points: Vec<(f64, &Row, &Row)> = unbeaten
        .iter()
        .filter_map(|point| point.best.map(|best| (best.speed / point.peer.speed, point.peer, best)))
        .collect();
    if points.is_empty() {
        return String::new();
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut table = Table::new([
        "the worst",
        "file",
        "page",
        "size, %",
        "MB/s",
        "the fastest mode as small",
        "size, %",
        "MB/s",
        "speed missing, %",
    ]);
    for (speed, peer, ours) in points.into_iter().take(WORST) {
        table.line([
            peer.label(),
            peer.cell.file.to_owned(),
            page(peer.cell.page_size),
            format!("{:.2}", peer.percent()),
            format!("{:.0}", peer.megabytes_per_second()),
            ours.label(),
            format!("{:.2}", ours.percent()),
            format!("{:.0}", ours.megabytes_per_second()),
            format!("{:.1}", 100.0 * (1.0 - speed)),
        ]);
    }
    table.finish()
}

fn nothing_as_small(unbeaten: &[&Point]) -> String {
    let points: Vec<&Row> = unbeaten
        .iter()
        .filter(|point| point.best.is_none())
        .map(|point| point.peer)
        .collect();
    if points.is_empty() {
        return String::new();
    }
    let names = distinct(points.iter().map(|row| format!("{} on {}", row.label(), row.cell.file)));
    format!(
        "\nIn {} of them no mode is as small as the peer: {}.\n",
        points.len(),
        names.join(", ")
    )
}

/// The codec against liblz4 on the same blocks.
pub fn decompression(two_pages: &[&Row], contiguous: &[&Row]) -> String {
    let columns = [(LIBLZ4, ours(two_pages)), (CONTIGUOUS, ours(contiguous))];
    if columns.iter().all(|(_, rows)| rows.is_empty()) {
        return String::new();
    }
    let mut table = Table::new(["file", "page", LIBLZ4, CONTIGUOUS]);
    let cells = columns.iter().flat_map(|(_, rows)| rows);
    for (file, size) in distinct(cells.map(|row| (row.cell.file, row.cell.page_size))) {
        let speeds = columns.iter().map(|(_, rows)| {
            let row = rows
                .iter()
                .find(|row| row.cell.file == file && row.cell.page_size == size);
            row.map_or(String::new(), |row| format!("{:.2}", row.speed))
        });
        table.line([file.to_owned(), page(size)].into_iter().chain(speeds));
    }
    let mut cells: Vec<(&str, &Row)> = columns
        .iter()
        .flat_map(|(peer, rows)| rows.iter().map(|&row| (*peer, row)))
        .collect();
    cells.sort_by(|a, b| a.1.speed.total_cmp(&b.1.speed));
    let slower = cells.iter().filter(|(_, row)| row.speed < 1.0).count();
    let lowest: Vec<String> = (cells.iter().take(WORST))
        .map(|(peer, row)| {
            let (speed, file, size) = (row.speed, row.cell.file, page(row.cell.page_size));
            format!("{speed:.2} ({file}, {size}, {peer})")
        })
        .collect();
    format!(
        "\nDecompression: {OURS} is slower than liblz4 on the same blocks in {slower} of {} cells. The lowest: {}.\n",
        cells.len(),
        lowest.join(", ")
    ) + &table.finish()
}

fn ours<'a>(rows: &[&'a Row<'a>]) -> Vec<&'a Row<'a>> {
    rows.iter().filter(|row| row.contender == OURS).copied().collect()
}
