//! Lines of text that programs write: an access log, JSON and CSV.

use std::io::Write as _;

use super::words::Vocabulary;
use super::{between, one_in, pick, skewed, step};
use crate::random::Random;

/// Day, hour, minute and second, that go on with every line.
struct Clock(u64);

impl Clock {
    fn new(random: &mut Random) -> Clock {
        Clock(random.below(20 * 86_400) as u64)
    }

    fn tick(&mut self, random: &mut Random, most: usize) -> [u64; 4] {
        self.0 += skewed(random, most + 1) as u64;
        let time = self.0;
        [1 + time / 86_400 % 28, time / 3600 % 24, time / 60 % 60, time % 60]
    }
}

/// Lines of a web server.
pub fn access_log(random: &mut Random, len: usize) -> Vec<u8> {
    let words = Vocabulary::new(random, b"etaoinshrdlucmfw", 400);
    let addresses: Vec<[usize; 4]> = (0..between(random, 50, 3000))
        .map(|_| [(); 4].map(|()| random.below(256)))
        .collect();
    let paths: Vec<String> = (0..between(random, 40, 800))
        .map(|_| (0..between(random, 1, 4)).fold(String::new(), |path, _| path + "/" + words.word(random)))
        .collect();
    let agents: Vec<String> = (0..between(random, 5, 60))
        .map(|_| {
            let (system, browser) = (words.word(random), words.word(random));
            let [major, minor] = [120, 9000].map(|most| random.below(most));
            format!("Mozilla/5.0 ({system}; {system} {minor}) {browser}/{major}.0.{minor}.{major}")
        })
        .collect();
    let mut clock = Clock::new(random);
    let mut out = Vec::new();
    while out.len() < len {
        let [a, b, c, d] = addresses[skewed(random, addresses.len())];
        let [day, hour, minute, second] = clock.tick(random, 3);
        let path = &paths[skewed(random, paths.len())];
        let method = *pick(random, &["GET", "GET", "GET", "GET", "POST", "HEAD"]);
        let status = [200, 200, 200, 200, 304, 404, 301, 500][skewed(random, 8)];
        let (size, agent) = (skewed(random, 90_000), &agents[skewed(random, agents.len())]);
        let _ = write!(
            out,
            "{a}.{b}.{c}.{d} - - [{day:02}/Mar/2024:{hour:02}:{minute:02}:{second:02} +0000] \"{method} {path}"
        );
        if one_in(random, 5) {
            let _ = write!(out, "?{}={}", words.word(random), random.below(10_000));
        }
        let _ = writeln!(out, " HTTP/1.1\" {status} {size} \"-\" \"{agent}\"");
    }
    out
}

/// An object a line, all with the same keys.
pub fn json(random: &mut Random, len: usize) -> Vec<u8> {
    let words = Vocabulary::new(random, b"etaoinshrdlucmfwyp", 2000);
    let keys: Vec<String> = (0..between(random, 4, 12))
        .map(|_| format!("{}_{}", words.word(random), words.word(random)))
        .collect();
    let kinds: Vec<usize> = keys.iter().map(|_| random.below(6)).collect();
    let mut number = random.below(1_000_000);
    let mut clock = Clock::new(random);
    let mut out = Vec::new();
    while out.len() < len {
        number += 1;
        let [day, hour, minute, second] = clock.tick(random, 100);
        let _ = write!(
            out,
            "{{\"id\":{number},\"at\":\"2024-05-{day:02}T{hour:02}:{minute:02}:{second:02}Z\""
        );
        for (key, kind) in keys.iter().zip(&kinds) {
            let _ = write!(out, ",\"{key}\":");
            let _ = match kind {
                0 => write!(out, "{}", skewed(random, 100_000)),
                1 => write!(out, "{}.{:02}", skewed(random, 1000), random.below(100)),
                2 => write!(out, "{}", *pick(random, &["true", "false", "null"])),
                3 => write!(out, "\"{}\"", words.word(random)),
                4 => write!(out, "\"{:013x}\"", random.next() & 0xF_FFFF_FFFF_FFFF),
                _ => write!(out, "[{},{}]", skewed(random, 50), skewed(random, 50)),
            };
        }
        let _ = writeln!(out, ",\"note\":\"{}\"}}", words.sentence(random, 8));
    }
    out
}

/// A table with a header: numbers, dates, names, empty fields.
pub fn csv(random: &mut Random, len: usize) -> Vec<u8> {
    let words = Vocabulary::new(random, b"etaoinshrdlucm", 1500);
    let kinds: Vec<usize> = (0..between(random, 5, 16)).map(|_| random.below(6)).collect();
    let separator = *pick(random, &[',', ';', '\t']);
    let mut values: Vec<i64> = kinds.iter().map(|_| random.below(100_000) as i64).collect();
    let mut clock = Clock::new(random);
    let header: Vec<&str> = kinds.iter().map(|_| words.word(random)).collect();
    let mut out = header.join(&separator.to_string()).into_bytes();
    out.push(b'\n');
    while out.len() < len {
        let [day, hour, minute, _] = clock.tick(random, 200);
        for (i, (kind, value)) in kinds.iter().zip(&mut values).enumerate() {
            if i > 0 {
                let _ = write!(out, "{separator}");
            }
            *value += step(random, 30);
            let _ = match kind {
                0 => write!(out, "{value}"),
                1 => write!(out, "{}.{}", *value / 10, value.abs() % 10),
                2 => write!(out, "2024-07-{day:02} {hour:02}:{minute:02}"),
                3 => write!(out, "{}", words.word(random)),
                4 => write!(out, "{}", random.below(1_000_000)),
                _ => Ok(()),
            };
        }
        out.push(b'\n');
    }
    out
}
