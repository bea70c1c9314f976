//! [`Aligner`]: pairs the items of two sequences, in bounded memory.
//!
//! While both continue with the same item, nothing is kept. Where they differ, each is read ahead as far as the bounds
//! allow, and a search finds the fewest edits that lead to a common run of items (Myers, "An O(ND) Difference
//! Algorithm", 1986, greedy variant). If there is none within the bounds, some items are reported as unpaired, and the
//! search is repeated.

use std::collections::VecDeque;

/// Most items of a sequence read ahead.
pub(super) const WINDOW_MAX: usize = 2048;

/// Most bytes of a sequence read ahead: a record can have megabytes.
pub(super) const WINDOW_BYTES_MAX: usize = 8 << 20;

/// Most edits (items that only one sequence has) between two common runs. The search takes time and memory in its
/// square.
const EDITS_MAX: usize = 512;

/// Fewest equal items in a row that count as a common run, and not as a coincidence.
const STRETCH_MIN: usize = 4;

/// Something that can be paired.
pub(super) trait Item {
    /// Items with equal keys are paired.
    fn key(&self) -> &[u8; 32];

    /// Its approximate size in memory, in bytes.
    fn bytes(&self) -> usize;
}

/// An item of either sequence, or one of each.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pair<T> {
    Both(T, T),
    First(T),
    Second(T),
}

/// Items of a sequence that are read and not yet paired.
#[derive(Debug)]
pub(super) struct Lookahead<T> {
    items: VecDeque<T>,
    bytes: usize,
    /// The sequence has no more items.
    pub(super) ended: bool,
}

impl<T> Default for Lookahead<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), bytes: 0, ended: false }
    }
}

impl<T: Item> Lookahead<T> {
    pub(super) fn push(&mut self, item: T) {
        self.bytes = self.bytes.saturating_add(item.bytes());
        self.items.push_back(item);
    }

    pub(super) fn is_full(&self) -> bool {
        self.ended || self.items.len() >= WINDOW_MAX || self.bytes >= WINDOW_BYTES_MAX
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many are held.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.items.len()
    }

    fn pop(&mut self) -> Option<T> {
        let item = self.items.pop_front()?;
        self.bytes = self.bytes.saturating_sub(item.bytes());
        Some(item)
    }

    fn key(&self, index: usize) -> Option<&[u8; 32]> {
        self.items.get(index).map(Item::key)
    }
}

/// Pairs two sequences.
#[derive(Debug)]
pub(super) struct Aligner<T> {
    pub(super) first: Lookahead<T>,
    pub(super) second: Lookahead<T>,
    /// The edits that a search found, in order.
    edits: VecDeque<Edit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    Both,
    First,
    Second,
}

/// What an aligner returns next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<T> {
    Pair(Pair<T>),
    /// More items are needed: one of each sequence, or as many as fit.
    More {
        whole_window: bool,
    },
    /// Both sequences have ended.
    End,
}

impl<T> Default for Aligner<T> {
    fn default() -> Self {
        Self { first: Lookahead::default(), second: Lookahead::default(), edits: VecDeque::new() }
    }
}

impl<T: Item> Aligner<T> {
    pub(super) fn next(&mut self) -> Next<T> {
        loop {
            if let Some(edit) = self.edits.pop_front() {
                if let Some(pair) = self.take(edit) {
                    return Next::Pair(pair);
                }
                continue;
            }
            match (self.first.key(0), self.second.key(0)) {
                (Some(first), Some(second)) if first == second => self.edits.push_back(Edit::Both),
                (None, None) if self.first.ended && self.second.ended => return Next::End,
                (None, _) if !self.first.ended => return Next::More { whole_window: false },
                (_, None) if !self.second.ended => return Next::More { whole_window: false },
                _ if !(self.first.is_full() && self.second.is_full()) => return Next::More { whole_window: true },
                _ => self.search(),
            }
        }
    }

    /// Leaves the oldest item of a full sequence unpaired, to make room for more.
    ///
    /// For sequences that can't be read separately. Returns whether a sequence was full.
    pub(super) fn make_room(&mut self) -> bool {
        if self.first.items.len() >= WINDOW_MAX || self.first.bytes >= WINDOW_BYTES_MAX {
            self.edits.push_back(Edit::First);
        } else if self.second.items.len() >= WINDOW_MAX || self.second.bytes >= WINDOW_BYTES_MAX {
            self.edits.push_back(Edit::Second);
        }
        !self.edits.is_empty()
    }

    fn take(&mut self, edit: Edit) -> Option<Pair<T>> {
        match edit {
            Edit::Both => self.first.pop().zip(self.second.pop()).map(|(first, second)| Pair::Both(first, second)),
            Edit::First => self.first.pop().map(Pair::First),
            Edit::Second => self.second.pop().map(Pair::Second),
        }
    }

    /// Finds the edits up to the next common run.
    fn search(&mut self) {
        let (n, m) = (self.first.items.len(), self.second.items.len());
        if n == 0 || m == 0 {
            // Only one sequence has items.
            let edits = std::iter::repeat_n(Edit::First, n).chain(std::iter::repeat_n(Edit::Second, m));
            self.edits = edits.collect();
            return;
        }
        let whole = self.first.ended && self.second.ended;
        let search = Search { same: |x, y| self.first.key(x) == self.second.key(y), n, m, whole };
        let way = search.way().unwrap_or_else(|| {
            // Too different: as many items as a search covers are unpaired.
            let singly = |edit, length: usize| std::iter::repeat_n(edit, length.min(EDITS_MAX / 2));
            singly(Edit::First, n).chain(singly(Edit::Second, m)).collect()
        });
        self.edits = way;
    }
}

/// The greedy search over two windows of `n` and `m` items.
struct Search<F> {
    same: F,
    n: usize,
    m: usize,
    /// The windows reach the ends of both sequences, which count as a common run.
    whole: bool,
}

impl<F: Fn(usize, usize) -> bool> Search<F> {
    /// The edits up to the end of the first common run; `None` if there is none within the bounds.
    fn way(&self) -> Option<VecDeque<Edit>> {
        // How far along the first sequence each diagonal got, after each number of edits. Diagonal `k` is `x - y +
        // offset`.
        let offset = EDITS_MAX + 1;
        let mut furthest = vec![0_usize; 2 * offset + 1];
        let mut history: Vec<Vec<usize>> = Vec::new();
        for edits in 0..=EDITS_MAX {
            history.push(furthest.get(offset - edits..=offset + edits)?.to_vec());
            for k in (offset - edits..=offset + edits).step_by(2) {
                let down = *furthest.get(k + 1)?;
                let right = furthest.get(k - 1)?.checked_add(1)?;
                let is_down = edits == 0 || k == offset - edits || (k != offset + edits && right <= down);
                let start = if edits == 0 {
                    0
                } else if is_down {
                    down
                } else {
                    right
                };
                let Some(y) = (start + offset).checked_sub(k) else { continue };
                if start > self.n || y > self.m {
                    // Outside of the windows: no other path is shorter.
                    *furthest.get_mut(k)? = start;
                    continue;
                }
                let length = self.stretch(start, y);
                let x = start + length;
                *furthest.get_mut(k)? = x;
                let at_end = self.whole && x == self.n && y + length == self.m;
                if length >= STRETCH_MIN || at_end {
                    return Some(back(&history, edits, x, y + length, offset));
                }
            }
        }
        None
    }

    fn stretch(&self, x: usize, y: usize) -> usize {
        let most = self.n.saturating_sub(x).min(self.m.saturating_sub(y));
        (0..most).take_while(|step| (self.same)(x + step, y + step)).count()
    }
}

/// Traces a search back from where it ended, and returns its edits in order.
fn back(history: &[Vec<usize>], edits: usize, x: usize, y: usize, offset: usize) -> VecDeque<Edit> {
    let mut way = VecDeque::new();
    let (mut x, mut y) = (x, y);
    for edits in (1..=edits).rev() {
        // `history[edits]` begins at diagonal `offset - edits`, and has what was known before that many edits were
        // tried.
        let before = history.get(edits).map(Vec::as_slice).unwrap_or_default();
        let at =
            |k: usize| (k + edits).checked_sub(offset).and_then(|index| before.get(index)).copied().unwrap_or_default();
        let k = x + offset - y;
        let is_down = k == offset - edits || (k != offset + edits && at(k - 1) < at(k + 1));
        let previous_x = if is_down { at(k + 1) } else { at(k - 1) };
        let (start_x, edit) = if is_down { (previous_x, Edit::Second) } else { (previous_x + 1, Edit::First) };
        while x > start_x {
            way.push_front(Edit::Both);
            (x, y) = (x - 1, y - 1);
        }
        way.push_front(edit);
        if is_down { y -= 1 } else { x -= 1 }
    }
    for _ in 0..x.min(y) {
        way.push_front(Edit::Both);
    }
    way
}

#[cfg(test)]
mod tests;
