//! Dials the addresses of one name, as RFC 8305 ("Happy Eyeballs") describes: the next one is tried while earlier ones
//! are silent, and the first that connects is used.

#![expect(clippy::disallowed_methods, reason = "connects to addresses that were checked")]

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::error::{ExchangeError, classify_dial};

/// How long an address is waited for alone before the next one is tried: the RFC's recommendation (section 5).
const NEXT_AFTER: Duration = Duration::from_millis(250);

/// Most addresses that are dialled at a time. Each needs a descriptor, and one that was silent for a second while
/// others were tried hardly answers.
const AT_ONCE_MAX: usize = 4;

/// Dials exactly these addresses, in this order, until `by`. `tried` gets those that were dialled, the connected one
/// last. The connections that were not first are closed.
///
/// # Authority
///
/// Opens sockets; every address has passed the check.
pub(super) async fn dial(
    addresses: &[SocketAddr],
    by: Instant,
    tried: &mut Vec<SocketAddr>,
) -> Result<(TcpStream, SocketAddr), ExchangeError> {
    let (stream, peer) = match addresses {
        [address] => {
            let connecting = open(*address).map_err(classify_dial)?;
            tried.push(*address);
            let stream = timeout_at(by, connecting).await;
            (stream.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(classify_dial)?, *address)
        }
        several => race(several, by, tried, open).await?,
    };
    // Small requests must not wait for the acknowledgement of the previous one.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps Nagle's algorithm");
    }
    Ok((stream, peer))
}

/// Opens a socket, and returns what connects it. Nothing is dialled where there is no descriptor for one, or no such
/// family.
fn open(address: SocketAddr) -> io::Result<impl Future<Output = io::Result<TcpStream>> + Send + 'static> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    Ok(socket.connect(address))
}

async fn race<S: Send + 'static, F: Future<Output = io::Result<S>> + Send + 'static>(
    addresses: &[SocketAddr],
    by: Instant,
    tried: &mut Vec<SocketAddr>,
    open: impl Fn(SocketAddr) -> io::Result<F>,
) -> Result<(S, SocketAddr), ExchangeError> {
    // Dropping the set closes what it holds.
    let mut dialling = JoinSet::new();
    let mut handles: VecDeque<AbortHandle> = VecDeque::new();
    let mut left = addresses.iter().copied().peekable();
    let mut next = Instant::now();
    let mut last = ExchangeError::ConnectTimeout;
    loop {
        if Instant::now() >= next
            && let Some(address) = left.next()
        {
            handles.retain(|handle| !handle.is_finished());
            if handles.len() >= AT_ONCE_MAX
                && let Some(oldest) = handles.pop_front()
            {
                oldest.abort();
            }
            let connecting = match open(address) {
                Ok(connecting) => connecting,
                Err(error) => {
                    last = classify_dial(error);
                    continue;
                }
            };
            tried.push(address);
            handles.push_back(dialling.spawn(async move { (address, connecting.await) }));
            next = Instant::now() + NEXT_AFTER;
        }
        tokio::select! {
            biased;
            ended = dialling.join_next() => match ended {
                Some(Ok((address, Ok(stream)))) => {
                    tried.retain(|dialled| *dialled != address);
                    tried.push(address);
                    return Ok((stream, address));
                }
                // An address that refuses is not waited for.
                Some(Ok((_, Err(error)))) => (last, next) = (classify_dial(error), Instant::now()),
                // It was aborted, and the next one is dialled already.
                Some(Err(_)) => {}
                None if left.peek().is_none() => return Err(last),
                None => next = Instant::now(),
            },
            () = sleep_until(next), if left.peek().is_some() => {}
            () = sleep_until(by) => return Err(ExchangeError::ConnectTimeout),
        }
    }
}

/// The families in turn, beginning with the first address's, and each in the resolver's order (RFC 8305 section 4): if
/// one family does not work here, the second attempt is with the other.
pub(super) fn in_turn(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let preferred = addresses.first().map(SocketAddr::is_ipv6);
    let (ones, others): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| Some(address.is_ipv6()) == preferred);
    let mut ordered = Vec::with_capacity(ones.len() + others.len());
    let mut others = others.into_iter();
    for one in ones {
        ordered.push(one);
        ordered.extend(others.next());
    }
    ordered.extend(others);
    ordered
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn ordered(addresses: &[&str]) -> Vec<String> {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        in_turn(addresses).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn families_take_turns_and_keep_their_order() {
        let mixed = ["[::1]:1", "[::2]:1", "[::3]:1", "127.0.0.1:1", "127.0.0.2:1"];
        assert_eq!(ordered(&mixed), ["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "[::3]:1"]);
        let other_first = ["127.0.0.1:1", "[::1]:1", "[::2]:1"];
        assert_eq!(ordered(&other_first), ["127.0.0.1:1", "[::1]:1", "[::2]:1"]);
        assert_eq!(ordered(&["127.0.0.1:1", "127.0.0.2:1"]), ["127.0.0.1:1", "127.0.0.2:1"]);
        assert!(ordered(&[]).is_empty());
    }

    /// Counts the attempts to connect that have not ended.
    struct Attempt(Arc<AtomicUsize>);

    impl Attempt {
        fn new(count: &Arc<AtomicUsize>, most: &AtomicUsize) -> Self {
            most.fetch_max(count.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            Self(Arc::clone(count))
        }
    }

    impl Drop for Attempt {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Dials sixteen addresses, of which this one, counted from 1, answers after a time, and the others never do.
    /// Returns how it ended, when, how many were dialled, and how many at a time.
    async fn raced(answers: u8, after: Duration) -> (Option<u8>, Duration, usize, usize) {
        let addresses: Vec<_> = (1..=16).map(|last| SocketAddr::from(([127, 0, 0, last], 1))).collect();
        let (open, most) = (Arc::default(), AtomicUsize::new(0));
        let connect = |address: SocketAddr| {
            let attempt = Attempt::new(&open, &most);
            let last = if let IpAddr::V4(address) = address.ip() { address.octets()[3] } else { 0 };
            Ok(async move {
                let _attempt = attempt;
                tokio::time::sleep(if last == answers { after } else { Duration::MAX }).await;
                Ok(last)
            })
        };
        let (started, mut tried) = (Instant::now(), Vec::new());
        let ended = race(&addresses, started + Duration::from_secs(10), &mut tried, connect).await;
        (ended.ok().map(|(answered, _)| answered), started.elapsed(), tried.len(), most.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn few_addresses_are_dialled_at_a_time() {
        let millis = Duration::from_millis;
        // The fourth is dialled after 750 ms, the sixteenth after 3.75 s. An attempt that ends is in the way of the
        // next one until it has closed its socket.
        let (answered, took, dialled, most) = raced(16, millis(1)).await;
        assert_eq!((answered, took, dialled), (Some(16), millis(3751), 16));
        assert!(most <= AT_ONCE_MAX + 1, "{most}");
        // One that ends makes no room that is not there: the next one is dialled when its time comes.
        let (answered, took, dialled, most) = raced(4, millis(900)).await;
        assert_eq!((answered, took, dialled), (Some(4), millis(1650), 7));
        assert!(most <= AT_ONCE_MAX + 1, "{most}");
        // An attempt has at least a second.
        assert_eq!(raced(1, millis(999)).await.0, Some(1));
        let (answered, took, dialled, _) = raced(1, millis(1001)).await;
        assert_eq!((answered, took, dialled), (None, millis(10_000), 16));
        // The last ones are waited for until the end.
        assert_eq!(raced(13, millis(6_500)).await.0, Some(13));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_without_a_socket_is_not_one_that_was_tried() {
        let addresses: Vec<SocketAddr> = (1..=3).map(|port| ([127, 0, 0, 1], port).into()).collect();
        let by = Instant::now() + Duration::from_secs(10);
        for (opens, expected) in [(2, Some(2)), (9, None)] {
            let mut tried = Vec::new();
            let open = |address: SocketAddr| match address.port() {
                port if port == opens => Ok(std::future::ready(Ok(port))),
                _ => Err(io::Error::other("too many open files")),
            };
            let ended = race(&addresses, by, &mut tried, open).await;
            assert_eq!(tried.iter().map(|tried| tried.port()).max(), expected);
            match ended {
                Ok((port, _)) => assert_eq!(Some(port), expected),
                Err(error) => assert!(matches!(error, ExchangeError::DestinationUnavailable(_)), "{error:?}"),
            }
        }
    }
}
