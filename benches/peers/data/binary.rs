//! Other binary data: machine code, DNA, data that is compressed already, and runs.

use super::words::Vocabulary;
use super::{between, one_in, pick, skewed};
use crate::random::Random;

/// An instruction: its first bytes, and what comes after them.
const INSTRUCTIONS: [(&[u8], Operand); 16] = [
    (&[0x48, 0x8B], Operand::Stack),
    (&[0x48, 0x89], Operand::Registers),
    (&[0xE8], Operand::Call),
    (&[0x48, 0x89], Operand::Stack),
    (&[0x8B], Operand::Field),
    (&[0x48, 0x85], Operand::Registers),
    (&[0x0F, 0x84], Operand::Jump),
    (&[0x74], Operand::Byte),
    (&[0x48, 0x8D, 0x3D], Operand::Data),
    (&[0x31], Operand::Registers),
    (&[0x4C, 0x89], Operand::Registers),
    (&[0x83, 0xF8], Operand::Byte),
    (&[0x48, 0x83, 0xC4], Operand::Byte),
    (&[0xB8], Operand::Number),
    (&[0x0F, 0xB6], Operand::Field),
    (&[0xF2, 0x0F, 0x10], Operand::Field),
];

#[derive(Clone, Copy)]
enum Operand {
    /// A byte that names two registers.
    Registers,
    /// A place in the frame.
    Stack,
    /// A place in a struct.
    Field,
    /// A distance to a function.
    Call,
    /// A distance within the function.
    Jump,
    /// A distance to constants.
    Data,
    Byte,
    Number,
}

/// Functions that look like those of x86-64: some instructions far more often than others, calls relative to where
/// they stand.
pub fn machine_code(random: &mut Random, len: usize) -> Vec<u8> {
    let callees: Vec<usize> = (0..between(random, 100, 3000))
        .map(|_| random.below(len.max(1)))
        .collect();
    let mut out = Vec::new();
    while out.len() < len {
        out.extend([0x55, 0x48, 0x89, 0xE5, 0x41, 0x57, 0x41, 0x56, 0x53, 0x48, 0x83, 0xEC]);
        out.push(8 * between(random, 1, 20) as u8);
        for _ in 0..between(random, 5, 120) {
            if out.len() > 64 && one_in(random, 15) {
                // A sequence that was used before.
                let start = out.len() - 64 - skewed(random, (out.len() - 63).min(60_000));
                out.extend_from_within(start..start + between(random, 6, 60));
            }
            let (code, operand) = INSTRUCTIONS[skewed(random, INSTRUCTIONS.len())];
            out.extend(code);
            write_operand(random, &mut out, operand, &callees);
        }
        out.extend([0x5B, 0x41, 0x5E, 0x41, 0x5F, 0x5D, 0xC3]);
        out.resize(out.len().next_multiple_of(16), 0xCC);
    }
    out
}

fn write_operand(random: &mut Random, out: &mut Vec<u8>, operand: Operand, callees: &[usize]) {
    let distance = |to: usize, from: usize| (to as i32).wrapping_sub(from as i32 + 4).to_le_bytes();
    let registers = (8 * skewed(random, 8) + skewed(random, 8)) as u8;
    match operand {
        Operand::Registers => out.push(0xC0 | registers),
        Operand::Stack => out.extend([0x45 | registers & 0x38, 0_u8.wrapping_sub(8 * skewed(random, 24) as u8)]),
        Operand::Field => out.extend([0x40 | registers, 4 * skewed(random, 32) as u8]),
        Operand::Call => out.extend(distance(callees[skewed(random, callees.len())], out.len())),
        Operand::Jump => out.extend((skewed(random, 900) as i32 - 200).to_le_bytes()),
        Operand::Data => out.extend(distance(8_000_000 + 8 * skewed(random, 5000), out.len())),
        Operand::Byte => out.push(skewed(random, 128) as u8),
        Operand::Number => out.extend((skewed(random, 4096) as u32).to_le_bytes()),
    }
}

/// Lines of bases under headers. Pieces come again later, with some bases changed.
pub fn dna(random: &mut Random, len: usize) -> Vec<u8> {
    let (width, rate) = (*pick(random, &[60, 70, 80]), between(random, 20, 200));
    let mut bases: Vec<u8> = Vec::new();
    while bases.len() < len {
        if bases.len() > 1000 && one_in(random, 3) {
            let piece = between(random, 20, 900);
            let start = random.below(bases.len() - piece);
            for i in start..start + piece {
                let base = if one_in(random, rate) { base(random) } else { bases[i] };
                bases.push(base);
            }
        } else {
            let count = between(random, 50, 3000);
            bases.extend((0..count).map(|_| base(random)));
        }
    }
    let mut out = Vec::new();
    for (i, line) in bases.chunks(width).enumerate() {
        if i % 2000 == 0 {
            out.extend(format!(">sequence {} of the sample\n", i / 2000).bytes());
        }
        out.extend(line);
        out.push(b'\n');
    }
    out
}

fn base(random: &mut Random) -> u8 {
    *pick(random, b"AAACCGGTTT")
}

/// An archive of files that are compressed already: headers that are alike, and noise.
pub fn compressed(random: &mut Random, len: usize) -> Vec<u8> {
    let words = Vocabulary::new(random, b"etaoinshrdlu", 300);
    let most = 1 << between(random, 12, 17);
    let mut out = Vec::new();
    while out.len() < len {
        let size = 500 + skewed(random, most);
        out.extend(b"PK\x03\x04\x14\0\0\0\x08\0");
        out.extend(random.bytes(8));
        out.extend((size as u32).to_le_bytes());
        out.extend(format!("images/{}/{}.png", words.word(random), words.word(random)).bytes());
        out.extend(random.bytes(size));
    }
    out
}

/// Rows of pixels: runs of a few colours, and rows that are nearly the same as the one above.
pub fn runs(random: &mut Random, len: usize) -> Vec<u8> {
    let width = between(random, 200, 3000);
    let colours: Vec<[u8; 3]> = (0..between(random, 2, 16))
        .map(|_| [(); 3].map(|()| random.next() as u8))
        .collect();
    let longest = between(random, 4, width);
    let mut row: Vec<[u8; 3]> = Vec::new();
    let mut out = Vec::new();
    while out.len() < len {
        match random.below(4) {
            // A new row.
            0 => row.clear(),
            // The row above again.
            1 => {}
            _ => {
                for _ in 0..row.len().min(1 + skewed(random, width / 10)) {
                    let start = random.below(row.len());
                    let run = (1 + skewed(random, 8)).min(row.len() - start);
                    row[start..start + run].fill(*pick(random, &colours));
                }
            }
        }
        while row.len() < width {
            let run = (1 + skewed(random, longest)).min(width - row.len());
            row.resize(row.len() + run, *pick(random, &colours));
        }
        out.extend(row.as_flattened());
    }
    out
}
