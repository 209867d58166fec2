//! The strict peer refuses what it is there to refuse.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::reference::{Fault, Sequence, Strict, decode, sequences};

/// The message that the peer panics with.
fn refusal(peer: &mut Strict, block: &[u8]) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| peer.page(block).len())).expect_err("refused");
    *panic.downcast::<String>().expect("a formatted message")
}

/// So many literals, a match, and five literals.
fn matching(literals: usize, offset: u16, length: usize) -> Vec<u8> {
    assert!(literals < 15 && length < 19);
    let mut block = vec![(literals << 4 | (length - 4)) as u8];
    block.resize(1 + literals, b'a');
    block.extend(offset.to_le_bytes());
    block.extend(b"\x50bcdef");
    block
}

/// Literals alone.
fn plain(page: &[u8]) -> Vec<u8> {
    let mut block = vec![0xF0];
    block.resize(1 + (page.len() - 15) / 255, 255);
    block.push(((page.len() - 15) % 255) as u8);
    block.extend_from_slice(page);
    block
}

#[test]
fn the_peer_holds_one_page_or_a_ring() {
    let pages = [[1; 100], [2; 100], [3; 100]];
    for ring_buffer in [false, true] {
        for (offset, held) in [(100, true), (101, ring_buffer), (300, ring_buffer), (301, false)] {
            let mut peer = Strict::new(100, ring_buffer, &[]);
            for page in &pages {
                assert_eq!(peer.page(&plain(page)), page);
            }
            let block = matching(0, offset, 7);
            if held {
                assert_eq!(peer.page(&block)[0], 3 - ((offset - 1) / 100) as u8);
            } else {
                assert!(refusal(&mut peer, &block).contains(&format!("{offset} bytes back")));
            }
        }
    }
}

#[test]
fn the_peer_holds_64_kib_at_most() {
    // The first is a match over all that can be held, where it is held.
    for len in [65_535, 65_536, 65_537, 200_000] {
        for ring_buffer in [false, true] {
            let page: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            let mut peer = Strict::new(len, ring_buffer, &page);
            assert!(peer.page(&matching(0, 65_535, 7))[..7] == page[len - 65_535..][..7]);
            let mut peer = Strict::new(len, ring_buffer, &[]);
            peer.page(&plain(&page));
            assert!(peer.page(&matching(0, 65_535, 7))[..7] == page[len - 65_535..][..7]);
        }
    }
    let mut peer = Strict::new(100, true, &[7; 70_000]);
    peer.page(&plain(&[1; 100]));
    // 65 536 bytes are held: 100 of the page, the rest of the dictionary.
    assert_eq!(peer.page(&matching(0, 65_535, 7))[..7], [7; 7]);
    let mut peer = Strict::new(100, true, &[7; 65_534]);
    assert!(refusal(&mut peer, &matching(0, 65_535, 7)).contains("holds 65534"));
}

#[test]
fn the_peer_has_the_dictionary_for_one_page_and_nothing_after_an_empty_one() {
    let mut peer = Strict::new(100, false, &[9; 50]);
    assert_eq!(peer.page(&matching(0, 50, 7))[..7], [9; 7]);
    assert!(refusal(&mut peer, &matching(0, 13, 7)).contains("13 bytes back, but the peer holds 12"));

    let mut peer = Strict::new(100, false, &[9; 50]);
    assert_eq!(peer.page(&[0]), []);
    assert!(refusal(&mut peer, &matching(0, 1, 7)).contains("holds 0"));
    let mut peer = Strict::new(100, true, &[9; 50]);
    assert_eq!(peer.page(&[0]), []);
    assert_eq!(peer.page(&matching(0, 50, 7))[..7], [9; 7]);
}

#[test]
fn small_pages_keep_their_history_through_slides() {
    for ring_buffer in [false, true] {
        let mut peer = Strict::new(20, ring_buffer, &[]);
        for round in 0..20_000_usize {
            let page: Vec<u8> = (0..20).map(|i| (round * 7 + i) as u8).collect();
            assert_eq!(peer.page(&plain(&page)), page);
            let again = peer.page(&matching(0, 20, 7)).to_vec();
            assert_eq!(again[..7], page[..7]);
        }
    }
}

#[test]
fn the_peer_keeps_the_rules() {
    let peer = || Strict::new(100, true, b"history");
    let refused = |block: &[u8], why: &str| {
        let message = refusal(&mut peer(), block);
        assert!(message.contains(why), "{message}");
    };
    refused(&[], "inside a sequence");
    refused(&[0x20, 1], "inside a sequence");
    refused(&[0x10, 1, 1], "inside a sequence");
    refused(&matching(0, 0, 7), "0 bytes back");
    refused(
        &matching(3, 11, 7),
        "at 3 a match goes 11 bytes back, but the peer holds 10",
    );
    assert_eq!(peer().page(&matching(3, 10, 7)), b"aaahistorybcdef");
    // No match starts in the last twelve bytes,
    refused(&matching(3, 1, 6), "11 bytes before the end");
    // the last five are literals,
    refused(b"\x01\x01\x00\x00", "only 0 literals");
    refused(b"\x0A\x01\x00\x40bcde", "only 4 literals");
    assert_eq!(peer().page(b"\x0A\x01\x00\x50bcdef").len(), 19);
    // and the last token says nothing of a match.
    refused(b"\x11a", "match length");
    // Neither page nor block is too long.
    assert_eq!(peer().page(&plain(&[1; 100])).len(), 100);
    refused(&plain(&[1; 101]), "more than 100");
    let mut block = vec![0x0F, 1, 0, 81, 0x50];
    block.extend(b"bcdef");
    refused(&block, "more than 100");
    block[3] = 76;
    assert_eq!(peer().page(&block).len(), 100);
}

#[test]
fn verdicts_have_their_numbers() {
    assert_eq!(
        decode(b"\x10a", b"", 1),
        Ok((
            b"a".to_vec(),
            vec![Sequence {
                literals: 1,
                matched: None
            }]
        ))
    );
    assert_eq!(decode(b"\x10a", b"", 0), Err(Fault::OutputFull));
    assert_eq!(decode(b"\x10", b"", 1), Err(Fault::Truncated));
    let block = matching(2, 9, 10);
    assert_eq!(
        decode(&block, b"histor", 100),
        Err(Fault::MatchOffset { offset: 9, reach: 8 })
    );
    let (page, found) = decode(&block, b"history", 100).unwrap();
    assert_eq!(page, b"aahistoryaahbcdef");
    assert_eq!(found, sequences(&block));
    assert_eq!(
        found[0],
        Sequence {
            literals: 2,
            matched: Some((9, 10))
        }
    );
}
