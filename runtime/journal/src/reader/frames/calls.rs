//! A fast path for frames of calls, which are nearly all frames: for those that are complete in the buffer.

use std::io::{Read, Seek};

use crate::chain::check_after;
use crate::event::is_call;
use crate::format::FRAME_HEAD_BYTES;

use super::{Frame, FrameKind, Frames, split_head};

impl<R: Read + Seek> Frames<R> {
    /// Reads the next frame if it is complete in the buffer, is a call, and its check is right. It gives the same as
    /// [`step`](Self::step). `None` means that `step` has to look.
    #[inline]
    pub(crate) fn call(&mut self) -> Option<Frame> {
        let (index, offset) = (self.index, self.offset());
        let unread = self.unread();
        let (head, frames) = unread.split_first_chunk()?;
        let (stored, length) = split_head(*head);
        let end = FRAME_HEAD_BYTES.checked_add(usize::try_from(length).ok()?)?;
        let covered = unread.get(4..end)?;
        let is_call = frames.get(..end - FRAME_HEAD_BYTES).is_some_and(is_call);
        if !is_call || check_after(self.chain.check(), covered) != stored {
            return None;
        }
        self.chain.advanced_to(stored);
        let payload = self.start + FRAME_HEAD_BYTES..self.start + end;
        self.start = payload.end;
        self.index += 1;
        Some(Frame { index, offset, kind: FrameKind::Record, payload })
    }

    /// Skips the frames that are complete in the buffer, whose checks are right and whose payloads `is_call` accepts.
    /// Stops before the first other frame, which [`step`](Self::step) reads.
    ///
    /// None of the skipped frames is a seal or a blob. Their checks are compared one by one, as everywhere.
    #[inline(never)]
    pub(crate) fn pass_calls(&mut self, is_call: impl Fn(&[u8]) -> bool) -> u64 {
        let mut rest = self.unread();
        let before = rest.len();
        let mut check = self.chain.check();
        let mut passed = 0;
        while let Some((head, frames)) = rest.split_first_chunk() {
            let (stored, length) = split_head(*head);
            let Some(size) = usize::try_from(length).ok().filter(|size| *size <= frames.len()) else { break };
            let (covered, after) = (rest.get(4..FRAME_HEAD_BYTES + size), frames.get(size..));
            let payload = frames.get(..size).unwrap_or_default();
            // Each check is computed from the stored check before it, which was compared already. So the next
            // computation need not wait for this one.
            if !is_call(payload) || check_after(check, covered.unwrap_or_default()) != stored {
                break;
            }
            check = stored;
            rest = after.unwrap_or_default();
            passed += 1;
        }
        self.start += before - rest.len();
        self.index += passed;
        self.chain.advanced_to(check);
        passed
    }

    /// The unread part of the buffer, up to the length that the file had when it was opened: more may have been written
    /// since.
    #[inline]
    fn unread(&self) -> &[u8] {
        let left = usize::try_from(self.length.saturating_sub(self.offset())).unwrap_or(usize::MAX);
        let unread = self.buffer.get(self.start..self.end).unwrap_or_default();
        unread.get(..left).unwrap_or(unread)
    }
}
