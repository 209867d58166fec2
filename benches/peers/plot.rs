//! Speed against ratio, drawn from the figures in the CSV.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use plotters::prelude::*;

/// What the plot is of: the usual page.
const PAGE_SIZE: &str = "65536";

/// Compression ratio and MB/s of a contender, over all files.
type Point = (f64, f64);

/// Draws `csv` to `svg`; nothing when the CSV has no figures for it.
pub fn from_csv(csv: &Path, svg: &Path) -> Result<(), Box<dyn Error>> {
    // Bytes before and after, and seconds, summed over the files.
    let mut sums: BTreeMap<String, (f64, f64, f64)> = BTreeMap::new();
    for line in fs::read_to_string(csv)?.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [part, _, page_size, contender, bytes_in, bytes_out, speed, ..] = fields[..] else {
            continue;
        };
        if page_size != PAGE_SIZE || !["compress", "fast", "high"].contains(&part) || contender == "memcpy" {
            continue;
        }
        let bytes_in: f64 = bytes_in.parse()?;
        let sum = sums.entry(contender.to_owned()).or_default();
        sum.0 += bytes_in;
        sum.1 += bytes_out.parse::<f64>()?;
        sum.2 += bytes_in / speed.parse::<f64>()? / 1e6;
    }
    let points: BTreeMap<String, Point> = sums
        .into_iter()
        .map(|(name, (bytes_in, bytes_out, seconds))| (name, (bytes_in / bytes_out, bytes_in / seconds / 1e6)))
        .collect();
    if points.is_empty() {
        return Ok(());
    }
    let range = |values: &dyn Fn(&Point) -> f64, margin: f64| {
        let low = points.values().map(values).fold(f64::INFINITY, f64::min);
        let high = points.values().map(values).fold(0.0, f64::max);
        low / margin..high * margin
    };
    let root = SVGBackend::new(svg, (820, 500)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(14)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d(range(&|point| point.0, 1.04), range(&|point| point.1, 1.4).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("compression ratio, pages of 64 KiB")
        .y_desc("MB/s")
        .y_label_formatter(&|speed| format!("{speed:.0}"))
        .x_label_formatter(&|ratio| format!("{ratio:.2}"))
        .light_line_style(WHITE)
        .draw()?;

    // A label beside its point, `right` and `down` of it in pixels.
    let label = |text: String, point: Point, (right, down): (i32, i32), color: &RGBColor| {
        let style = ("sans-serif", 12).into_font().color(color);
        EmptyElement::at(point) + Text::new(text, (right, down), style)
    };
    // Ours above the curve, theirs below.
    for (who, color, down) in [("lz4-stream", RED, -16), ("liblz4", BLUE, 6)] {
        for effort in ["fast", "level"] {
            let mut curve: Vec<(u32, Point)> = points
                .iter()
                .filter_map(|(name, point)| {
                    let number = name.strip_prefix(who)?.trim_start().strip_prefix(effort)?;
                    Some((number.trim().parse().ok()?, *point))
                })
                .collect();
            curve.sort_by_key(|(number, _)| *number);
            let line: Vec<Point> = curve.iter().map(|(_, point)| *point).collect();
            let series = chart.draw_series(LineSeries::new(line.clone(), color.stroke_width(2)))?;
            if effort == "fast" {
                series
                    .label(who)
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
            }
            chart.draw_series(line.iter().map(|point| Circle::new(*point, 3, color.filled())))?;
            // Every number would be a smear.
            for (number, point) in [curve.first(), curve.last()].into_iter().flatten() {
                chart.draw_series([label(format!("{effort} {number}"), *point, (4, down), &color)])?;
            }
        }
    }
    // Three of them lie close together.
    let others = [
        ("lz4rip frame", (-70, 6)),
        ("snap frame", (-70, 2)),
        ("lz4_flex block", (-40, 10)),
        ("lz4_flex frame", (-50, -22)),
    ];
    for (name, beside) in others {
        if let Some(point) = points.get(name) {
            chart.draw_series([TriangleMarker::new(*point, 5, BLACK.filled())])?;
            chart.draw_series([label(name.to_owned(), *point, beside, &BLACK)])?;
        }
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(BLACK)
        .background_style(WHITE)
        .draw()?;
    root.present()?;
    Ok(())
}
