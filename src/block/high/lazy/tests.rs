use super::*;
use crate::block::random::Random;

/// The size of the cheapest way to write `row[k..]` after everything before `start`, where `row[k]` begins. Some
/// matches may be left out, but not the last one. Each may be cut at both ends, anywhere.
fn cheapest(row: &[Match], k: usize, start: usize) -> usize {
    let end = row[k].end();
    if k + 1 == row.len() {
        return 1 + match_cost(end - start);
    }
    let mut least = usize::MAX;
    for (next, later) in row.iter().enumerate().skip(k + 1) {
        for begin in later.start.max(start + MIN_MATCH)..=later.end() - MIN_MATCH {
            let literals = begin.saturating_sub(end);
            let cost = 1 + match_cost(end.min(begin) - start) + literals + literal_extension(literals);
            least = least.min(cheapest(row, next, begin).saturating_add(cost));
        }
    }
    least
}

/// The same for a row after literals.
fn cheapest_row(row: &[Match], anchor: usize) -> usize {
    let costs = (0..row.len()).map(|first| {
        let literals = row[first].start - anchor;
        cheapest(row, first, row[first].start).saturating_add(literals + literal_extension(literals))
    });
    costs.min().unwrap()
}

/// Writes a row in a window of zeros, where any two places match. Returns the size.
fn written(row: &[Match], anchor: usize) -> usize {
    let window = [0; 400];
    let mut out = [0; 1000];
    let mut writer = SequenceWriter::new(&window, anchor, &mut out);
    write_cheapest::<8>(row, &mut writer);
    let end = row[row.len() - 1].end();
    assert_eq!(writer.anchor, end);
    let literals = window.len() - end;
    writer.finish() - (1 + literals + literal_extension(literals))
}

#[test]
fn of_a_row_the_cheapest_matches_are_written() {
    let mut random = Random::new(1);
    for most in [7, SHORT_MATCH_MAX, 40] {
        // How often a row takes so many bytes more than necessary.
        let mut excess = [0; 3];
        for _ in 0..2000 {
            let anchor = 30;
            let mut length = MIN_MATCH + random.below(most - MIN_MATCH + 1);
            let mut start = anchor + random.below(20);
            let mut row = vec![];
            for _ in 0..2 + random.below(3) {
                row.push(Match {
                    start,
                    length,
                    offset: 1,
                });
                // The next one overlaps the end of this one, and ends later.
                let end = start + length;
                start += random.below(length);
                let least = MIN_MATCH.max(end + 1 - start);
                length = least + random.below(most.saturating_sub(least) + 1);
            }
            excess[written(&row, anchor) - cheapest_row(&row, anchor)] += 1;
        }
        // Without length bytes there is nothing better. With them it is rarely worse, and by little.
        let optimal = if most <= SHORT_MATCH_MAX { 2000 } else { 1750 };
        assert!(excess[0] >= optimal, "{excess:?}");
    }
}
