//! Source text from a small grammar.

use super::words::Vocabulary;
use super::{between, one_in, pick, skewed};
use crate::random::Random;

const TYPES: [&str; 8] = ["u32", "usize", "&str", "bool", "u64", "Vec<u8>", "f64", "Option<usize>"];
const OPERATORS: [&str; 8] = ["+", "-", "==", "*", "<", "&&", "/", "!="];

/// Functions in the syntax of Rust, with comments.
pub fn source(random: &mut Random, len: usize) -> Vec<u8> {
    let count = between(random, 150, 1500);
    let names = Vocabulary::new(random, b"etaoinsrdlucmfpg", count);
    let mut writer = Source {
        random,
        names,
        out: String::new(),
    };
    while writer.out.len() < len {
        writer.function();
    }
    writer.out.into_bytes()
}

struct Source<'a> {
    random: &'a mut Random,
    names: Vocabulary,
    out: String,
}

impl Source<'_> {
    fn function(&mut self) {
        self.out += "/// ";
        self.out += &self.names.sentence(self.random, 14);
        self.out += ".\n";
        self.out += *pick(self.random, &["pub fn ", "fn ", "fn "]);
        self.long_name();
        self.out += "(";
        for i in 0..self.random.below(4) {
            self.out += if i > 0 { ", " } else { "" };
            self.name();
            self.out += ": ";
            self.out += TYPES[skewed(self.random, TYPES.len())];
        }
        self.out += ") -> ";
        self.out += TYPES[skewed(self.random, TYPES.len())];
        self.out += " {\n";
        self.block(1);
        self.out += "}\n\n";
    }

    fn block(&mut self, depth: usize) {
        for _ in 0..between(self.random, 1, 5) {
            self.statement(depth);
        }
    }

    fn statement(&mut self, depth: usize) {
        self.indent(depth);
        match self.random.below(if depth < 4 { 7 } else { 4 }) {
            0 | 1 => {
                self.out += "let ";
                self.name();
                self.out += " = ";
                self.expression(2);
                self.out += ";\n";
            }
            2 => {
                self.name();
                self.out += ".";
                self.call(2);
                self.out += ";\n";
            }
            3 => {
                self.out += *pick(self.random, &["return ", "assert!(", "// "]);
                self.expression(1);
                self.out += if self.out.ends_with(')') { ";\n" } else { "\n" };
            }
            4 | 5 => self.nested("if ", depth),
            _ => self.nested("while ", depth),
        }
    }

    fn nested(&mut self, keyword: &str, depth: usize) {
        self.out += keyword;
        self.expression(1);
        self.out += " {\n";
        self.block(depth + 1);
        self.indent(depth);
        self.out += "}\n";
    }

    fn expression(&mut self, depth: usize) {
        match self.random.below(if depth > 0 { 6 } else { 3 }) {
            0 | 1 => self.name(),
            2 => self.out += &skewed(self.random, 300).to_string(),
            3 => self.call(depth - 1),
            _ => {
                self.expression(depth - 1);
                self.out += " ";
                self.out += OPERATORS[skewed(self.random, OPERATORS.len())];
                self.out += " ";
                self.expression(depth - 1);
            }
        }
    }

    fn call(&mut self, depth: usize) {
        self.long_name();
        self.out += "(";
        for i in 0..self.random.below(3) {
            self.out += if i > 0 { ", " } else { "" };
            self.expression(depth.saturating_sub(1));
        }
        self.out += ")";
    }

    fn name(&mut self) {
        self.out += self.names.word(self.random);
    }

    fn long_name(&mut self) {
        self.name();
        if one_in(self.random, 2) {
            self.out += "_";
            self.name();
        }
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.out += "    ";
        }
    }
}
