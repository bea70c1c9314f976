//! When a post is sent again: OTLP 1.9, "OTLP/HTTP response".

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use tokio::time::Instant;

use super::Response;
use crate::client::ExchangeError;

/// Most attempts for one body. With the waits between them, they take as long as a collector takes to restart.
const ATTEMPTS_MAX: u32 = 5;

/// The wait after the first attempt, where the server asks for none. It doubles with each attempt.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// How one attempt ended.
pub(super) struct Attempt {
    pub(super) result: Result<Response, ExchangeError>,
    /// How long the server asks to wait before the next attempt.
    pub(super) asked: Option<Duration>,
}

/// How the last attempt ended.
pub(super) struct Ended {
    pub(super) last: Attempt,
    /// How many attempts there were.
    pub(super) attempts: u32,
}

impl Attempt {
    /// Whether the next attempt may succeed: the server is busy, or the connection failed.
    ///
    /// A connection that breaks may have delivered the spans. They have the same identifiers the next time.
    fn is_transient(&self) -> bool {
        match &self.result {
            Ok(response) => matches!(
                StatusCode::from_u16(response.status),
                Ok(StatusCode::TOO_MANY_REQUESTS
                    | StatusCode::BAD_GATEWAY
                    | StatusCode::SERVICE_UNAVAILABLE
                    | StatusCode::GATEWAY_TIMEOUT)
            ),
            Err(error) => matches!(
                error,
                ExchangeError::Dns { .. }
                    | ExchangeError::DnsTimeout { .. }
                    | ExchangeError::ConnectionRefused
                    | ExchangeError::ConnectTimeout
                    | ExchangeError::DestinationUnavailable(_)
                    | ExchangeError::ConnectionTerminated
                    | ExchangeError::NotProcessed(_)
            ),
        }
    }
}

/// Attempts until one succeeds, fails for good, or is the last of [`ATTEMPTS_MAX`].
///
/// No wait goes past `end`: then the last attempt is the one before it.
pub(super) async fn attempts<F: Future<Output = Attempt>>(
    end: Instant,
    mut jitter: impl FnMut() -> u64,
    mut attempt: impl FnMut() -> F,
) -> Ended {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let last = attempt().await;
        if !last.is_transient() {
            return Ended { last: Attempt { asked: None, ..last }, attempts };
        }
        let wait = last.asked.unwrap_or_else(|| backoff(attempts, jitter()));
        match Instant::now().checked_add(wait) {
            Some(next) if next < end && attempts < ATTEMPTS_MAX => tokio::time::sleep_until(next).await,
            _ => return Ended { last, attempts },
        }
    }
}

/// The wait after this many attempts: between half of it and all of it, so that programs that a collector turned away
/// together do not come back together.
fn backoff(attempts: u32, random: u64) -> Duration {
    let whole = FIRST_WAIT.saturating_mul(1 << attempts.saturating_sub(1).min(ATTEMPTS_MAX));
    let half = whole / 2;
    let span = u64::try_from(half.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
    half.saturating_add(Duration::from_millis(random % span))
}

/// How long a response asks to wait: `retry-after`, as seconds or as a date (RFC 9110 section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number of seconds that has no end is longer than anybody waits.
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    // A date in the past means at once.
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use http::HeaderValue;

    use super::super::Poster;
    use super::*;
    use crate::client::tests::config;
    use crate::client::tests::frames::{self, Reaction};
    use crate::client::tests::server::{Authority, Server};
    use crate::client::{Client, ClientConfig};

    fn status(status: u16, asked: Option<u64>) -> Attempt {
        let response = Response { status, body: String::new() };
        Attempt { result: Ok(response), asked: asked.map(Duration::from_secs) }
    }

    fn error(error: ExchangeError) -> Attempt {
        Attempt { result: Err(error), asked: None }
    }

    /// Plays attempts within a time. Returns when each began, and the status of the last one.
    async fn play(time: Duration, mut ends: Vec<Attempt>) -> (Vec<Duration>, Option<u16>) {
        ends.reverse();
        let (start, ends, begun) = (Instant::now(), RefCell::new(ends), RefCell::new(Vec::new()));
        let ended = attempts(
            start + time,
            || 0,
            || async {
                begun.borrow_mut().push(start.elapsed());
                ends.borrow_mut().pop().unwrap()
            },
        );
        let ended = ended.await;
        let begun = begun.into_inner();
        assert_eq!(begun.len(), usize::try_from(ended.attempts).unwrap());
        (begun, ended.last.result.ok().map(|response| response.status))
    }

    const LONG: Duration = Duration::from_secs(60);

    fn millis<const N: usize>(millis: [u64; N]) -> Vec<Duration> {
        millis.map(Duration::from_millis).into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_server_is_asked_again_after_longer_and_longer_waits() {
        for busy in [429, 502, 503, 504] {
            let ends = [busy, busy, busy, 200].map(|end| status(end, None));
            assert_eq!(play(LONG, ends.into()).await, (millis([0, 250, 750, 1750]), Some(200)), "{busy}");
        }
        // It is not asked for ever.
        let ends = [503; 9].map(|end| status(end, None));
        assert_eq!(play(LONG, ends.into()).await, (millis([0, 250, 750, 1750, 3750]), Some(503)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_server_says_how_long_to_wait() {
        let ends = vec![status(503, Some(7)), status(429, Some(0)), status(502, None), status(200, None)];
        assert_eq!(play(LONG, ends).await, (millis([0, 7000, 7000, 8000]), Some(200)));
    }

    #[tokio::test(start_paused = true)]
    async fn no_wait_is_longer_than_the_time_that_is_left() {
        for asked in [60, 61, u64::MAX] {
            assert_eq!(play(LONG, vec![status(503, Some(asked))]).await, (millis([0]), Some(503)), "{asked}");
        }
        let ends = vec![status(503, Some(40)), status(503, Some(40))];
        assert_eq!(play(LONG, ends).await, (millis([0, 40_000]), Some(503)));
        let ends = vec![status(503, None), status(503, None)];
        assert_eq!(play(Duration::from_millis(700), ends).await, (millis([0, 250]), Some(503)));
    }

    #[tokio::test(start_paused = true)]
    async fn connections_that_fail_are_tried_again() {
        let io = || std::io::Error::other("unreachable");
        let ends = vec![
            error(ExchangeError::ConnectionRefused),
            error(ExchangeError::ConnectionTerminated),
            error(ExchangeError::DestinationUnavailable(io())),
            error(ExchangeError::Dns { host: "collector".to_owned(), source: Some(io()) }),
            status(200, None),
        ];
        assert_eq!(play(LONG, ends).await, (millis([0, 250, 750, 1750, 3750]), Some(200)));
    }

    #[tokio::test]
    async fn what_the_server_did_not_process_is_tried_again() {
        let authority = Authority::new();
        let acceptor = authority.identity("127.0.0.1").acceptor(&["h2"]);
        let server = Server::raw(move |stream, number| {
            let acceptor = acceptor.clone();
            async move {
                let stream = acceptor.accept(stream).await.unwrap();
                frames::serve(
                    stream,
                    |place| if (number, place) == (0, 0) { Reaction::Refuse } else { Reaction::Echo },
                )
                .await;
            }
        })
        .await;
        let url = format!("https://{}/v1/traces", server.address);
        let mut poster = Poster::new(&url, &[], LONG).unwrap();
        poster.client = Client::new(ClientConfig { extra_roots_pem: vec![authority.pem()], ..config() }).unwrap();

        let attempt = || poster.attempt("text/plain", "spans".into(), Instant::now() + LONG);
        let refused = attempt().await;
        assert!(refused.is_transient(), "{:?}", refused.result);
        assert_eq!(attempt().await.result.unwrap(), Response { status: 200, body: "spans".to_owned() });
    }

    #[tokio::test(start_paused = true)]
    async fn what_would_fail_again_is_not_tried_again() {
        for end in [200, 202, 301, 400, 401, 403, 404, 408, 413, 500, 501, 505] {
            assert_eq!(play(LONG, vec![status(end, Some(1))]).await, (millis([0]), Some(end)), "{end}");
        }
        let tls = ExchangeError::TlsCertificate(rustls::Error::DecryptError);
        for end in [tls, ExchangeError::ResponseTimeout, ExchangeError::ResponseBodyTooLarge { limit: 1 }] {
            assert_eq!(play(LONG, vec![error(end)]).await, (millis([0]), None));
        }
    }

    #[test]
    fn waits_are_spread_over_half_of_their_length() {
        assert_eq!(backoff(1, 0), Duration::from_millis(250));
        assert_eq!(backoff(1, 250), Duration::from_millis(500));
        assert_eq!(backoff(1, 251), Duration::from_millis(250));
        for random in [1, u64::MAX / 3, u64::MAX] {
            let wait = backoff(4, random);
            assert!((Duration::from_secs(2)..=Duration::from_secs(4)).contains(&wait), "{wait:?}");
        }
        assert!(backoff(u32::MAX, u64::MAX) <= Duration::from_secs(16));
    }

    #[test]
    fn reads_seconds_and_dates() {
        // 2026-01-02T03:04:05Z
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
        let read = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(value))]);
            retry_after(&headers, now)
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (value, expected) in [
            ("0", seconds(0)),
            (" 120 ", seconds(120)),
            ("99999999999999999999999", Some(Duration::MAX)),
            ("Fri, 02 Jan 2026 03:04:08 GMT", seconds(3)),
            ("Friday, 02-Jan-26 03:04:08 GMT", seconds(3)),
            ("Fri Jan  2 03:04:08 2026", seconds(3)),
            ("Fri, 02 Jan 2026 03:04:01 GMT", seconds(0)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(read(value), expected, "{value:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
