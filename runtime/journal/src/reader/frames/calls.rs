//! Frames of calls, which nearly all frames are: taken where they lie whole in the buffer, without a look for what else they may be.

use std::io::{Read, Seek};

use crate::chain::check_after;
use crate::event::is_call;
use crate::format::FRAME_HEAD_BYTES;

use super::{Frame, FrameKind, Frames, split_head};

impl<R: Read + Seek> Frames<R> {
    /// Takes the next frame if it lies whole in the buffer, is a call and its check holds: what [`step`](Self::step) would give, and
    /// nearly always does. `None` says nothing.
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

    /// Steps over the frames that lie whole in the buffer, whose checks hold and whose payloads `is_plain` takes, up to the
    /// first for which one of these is not so. [`step`](Self::step) looks at that one.
    ///
    /// No frame that is passed here is a seal or a blob; their checks are compared one by one as everywhere.
    #[inline(never)]
    pub(crate) fn pass_plain(&mut self, mut is_plain: impl FnMut(&[u8], usize) -> bool) -> u64 {
        let mut rest = self.unread();
        let before = rest.len();
        let mut check = self.chain.check();
        let mut passed = 0;
        while let Some((head, frames)) = rest.split_first_chunk() {
            let (stored, length) = split_head(*head);
            let Some(size) = usize::try_from(length).ok().filter(|size| *size <= frames.len()) else { break };
            let (covered, after) = (rest.get(4..FRAME_HEAD_BYTES + size), frames.get(size..));
            // Each check is computed from the one that stands before it in the file, which was compared with its own: so
            // the next one need not wait for it.
            if !is_plain(frames, size) || check_after(check, covered.unwrap_or_default()) != stored {
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

    /// What lies in the buffer of the file as it was when it was opened: more may have been written since.
    #[inline]
    fn unread(&self) -> &[u8] {
        let left = usize::try_from(self.length.saturating_sub(self.offset())).unwrap_or(usize::MAX);
        let unread = self.buffer.get(self.start..self.end).unwrap_or_default();
        unread.get(..left).unwrap_or(unread)
    }
}
