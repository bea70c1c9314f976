//! When connections are kept, shared, replaced and ended.

use std::convert::Infallible;
use std::pin::pin;

use http::{Response, StatusCode};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use super::server::{Authority, Server, read_head, text};
use super::*;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn reuses_connection_once_body_is_read() {
    let server = Server::http(|_| async { text("ok") }).await;
    let client = client();

    for turn in 0..5 {
        let reply = send(&client, get(server.address)).await.unwrap();
        assert_eq!(reply.reused, turn > 0);
        assert_eq!(read(reply).await.unwrap(), "ok");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn reuses_connection_after_response_without_body() {
    let server = Server::http(|_| async {
        let mut response = Response::new(empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    })
    .await;
    let client = client();

    let first = send(&client, get(server.address)).await.unwrap();
    let second = send(&client, get(server.address)).await.unwrap();
    assert!(second.reused);
    drop(first);
}

#[tokio::test]
async fn closes_connection_whose_body_is_not_read() {
    let server = Server::http(|_| async { text("unread") }).await;
    let client = client();

    for _ in 0..2 {
        let reply = send(&client, get(server.address)).await.unwrap();
        assert!(!reply.reused);
    }
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn connects_anew_when_server_closed_idle_connection() {
    let closed = Arc::new(Notify::new());
    let signal = Arc::clone(&closed);
    let server = Server::raw(move |mut stream, _| {
        let signal = Arc::clone(&signal);
        async move {
            assert!(read_head(&mut stream).await);
            stream.write_all(ANSWER).await.unwrap();
            drop(stream);
            signal.notify_one();
        }
    })
    .await;
    let client = client();

    for _ in 0..3 {
        assert_eq!(fetch(&client, get(server.address)).await, "ok");
        closed.notified().await;
    }
    assert_eq!(server.accepted(), 3);
}

#[tokio::test]
async fn connects_anew_when_server_closed_while_thread_was_busy() {
    use std::io::{Read, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (close, asked) = std::sync::mpsc::channel();
    let (closed, done) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            stream.write_all(ANSWER).unwrap();
            asked.recv().unwrap();
            drop(stream);
            closed.send(()).unwrap();
        }
    });
    let client = client();

    for _ in 0..3 {
        assert_eq!(fetch(&client, get(address)).await, "ok");
        // Like a guest that computes: nothing is polled meanwhile.
        close.send(()).unwrap();
        done.recv().unwrap();
    }
    server.join().unwrap();
}

#[tokio::test]
async fn does_not_resend_once_a_byte_was_written() {
    let server = Server::raw(|mut stream, _| async move {
        assert!(read_head(&mut stream).await);
        stream.write_all(ANSWER).await.unwrap();
        // The second request arrives and gets no answer.
        assert!(read_head(&mut stream).await);
    })
    .await;
    let client = client();

    assert_eq!(fetch(&client, get(server.address)).await, "ok");
    let error = send(&client, get(server.address)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::ConnectionTerminated), "{error:?}");
    assert!(error.request_sent);
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn reports_request_as_sent_when_fresh_connection_breaks() {
    let server = Server::raw(|mut stream, _| async move {
        assert!(read_head(&mut stream).await);
    })
    .await;

    let error = send(&client(), get(server.address)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::ConnectionTerminated), "{error:?}");
    assert!(error.request_sent);
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn drops_connection_that_was_idle_too_long() {
    let server = Server::http(|_| async { text("ok") }).await;
    let client = client();

    fetch(&client, get(server.address)).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    fetch(&client, get(server.address)).await;
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn keeps_no_more_idle_connections_than_configured() {
    let server = Server::http(|_| async { text("ok") }).await;
    let mut config = config();
    config.idle_per_host_max = 1;
    let client = Client::new(config).unwrap();

    for round in 1..=2 {
        let first = send(&client, get(server.address)).await.unwrap();
        let second = send(&client, get(server.address)).await.unwrap();
        read(first).await.unwrap();
        read(second).await.unwrap();
        assert_eq!(server.accepted(), 1 + round);
    }
}

#[tokio::test]
async fn closes_unused_connection_to_make_room() {
    let (one, other) = (Server::http(|_| async { text("one") }).await, Server::http(|_| async { text("other") }).await);
    let client = single_connection();

    for _ in 0..2 {
        assert_eq!(fetch(&client, get(one.address)).await, "one");
        assert_eq!(fetch(&client, get(other.address)).await, "other");
    }
}

#[tokio::test]
async fn waits_for_connection_in_use_at_most_connect_timeout() {
    let server = Server::http(|_| async { text("ok") }).await;
    let other = Server::http(|_| async { text("other") }).await;
    let client = single_connection();

    let held = send(&client, get(server.address)).await.unwrap();
    let mut exchange = get(other.address);
    exchange.timeouts.connect = Some(Duration::from_millis(1));
    let error = send(&client, exchange).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::ConnectionLimit { limit: 1 }), "{error:?}");
    assert!(!error.request_sent);
    assert_eq!(read(held).await.unwrap(), "ok");
}

#[tokio::test]
async fn waiting_request_gets_connection_that_becomes_free() {
    let (one, other) = (Server::http(|_| async { text("one") }).await, Server::http(|_| async { text("other") }).await);
    let client = single_connection();

    let held = send(&client, get(one.address)).await.unwrap();
    let waiting = fetch(&client, get(other.address));
    let freeing = async {
        tokio::task::yield_now().await;
        read(held).await.unwrap()
    };
    let (waited, freed) = tokio::join!(waiting, freeing);
    assert_eq!((&*waited, &*freed), (&b"other"[..], &b"one"[..]));
}

#[tokio::test]
async fn ends_connections_when_client_is_dropped() {
    let ended = Arc::new(Notify::new());
    let signal = Arc::clone(&ended);
    let server = Server::raw(move |mut stream, _| {
        let signal = Arc::clone(&signal);
        async move {
            assert!(read_head(&mut stream).await);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await.unwrap();
            assert!(stream.read_u8().await.is_err());
            signal.notify_one();
        }
    })
    .await;

    let client = client();
    let reply = send(&client, get(server.address)).await.unwrap();
    drop(client);
    ended.notified().await;
    let error = read(reply).await.unwrap_err();
    assert!(matches!(error, ExchangeError::ConnectionTerminated), "{error:?}");
}

#[tokio::test]
async fn http2_requests_share_a_connection() {
    let authority = Authority::new();
    let identity = authority.identity("site.test");
    let server = Server::https(&identity, &["h2"], |_| async { text("ok") }).await;
    let mut config = config();
    config.extra_roots_pem = vec![authority.pem()];
    config.resolver = Table::new([vec![server.address]]);
    let client = Client::new(config).unwrap();
    let exchange = || get_name(Scheme::Https, "site.test", server.address.port());

    let first = send(&client, exchange()).await.unwrap();
    let (second, third) = tokio::join!(send(&client, exchange()), send(&client, exchange()));
    for reply in [first, second.unwrap(), third.unwrap()] {
        assert_eq!(read(reply).await.unwrap(), "ok");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn connects_anew_when_server_went_away_over_http2() {
    let authority = Authority::new();
    let acceptor = authority.identity("127.0.0.1").acceptor(&["h2"]);
    let (close, closed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let signals = (Arc::clone(&close), Arc::clone(&closed));
    let server = Server::raw(move |stream, _| {
        let (acceptor, (close, closed)) = (acceptor.clone(), signals.clone());
        async move {
            let stream = TokioIo::new(acceptor.accept(stream).await.unwrap());
            let service = service_fn(|_| async { Ok::<_, Infallible>(text("ok")) });
            let mut connection = pin!(http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service));
            tokio::select! {
                _ = connection.as_mut() => panic!("the client closed first"),
                () = close.notified() => connection.as_mut().graceful_shutdown(),
            }
            // The client may close as soon as it sees the answer.
            let _ = connection.await;
            closed.notify_one();
        }
    })
    .await;
    let mut config = config();
    config.extra_roots_pem = vec![authority.pem()];
    let client = Client::new(config).unwrap();
    let exchange = || {
        let mut exchange = get(server.address);
        exchange.destination.scheme = Scheme::Https;
        exchange
    };

    for connections in 1..=3 {
        assert_eq!(fetch(&client, exchange()).await, "ok");
        assert_eq!(fetch(&client, exchange()).await, "ok");
        assert_eq!(server.accepted(), connections);
        close.notify_one();
        closed.notified().await;
    }
}

fn single_connection() -> Client {
    let mut config = config();
    config.connections_max = 1;
    Client::new(config).unwrap()
}
