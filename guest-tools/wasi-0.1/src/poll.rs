//! Waiting for time to pass, and for standard input and output.

use crate::abi::clock;
use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::bindings::wasi::io::poll::{Pollable, poll};
use crate::descriptors::Descriptor;
use crate::errors::Errno;
use crate::memory;
use crate::process::{Process, nanoseconds};

const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;

/// Most subscriptions of one call.
const SUBSCRIPTIONS_MAX: u32 = 4096;

const TAG_CLOCK: u8 = 0;
const TAG_READ: u8 = 1;
const TAG_WRITE: u8 = 2;

/// The time of a subscription is a point, and not a duration.
const ABSOLUTE: u16 = 1;

/// Nothing more will come.
const HANGUP: u16 = 1;

/// What the module waits for.
struct Subscription {
    userdata: u64,
    tag: u8,
    /// `None`: it has happened already.
    pollable: Option<Pollable>,
    /// What its event says.
    event: Event,
}

/// What happened.
#[derive(Clone, Copy, Default)]
struct Event {
    error: u16,
    bytes: u64,
    flags: u16,
}

/// Waits until one thing at least has happened, and writes an event for each that has.
pub(crate) fn poll_oneoff(
    process: &mut Process,
    subscriptions: u32,
    events: u32,
    count: u32,
    happened: u32,
) -> Result<(), Errno> {
    if count == 0 || count > SUBSCRIPTIONS_MAX {
        return Err(Errno::INVAL);
    }
    let mut waiting = Vec::new();
    for index in 0..count {
        let at = subscriptions.checked_add(index * SUBSCRIPTION_BYTES).ok_or(Errno::OVERFLOW)?;
        waiting.push(subscription(process, &memory::read_array(at))?);
    }
    let mut at = events;
    let mut written = 0;
    for index in ready(&waiting) {
        let Some(subscription) = waiting.get(index) else { continue };
        subscription.write(at);
        at = at.checked_add(EVENT_BYTES).ok_or(Errno::OVERFLOW)?;
        written += 1;
    }
    memory::write_u32(happened, written);
    Ok(())
}

/// Which of them have happened. What has happened already is not waited for.
fn ready(waiting: &[Subscription]) -> Vec<usize> {
    let already: Vec<_> =
        (0..).zip(waiting).filter(|(_, one)| one.pollable.is_none()).map(|(index, _)| index).collect();
    if !already.is_empty() {
        return already;
    }
    let pollables: Vec<_> = waiting.iter().filter_map(|one| one.pollable.as_ref()).collect();
    poll(&pollables).into_iter().filter_map(|index| usize::try_from(index).ok()).collect()
}

impl Subscription {
    fn write(&self, to: u32) {
        let mut event = Vec::new();
        event.extend_from_slice(&self.userdata.to_le_bytes());
        event.extend_from_slice(&self.event.error.to_le_bytes());
        event.extend_from_slice(&[self.tag, 0, 0, 0, 0, 0]);
        event.extend_from_slice(&self.event.bytes.to_le_bytes());
        event.extend_from_slice(&self.event.flags.to_le_bytes());
        event.extend_from_slice(&[0; 6]);
        memory::write(to, &event);
    }
}

fn subscription(process: &mut Process, bytes: &[u8; 48]) -> Result<Subscription, Errno> {
    let userdata = number(bytes, 0);
    let tag = bytes[8];
    let (pollable, event) = match tag {
        TAG_CLOCK => (Some(clock(bytes)?), Event::default()),
        TAG_READ | TAG_WRITE => {
            let fd = u32::try_from(number(bytes, 16) & u64::from(u32::MAX)).map_err(|_| Errno::INVAL)?;
            match descriptor(process, fd, tag) {
                Ok(found) => found,
                // The event says so: a program that waits for many must learn which one it was.
                Err(error) => (None, Event { error: error.code(), ..Event::default() }),
            }
        }
        _ => return Err(Errno::INVAL),
    };
    Ok(Subscription { userdata, tag, pollable, event })
}

fn clock(bytes: &[u8; 48]) -> Result<Pollable, Errno> {
    let id = u32::try_from(number(bytes, 16) & u64::from(u32::MAX)).map_err(|_| Errno::INVAL)?;
    let time = number(bytes, 24);
    let absolute = number(bytes, 40) & u64::from(ABSOLUTE) != 0;
    match (id, absolute) {
        (clock::MONOTONIC, true) => Ok(monotonic_clock::subscribe_instant(time)),
        (clock::MONOTONIC | clock::REALTIME, false) => Ok(monotonic_clock::subscribe_duration(time)),
        (clock::REALTIME, true) => {
            let left = time.saturating_sub(nanoseconds(wall_clock::now()));
            Ok(monotonic_clock::subscribe_duration(left))
        }
        _ => Err(Errno::INVAL),
    }
}

/// A file can always be read and written; standard streams are waited for.
fn descriptor(process: &mut Process, fd: u32, tag: u8) -> Result<(Option<Pollable>, Event), Errno> {
    let event = Event { bytes: 1, ..Event::default() };
    match process.descriptors.get(fd)? {
        Descriptor::Input { stream, .. } if tag == TAG_READ => Ok((Some(stream.subscribe()), event)),
        Descriptor::Output { stream, .. } if tag == TAG_WRITE => Ok((Some(stream.subscribe()), event)),
        Descriptor::Input { .. } | Descriptor::Output { .. } => Err(Errno::BADF),
        Descriptor::File(file) => {
            if file.is_folder()? {
                return Err(Errno::BADF);
            }
            let at_end = tag == TAG_READ && file.handle.stat()?.size <= file.position;
            Ok((None, Event { flags: if at_end { HANGUP } else { 0 }, ..event }))
        }
    }
}

/// The 64-bit number at an offset, 0 where the bytes end before.
fn number(bytes: &[u8], at: usize) -> u64 {
    let bytes = bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}
