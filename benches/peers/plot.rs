//! Speed against compression ratio, drawn from the figures of the first set in a CSV.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::contenders::{CONTIGUOUS, FLEX_BLOCK, FLEX_FRAME, LIBLZ4, OURS, RIP_FRAME, SNAP_FRAME};
use crate::csv::COLUMNS;
use crate::labels::{Layout, Pixels, Place, Rect};

/// Only pages of this size are drawn.
const PAGE_SIZE: &str = "65536";
const SIZE: (u32, u32) = (820, 500);
const FONT: (&str, i32) = ("sans-serif", 14);
const LINE_HEIGHT: i32 = 14;
const MARKER_RADIUS: i32 = 5;

/// Compression ratio and MB/s over all files.
type Point = (f64, f64);
type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws `csv` to `svg`. Returns false, and draws nothing, if the CSV has no figures for the plot.
pub fn from_csv(csv: &Path, svg: &Path) -> Result<bool, Box<dyn Error>> {
    let csv = fs::read_to_string(csv)?;
    let figures = Figures::read(&csv)?;
    let (curves, peers) = (figures.curves(), figures.peers());
    let points: Vec<Point> = (curves.iter().flat_map(|curve| &curve.points))
        .chain(&peers)
        .map(|(_, point)| *point)
        .collect();
    if points.is_empty() {
        return Ok(false);
    }
    if let Some(folder) = svg.parent() {
        fs::create_dir_all(folder)?;
    }
    let root = SVGBackend::new(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(14)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d(
            range(points.iter().map(|point| point.0), 1.04),
            range(points.iter().map(|point| point.1), 1.4).log_scale(),
        )?;
    chart
        .configure_mesh()
        .label_style(FONT)
        .x_desc("compression ratio, pages of 64 KiB")
        .y_desc("MB/s")
        .y_label_formatter(&|speed| format!("{speed:.0}"))
        .x_label_formatter(&|ratio| format!("{ratio:.2}"))
        .light_line_style(WHITE)
        .draw()?;

    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let mut layout = Layout::new(Rect {
        left: columns.start,
        top: rows.start,
        right: columns.end,
        bottom: rows.end,
    });
    let mut labels = Vec::new();
    for (name, point) in peers {
        chart.draw_series([TriangleMarker::new(point, MARKER_RADIUS, BLACK.filled())])?;
        labels.push((name, chart.backend_coord(&point), BLACK));
    }
    for curve in curves {
        let line: Vec<Point> = curve.points.iter().map(|(_, point)| *point).collect();
        chart.draw_series(LineSeries::new(line.clone(), curve.color.stroke_width(2)))?;
        chart.draw_series(line.iter().map(|point| Circle::new(*point, 3, curve.color.filled())))?;
        let pixels: Vec<Pixels> = line.iter().map(|point| chart.backend_coord(point)).collect();
        for ends in pixels.windows(2) {
            layout.reserve_curve(ends[0], ends[1]);
        }
        for (i, ((name, _), &pixel)) in curve.points.iter().zip(&pixels).enumerate() {
            layout.reserve_marker(pixel, MARKER_RADIUS);
            // There is no room for all the numbers.
            if i == 0 || i + 1 == pixels.len() {
                labels.push((name.clone(), pixel, curve.color));
            }
        }
    }
    for (_, pixel, _) in &labels {
        layout.reserve_marker(*pixel, MARKER_RADIUS);
    }
    draw_legend(&root, &mut layout)?;
    let wanted: Vec<_> = labels
        .iter()
        .map(|(text, pixel, _)| (*pixel, (width(text), LINE_HEIGHT)))
        .collect();
    for ((text, pixel, color), place) in labels.iter().zip(layout.place_all(&wanted)) {
        match place {
            Some(place) => draw_label(&root, text, *pixel, &place, *color)?,
            None => eprintln!("the plot has no room for the label {text}"),
        }
    }
    root.present()?;
    Ok(true)
}

/// The sums over all files: bytes before, bytes after, seconds. By part, contender and effort.
struct Figures<'a>(BTreeMap<(&'a str, &'a str, &'a str), (f64, f64, f64)>);

/// Efforts of one kind by one contender.
struct Curve {
    color: RGBColor,
    points: Vec<(String, Point)>,
}

impl Figures<'_> {
    fn read(csv: &str) -> Result<Figures<'_>, Box<dyn Error>> {
        let mut lines = csv.lines().filter(|line| !line.starts_with('#'));
        if lines.next() != Some(COLUMNS) {
            return Err(format!("the columns must be {COLUMNS}").into());
        }
        let mut sums: BTreeMap<_, (f64, f64, f64)> = BTreeMap::new();
        let mut first_set = None;
        for line in lines {
            let fields: Vec<&str> = line.split(',').collect();
            let [
                part,
                set,
                _,
                page_size,
                contender,
                effort,
                bytes_in,
                bytes_out,
                speed,
                _,
                _,
            ] = fields[..]
            else {
                return Err(format!("not a line of figures: {line}").into());
            };
            let drawn = ["compress", "fast", "high"].contains(&part);
            if drawn && page_size == PAGE_SIZE && set == *first_set.get_or_insert(set) {
                let bytes_in: f64 = bytes_in.parse()?;
                let sum = sums.entry((part, contender, effort)).or_default();
                sum.0 += bytes_in;
                sum.1 += bytes_out.parse::<f64>()?;
                sum.2 += bytes_in / speed.parse::<f64>()? / 1e6;
            }
        }
        Ok(Figures(sums))
    }

    /// Every contender of a part with its effort and its point, in alphabetical order.
    fn points(&self, part: &str) -> impl Iterator<Item = (&str, &str, Point)> {
        let of_part = self.0.iter().filter(move |((of, ..), _)| *of == part);
        of_part.map(|(&(_, contender, effort), &(before, after, seconds))| {
            (contender, effort, (before / after, before / seconds / 1e6))
        })
    }

    fn curves(&self) -> Vec<Curve> {
        let mut curves = Vec::new();
        for (who, color) in COLORS {
            let curve = |part: &str| {
                let mut points: Vec<(i32, String, Point)> = self
                    .points(part)
                    .filter(|(contender, ..)| *contender == who)
                    .map(|(_, effort, point)| {
                        let number = effort.rsplit(' ').next().and_then(|number| number.parse().ok());
                        (number.unwrap_or(0), effort.to_owned(), point)
                    })
                    .collect();
                points.sort_by_key(|(number, ..)| *number);
                Curve {
                    color,
                    points: points.into_iter().map(|(_, effort, point)| (effort, point)).collect(),
                }
            };
            let mut fast = curve("fast");
            if fast.points.is_empty() {
                fast = curve("compress");
                fast.points.retain(|(effort, _)| effort == "default");
            }
            curves.extend([fast, curve("high")]);
        }
        curves
    }

    fn peers(&self) -> Vec<(String, Point)> {
        self.points("compress")
            .filter(|(contender, effort, _)| *effort == "default" && PEERS.contains(contender))
            .map(|(contender, _, point)| (contender.to_owned(), point))
            .collect()
    }
}

/// Drawn as single points, in the default mode.
const PEERS: [&str; 5] = [CONTIGUOUS, FLEX_BLOCK, FLEX_FRAME, RIP_FRAME, SNAP_FRAME];
const COLORS: [(&str, RGBColor); 2] = [(OURS, RED), (LIBLZ4, BLUE)];

/// From the least value to the greatest, with a margin around them.
fn range(values: impl Iterator<Item = f64> + Clone, margin: f64) -> std::ops::Range<f64> {
    values.clone().fold(f64::INFINITY, f64::min) / margin..values.fold(0.0, f64::max) * margin
}

/// An estimate, on the wide side: how wide the text is depends on the fonts of whoever looks at it.
fn width(text: &str) -> i32 {
    7 * text.chars().count() as i32
}

fn draw_text(root: &Canvas, text: &str, at: Pixels, color: RGBColor, align: HPos) -> Result<(), Box<dyn Error>> {
    let style = FONT.into_font().color(&color).pos(Pos::new(align, VPos::Top));
    root.draw(&Text::new(text, at, style))?;
    Ok(())
}

fn draw_legend(root: &Canvas, layout: &mut Layout) -> Result<(), Box<dyn Error>> {
    const PADDING: i32 = 8;
    const LINE: i32 = 18;
    const SPACING: i32 = 20;
    let text_width = COLORS.iter().map(|(who, _)| width(who)).max().unwrap_or(0);
    let height = SPACING * (COLORS.len() as i32 - 1) + LINE_HEIGHT;
    let size = (3 * PADDING + LINE + text_width, 2 * PADDING + height);
    let Rect { left, top, .. } = layout.place_in_corner(size, 10);
    let corners = [(left, top), (left + size.0, top + size.1)];
    root.draw(&Rectangle::new(corners, WHITE.filled()))?;
    root.draw(&Rectangle::new(corners, BLACK))?;
    for (i, (who, color)) in COLORS.into_iter().enumerate() {
        let (x, y) = (left + PADDING, top + PADDING + SPACING * i as i32);
        let middle = y + LINE_HEIGHT / 2;
        root.draw(&PathElement::new(
            [(x, middle), (x + LINE, middle)],
            color.stroke_width(2),
        ))?;
        draw_text(root, who, (x + LINE + PADDING, y), color, HPos::Left)?;
    }
    Ok(())
}

/// The label of the marker at `pixel`.
fn draw_label(root: &Canvas, text: &str, pixel: Pixels, place: &Place, color: RGBColor) -> Result<(), Box<dyn Error>> {
    if let Some(leader) = place.leader {
        root.draw(&PathElement::new(leader, color.mix(0.5)))?;
    }
    let Rect { left, right, top, .. } = place.text;
    // The text may be narrower than estimated: keep it close to the marker.
    let (x, align) = if left > pixel.0 {
        (left, HPos::Left)
    } else if right <= pixel.0 {
        (right, HPos::Right)
    } else {
        ((left + right) / 2, HPos::Center)
    };
    draw_text(root, text, (x, top), color, align)
}
