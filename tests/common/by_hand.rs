//! Blocks made sequence by sequence.
#![allow(dead_code)] // no test uses all of it

fn push_length(block: &mut Vec<u8>, length: usize) {
    if length >= 15 {
        block.extend(std::iter::repeat_n(255, (length - 15) / 255));
        block.push(((length - 15) % 255) as u8);
    }
}

/// Literals without a match: the last sequence, or one whose offset and match length are still to be pushed.
pub fn push_literals(block: &mut Vec<u8>, literals: &[u8], match_code: usize) {
    block.push((literals.len().min(15) << 4 | match_code.min(15)) as u8);
    push_length(block, literals.len());
    block.extend_from_slice(literals);
}

pub fn push_match(block: &mut Vec<u8>, offset: usize, length: usize) {
    push_sequence(block, b"", offset, length);
}

pub fn push_sequence(block: &mut Vec<u8>, literals: &[u8], offset: usize, length: usize) {
    push_literals(block, literals, length - 4);
    block.extend_from_slice(&(offset as u16).to_le_bytes());
    push_length(block, length - 4);
}
