//! Keeps the allocator from giving memory back that the next piece of contents needs again.

use std::hint::black_box;
use std::sync::Once;

/// Size of the block that is allocated and freed, in bytes: as much as a queue holds by default. Up to twice as much may lie free
/// from then on.
const BLOCK_BYTES: usize = 8 << 20;

/// Has freed memory kept, from now on and for the whole process.
///
/// Contents come from the guest's thread and are freed in the writer's, in batches of a mebibyte and more. glibc gives back what lies
/// free at the end of its heap from 128 KiB on, and then every page of the next batch has to be had from the kernel again: for 256 MiB
/// of a body 26 thousand page faults, rather than three. It raises that limit to twice the size of the largest block that was
/// freed, if the block was large enough to be mapped by itself (mallopt(3), `M_MMAP_THRESHOLD`). So one is allocated and freed; nothing of
/// it is touched. Another allocator is not impressed, and none the worse for it.
pub(super) fn keep_freed() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(black_box(Vec::<u8>::with_capacity(BLOCK_BYTES))));
}
