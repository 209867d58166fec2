//! Random numbers and test data. Uses only std, because unit tests and fuzz targets include this file too.
#![allow(dead_code, missing_docs)] // no target uses all of it

/// A small generator (xorshift*). The same seed gives the same numbers, so every run uses the same data.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    /// A number below `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }
}

/// Bytes that compress about as well as text: phrases that recur at various distances, with noise between them.
pub fn text(seed: u64, len: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut out: Vec<u8> = Vec::with_capacity(len + 64);
    while out.len() < len {
        if out.len() > 16 && random.below(4) > 0 {
            let reach = out.len().min(1 << (4 + random.below(14)));
            let from = out.len() - 1 - random.below(reach);
            for i in 0..4 + random.below(40) {
                out.push(out[from + i]);
            }
        } else {
            let n = 1 + random.below(12);
            out.extend((0..n).map(|_| b'a' + random.below(26) as u8));
        }
    }
    out.truncate(len);
    out
}

/// Runs, repeats at distances up to 128 KiB, and noise, in pieces of up to a thousand bytes.
pub fn mixed(seed: u64, len: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut out = vec![0; 3];
    while out.len() < len {
        let most = 1 << (1 + random.below(10));
        let count = 1 + random.below(most);
        match random.below(3) {
            0 => out.extend(random.bytes(count)),
            1 => out.resize(out.len() + count, (count % 7) as u8),
            _ => {
                let reach = out.len().min(1 << (1 + random.below(17)));
                let distance = 1 + random.below(reach);
                for _ in 0..count {
                    out.push(out[out.len() - distance]);
                }
            }
        }
    }
    out.truncate(len);
    out
}

/// One of several kinds of data, by number.
pub fn data(kind: usize, seed: u64, len: usize) -> Vec<u8> {
    match kind % 5 {
        0 => text(seed, len),
        1 => Random::new(seed).bytes(len),
        2 => vec![seed as u8; len],
        3 => (0..len).map(|i| (i as u64 % (seed % 7 + 2)) as u8).collect(),
        _ => {
            let mut all = text(seed, len / 3);
            all.extend(Random::new(seed).bytes(len / 3));
            all.resize(len, 7);
            all
        }
    }
}
