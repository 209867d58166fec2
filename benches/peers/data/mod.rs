//! What the contenders work on: the files of a folder, or data of many kinds made from a seed.

mod binary;
mod lines;
mod numbers;
mod pathological;
mod source;
mod words;

use std::path::Path;
use std::{fs, io};

pub use pathological::pathological;

use crate::random::Random;

/// Smaller files are skipped: a note about the other files, say.
const SMALLEST_FILE: usize = 64 * 1024;

/// Samples that are reported together.
pub struct Set {
    pub name: String,
    pub samples: Vec<Sample>,
}

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
pub fn from_folder(folder: &Path, limit: usize) -> io::Result<Set> {
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
    Ok(Set {
        name: "files".to_owned(),
        samples,
    })
}

/// Makes at least this many bytes.
type Kind = fn(&mut Random, usize) -> Vec<u8>;

const KINDS: [(&str, Kind); 14] = [
    ("telemetry", numbers::telemetry),
    ("records", numbers::records),
    ("integers", numbers::integers),
    ("floats", numbers::floats),
    ("access-log", lines::access_log),
    ("json", lines::json),
    ("csv", lines::csv),
    ("source", source::source),
    ("machine-code", binary::machine_code),
    ("dna", binary::dna),
    ("scripts", words::scripts),
    ("prose", words::prose),
    ("compressed", binary::compressed),
    ("runs", binary::runs),
];

/// One sample of each kind and a mixture of all, `len` bytes each. A seed always gives the same bytes. It also decides
/// what the kinds leave open, such as how many sensors or words there are.
pub fn made(seed: u64, len: usize) -> Set {
    let mut samples: Vec<Sample> = KINDS
        .iter()
        .map(|&(name, kind)| Sample::new(name, exactly(len, kind(&mut generator(seed, name), len))))
        .collect();
    let mixture = mixture(&mut generator(seed, "mixture"), &samples, len);
    samples.push(Sample::new("mixture", exactly(len, mixture)));
    Set {
        name: format!("made (seed {seed})"),
        samples,
    }
}

/// Every kind has numbers of its own, so that a change of one leaves the others as they are.
fn generator(seed: u64, kind: &str) -> Random {
    let hash = kind.bytes().fold(seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3).rotate_left(29)
    });
    Random::new(hash)
}

fn exactly(len: usize, mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(len);
    bytes
}

/// Pieces of all kinds of data, as in an archive.
fn mixture(random: &mut Random, samples: &[Sample], len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < len {
        let bytes = &pick(random, samples).bytes;
        let piece = (256 + skewed(random, 64 * 1024)).min(bytes.len());
        let start = random.below(bytes.len() - piece + 1);
        out.extend(&bytes[start..start + piece]);
    }
    out
}

fn pick<'a, T>(random: &mut Random, items: &'a [T]) -> &'a T {
    &items[random.below(items.len())]
}

/// A number from `least` to `most`.
fn between(random: &mut Random, least: usize, most: usize) -> usize {
    least + random.below(most - least + 1)
}

/// A number below `n`, the smaller the likelier.
fn skewed(random: &mut Random, n: usize) -> usize {
    let most = random.below(n);
    random.below(most + 1)
}

/// True once in `n` times.
fn one_in(random: &mut Random, n: usize) -> bool {
    random.below(n) == 0
}

/// A step of a random walk, at most `most` up or down.
fn step(random: &mut Random, most: usize) -> i64 {
    random.below(2 * most + 1) as i64 - most as i64
}
