//! Requests that are refused before anything is connected.

use http::{HeaderName, HeaderValue};

use super::super::RequestFault;
use super::*;

async fn fault(exchange: Exchange) -> Option<RequestFault> {
    // Nothing may be dialled: a request that is not refused as such is refused for its address.
    let error = client().send(exchange, &AllowOnly(vec![])).await.unwrap_err();
    assert!(!error.request_sent);
    match error.error {
        ExchangeError::InvalidRequest(fault) => Some(fault),
        ExchangeError::AddressDenied { .. } => None,
        error => panic!("{error:?}"),
    }
}

fn address() -> SocketAddr {
    SocketAddr::new(LOOPBACK, 8080)
}

#[tokio::test]
async fn refuses_invalid_paths() {
    for path in ["", "*", "a", "?a=b", "http://evil.test/", "/a b", "/a#b", "/a\r\nx: y", "/\u{7f}"] {
        let exchange = Exchange { path_and_query: path.to_owned(), ..get(address()) };
        let expected = Some(RequestFault::Path(path.to_owned()));
        assert_eq!(fault(exchange).await, expected, "{path:?}");
    }
    for path in ["/", "/a/b?c=d", "//evil.test/", "/%20"] {
        let exchange = Exchange { path_and_query: path.to_owned(), ..get(address()) };
        assert_eq!(fault(exchange).await, None, "{path:?}");
    }
}

#[tokio::test]
async fn refuses_authority_of_another_destination() {
    for authority in [
        "",
        "site.test.evil.test",
        "evil.test",
        "site.test:81",
        "site.test:",
        "user@site.test",
        "site.test/",
        "site.test:80@evil.test",
    ] {
        let mut exchange = get_name(Scheme::Http, "site.test", 80);
        exchange.authority = authority.to_owned();
        let found = fault(exchange).await;
        assert!(matches!(found, Some(RequestFault::Authority { .. })), "{authority:?}");
    }
}

#[tokio::test]
async fn accepts_authority_with_and_without_default_port() {
    for (scheme, port) in [(Scheme::Http, 80), (Scheme::Https, 443)] {
        for authority in ["site.test".to_owned(), format!("Site.Test:{port}")] {
            let mut config = config();
            config.resolver = Table::new([vec![address()]]);
            let client = Client::new(config).unwrap();
            let mut exchange = get_name(scheme, "site.test", port);
            exchange.authority = authority;
            let error = client.send(exchange, &AllowOnly(vec![])).await.unwrap_err();
            assert!(matches!(error.error, ExchangeError::AddressDenied { .. }), "{error:?}");
        }
    }
    let mut exchange = get("[::1]:8080".parse().unwrap());
    exchange.authority = "[0:0::1]:8080".to_owned();
    assert_eq!(fault(exchange).await, None);
}

#[tokio::test]
async fn refuses_headers_of_the_connection() {
    for name in [
        "connection",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
    ] {
        let name = HeaderName::from_static(name);
        let mut exchange = get(address());
        exchange.headers.insert(&name, HeaderValue::from_static("x"));
        assert_eq!(fault(exchange).await, Some(RequestFault::Header(name)));
    }
}

#[tokio::test]
async fn refuses_content_length_that_is_not_the_body_length() {
    for values in [&["4"][..], &["+5"], &["5, 5"], &["5", "5"], &[""], &["0x5"]] {
        let mut exchange = post(address(), full("12345"));
        for value in values {
            let value = HeaderValue::from_static(value);
            exchange.headers.append("content-length", value);
        }
        assert_eq!(fault(exchange).await, Some(RequestFault::ContentLength), "{values:?}");
    }
    let mut exchange = post(address(), full("12345"));
    exchange.headers.insert("content-length", 5.into());
    assert_eq!(fault(exchange).await, None);
}

#[tokio::test]
async fn refuses_tunnel() {
    let exchange = Exchange { method: Method::CONNECT, ..get(address()) };
    let expected = Some(RequestFault::Method("CONNECT".to_owned()));
    assert_eq!(fault(exchange).await, expected);
}

#[test]
fn shows_no_secret_of_an_exchange() {
    let mut exchange = get(address());
    exchange.path_and_query = "/?key=hidden".to_owned();
    let value = HeaderValue::from_static("hidden");
    exchange.headers.insert("authorization", value);
    assert!(!format!("{exchange:?}").contains("hidden"));
}
