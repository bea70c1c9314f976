//! Certificates, and the version that is agreed on.

use http_body_util::BodyExt;

use super::super::{ClientError, Protocol};
use super::server::{Authority, Server, text};
use super::*;

fn trusting(authority: Option<&Authority>, address: SocketAddr) -> Client {
    let mut config = config();
    config.extra_roots_pem = authority.map(Authority::pem).into_iter().collect();
    config.resolver = Table::new([vec![address]]);
    Client::new(config).unwrap()
}

fn named(server: &Server) -> Exchange {
    get_name(Scheme::Https, "site.test", server.address.port())
}

#[tokio::test]
async fn agrees_on_version_with_server() {
    let authority = Authority::new();
    let identity = authority.identity("site.test");
    for (alpn, protocol) in
        [(&["h2", "http/1.1"][..], Protocol::Http2), (&["http/1.1"], Protocol::Http1), (&[], Protocol::Http1)]
    {
        let server = Server::https(&identity, alpn, |request| async move {
            // Whatever the version, the server sees the same authority.
            let host = request.headers().get("host").map(|host| host.to_str().unwrap());
            let authority = request.uri().authority().map(|authority| authority.as_str());
            http::Response::new(full(authority.or(host).unwrap().to_owned()))
        })
        .await;
        let client = trusting(Some(&authority), server.address);

        let reply = send(&client, named(&server)).await.unwrap();
        assert!(reply.tls);
        assert_eq!(reply.protocol, protocol);
        let host = format!("site.test:{}", server.address.port());
        assert_eq!(read(reply).await.unwrap(), host);
    }
}

#[tokio::test]
async fn refuses_certificate_of_unknown_authority() {
    let (known, unknown) = (Authority::new(), Authority::new());
    let server = Server::https(&unknown.identity("site.test"), &["h2"], |_| async { text("") }).await;

    for client in [trusting(None, server.address), trusting(Some(&known), server.address)] {
        let error = send(&client, named(&server)).await.unwrap_err();
        assert!(matches!(error.error, ExchangeError::TlsCertificate(_)), "{error:?}");
        assert!(!error.request_sent);
    }
}

#[tokio::test]
async fn refuses_certificate_of_unknown_authority_with_platform_roots() {
    let server = Server::https(&Authority::new().identity("site.test"), &["h2"], |_| async { text("") }).await;
    let mut config = ClientConfig::new(Table::new([vec![server.address]]));
    config.platform_roots = true;
    let client = Client::new(config).unwrap();

    let error = send(&client, named(&server)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::TlsCertificate(_)), "{error:?}");
}

#[tokio::test]
async fn refuses_certificate_for_another_name() {
    let authority = Authority::new();
    let server = Server::https(&authority.identity("other.test"), &["h2"], |_| async { text("") }).await;
    let client = trusting(Some(&authority), server.address);

    let error = send(&client, named(&server)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::TlsCertificate(_)), "{error:?}");
}

#[tokio::test]
async fn verifies_certificate_for_address() {
    let authority = Authority::new();
    let (right, wrong) = (authority.identity("127.0.0.1"), authority.identity("127.0.0.2"));
    let right = Server::https(&right, &["h2"], |_| async { text("ok") }).await;
    let wrong = Server::https(&wrong, &["h2"], |_| async { text("no") }).await;
    let client = trusting(Some(&authority), right.address);
    let by_address = |server: &Server| {
        let mut exchange = get(server.address);
        exchange.destination.scheme = Scheme::Https;
        exchange
    };

    assert_eq!(fetch(&client, by_address(&right)).await, "ok");
    let error = send(&client, by_address(&wrong)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::TlsCertificate(_)), "{error:?}");
}

#[tokio::test]
async fn reports_server_that_speaks_no_tls() {
    let server = Server::raw(|mut stream, _| async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut hello = [0; 64];
        stream.read_exact(&mut hello).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        // Read on until the client has closed, so that a reset does not lose its answer.
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await;
    let client = trusting(None, server.address);

    let error = send(&client, named(&server)).await.unwrap_err();
    assert!(matches!(error.error, ExchangeError::TlsProtocol(_)), "{error:?}");
    assert!(!error.request_sent);
}

#[tokio::test]
async fn streams_large_bodies_over_http2() {
    let authority = Authority::new();
    let server = Server::https(&authority.identity("site.test"), &["h2"], |request| async {
        http::Response::new(request.into_body().map_err(Into::into).boxed_unsync())
    })
    .await;
    let client = trusting(Some(&authority), server.address);
    // Several times the size of each window, so that each must be opened again.
    let body = Bytes::from(vec![7; 20 << 20]);

    let exchange = Exchange { method: Method::POST, body: full(body.clone()), ..named(&server) };
    assert!(fetch(&client, exchange).await == body);
}

#[tokio::test]
async fn unread_http2_responses_do_not_starve_another() {
    let authority = Authority::new();
    let server = Server::https(&authority.identity("site.test"), &["h2"], |_| async {
        http::Response::new(full(vec![7; 2 << 20]))
    })
    .await;
    let client = trusting(Some(&authority), server.address);

    let mut unread = Vec::new();
    for _ in 0..12 {
        unread.push(send(&client, named(&server)).await.unwrap());
    }
    assert_eq!(fetch(&client, named(&server)).await.len(), 2 << 20);
    assert_eq!(server.accepted(), 2);
}

#[test]
fn refuses_roots_that_are_not_certificates() {
    for pem in [&b"not PEM"[..], b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let mut config = config();
        config.extra_roots_pem = vec![Authority::new().pem(), pem.to_vec()];
        let error = Client::new(config).unwrap_err();
        assert!(matches!(error, ClientError::RootUnreadable { index: 1, .. }), "{error:?}");
    }
}
