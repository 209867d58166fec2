//! Numbers in binary: records of fixed width, and columns.

use super::{between, one_in, pick, skewed, step};
use crate::random::Random;

/// Records of 24 bytes from some sensors in turn: time, sensor, status, and three readings that change slowly.
pub fn telemetry(random: &mut Random, len: usize) -> Vec<u8> {
    let sensors = between(random, 1, 12);
    let jitter = between(random, 0, 40);
    let noise: Vec<usize> = (0..3).map(|_| 1 << random.below(9)).collect();
    let mut readings = vec![[0_i64; 3]; sensors];
    for reading in readings.as_flattened_mut() {
        *reading = random.below(1 << 20) as i64;
    }
    let mut time = 1_700_000_000_000 + random.below(1 << 32) as u64;
    let mut status = 0_u16;
    let mut out = Vec::new();
    while out.len() < len {
        for (sensor, readings) in readings.iter_mut().enumerate() {
            time += 50 + random.below(jitter + 1) as u64;
            if one_in(random, 200) {
                status ^= 1 << random.below(16);
            }
            out.extend(time.to_le_bytes());
            out.extend((sensor as u16).to_le_bytes());
            out.extend(status.to_le_bytes());
            for (reading, &noise) in readings.iter_mut().zip(&noise) {
                // Readings often stay the same.
                if !one_in(random, 3) {
                    *reading += step(random, noise);
                }
                out.extend((*reading as i32).to_le_bytes());
            }
        }
    }
    out
}

/// Records of 40 bytes: number, time, symbol, price, quantity, flags and place.
pub fn records(random: &mut Random, len: usize) -> Vec<u8> {
    let symbols: Vec<([u8; 8], f64)> = (0..between(random, 20, 400))
        .map(|_| {
            let mut symbol = *b"        ";
            for letter in &mut symbol[..between(random, 2, 5)] {
                *letter = b'A' + random.below(26) as u8;
            }
            (symbol, 1.0 + random.below(50_000) as f64 / 100.0)
        })
        .collect();
    let places = between(random, 1, 9);
    let mut number = random.below(1 << 40) as u64;
    let mut time = 1_700_000_000_000_000_000 + random.below(1 << 50) as u64;
    let mut out = Vec::new();
    while out.len() < len {
        number += 1 + skewed(random, 4) as u64;
        time += skewed(random, 2_000_000) as u64;
        let (symbol, price) = symbols[skewed(random, symbols.len())];
        let price = price + step(random, 40) as f64 / 100.0;
        let quantity = 100 * (1 + skewed(random, 20)) as u32;
        out.extend(number.to_le_bytes());
        out.extend(time.to_le_bytes());
        out.extend(symbol);
        out.extend(price.to_le_bytes());
        out.extend(quantity.to_le_bytes());
        out.extend((1_u16 << skewed(random, 5)).to_le_bytes());
        out.extend((skewed(random, places) as u16).to_le_bytes());
    }
    out
}

/// Columns of 4 and 8 bytes a value: numbers in order, times, codes and amounts.
pub fn integers(random: &mut Random, len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < len {
        let (kind, wide) = (random.below(4), one_in(random, 2));
        let spread = 2 << random.below(20);
        let mut value = random.below(1 << 30) as u64;
        for _ in 0..between(random, 2_000, 20_000) {
            match kind {
                // In order, with gaps.
                0 => value += 1 + skewed(random, spread.min(64)) as u64,
                // A regular interval.
                1 => value += 1000 + (skewed(random, 8) as u64),
                // Codes, many of them the same as before.
                2 => {
                    value = if one_in(random, 3) {
                        skewed(random, 40) as u64
                    } else {
                        value
                    }
                }
                // Amounts.
                _ => value = skewed(random, spread) as u64,
            }
            if wide {
                out.extend(value.to_le_bytes());
            } else {
                out.extend((value as u32).to_le_bytes());
            }
        }
    }
    out
}

/// Columns of 4 and 8 bytes a value: a random walk with few decimals, a wave with noise, levels, and plain noise.
pub fn floats(random: &mut Random, len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < len {
        let (kind, wide) = (random.below(4), one_in(random, 2));
        let decimals = *pick(random, &[1.0, 10.0, 100.0]);
        let period = between(random, 20, 3000) as f64;
        let mut walk = random.below(100_000) as i64;
        for i in 0..between(random, 2_000, 20_000) {
            let value = match kind {
                0 => {
                    walk += step(random, 5);
                    walk as f64 / decimals
                }
                1 => {
                    let noise = step(random, 1000) as f64 / 1e6;
                    100.0 * triangle(i as f64 / period) + noise
                }
                2 => {
                    if one_in(random, 12) {
                        walk = skewed(random, 30) as i64;
                    }
                    walk as f64 / 4.0
                }
                _ => random.below(1 << 30) as f64 / f64::from(1 << 30),
            };
            if wide {
                out.extend(value.to_le_bytes());
            } else {
                out.extend((value as f32).to_le_bytes());
            }
        }
    }
    out
}

/// A wave between -1 and 1. Unlike a sine, it is the same number on every machine.
fn triangle(turns: f64) -> f64 {
    4.0 * (turns.fract() - 0.5).abs() - 1.0
}
