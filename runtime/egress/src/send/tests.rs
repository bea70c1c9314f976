//! How often a permitted request is sent.

mod approved;

use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wasm_agent_ids::{CallId, RunId};
use wasm_agent_policy::{Act, Asker, Decision, Method, Origin, Url};

use super::*;
use crate::client::tests::bodies::chunked;
use crate::client::tests::frames::{self, Reaction};
use crate::client::tests::server::{Authority, Server, read_head};
use crate::client::tests::{config, read};
use crate::client::{ExchangeError, Protocol};

const ASKER: Asker = Asker { run: RunId::from_bytes([7; 16]), call: CallId(3) };

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A client, and a policy that grants everything on loopback without asking.
struct Sender {
    client: Client,
    policy: Policy,
    url: String,
}

impl Sender {
    fn new(url: String, client: Client) -> Self {
        let policy = format!(
            "version = 1\n[[http]]\nurl = \"{url}**\"\nmethods = [\"GET\", \"HEAD\", \"OPTIONS\", \"POST\", \
             \"PUT\", \"DELETE\"]\nask = false\nnetworks = [\"127.0.0.0/8\"]\n"
        );
        Self { client, policy: Policy::parse(&policy).unwrap(), url }
    }

    fn http(server: &Server) -> Self {
        Self::new(format!("http://{}/", server.address), Client::new(config()).unwrap())
    }

    fn https(server: &Server, authority: &Authority) -> Self {
        let mut config = config();
        config.extra_roots_pem = vec![authority.pem()];
        Self::new(format!("https://{}/", server.address), Client::new(config).unwrap())
    }

    async fn send(&self, method: &str, body: RequestBody) -> Result<Reply, SendError> {
        let action = HttpAction::new(Method::parse(method).unwrap(), Url::parse_str(&self.url).unwrap());
        let permit = match self.policy.check(Act::request(action), Origin::Foreign, ASKER) {
            Decision::Allow(allowed) => Permit::from(allowed),
            Decision::Ask(pending) => approved::permit(pending).await,
            other => panic!("{other:?}"),
        };
        let provision = Provision {
            secrets: Vec::new(),
            body,
            request_body_max: 16 << 20,
            response_body_max: 16 << 20,
            deadline: None,
            timeouts: Timeouts::default(),
        };
        send(&self.client, permit, &self.policy, provision).await
    }

    async fn without_body(&self, method: &str) -> Result<Reply, SendError> {
        self.send(method, RequestBody::default()).await
    }

    /// Leaves a kept connection behind.
    async fn warm_up(&self) {
        read(self.without_body("GET").await.unwrap()).await.unwrap();
    }
}

fn why(earlier: &[Earlier]) -> Vec<Repeated> {
    earlier.iter().map(|earlier| earlier.why).collect()
}

/// Answers the first request of each connection, and ends the connection after it has read the second one, having
/// written `last`.
async fn forgetful(last: &'static [u8]) -> Server {
    Server::raw(move |mut stream, _| async move {
        assert!(read_head(&mut stream).await);
        stream.write_all(ANSWER).await.unwrap();
        if read_head(&mut stream).await {
            stream.write_all(last).await.unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn what_changes_nothing_is_sent_again_when_a_kept_connection_ends() {
    for method in ["GET", "HEAD", "OPTIONS"] {
        let server = forgetful(b"").await;
        let sender = Sender::http(&server);
        sender.warm_up().await;

        let reply = sender.without_body(method).await.unwrap();
        assert!(!reply.reused);
        assert_eq!(reply.earlier, [Earlier { peer: server.address, why: Repeated::Unanswered }]);
        assert_eq!(server.accepted(), 2, "{method}");
    }
}

#[tokio::test]
async fn it_is_sent_again_when_a_kept_connection_is_reset() {
    let server = Server::raw(|mut stream, _| async move {
        assert!(read_head(&mut stream).await);
        stream.write_all(ANSWER).await.unwrap();
        if read_head(&mut stream).await {
            reset(stream);
        }
    })
    .await;
    let sender = Sender::http(&server);
    sender.warm_up().await;

    assert_eq!(why(&sender.without_body("GET").await.unwrap().earlier), [Repeated::Unanswered]);
}

/// Closes a connection so that the other side gets `ECONNRESET`.
#[expect(deprecated, reason = "this socket does not linger: zero seconds block nothing")]
fn reset(stream: TcpStream) {
    stream.set_linger(Some(std::time::Duration::ZERO)).unwrap();
}

#[tokio::test]
async fn it_is_not_sent_again_once_a_byte_of_the_answer_came() {
    for part in [&b"H"[..], b"HTTP/1.1 200 OK\r\ncontent-", b"HTTP/1.1 103 Early Hints\r\n\r\n"] {
        let server = forgetful(part).await;
        let sender = Sender::http(&server);
        sender.warm_up().await;

        let error = sender.without_body("GET").await.unwrap_err();
        assert!(error.request_sent && error.earlier.is_empty(), "{error:?}");
        assert_eq!(server.accepted(), 1);
    }
}

#[tokio::test]
async fn it_is_sent_again_once_and_says_that_it_may_have_arrived() {
    let server = Server::raw(|mut stream, number| async move {
        assert!(read_head(&mut stream).await);
        if number == 0 {
            stream.write_all(ANSWER).await.unwrap();
            assert!(read_head(&mut stream).await);
        }
    })
    .await;
    let sender = Sender::http(&server);
    sender.warm_up().await;

    let error = sender.without_body("GET").await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::ConnectionTerminated), "{error:?}");
    assert!(error.request_sent);
    assert_eq!(why(&error.earlier), [Repeated::Unanswered]);
    assert_eq!(error.addresses.tried, [server.address; 2]);
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn what_cant_be_undone_is_never_sent_on_a_kept_connection() {
    for method in ["POST", "PUT", "DELETE"] {
        let server = forgetful(b"").await;
        let sender = Sender::http(&server);
        sender.warm_up().await;

        let reply = sender.send(method, full("body")).await.unwrap();
        assert!(!reply.reused && reply.earlier.is_empty());
        assert_eq!(server.accepted(), 2, "{method}");
    }
}

#[tokio::test]
async fn a_body_is_sent_again_from_its_beginning() {
    // Ends the first connection after the body, answers with the body on the second one.
    let server = Server::raw(|mut stream, number| async move {
        for request in 0..2 {
            if !read_head(&mut stream).await {
                return;
            }
            if (number, request) == (0, 0) {
                stream.write_all(ANSWER).await.unwrap();
                continue;
            }
            let mut body = [0; 4];
            stream.read_exact(&mut body).await.unwrap();
            if number == 0 {
                return;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n").await.unwrap();
            stream.write_all(&body).await.unwrap();
        }
    })
    .await;
    let sender = Sender::http(&server);
    sender.warm_up().await;

    let reply = sender.send("GET", full("body")).await.unwrap();
    assert_eq!(why(&reply.earlier), [Repeated::Unanswered]);
    assert_eq!(read(reply).await.unwrap(), "body");
}

/// A server for HTTP/2 that reacts to each request by its connection and its place there, both from 0.
async fn http2(authority: &Authority, react: impl Fn(usize, usize) -> Reaction + Clone + Send + 'static) -> Server {
    let acceptor = authority.identity("127.0.0.1").acceptor(&["h2"]);
    Server::raw(move |stream, number| {
        let (acceptor, react) = (acceptor.clone(), react.clone());
        async move {
            let stream = acceptor.accept(stream).await.unwrap();
            frames::serve(stream, move |place| react(number, place)).await;
        }
    })
    .await
}

#[tokio::test]
async fn what_the_server_did_not_process_is_sent_again_whatever_it_is() {
    let authority = Authority::new();
    for refusal in [Reaction::Refuse, Reaction::GoAway] {
        for method in ["GET", "POST", "DELETE"] {
            let server = http2(&authority, move |number, _| if number == 0 { refusal } else { Reaction::Echo }).await;
            let sender = Sender::https(&server, &authority);

            // The beginning of the body was sent before the refusal came.
            let reply = sender.send(method, chunked(&["some", "body"])).await.unwrap();
            assert_eq!((reply.protocol, reply.reused), (Protocol::Http2, false));
            assert_eq!(reply.earlier, [Earlier { peer: server.address, why: Repeated::NotProcessed }]);
            assert_eq!(read(reply).await.unwrap(), "somebody", "{method} {refusal:?}");
            assert_eq!(server.accepted(), 2);
        }
    }
}

#[tokio::test]
async fn a_refusal_on_a_kept_connection_is_not_the_end_either() {
    let authority = Authority::new();
    for refusal in [Reaction::Refuse, Reaction::GoAway, Reaction::Close] {
        let server = http2(&authority, move |_, place| if place == 1 { refusal } else { Reaction::Echo }).await;
        let sender = Sender::https(&server, &authority);
        sender.warm_up().await;

        let reply = sender.without_body("GET").await.unwrap();
        let expected = if refusal == Reaction::Close { Repeated::Unanswered } else { Repeated::NotProcessed };
        assert_eq!(why(&reply.earlier), [expected]);
        assert_eq!(server.accepted(), 2);
    }
}

#[tokio::test]
async fn a_server_that_always_refuses_is_asked_three_times() {
    let authority = Authority::new();
    for refusal in [Reaction::Refuse, Reaction::GoAway] {
        let server = http2(&authority, move |_, _| refusal).await;
        let sender = Sender::https(&server, &authority);

        let error = sender.send("POST", full("body")).await.unwrap_err();
        assert!(matches!(error.error, ExchangeError::NotProcessed(_)), "{error:?}");
        assert!(error.request_sent);
        assert_eq!(why(&error.earlier), [Repeated::NotProcessed; 2]);
        assert_eq!(error.addresses.tried, [server.address; 3]);
        assert_eq!(server.accepted(), 3);
    }
}

#[tokio::test]
async fn what_the_server_may_have_processed_is_not_sent_again() {
    let authority = Authority::new();
    for end in [Reaction::Cancel, Reaction::GoAwayAfter, Reaction::Close] {
        let server = http2(&authority, move |_, _| end).await;
        let sender = Sender::https(&server, &authority);

        let error = sender.send("POST", full("body")).await.unwrap_err();
        assert!(error.request_sent && error.earlier.is_empty(), "{end:?}: {error:?}");
        assert_eq!(server.accepted(), 1);
    }
}

#[tokio::test]
async fn a_kept_http2_connection_is_not_used_for_what_cant_be_undone() {
    let authority = Authority::new();
    let server = http2(&authority, |_, _| Reaction::Echo).await;
    let sender = Sender::https(&server, &authority);
    sender.warm_up().await;

    assert!(!sender.send("POST", full("body")).await.unwrap().reused);
    assert_eq!(server.accepted(), 2);
    assert!(sender.without_body("GET").await.unwrap().reused);
}

#[tokio::test]
async fn more_of_a_body_than_is_kept_is_not_sent_again() {
    let authority = Authority::new();
    let server = http2(&authority, |_, _| Reaction::RefuseAtEnd).await;
    let sender = Sender::https(&server, &authority);

    let error = sender.send("POST", full(vec![7; 3 << 20])).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::NotProcessed(_)), "{error:?}");
    assert!(error.request_sent && error.earlier.is_empty());
    assert_eq!(server.accepted(), 1);
}

fn full(bytes: impl Into<bytes::Bytes>) -> RequestBody {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

#[test]
fn a_secret_replaces_each_header_that_a_server_may_take_for_its_own() {
    let mut headers = HeaderMap::new();
    for name in ["x-k", "x_k", "x.k", "X_K", "x-kk", "x-k2", "accept"] {
        headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static("tool"));
    }
    let secrets = ["x-k", "x_k"].map(|name| secret_header(name, "operator").unwrap());
    insert_secrets(&mut headers, &secrets);
    let mut left: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    left.sort_unstable();
    let kept = [("accept", "tool"), ("x-k", "operator"), ("x-k2", "tool"), ("x-kk", "tool"), ("x_k", "operator")];
    assert_eq!(left, kept);
}
