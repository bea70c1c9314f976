//! Which connections are kept, which of them an exchange may use, and how many there can be.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::connection::{Connection, Link, Tasks};
use super::{AddressCheck, ClientConfig, Destination, Protocol};

/// Most requests at once on one HTTP/2 connection.
///
/// Responses that a guest does not read keep their flow-control window. The connection's window has room for this many
/// of them, so they can never starve the one response that is being read.
pub(super) const STREAMS_MAX: usize = 8;

/// Longest wait for a kept connection to accept a request. Its response was read to the end, so its driver has at most
/// a few steps to go. If those take longer, a new connection is the better choice.
const READY_GRACE: Duration = Duration::from_millis(20);

/// The connections of one client.
#[derive(Debug)]
pub(super) struct Pool {
    state: Mutex<State>,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    idle_timeout: Duration,
    idle_per_host_max: usize,
}

#[derive(Debug, Default)]
struct State {
    /// Oldest first. Every open connection holds a permit, so there are never many, and searching a list is faster than
    /// hashing keys.
    kept: Vec<Pooled>,
    /// Connections whose response is complete while the request body is still being sent.
    detached: Vec<Detached>,
    /// Every connection, so that all end with the client.
    open: Vec<Weak<Tasks>>,
}

#[derive(Debug)]
struct Detached {
    tasks: Arc<Tasks>,
    deadline: Option<Instant>,
}

impl Detached {
    /// A server that stops reading also stops the body from being polled, so the body's own timeout does not fire.
    fn is_over(&self) -> bool {
        let late = |deadline| Instant::now() >= deadline;
        self.tasks.is_finished() || self.deadline.is_some_and(late)
    }
}

#[derive(Debug)]
struct Pooled {
    connection: Connection,
    since: Instant,
}

impl Pooled {
    /// Requests under way. Only HTTP/2 has any: an HTTP/1.1 connection is kept only between requests.
    fn streams(&self) -> usize {
        Arc::strong_count(&self.connection.link).saturating_sub(1)
    }
}

impl Pool {
    pub(super) fn new(config: &ClientConfig) -> Self {
        Self {
            state: Mutex::default(),
            permits: Arc::new(Semaphore::new(config.connections_max.min(Semaphore::MAX_PERMITS))),
            waiting: AtomicUsize::new(0),
            idle_timeout: config.idle_timeout,
            idle_per_host_max: config.idle_per_host_max,
        }
    }

    /// Takes a connection to `destination` whose peer `check` allows, or one through the proxy.
    pub(super) async fn check_out(
        &self,
        destination: &Destination,
        proxied: bool,
        check: &dyn AddressCheck,
    ) -> Option<Connection> {
        // Lets the drivers process what has arrived, above all that a server has closed its end.
        if self.is_empty() {
            return None;
        }
        tokio::task::yield_now().await;

        while let Some(mut connection) = self.take(destination, proxied, check) {
            if timeout(READY_GRACE, connection.ready()).await == Ok(true) {
                return Some(connection);
            }
        }
        None
    }

    fn is_empty(&self) -> bool {
        self.lock().kept.is_empty()
    }

    fn take(&self, destination: &Destination, proxied: bool, check: &dyn AddressCheck) -> Option<Connection> {
        let mut state = self.lock();
        let stale = self.remove_stale(&mut state);
        let place = state.kept.iter().rposition(|kept| {
            let link = &kept.connection.link;
            link.destination == *destination
                && link.proxied == proxied
                && kept.streams() < STREAMS_MAX
                && (proxied || check.allows(link.peer.ip()))
        });
        let taken = place.and_then(|place| {
            let shared = state.kept.get(place)?.connection.share();
            // The newest is taken first, so that the surplus of a busy moment grows old and is closed.
            shared.or_else(|| Some(state.kept.remove(place).connection))
        });
        drop(state);
        drop(stale);
        taken
    }

    /// Keeps a connection for the next request.
    fn check_in(&self, connection: Connection) {
        let now = Instant::now();
        let mut state = self.lock();
        let mut surplus = self.remove_stale(&mut state);

        if self.waiting.load(Ordering::SeqCst) > 0 {
            // A request to another destination waits for room: not keeping this connection makes some.
            surplus.extend(remove(&mut state.kept, |kept| Arc::ptr_eq(&kept.connection.link, &connection.link)));
            drop(state);
            return;
        }
        if let Some(kept) = state.kept.iter_mut().find(|kept| Arc::ptr_eq(&kept.connection.link, &connection.link)) {
            kept.since = now;
            return;
        }
        let destination = &connection.link.destination;
        let same = |kept: &Pooled| kept.connection.link.destination == *destination;
        if state.kept.iter().filter(|kept| same(kept)).count() >= self.idle_per_host_max
            && let Some(oldest) = state.kept.iter().position(same)
        {
            surplus.push(state.kept.remove(oldest));
        }
        if self.idle_per_host_max > 0 {
            state.kept.push(Pooled { connection, since: now });
        }
        drop(state);
    }

    /// Shares a connection that can carry several requests at once with other exchanges.
    pub(super) fn publish(&self, connection: &Connection) {
        if let Some(shared) = connection.share() {
            self.check_in(shared);
        }
    }

    /// Lets a connection finish sending until `deadline`, when it ends.
    fn detach(&self, tasks: Arc<Tasks>, deadline: Option<Instant>) {
        let mut state = self.lock();
        let over: Vec<_> = state.detached.extract_if(.., |detached| detached.is_over()).collect();
        state.detached.push(Detached { tasks, deadline });
        drop(state);
        drop(over);
    }

    /// Waits for room for one more connection, and closes an unused one if needed.
    pub(super) async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        let _waiting = Waiting::new(&self.waiting);
        self.make_room();
        Arc::clone(&self.permits).acquire_owned().await.ok()
    }

    /// Closes one unused connection, and all that are overdue.
    fn make_room(&self) {
        let mut state = self.lock();
        let over: Vec<_> = state.detached.extract_if(.., |detached| detached.is_over()).collect();
        let unused = state.kept.iter().position(|kept| kept.streams() == 0);
        let evicted = unused.map(|place| state.kept.remove(place));
        drop(state);
        drop((over, evicted));
    }

    /// Remembers a connection, so that it ends with the client.
    pub(super) fn register(&self, tasks: &Arc<Tasks>) {
        let mut state = self.lock();
        state.open.retain(|tasks| tasks.strong_count() > 0);
        state.open.push(Arc::downgrade(tasks));
    }

    fn remove_stale(&self, state: &mut State) -> Vec<Pooled> {
        remove(&mut state.kept, |kept| {
            kept.connection.is_closed() || (kept.streams() == 0 && kept.since.elapsed() > self.idle_timeout)
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        for tasks in state.open.drain(..).filter_map(|tasks| tasks.upgrade()) {
            tasks.end();
        }
    }
}

/// Takes out the connections for which `gone` is true, to be dropped once the lock is released.
fn remove(kept: &mut Vec<Pooled>, gone: impl Fn(&Pooled) -> bool) -> Vec<Pooled> {
    kept.extract_if(.., |kept| gone(kept)).collect()
}

/// Counts a waiting request for as long as it waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::SeqCst);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A connection while an exchange uses it. If it is dropped without a release, an HTTP/1.1 connection is closed.
#[derive(Debug)]
pub(super) struct Lease {
    connection: Connection,
    pool: Weak<Pool>,
}

impl Lease {
    pub(super) fn new(connection: Connection, pool: &Arc<Pool>) -> Self {
        Self { connection, pool: Arc::downgrade(pool) }
    }

    pub(super) const fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub(super) fn link(&self) -> &Link {
        &self.connection.link
    }

    /// Ends the use after a complete response.
    pub(super) fn release(self, request_complete: bool, deadline: Option<Instant>) {
        let Some(pool) = self.pool.upgrade() else {
            return;
        };
        if request_complete {
            pool.check_in(self.connection);
            return;
        }
        // A server may answer before it has read everything. The rest is still sent, as the caller was promised.
        pool.detach(Arc::clone(&self.connection.link.tasks), deadline);
        if self.connection.protocol() == Protocol::Http2 {
            pool.check_in(self.connection);
        }
    }
}
