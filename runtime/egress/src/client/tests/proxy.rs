//! Requests through a proxy.

use std::sync::Mutex;

use http::HeaderValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::{Authority, Server, text};
use super::*;
use crate::client::{Protocol, Proxy};

/// What a proxy was asked, a head for each request.
type Heads = Arc<Mutex<Vec<String>>>;

async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

/// A proxy that makes tunnels to `behind`, answers requests itself, and answers `CONNECT` with `refusal` if there is
/// one.
async fn proxy(behind: SocketAddr, refusal: Option<&'static str>) -> (Server, Heads) {
    let heads = Heads::default();
    let seen = Arc::clone(&heads);
    let server = Server::raw(move |mut stream, _| {
        let seen = Arc::clone(&seen);
        async move {
            while let Some(head) = head(&mut stream).await {
                let connects = head.starts_with("CONNECT ");
                seen.lock().unwrap().push(head);
                if let Some(refusal) = refusal.filter(|_| connects) {
                    stream.write_all(refusal.as_bytes()).await.unwrap();
                } else if connects {
                    let mut server = TcpStream::connect(behind).await.unwrap();
                    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                    // Either side may end it.
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
                    return;
                } else {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nproxy").await.unwrap();
                }
            }
        }
    })
    .await;
    (server, heads)
}

/// A client that can resolve nothing: names are the proxy's to resolve.
fn through(proxy: &Server, authority: Option<&Authority>, authorization: Option<&'static str>) -> Client {
    let mut config = config();
    config.extra_roots_pem = authority.map(Authority::pem).into_iter().collect();
    config.proxy = Some(Proxy {
        host: Host::Ip(proxy.address.ip()),
        port: proxy.address.port(),
        authorization: authorization.map(HeaderValue::from_static),
    });
    Client::new(config).unwrap()
}

fn proxied(exchange: Exchange) -> Exchange {
    Exchange { proxied: true, ..exchange }
}

/// Allows nothing: the proxy's own address is not asked about.
async fn sent(client: &Client, exchange: Exchange) -> Result<Reply, SendError> {
    client.send(proxied(exchange), &AllowOnly(vec![])).await
}

#[tokio::test]
async fn a_request_without_tls_names_its_whole_url() {
    let (server, heads) = proxy(([127, 0, 0, 1], 1).into(), None).await;
    let client = through(&server, None, Some("Basic dTpw"));

    for turn in 0..2 {
        let reply = sent(&client, get_name(Scheme::Http, "site.test", 8080)).await.unwrap();
        assert_eq!((reply.peer, reply.proxied, reply.reused), (server.address, true, turn > 0));
        assert_eq!(read(reply).await.unwrap(), "proxy");
    }
    let head = "GET http://site.test:8080/ HTTP/1.1\r\nhost: site.test:8080\r\nproxy-authorization: Basic dTpw\r\n\r\n";
    assert_eq!(*heads.lock().unwrap(), [head; 2]);
}

#[tokio::test]
async fn a_request_with_tls_goes_through_a_tunnel_and_the_proxy_sees_none_of_it() {
    let authority = Authority::new();
    for (alpn, protocol) in [("h2", Protocol::Http2), ("http/1.1", Protocol::Http1)] {
        let site = Server::https(&authority.identity("site.test"), &[alpn], |request| async move {
            assert!(request.headers().get("proxy-authorization").is_none());
            text("site")
        })
        .await;
        let (server, heads) = proxy(site.address, None).await;
        let client = through(&server, Some(&authority), Some("Basic dTpw"));

        for _ in 0..2 {
            let reply = sent(&client, get_name(Scheme::Https, "site.test", 443)).await.unwrap();
            assert_eq!((reply.peer, reply.protocol), (server.address, protocol));
            assert_eq!(read(reply).await.unwrap(), "site");
        }
        let head = "CONNECT site.test:443 HTTP/1.1\r\nhost: site.test:443\r\nproxy-authorization: Basic dTpw\r\n\r\n";
        assert_eq!(*heads.lock().unwrap(), [head]);
    }
}

#[tokio::test]
async fn the_certificate_behind_a_tunnel_is_verified() {
    let authority = Authority::new();
    let site = Server::https(&authority.identity("other.test"), &["h2"], |_| async { text("") }).await;
    let (server, _) = proxy(site.address, None).await;
    let client = through(&server, Some(&authority), None);

    let error = sent(&client, get_name(Scheme::Https, "site.test", 443)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::TlsCertificate(_)), "{error:?}");
    assert!(!error.request_sent);
}

#[tokio::test]
async fn an_address_is_checked_before_the_proxy_is_asked() {
    let (server, heads) = proxy(([127, 0, 0, 1], 1).into(), None).await;
    let client = through(&server, None, None);
    for scheme in [Scheme::Http, Scheme::Https] {
        let mut exchange = get(SocketAddr::new(LOOPBACK, 8080));
        exchange.destination.scheme = scheme;
        let error = sent(&client, exchange).await.unwrap_err();
        assert!(matches!(error.error, ExchangeError::AddressDenied { .. }), "{error:?}");
    }
    assert!(heads.lock().unwrap().is_empty());

    let exchange = proxied(get(SocketAddr::new(LOOPBACK, 8080)));
    assert!(client.send(exchange, &AllowOnly(vec![LOOPBACK])).await.unwrap().proxied);
}

#[tokio::test]
async fn a_refusal_of_the_proxy_is_not_an_answer_of_the_server() {
    let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 4\r\n\r\nfake";
    let (server, _) = proxy(([127, 0, 0, 1], 1).into(), Some(refusal)).await;
    let error = sent(&through(&server, None, None), get_name(Scheme::Https, "site.test", 443)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::ProxyRefused { status: 407 }), "{error:?}");
    assert!(!error.request_sent && error.proxied);
    assert_eq!(error.addresses.tried, [server.address]);
}

#[tokio::test]
async fn a_proxy_that_speaks_first_in_a_tunnel_or_never_speaks_is_an_error() {
    let early = "HTTP/1.1 200 OK\r\n\r\nfake answer";
    let (server, _) = proxy(([127, 0, 0, 1], 1).into(), Some(early)).await;
    let error = sent(&through(&server, None, None), get_name(Scheme::Https, "site.test", 443)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::UnexpectedUpgrade), "{error:?}");

    let silent = Server::raw(|stream, _| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let client = through(&silent, None, None);
    tokio::time::pause();
    let error = sent(&client, get_name(Scheme::Https, "site.test", 443)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::ConnectTimeout), "{error:?}");
}

#[tokio::test]
async fn a_connection_through_the_proxy_is_not_used_for_a_direct_request() {
    let site = Server::http(|_| async { text("site") }).await;
    let (server, _) = proxy(([127, 0, 0, 1], 1).into(), None).await;
    let client = through(&server, None, None);
    let check = AllowOnly(vec![LOOPBACK]);
    for expected in ["proxy", "site", "proxy", "site"] {
        let exchange = Exchange { proxied: expected == "proxy", ..get(site.address) };
        let reply = client.send(exchange, &check).await.unwrap();
        assert_eq!(read(reply).await.unwrap(), expected);
    }
    assert_eq!((site.accepted(), server.accepted()), (1, 1));
}

#[tokio::test]
async fn a_client_without_a_proxy_sends_nothing_for_one() {
    let site = Server::http(|_| async { text("site") }).await;
    let error = client().send(proxied(get(site.address)), &AllowOnly(vec![LOOPBACK])).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::DestinationUnavailable(_)), "{error:?}");
    assert_eq!(site.accepted(), 0);
}
