//! Data on which a careless match finder takes quadratic time.

use super::{Sample, Set};

pub fn pathological(len: usize) -> Set {
    let mut samples = vec![Sample::new("zeros", vec![0; len])];
    samples.extend((1..=8).map(|period| Sample::new(format!("period {period}"), periodic(period, len))));
    samples.push(Sample::new("binary sequence", binary_sequence(len)));
    samples.push(Sample::new("one hash", one_hash(len)));
    Set {
        name: "data made to be slow".to_owned(),
        samples,
    }
}

fn periodic(period: usize, len: usize) -> Vec<u8> {
    (0..len).map(|i| b'a' + (i % period) as u8).collect()
}

/// Two letters in the order of a shift register: many positions whose first bytes are nearly the same.
fn binary_sequence(len: usize) -> Vec<u8> {
    let mut register = 1_u32;
    (0..len)
        .map(|_| {
            register = (register >> 1) ^ ((register & 1) * 0xB400);
            b'a' + (register & 1) as u8
        })
        .collect()
}

/// The same four bytes again and again, with different bytes after them each time: one hash, no long match.
fn one_hash(len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for i in 0..len as u32 / 8 {
        out.extend(b"same");
        out.extend((i.wrapping_mul(0x9E37_79B1)).to_le_bytes());
    }
    out
}
