//! Sequences of letters, side by side.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Letter([u8; 32]);

impl Item for Letter {
    fn key(&self) -> &[u8; 32] {
        &self.0
    }

    fn bytes(&self) -> usize {
        1
    }
}

fn letter(letter: u16) -> Letter {
    let mut key = [0; 32];
    key[..2].copy_from_slice(&letter.to_le_bytes());
    Letter(key)
}

/// Aligns two sequences, and asserts that the pairs are those sequences, in order. Gives how many went singly.
fn singles(first: &[u16], second: &[u16]) -> (usize, usize) {
    let mut aligner = Aligner::default();
    let (mut rest_first, mut rest_second) = (first.iter(), second.iter());
    let (mut seen_first, mut seen_second, mut singles) = (Vec::new(), Vec::new(), (0, 0));
    loop {
        match aligner.next() {
            Next::End => break,
            Next::More { whole_window } => {
                for (ahead, rest) in [(&mut aligner.first, &mut rest_first), (&mut aligner.second, &mut rest_second)] {
                    while !ahead.is_full() && (whole_window || ahead.is_empty()) {
                        match rest.next() {
                            Some(next) => ahead.push(letter(*next)),
                            None => ahead.ended = true,
                        }
                    }
                }
            }
            Next::Pair(Pair::Both(a, b)) => {
                assert_eq!(a, b);
                seen_first.push(a);
                seen_second.push(b);
            }
            Next::Pair(Pair::First(a)) => {
                singles.0 += 1;
                seen_first.push(a);
            }
            Next::Pair(Pair::Second(b)) => {
                singles.1 += 1;
                seen_second.push(b);
            }
        }
    }
    assert_eq!(seen_first, first.iter().map(|next| letter(*next)).collect::<Vec<_>>());
    assert_eq!(seen_second, second.iter().map(|next| letter(*next)).collect::<Vec<_>>());
    singles
}

#[test]
fn equal_sequences_have_no_singles() {
    let long: Vec<u16> = (0..10_000).collect();
    assert_eq!(singles(&long, &long), (0, 0));
    assert_eq!(singles(&[], &[]), (0, 0));
}

#[test]
fn what_was_put_in_or_taken_out_goes_singly() {
    let long: Vec<u16> = (0..10_000).collect();
    let mut other = long.clone();
    other.splice(5000..5000, [1, 2, 3]);
    other.remove(9_990);
    other.insert(0, 77);
    assert_eq!(singles(&long, &other), (1, 4));
    assert_eq!(singles(&other, &long), (4, 1));
    assert_eq!(singles(&[1, 2], &[1, 2, 3]), (0, 1));
    assert_eq!(singles(&[1, 9, 2], &[1, 2]), (1, 0));
    assert_eq!(singles(&[], &[5]), (0, 1));
}

#[test]
fn sequences_that_have_nothing_in_common_end_too() {
    let (first, second): (Vec<u16>, Vec<u16>) = ((0..5000).collect(), (10_000..13_000).collect());
    assert_eq!(singles(&first, &second), (5000, 3000));
    assert_eq!(singles(&first, &[]), (5000, 0));
}

#[test]
fn two_that_part_for_long_come_together_again() {
    let mut first: Vec<u16> = (0..1000).collect();
    let mut second = first.clone();
    first.extend((0..4000).map(|n| 20_000 + n));
    second.extend((0..4000).map(|n| 30_000 + n));
    first.extend(1000..2000);
    second.extend(1000..2000);
    assert_eq!(singles(&first, &second), (4000, 4000));
}

proptest! {
    #[test]
    fn nothing_is_lost_and_few_go_singly(
        base in prop::collection::vec(0_u16..6, 0..300),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_u16..9), 0..8),
    ) {
        let mut other = base.clone();
        for (at, letter) in &edits {
            let at = at.index(other.len() + 1);
            if *letter > 6 && at < other.len() { other.remove(at); } else { other.insert(at, *letter); }
        }
        let (first, second) = singles(&base, &other);
        // A stretch that is found first need not be on the shortest way of all, but no edit costs the whole rest.
        prop_assert!(first + second <= edits.len() * (2 * STRETCH_MIN + 2) + 2 * STRETCH_MIN);
    }
}
