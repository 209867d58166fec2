use super::super::FIRST_POSITION;
use super::super::chain::Taste;
use super::super::chain::tests::{candidates, candidates_in};
use super::*;
use crate::block::random::Random;

/// How many candidates are looked at to plan `window[begin..end]`, and the choices made.
fn planned(window: &[u8], begin: usize, end: usize, depth: Depth) -> (u32, Vec<u32>) {
    let page = Page {
        window,
        base: FIRST_POSITION,
        floor: 0,
        start: begin,
        max_distance: MAX_OFFSET as u32,
    };
    let mut chains = Chains::new(Taste::LAZY);
    let search = Search::new(&mut chains, &page, window.len());
    let mut plan = Plan::new();
    let (looked, ()) = candidates_in(|| plan_chunk(&mut plan, &search, &page, begin, end, false, depth));
    (looked as u32, plan.choice[..end - begin].to_vec())
}

fn looked_at(window: &[u8], begin: usize, end: usize, depth: Depth) -> u32 {
    planned(window, begin, end, depth).0
}

#[test]
fn a_search_may_use_what_the_positions_after_it_did_not() {
    let (mut window, at) = candidates(150, 4);
    // No candidate matches more than four bytes, and none of the next positions has any. They are literals, so a match
    // of four bytes is useful.
    window[10 + 4] ^= 1;
    let mean = 3;
    for before in [0, 1, 5] {
        for after in [4, 5, 9] {
            for most in [1, 9, 10, 11, 25, 99, 65_536] {
                let allowed = (mean * (after + 1)).min(most);
                let looked = looked_at(&window, at - before, at + 1 + after as usize, Depth { most, mean });
                // The first candidate is an improvement, and free.
                assert_eq!(looked, allowed + 1, "{before} {after} {most}");
            }
        }
    }
}

/// Positions that each could look at hundreds of candidates share the budget.
#[test]
fn all_searches_together_keep_to_the_mean() {
    const COUNT: usize = 4000;
    let mut random = Random::new(1);
    let window: Vec<u8> = (0..50_000).map(|_| random.below(2) as u8).collect();
    let begin = window.len() - COUNT - 100;
    let looked = |mean| looked_at(&window, begin, begin + COUNT, Depth { most: 65_536, mean }) / COUNT as u32;
    assert!(looked(65_536) > 500);
    for mean in [20, 50, 100, 200] {
        // Improvements are free. There are as many as a match has bytes, at most.
        let looked = looked(mean);
        assert!((mean..mean + 20).contains(&looked), "{mean} {looked}");
    }
}

/// A match of 23 bytes needs one more length byte at its first places than at those after them.
#[test]
fn where_a_match_is_known_there_is_no_search() {
    const MATCHES: usize = 50;
    let mut random = Random::new(2);
    let noise = random.bytes(3000);
    let mut window = noise.clone();
    for _ in 0..MATCHES {
        let from = random.below(noise.len() - 23);
        window.extend_from_slice(&noise[from..from + 23]);
        window.push(random.below(256) as u8);
    }
    window.extend_from_slice(&[0; 12]);
    let depth = Depth { most: 64, mean: 64 };
    let looked = looked_at(&window, noise.len(), window.len() - 12, depth) as usize;
    assert!(looked < 2 * MATCHES, "{looked}");
}
