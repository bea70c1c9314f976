//! Which addresses are dialled.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::server::{Server, text};
use super::*;

const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));

fn resolving(table: &Arc<Table>) -> Client {
    let mut config = config();
    config.resolver = Arc::clone(table) as Arc<dyn Resolver>;
    Client::new(config).unwrap()
}

fn named(port: u16) -> Exchange {
    get_name(Scheme::Http, "site.test", port)
}

#[tokio::test]
async fn denies_address_that_is_not_allowed() {
    let server = Server::http(|_| async { text("secret") }).await;
    let client = resolving(&Table::new([vec![server.address]]));

    for exchange in [get(server.address), named(server.address.port())] {
        let error = client.send(exchange, &AllowOnly(vec![])).await.unwrap_err();
        assert!(matches!(error.error, ExchangeError::AddressDenied { .. }), "{error:?}");
        assert!(!error.request_sent);
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn dials_only_allowed_one_of_mixed_addresses() {
    let server = Server::http(|_| async { text("right") }).await;
    let wrong = TcpListener::bind((ELSEWHERE, server.address.port())).await.unwrap();
    let answer = vec![wrong.local_addr().unwrap(), server.address];
    let client = resolving(&Table::new([answer]));

    let reply = send(&client, named(server.address.port())).await.unwrap();
    assert_eq!(reply.peer, server.address);
    assert_eq!(read(reply).await.unwrap(), "right");
    let dialled = tokio::time::timeout(Duration::ZERO, wrong.accept()).await;
    assert!(dialled.is_err());
}

#[tokio::test]
async fn denies_name_that_is_rebound() {
    // A server that closes after each answer, so that every request resolves.
    let server = Server::http(|_| async {
        let mut response = text("first");
        let close = http::HeaderValue::from_static("close");
        response.headers_mut().insert("connection", close);
        response
    })
    .await;
    let table = Table::new([vec![server.address], vec![SocketAddr::new(ELSEWHERE, server.address.port())]]);
    let client = resolving(&table);

    assert_eq!(fetch(&client, named(server.address.port())).await, "first");
    let error = send(&client, named(server.address.port())).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::AddressDenied { .. }), "{error:?}");
    assert_eq!(table.asked(), 2);
}

#[tokio::test]
async fn resolves_once_for_a_connection() {
    let server = Server::http(|_| async { text("ok") }).await;
    let table = Table::new([vec![server.address], vec![]]);
    let client = resolving(&table);

    for _ in 0..3 {
        assert_eq!(fetch(&client, named(server.address.port())).await, "ok");
    }
    assert_eq!(table.asked(), 1);
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn denies_pooled_connection_whose_peer_is_not_allowed() {
    let server = Server::http(|_| async { text("ok") }).await;
    let table = Table::new([vec![server.address]]);
    let client = resolving(&table);

    fetch(&client, named(server.address.port())).await;
    let error = client.send(named(server.address.port()), &AllowOnly(vec![ELSEWHERE])).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::AddressDenied { .. }), "{error:?}");

    // For the grant that opened the connection it is still there.
    let reply = send(&client, named(server.address.port())).await.unwrap();
    assert!(reply.reused);
}

#[tokio::test]
async fn goes_on_to_next_address_when_one_refuses() {
    let server = Server::http(|_| async { text("ok") }).await;
    let closed = closed_port().await;
    let client = resolving(&Table::new([vec![closed, server.address]]));

    assert_eq!(fetch(&client, named(server.address.port())).await, "ok");
}

#[tokio::test]
async fn an_address_that_is_silent_is_not_waited_for() {
    let server = Server::http(|_| async { text("ok") }).await;
    let silent = Silent::new(server.address.port()).await;
    for answer in [vec![silent.address, server.address], vec![server.address, silent.address]] {
        let client = resolving(&Table::new([answer]));
        tokio::time::pause();
        let started = Instant::now();
        let check = AllowOnly(vec![LOOPBACK, ELSEWHERE]);
        let reply = client.send(named(server.address.port()), &check).await.unwrap();
        assert_eq!(reply.peer, server.address);
        // A part of the connect timeout of 10 s would be more.
        assert!(started.elapsed() < Duration::from_secs(1));
        tokio::time::resume();
    }
}

#[tokio::test]
async fn addresses_that_are_silent_or_refuse_are_all_tried_before_the_request_fails() {
    let closed = closed_port().await;
    let silent = Silent::new(closed.port()).await;
    let client = resolving(&Table::new([vec![silent.address, closed]]));
    tokio::time::pause();
    let check = AllowOnly(vec![LOOPBACK, ELSEWHERE]);
    let error = client.send(named(closed.port()), &check).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::ConnectTimeout), "{error:?}");
    assert!(!error.request_sent);
    assert_eq!(error.addresses.tried, [silent.address, closed]);
}

#[tokio::test]
async fn a_silent_address_that_is_not_allowed_is_not_dialled() {
    let server = Server::http(|_| async { text("ok") }).await;
    let other = TcpListener::bind((ELSEWHERE, server.address.port())).await.unwrap();
    let client = resolving(&Table::new([vec![other.local_addr().unwrap(), server.address]]));

    let reply = send(&client, named(server.address.port())).await.unwrap();
    assert_eq!(reply.peer, server.address);
    assert!(tokio::time::timeout(Duration::ZERO, other.accept()).await.is_err());
}

/// An address that answers no attempt to connect, because nobody takes the connections that wait there.
struct Silent {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: JoinSet<io::Result<TcpStream>>,
}

impl Silent {
    async fn new(port: u16) -> Self {
        let address = SocketAddr::new(ELSEWHERE, port);
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(address).unwrap();
        let listener = socket.listen(0).unwrap();
        let mut waiting: JoinSet<_> = (0..4).map(|_| TcpStream::connect(address)).collect();
        // The first is taken by the system, and the others are not.
        let first = waiting.join_next().await.unwrap().unwrap();
        waiting.spawn(std::future::ready(first));
        Self { address, _listener: listener, _waiting: waiting }
    }
}

#[tokio::test]
async fn reports_refused_connection() {
    let error = send(&client(), get(closed_port().await)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::ConnectionRefused), "{error:?}");
    assert!(!error.request_sent);
}

#[tokio::test]
async fn reports_name_without_address() {
    for table in [Table::new([]), Table::new([vec![]])] {
        let error = send(&resolving(&table), named(80)).await.unwrap_err();
        assert!(matches!(error.error, ExchangeError::Dns { .. }), "{error:?}");
        assert!(!error.request_sent);
    }
}

#[tokio::test(start_paused = true)]
async fn gives_up_on_silent_resolver() {
    struct Silent;
    impl Resolver for Silent {
        fn resolve<'a>(&'a self, _: &'a str, _: u16) -> Resolving<'a> {
            Box::pin(std::future::pending())
        }
    }
    let mut config = config();
    config.resolver = Arc::new(Silent);
    let started = Instant::now();

    let error = send(&Client::new(config).unwrap(), named(80)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::DnsTimeout { .. }), "{error:?}");
    assert!(started.elapsed() >= Duration::from_secs(10));
}

/// An address that nothing listens on.
async fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}
