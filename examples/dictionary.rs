//! A dictionary: short messages compress well although each can be decoded alone.

use lz4_stream::{BlockSplit, CompressOptions, DecompressOptions, Error};

/// Text that the messages have in common. Both ends must have it.
const DICTIONARY: &str = r#"{"event":"logout","event":"login","user":"","at":"2025-01-01T00:00:00Z","ok":true}"#;

/// Compresses each message as a separate stream and reads it back. Returns the total compressed length.
fn exchange(messages: &[String], dictionary: &str) -> Result<usize, Error> {
    let mut compressor = CompressOptions::new().dictionary(dictionary).compressor()?;
    let mut decompressor = DecompressOptions::new().dictionary(dictionary).decompressor()?;
    let mut total = 0;
    for message in messages {
        let mut stream = Vec::new();
        compressor.reset();
        total += compressor.compress_into(message.as_bytes(), &mut stream)?;

        decompressor.reset();
        let BlockSplit::Block { block, rest: [] } = decompressor.get_block(&stream)? else {
            unreachable!("the stream is one block");
        };
        assert_eq!(decompressor.decompress(block)?, message.as_bytes());
    }
    Ok(total)
}

fn main() -> Result<(), Error> {
    let messages: Vec<String> = (10..60)
        .map(|n| format!(r#"{{"event":"login","user":"user-{n}","at":"2025-01-01T00:00:{n}Z","ok":true}}"#))
        .collect();
    let plain: usize = messages.iter().map(String::len).sum();
    let without = exchange(&messages, "")?;
    let with = exchange(&messages, DICTIONARY)?;
    println!("50 messages, {plain} bytes: {without} alone, {with} with a dictionary");
    assert!(with < without / 2);
    Ok(())
}
