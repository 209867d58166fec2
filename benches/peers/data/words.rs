//! Text in natural languages: words that follow each other, in several scripts.

use super::{between, one_in, pick, skewed};
use crate::random::Random;

/// Words, the first of them used the most, and for each word some that often follow it.
pub struct Vocabulary {
    words: Vec<String>,
    next: Vec<[usize; 6]>,
}

impl Vocabulary {
    /// `letters` in order of use, in ASCII.
    pub fn new(random: &mut Random, letters: &[u8], count: usize) -> Vocabulary {
        let letters: Vec<char> = letters.iter().map(|&letter| char::from(letter)).collect();
        Vocabulary::of_letters(random, &letters, 1..10, count)
    }

    fn of_letters(random: &mut Random, letters: &[char], lens: std::ops::Range<usize>, count: usize) -> Vocabulary {
        // Words are made of syllables, so that they have parts in common.
        let syllables: Vec<String> = (0..3 * letters.len())
            .map(|_| {
                let len = between(random, 1, 3);
                (0..len).map(|_| letters[skewed(random, letters.len())]).collect()
            })
            .collect();
        let words = (0..count)
            .map(|rank| {
                // Frequent words are short.
                let most = (lens.start + rank * 8 / count + 2).min(lens.end);
                let len = between(random, lens.start, most);
                let mut word = String::new();
                while word.chars().count() < len {
                    word += &pick(random, &syllables)[..];
                }
                word
            })
            .collect();
        let next = (0..count).map(|_| [(); 6].map(|()| skewed(random, count))).collect();
        Vocabulary { words, next }
    }

    pub fn word(&self, random: &mut Random) -> &str {
        &self.words[skewed(random, self.words.len())]
    }

    /// The index of a word that can come after another.
    fn after(&self, random: &mut Random, word: usize) -> usize {
        if one_in(random, 2) {
            self.next[word][skewed(random, 6)]
        } else {
            let most = skewed(random, self.words.len());
            skewed(random, most + 1)
        }
    }

    /// Words with spaces between them.
    pub fn sentence(&self, random: &mut Random, most: usize) -> String {
        let mut word = skewed(random, self.words.len());
        let mut out = self.words[word].clone();
        for _ in 0..random.below(most) {
            word = self.after(random, word);
            out.push_str(if one_in(random, 12) { ", " } else { " " });
            out += &self.words[word];
        }
        out
    }
}

/// Sentences with capitals, in paragraphs with lines of at most 72 characters.
pub fn prose(random: &mut Random, len: usize) -> Vec<u8> {
    let count = between(random, 4000, 16_000);
    let words = Vocabulary::new(random, b"etaoinshrdlucmfwypvbgkjqxz", count);
    let mut out = Vec::new();
    while out.len() < len {
        let mut column = 0;
        for _ in 0..between(random, 2, 9) {
            let mut sentence = words.sentence(random, 24);
            sentence[..1].make_ascii_uppercase();
            sentence.push(*pick(random, &['.', '.', '.', '?', '!']));
            for word in sentence.split(' ') {
                if column + word.len() > 72 {
                    out.push(b'\n');
                    column = 0;
                }
                out.extend(word.bytes());
                out.push(b' ');
                column += word.len() + 1;
            }
        }
        out.extend(b"\n\n");
    }
    out
}

/// Letters of a script: the first and the last, the lengths of its words, and what ends a sentence.
struct Script {
    letters: (char, char),
    lens: std::ops::Range<usize>,
    space: &'static str,
    end: &'static str,
}

const SCRIPTS: [Script; 6] = [
    script('а', 'я', 1..10, " ", ". "),
    script('α', 'ω', 1..10, " ", ". "),
    script('ا', 'ي', 1..8, " ", "، "),
    script('अ', 'ह', 1..7, " ", "। "),
    script('一', '俿', 1..2, "", "。"),
    script('ぁ', 'ん', 1..4, "", "。"),
];

const fn script(
    first: char,
    last: char,
    lens: std::ops::Range<usize>,
    space: &'static str,
    end: &'static str,
) -> Script {
    Script {
        letters: (first, last),
        lens,
        space,
        end,
    }
}

/// Articles in scripts of two and three bytes a letter.
pub fn scripts(random: &mut Random, len: usize) -> Vec<u8> {
    let languages: Vec<(&Script, Vocabulary)> = SCRIPTS
        .iter()
        .map(|script| (script, Vocabulary::of_script(random, script)))
        .collect();
    let mut out = String::new();
    while out.len() < len {
        let (script, words) = pick(random, &languages);
        for _ in 0..between(random, 20, 300) {
            out += &words.sentence(random, 20).replace(' ', script.space);
            out += script.end;
        }
        out.push('\n');
    }
    out.into_bytes()
}

impl Vocabulary {
    /// The order of use of the letters comes from the seed.
    fn of_script(random: &mut Random, script: &Script) -> Vocabulary {
        let mut letters: Vec<char> = (script.letters.0..=script.letters.1).collect();
        for i in 1..letters.len() {
            letters.swap(i, random.below(i + 1));
        }
        let count = between(random, 1000, 6000);
        Vocabulary::of_letters(random, &letters, script.lens.clone(), count)
    }
}
