//! Dials the addresses of one name, as RFC 8305 ("Happy Eyeballs") describes: the next one is tried while earlier ones
//! are silent, and the first that connects is used.

#![expect(clippy::disallowed_methods, reason = "connects to addresses that were checked")]

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::error::{ExchangeError, classify_dial};

/// How long an address is waited for alone before the next one is tried: the RFC's recommendation (section 5).
const NEXT_AFTER: Duration = Duration::from_millis(250);

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
            tried.push(*address);
            let stream = timeout_at(by, TcpStream::connect(address)).await;
            (stream.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(classify_dial)?, *address)
        }
        several => race(several, by, tried).await?,
    };
    // Small requests must not wait for the acknowledgement of the previous one.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps Nagle's algorithm");
    }
    Ok((stream, peer))
}

async fn race(
    addresses: &[SocketAddr],
    by: Instant,
    tried: &mut Vec<SocketAddr>,
) -> Result<(TcpStream, SocketAddr), ExchangeError> {
    // Dropping the set closes what it holds.
    let mut dialling = JoinSet::new();
    let mut left = addresses.iter().copied().peekable();
    let mut next = Instant::now();
    let mut last = ExchangeError::ConnectTimeout;
    loop {
        if Instant::now() >= next
            && let Some(address) = left.next()
        {
            tried.push(address);
            dialling.spawn(async move { (address, TcpStream::connect(address).await) });
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
                Some(Err(_)) => next = Instant::now(),
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
}
