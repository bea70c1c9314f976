//! Searches a text for secrets in every spelling.

use std::ops::Range;
use std::sync::Arc;

use super::bounds::{MASK, SECRET_BYTES_MIN};
use super::digits::{Base64, Hexadecimal};
use super::escape::{Level, unescape, unquote};
use super::hash::{Findings, Lane, Pattern};
use super::needles::Needles;

/// Most levels of escapes that are decoded: `%25252525…` could go on for ever.
const LEVELS_MAX: usize = 8;

/// Finds secrets in one text after the other.
///
/// The work depends on the text and on the number of secrets. It does not depend on what they are, nor on how much of
/// one the text contains, until the whole of it is there.
pub(super) struct Search {
    needles: Arc<Needles>,
    level: Level,
    next: Level,
    decoders: Decoders,
    findings: Findings,
}

/// The decoders that each level is read with.
struct Decoders {
    plain: Lane,
    hexadecimal: Hexadecimal,
    base64: Base64,
}

impl Decoders {
    /// Searches a level for patterns.
    fn read(&mut self, level: &Level, patterns: &[Pattern], findings: &mut Findings) {
        if level.bytes.len() < SECRET_BYTES_MIN {
            return;
        }
        self.plain.clear();
        self.hexadecimal.clear();
        self.base64.clear();
        for (byte, start, end) in level.units() {
            self.plain.push(byte, start, end, patterns, findings);
            self.hexadecimal.next(byte, start, end, patterns, findings);
            self.base64.next(byte, start, end, patterns, findings);
        }
    }
}

impl Search {
    pub(super) fn new(needles: Arc<Needles>) -> Self {
        let base = needles.base;
        let decoders =
            Decoders { plain: Lane::new(base), hexadecimal: Hexadecimal::new(base), base64: Base64::new(base) };
        Self { needles, level: Level::default(), next: Level::default(), decoders, findings: Findings::default() }
    }

    /// Masks every occurrence. Returns whether there was one.
    pub(super) fn mask(&mut self, text: &mut [u8]) -> bool {
        let found = self.find(text);
        for range in found {
            if let Some(hidden) = text.get_mut(range.clone()) {
                hidden.fill(MASK);
            }
        }
        !found.is_empty()
    }

    /// The ranges of secrets in a text, overlapping ones included.
    pub(super) fn find(&mut self, text: &[u8]) -> &[Range<usize>] {
        self.findings.ranges.clear();
        if text.len() < SECRET_BYTES_MIN || self.needles.is_empty() {
            self.level.set(&[]);
            return &[];
        }
        self.level.set(text);
        if unquote(&self.level, &mut self.next) {
            self.findings.step(text.len());
            std::mem::swap(&mut self.level, &mut self.next);
            self.decoders.read(&self.level, &self.needles.decoded, &mut self.findings);
            self.unescape();
            self.level.set(text);
        }
        self.decoders.read(&self.level, &self.needles.plain, &mut self.findings);
        self.unescape();
        &self.findings.ranges
    }

    /// Decodes level by level until nothing is left to decode, and searches each.
    fn unescape(&mut self) {
        for _ in 0..LEVELS_MAX {
            self.findings.step(self.level.bytes.len());
            if !unescape(&self.level, &mut self.next) {
                break;
            }
            std::mem::swap(&mut self.level, &mut self.next);
            self.decoders.read(&self.level, &self.needles.decoded, &mut self.findings);
        }
    }

    /// The last position up to `limit` where the last searched text can be cut without splitting an escape.
    pub(super) fn cut(&self, limit: usize) -> usize {
        let starts = &self.level.starts;
        let before = starts.partition_point(|start| usize::try_from(*start).is_ok_and(|start| start <= limit));
        let last = before.checked_sub(1).and_then(|last| starts.get(last));
        last.and_then(|start| usize::try_from(*start).ok()).unwrap_or(0)
    }

    /// Comparisons and decoded bytes so far.
    #[cfg(test)]
    pub(super) fn steps(&self) -> u64 {
        self.findings.steps
    }
}

/// A secret with all its escapes decoded: what it becomes in a text whose escapes are all decoded.
pub(super) fn without_escapes(secret: &[u8]) -> Vec<u8> {
    let (mut level, mut next) = (Level::default(), Level::default());
    level.set(secret);
    for _ in 0..LEVELS_MAX {
        if !unescape(&level, &mut next) {
            break;
        }
        std::mem::swap(&mut level, &mut next);
    }
    level.bytes
}
