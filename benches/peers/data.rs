//! What the contenders work on: the files of a folder, or data made here.

use std::path::Path;
use std::{fs, io};

/// Smaller files are skipped: a note about the other files, say.
const SMALLEST_FILE: usize = 64 * 1024;

/// A file, or data that takes the place of one.
pub struct Sample {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Sample {
    fn new(name: impl Into<String>, bytes: Vec<u8>) -> Sample {
        Sample {
            name: name.into(),
            bytes,
        }
    }
}

/// The first `limit` bytes of each file in `folder`, sorted by name.
pub fn from_folder(folder: &Path, limit: usize) -> io::Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().is_dir() {
            continue;
        }
        let mut bytes = fs::read(entry.path())?;
        if bytes.len() >= SMALLEST_FILE {
            bytes.truncate(limit);
            samples.push(Sample::new(entry.file_name().to_string_lossy(), bytes));
        }
    }
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    if samples.is_empty() {
        return Err(io::Error::other("no file of 64 KiB or more"));
    }
    Ok(samples)
}

/// One sample of each kind, `len` bytes long. A seed always gives the same bytes.
pub fn made(seed: u64, len: usize) -> Vec<Sample> {
    let mut random = Random(seed);
    let words = words(&mut random);
    vec![
        Sample::new("text", text(&mut random, &words, len)),
        Sample::new("records", records(&mut random, &words, len)),
        Sample::new("noise", (0..len).map(|_| random.below(256) as u8).collect()),
    ]
}

/// Data on which a careless match finder takes quadratic time.
pub fn pathological(len: usize) -> Vec<Sample> {
    let mut samples = vec![Sample::new("zeros", vec![0; len])];
    samples.extend((1..=8).map(|period| Sample::new(format!("period {period}"), periodic(period, len))));
    samples.push(Sample::new("binary sequence", binary_sequence(len)));
    samples.push(Sample::new("one hash", one_hash(len)));
    samples
}

/// A linear congruential generator.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_F42D_4C95_7F2D)
            .wrapping_add(0x1405_7B7E_F767_814F);
        (self.0 >> 33) % n
    }
}

fn words(random: &mut Random) -> Vec<Vec<u8>> {
    (0..3000)
        .map(|_| {
            let len = 2 + random.below(9);
            (0..len).map(|_| b'a' + random.below(26) as u8).collect()
        })
        .collect()
}

/// Words with spaces between them: a few of them often, most of them rarely.
fn text(random: &mut Random, words: &[Vec<u8>], len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < len {
        let rank = random.below(3000) * random.below(3000) / 3000;
        out.extend(&words[rank as usize]);
        out.push(b' ');
    }
    out.truncate(len);
    out
}

/// Records of numbers, a word and padding.
fn records(random: &mut Random, words: &[Vec<u8>], len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < len {
        out.extend((out.len() as u32).to_le_bytes());
        out.extend((random.below(1000) as u32).to_le_bytes());
        out.extend(&words[random.below(50) as usize]);
        out.extend([0; 5]);
        out.extend((random.below(1 << 32) as u32).to_le_bytes());
    }
    out.truncate(len);
    out
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
