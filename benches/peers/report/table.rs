//! Markdown tables, and how they show numbers.

/// A table whose first column is text, and whose others are numbers.
pub struct Table(String);

impl Table {
    pub fn new(header: impl IntoIterator<Item = impl ToString>) -> Table {
        let header = cells(header);
        let rule = "---:|".repeat(header.len() - 1);
        Table(format!("\n| {} |\n|---|{rule}\n", header.join(" | ")))
    }

    pub fn line(&mut self, line: impl IntoIterator<Item = impl ToString>) {
        self.0 += &format!("| {} |\n", cells(line).join(" | "));
    }

    pub fn finish(self) -> String {
        self.0
    }
}

fn cells(items: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}

/// The size of a page in the largest unit that fits.
pub fn page(bytes: usize) -> String {
    match bytes {
        _ if bytes > 0 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes > 0 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

pub fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value.ln(), count + 1));
    (sum / f64::from(count.max(1))).exp()
}

pub fn lowest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::INFINITY, f64::min)
}

pub fn highest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::max)
}
