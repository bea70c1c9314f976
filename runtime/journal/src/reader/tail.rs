//! Tells a crash from a change, by what follows the first bad frame.
//!
//! A crash cuts the file, or leaves garbage after the last complete write, so no frame of this journal follows the bad
//! one. A changed byte leaves the frames after it whole. So the question is whether, in the bytes after the bad frame,
//! one frame follows from another by its running check. A frame in the middle that a disk lost looks like a change and
//! is reported as one: the file cannot tell them apart, and neither is a whole journal.

use crate::blob::{PREFIX_BYTES_MAX, Prefix};
use crate::chain::check_after;
use crate::format::{FRAME_HEAD_BYTES, RECORD_BYTES_MAX, kind};

use super::frames::{Bad, split_head};

/// Bytes searched after a bad frame. The next frame begins at most the longest record away.
pub(super) const WINDOW_BYTES: usize = RECORD_BYTES_MAX + (1 << 20);

/// Bytes that checks are computed over before the search gives up and reports a change.
///
/// A file that looks like frames at every position would otherwise take hours.
const CHECKED_BYTES_MAX: usize = 512 << 20;

/// Whether frames of this journal follow in `window`, which begins with the bad frame.
pub(super) fn continues(window: &[u8], bad: &Bad) -> bool {
    let mut search = Search { window, budget: CHECKED_BYTES_MAX };
    let Some(first) = search.frame_at(0) else {
        return search.look_for_frames(bad, 1);
    };
    if check_after(bad.before, first.covered) == first.check {
        // Head and fields are as written, so the length is right and only the contents can be missing or wrong. Do not
        // search inside of them: they may be a journal themselves.
        return search.follows(first.end, first.check) || search.look_for_frames(bad, first.end);
    }
    // The payload may be intact under a changed check, or changed under an intact one.
    let recomputed = check_after(bad.before, first.covered);
    search.follows(first.end, recomputed) || search.follows(first.end, first.check) || search.look_for_frames(bad, 1)
}

struct Search<'a> {
    window: &'a [u8],
    budget: usize,
}

/// Bytes that have the form of a frame.
struct Candidate<'a> {
    check: u32,
    /// Length and payload, without a blob's contents.
    covered: &'a [u8],
    /// Where the next frame begins.
    end: usize,
}

impl<'a> Search<'a> {
    /// Searches every position from `from` on for a frame that follows the bad one, or for two that follow one another.
    fn look_for_frames(&mut self, bad: &Bad, from: usize) -> bool {
        let stored = self.window.first_chunk().map(|head| u32::from_le_bytes(*head));
        for position in from..self.window.len() {
            let Some(candidate) = self.frame_at(position) else { continue };
            let follows = [stored, Some(bad.before)]
                .into_iter()
                .flatten()
                .any(|before| check_after(before, candidate.covered) == candidate.check);
            self.budget = self.budget.saturating_sub(candidate.covered.len());
            if follows || self.follows(candidate.end, candidate.check) || self.budget == 0 {
                return true;
            }
        }
        false
    }

    /// Whether a frame at `position` follows one with the check `before`.
    fn follows(&mut self, position: usize, before: u32) -> bool {
        let Some(candidate) = self.frame_at(position) else { return false };
        self.budget = self.budget.saturating_sub(candidate.covered.len());
        check_after(before, candidate.covered) == candidate.check
    }

    /// The frame at `position`, if the bytes there begin like a frame and all covered bytes are there.
    fn frame_at(&self, position: usize) -> Option<Candidate<'a>> {
        let frame = self.window.get(position..)?;
        let (head, payload) = frame.split_first_chunk::<FRAME_HEAD_BYTES>()?;
        let [array @ 0x82..=0x88, 0..=kind::END, ..] = payload else { return None };
        let (check, length) = split_head(*head);
        let length = usize::try_from(length).ok().filter(|length| *length <= RECORD_BYTES_MAX)?;
        let start = payload.get(..payload.len().min(PREFIX_BYTES_MAX))?;
        let covered = Prefix::read(start, length).filter(|_| *array == 0x83).map_or(length, |prefix| prefix.length);
        Some(Candidate {
            check,
            covered: frame.get(4..FRAME_HEAD_BYTES + covered)?,
            end: position + FRAME_HEAD_BYTES + length,
        })
    }
}
