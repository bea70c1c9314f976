//! Caps, lengths and failures of bodies.

use std::task::Poll;

use http::Response;
use http_body::Frame;
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::super::BoxError;
use super::server::{Authority, Server, read_head, text};
use super::*;

type Part = Result<Frame<Bytes>, BoxError>;

/// A body of parts that are sent one by one, of unknown length.
fn channel() -> (mpsc::UnboundedSender<Part>, RequestBody) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let body = http_body_util::combinators::UnsyncBoxBody::new(Parts(Box::new(
        move |context: &mut std::task::Context<'_>| receiver.poll_recv(context),
    )));
    (sender, body)
}

type PollPart = dyn FnMut(&mut std::task::Context<'_>) -> Poll<Option<Part>> + Send;

struct Parts(Box<PollPart>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> Poll<Option<Part>> {
        (self.0)(context)
    }
}

pub(crate) fn chunked(parts: &[&'static str]) -> RequestBody {
    let (sender, body) = channel();
    for part in parts {
        sender.send(Ok(Frame::data(Bytes::from_static(part.as_bytes())))).unwrap();
    }
    body
}

async fn echo() -> Server {
    Server::http(|request| async { Response::new(request.into_body().map_err(Into::into).boxed_unsync()) }).await
}

#[tokio::test]
async fn passes_response_of_exactly_the_cap() {
    for body in [full("12345678"), chunked(&["1234", "5678"])] {
        let server = echo().await;
        let exchange = Exchange { request_body_max: 8, response_body_max: 8, ..post(server.address, body) };
        assert_eq!(fetch(&client(), exchange).await, "12345678");
    }
}

#[tokio::test]
async fn refuses_response_that_declares_more_than_the_cap() {
    let server = Server::http(|_| async { text("123456789") }).await;
    let exchange = Exchange { response_body_max: 8, ..get(server.address) };
    let error = send(&client(), exchange).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::ResponseBodyTooLarge { limit: 8 }), "{error:?}");
    assert!(error.request_sent);
}

#[tokio::test]
async fn ends_chunked_response_at_the_cap() {
    let server = Server::http(|_| async { Response::new(chunked(&["12345", "6789"])) }).await;
    let exchange = Exchange { response_body_max: 8, ..get(server.address) };
    let client = client();
    let mut body = send(&client, exchange).await.unwrap().response.into_body();

    let mut received = 0;
    let error = loop {
        match body.frame().await.expect("the cap is reached before the end") {
            Ok(frame) => received += frame.data_ref().map_or(0, Bytes::len),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ExchangeError::ResponseBodyTooLarge { limit: 8 }), "{error:?}");
    assert!(received <= 8);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn refuses_request_of_known_length_over_the_cap() {
    let server = echo().await;
    let exchange = Exchange { request_body_max: 8, ..post(server.address, full("123456789")) };
    let error = send(&client(), exchange).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::RequestBodyTooLarge { limit: 8 }), "{error:?}");
    assert!(!error.request_sent);
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn ends_streamed_request_at_the_cap() {
    let (sender, body) = channel();
    let sender = Arc::new(sender);
    let feeding = Arc::clone(&sender);
    let server = Server::http(move |request| {
        // More comes only when the request has arrived.
        let part = Frame::data(Bytes::from_static(b"6789"));
        feeding.send(Ok(part)).unwrap();
        async {
            let read = request.into_body().collect().await;
            assert!(read.is_err(), "the server thinks that the request is complete");
            text("")
        }
    })
    .await;
    sender.send(Ok(Frame::data(Bytes::from_static(b"12345")))).unwrap();
    let exchange = Exchange { request_body_max: 8, ..post(server.address, body) };
    let error = send(&client(), exchange).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::RequestBodyTooLarge { limit: 8 }), "{error:?}");
    assert!(error.request_sent);
}

#[tokio::test]
async fn ends_streamed_request_at_the_cap_over_http2() {
    let authority = Authority::new();
    let server = Server::https(&authority.identity("127.0.0.1"), &["h2"], |request| async {
        let _ = request.into_body().collect().await;
        text("")
    })
    .await;
    let mut config = config();
    config.extra_roots_pem = vec![authority.pem()];
    let client = Client::new(config).unwrap();
    let mut exchange = Exchange { request_body_max: 8, ..post(server.address, chunked(&["12345", "6789"])) };
    exchange.destination.scheme = Scheme::Https;

    let error = send(&client, exchange).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::RequestBodyTooLarge { limit: 8 }), "{error:?}");
    assert!(error.request_sent);
}

#[tokio::test]
async fn refuses_streamed_request_of_another_length_than_declared() {
    for parts in [&["1234"][..], &["1234", "56"], &["123456"]] {
        let server = Server::http(|request| async {
            let read = request.into_body().collect().await;
            assert!(read.is_err(), "the server thinks that the request is complete");
            text("")
        })
        .await;
        let mut exchange = post(server.address, chunked(parts));
        exchange.headers.insert("content-length", 5.into());

        let error = send(&client(), exchange).await.unwrap_err();
        let expected = matches!(error.error, ExchangeError::RequestBodyLength { declared: 5 });
        assert!(expected, "{error:?}");
    }
}

#[tokio::test]
async fn sends_no_more_than_declared_length() {
    let server = echo().await;
    let (sender, body) = channel();
    // The body stays open, but its declared length is its end.
    for part in ["123", "45"] {
        let part = Frame::data(Bytes::from_static(part.as_bytes()));
        sender.send(Ok(part)).unwrap();
    }
    let mut exchange = post(server.address, body);
    exchange.headers.insert("content-length", 5.into());
    assert_eq!(fetch(&client(), exchange).await, "12345");
    drop(sender);
}

#[tokio::test]
async fn sends_streamed_request_of_declared_length() {
    let server = echo().await;
    let mut exchange = post(server.address, chunked(&["123", "45"]));
    exchange.headers.insert("content-length", 5.into());
    assert_eq!(fetch(&client(), exchange).await, "12345");
}

#[tokio::test]
async fn reports_request_body_that_fails() {
    let server = Server::http(|request| async {
        let _ = request.into_body().collect().await;
        text("")
    })
    .await;
    let (sender, body) = channel();
    sender.send(Ok(Frame::data(Bytes::from_static(b"begin")))).unwrap();
    sender.send(Err("the guest gave up".into())).unwrap();

    let error = send(&client(), post(server.address, body)).await.unwrap_err();
    let ExchangeError::RequestBodyFailed(reason) = &error.error else {
        panic!("{error:?}");
    };
    assert_eq!(reason.to_string(), "the guest gave up");
}

#[tokio::test]
async fn reports_truncated_response() {
    for head in ["content-length: 9", "transfer-encoding: chunked"] {
        let server = Server::raw(move |mut stream, _| async move {
            use tokio::io::AsyncWriteExt;
            assert!(read_head(&mut stream).await);
            let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n4\r\nhalf");
            stream.write_all(answer.as_bytes()).await.unwrap();
        })
        .await;
        let client = client();
        let error = match send(&client, get(server.address)).await {
            Ok(reply) => read(reply).await.unwrap_err(),
            Err(error) => error.error,
        };
        assert!(matches!(error, ExchangeError::ConnectionTerminated), "{error:?}");
    }
}

#[tokio::test]
async fn streams_both_ways_at_once() {
    let server = echo().await;
    let (sender, body) = channel();
    sender.send(Ok(Frame::data(Bytes::from_static(b"ping")))).unwrap();
    let client = client();
    let mut response = send(&client, post(server.address, body)).await.unwrap().response.into_body();

    // The response to the first part comes while the request is still open.
    let frame = response.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), "ping");
    sender.send(Ok(Frame::data(Bytes::from_static(b"pong")))).unwrap();
    drop(sender);
    assert_eq!(response.collect().await.unwrap().to_bytes(), "pong");
}

#[tokio::test]
async fn goes_on_sending_after_early_response() {
    let (report, mut reported) = mpsc::unbounded_channel();
    let server = Server::http(move |request| {
        let report = report.clone();
        async move {
            tokio::spawn(async move {
                let body = request.into_body().collect().await;
                report.send(body.map(|body| body.to_bytes()).ok()).unwrap();
            });
            text("early")
        }
    })
    .await;
    let client = client();
    let (sender, body) = channel();
    sender.send(Ok(Frame::data(Bytes::from_static(b"first ")))).unwrap();

    assert_eq!(fetch(&client, post(server.address, body)).await, "early");
    sender.send(Ok(Frame::data(Bytes::from_static(b"second")))).unwrap();
    drop(sender);
    assert_eq!(reported.recv().await.unwrap().unwrap(), "first second");
    // That connection was still busy, so another request does not wait for it.
    assert!(!send(&client, get(server.address)).await.unwrap().reused);
}

#[tokio::test]
async fn passes_trailers_on() {
    let server = Server::fixed(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
         4\r\nbody\r\n0\r\nx-sum: 42\r\n\r\n",
    )
    .await;
    let client = client();
    let reply = send(&client, get(server.address)).await.unwrap();
    let body = reply.response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["x-sum"], "42");
    assert_eq!(body.to_bytes(), "body");
}
