//! Deadlines, response heads, and what a server may not do.

use http::StatusCode;
use http_body_util::BodyExt;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;

use super::server::{Authority, Server, read_head, text};
use super::*;

#[tokio::test]
async fn ends_wait_for_head_at_deadline() {
    let asked = Arc::new(Notify::new());
    let signal = Arc::clone(&asked);
    let server = Server::raw(move |mut stream, _| {
        let signal = Arc::clone(&signal);
        async move {
            assert!(read_head(&mut stream).await);
            signal.notify_one();
            std::future::pending::<()>().await;
        }
    })
    .await;
    let client = client();

    // From here on the clock advances whenever there is nothing else to do.
    let hurry = async {
        asked.notified().await;
        tokio::time::pause();
    };
    let (result, ()) = tokio::join!(send(&client, get(server.address)), hurry);
    let error = result.unwrap_err();
    assert!(matches!(error.error, ExchangeError::ResponseTimeout), "{error:?}");
    assert!(error.request_sent);
}

#[tokio::test]
async fn ends_stalled_body_at_deadline() {
    let server = Server::fixed("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
    let client = client();
    let reply = send(&client, get(server.address)).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(3500);

    tokio::time::pause();
    let error = read(reply).await.unwrap_err();
    assert!(matches!(error, ExchangeError::ResponseTimeout), "{error:?}");
    assert!(Instant::now() > deadline);
}

#[tokio::test]
async fn ends_stalled_body_after_time_between_bytes() {
    let server = Server::fixed("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
    let client = client();
    let mut exchange = get(server.address);
    exchange.timeouts.between_bytes = Some(Duration::from_secs(5));
    let reply = send(&client, exchange).await.unwrap();
    let started = Instant::now();

    tokio::time::pause();
    let error = read(reply).await.unwrap_err();
    assert!(matches!(error, ExchangeError::ResponseTimeout), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[tokio::test]
async fn ends_dribbling_body_at_deadline() {
    let server = Server::raw(|mut stream, _| async move {
        assert!(read_head(&mut stream).await);
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head).await.unwrap();
        // One byte after another for as long as the client reads them.
        while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let exchange = Exchange { response_body_max: u64::MAX, ..get(server.address) };
    let client = client();
    let mut body = send(&client, exchange).await.unwrap().response.into_body();
    body.frame().await.unwrap().unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3600)).await;
    // There is more to read, but the deadline has passed.
    let error = body.frame().await.unwrap().unwrap_err();
    assert!(matches!(error, ExchangeError::ResponseTimeout), "{error:?}");
}

#[tokio::test]
async fn ends_stalled_request_body_at_deadline() {
    let asked = Arc::new(Notify::new());
    let signal = Arc::clone(&asked);
    let server = Server::http(move |_| {
        let signal = Arc::clone(&signal);
        async move {
            signal.notify_one();
            std::future::pending().await
        }
    })
    .await;
    let client = client();
    let stalled = http_body_util::combinators::UnsyncBoxBody::new(Stalled);
    let hurry = async {
        asked.notified().await;
        tokio::time::pause();
    };
    let (result, ()) = tokio::join!(send(&client, post(server.address, stalled)), hurry);
    let error = result.unwrap_err();
    assert!(matches!(error.error, ExchangeError::ResponseTimeout), "{error:?}");
    assert!(error.request_sent);
}

struct Stalled;

impl http_body::Body for Stalled {
    type Data = Bytes;
    type Error = super::super::BoxError;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn refuses_response_heads_over_the_limits() {
    let many = "x: y\r\n".repeat(1000);
    let long = format!("x: {}\r\n", "y".repeat(200 << 10));
    let endless = format!("x: {}", "y".repeat(2 << 20));
    for headers in [many, long, endless] {
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n");
        let server = Server::fixed(answer).await;
        let error = send(&client(), get(server.address)).await.unwrap_err();
        assert!(matches!(error.error, ExchangeError::HeaderTooLarge), "{error:?}");
        assert!(error.request_sent);
    }
}

#[tokio::test]
async fn refuses_response_heads_over_the_limits_over_http2() {
    let authority = Authority::new();
    let identity = authority.identity("127.0.0.1");
    let mut config = config();
    config.extra_roots_pem = vec![authority.pem()];
    let client = Client::new(config).unwrap();
    for (count, length) in [(1000, 1), (1, 200 << 10), (50, 10 << 10)] {
        let server = Server::https(&identity, &["h2"], move |_| async move {
            let mut response = text("");
            for number in 0..count {
                let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
                let value = http::HeaderValue::try_from("y".repeat(length)).unwrap();
                response.headers_mut().insert(name, value);
            }
            response
        })
        .await;
        let mut exchange = get(server.address);
        exchange.destination.scheme = Scheme::Https;
        let error = send(&client, exchange).await.unwrap_err();
        // If the list is longer than announced, hyper reports a protocol error.
        let expected = matches!(error.error, ExchangeError::HeaderTooLarge | ExchangeError::Protocol(_));
        assert!(expected, "{error:?}");
        assert!(error.request_sent);
    }
}

#[tokio::test]
async fn passes_over_informational_responses() {
    let server = Server::fixed(
        "HTTP/1.1 100 Continue\r\n\r\n\
         HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n\
         HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    )
    .await;
    let client = client();
    for _ in 0..2 {
        let reply = send(&client, get(server.address)).await.unwrap();
        assert_eq!(reply.response.status(), StatusCode::OK);
        assert_eq!(read(reply).await.unwrap(), "ok");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn refuses_upgrade() {
    let server = Server::fixed("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n").await;
    let error = send(&client(), get(server.address)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::UnexpectedUpgrade), "{error:?}");
}

#[tokio::test]
async fn returns_redirect_without_following_it() {
    let target = Server::http(|_| async { text("followed") }).await;
    let location = format!("http://{}/", target.address);
    let server = Server::http(move |_| {
        let location = location.clone();
        async move {
            let mut response = text("moved");
            *response.status_mut() = StatusCode::FOUND;
            let location = location.try_into().unwrap();
            response.headers_mut().insert("location", location);
            response
        }
    })
    .await;
    let client = client();
    let reply = send(&client, get(server.address)).await.unwrap();
    assert_eq!(reply.response.status(), StatusCode::FOUND);
    assert_eq!(read(reply).await.unwrap(), "moved");
    assert_eq!(target.accepted(), 0);
}

#[tokio::test]
async fn reports_server_that_does_not_speak_http() {
    let server = Server::fixed("220 mail.test ESMTP\r\n\r\n").await;
    let error = send(&client(), get(server.address)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::Protocol(_)), "{error:?}");
}

#[tokio::test]
async fn refuses_response_with_two_lengths() {
    let server = Server::fixed("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!").await;
    let error = send(&client(), get(server.address)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::Protocol(_)), "{error:?}");
}
