//! Decisions about requests.

use super::{assert_decisions, check, policy, short};
use crate::{Action, HttpAction, Method, Origin, Url};
use std::net::IpAddr;

const API: &str = r#"
[[http]]
url = "https://api.example.com/repos/**"

[[http]]
url = "https://api.example.com/repos/acme/*/issues"
methods = ["POST"]
secrets = ["github"]

[[http]]
url = "https://*.example.org/**"
methods = ["GET", "PUT", "OPTIONS"]
ask = false

[secrets.github]
env = "GITHUB_TOKEN"
header = "authorization"
value = "Bearer {}"
"#;

#[test]
fn denies_what_no_grant_covers() {
    assert_decisions(
        &policy(API),
        &[
            ("GET https://example.com/", "deny no-grant"),
            ("GET https://api.example.com/", "deny no-grant"),
            ("GET https://api.example.com/repos/../admin", "deny no-grant"),
            ("GET https://api.example.com:8443/repos/a", "deny no-grant"),
            ("GET https://api.example.com.evil.test/repos/a", "deny no-grant"),
            ("GET https://example.org/", "deny no-grant"),
            ("GET http://api.example.com/repos/a", "deny scheme 3"),
            ("GET http://a.example.org/", "deny scheme 11"),
        ],
    );
}

#[test]
fn denies_methods_that_are_not_listed() {
    assert_decisions(
        &policy(API),
        &[
            ("DELETE https://api.example.com/repos/a", "deny method 3"),
            ("get https://api.example.com/repos/a", "deny method 3"),
            ("OPTIONS https://api.example.com/repos/a", "deny method 3"),
            ("PUT https://api.example.com/repos/acme/x/issues", "deny method 6"),
            ("CONNECT https://a.example.org/", "deny method"),
            ("TRACE https://a.example.org/", "deny method"),
            ("trace https://a.example.org/", "deny method"),
        ],
    );
}

#[test]
fn asks_before_methods_that_change_something_unless_told_not_to() {
    assert_decisions(
        &policy(API),
        &[
            ("GET https://api.example.com/repos/a", "allow 3"),
            ("HEAD https://API.example.com:443/repos", "allow 3"),
            ("GET https://api.example.com/repos/acme/x/issues", "allow 3"),
            ("POST https://api.example.com/repos/acme/x/issues", "ask 6"),
            ("PUT https://a.b.example.org/x", "allow 11"),
            ("OPTIONS https://a.example.org/x", "allow 11"),
        ],
    );
    let asks = "[[http]]\nurl = \"https://a.test/**\"\nask = true\n";
    assert_decisions(&policy(asks), &[("GET https://a.test/", "ask 2")]);
}

#[test]
fn the_most_specific_grant_is_named_and_ask_wins_over_allow() {
    let text = r#"
[[http]]
url = "https://*.test/**"
methods = ["POST"]
[[http]]
url = "https://a.test/**"
methods = ["POST"]
ask = false
[[http]]
url = "https://a.test/x/**"
methods = ["POST", "GET"]
ask = false
[[http]]
url = "https://b.test/**"
[[http]]
url = "https://b.test/*"
"#;
    let policy = policy(text);
    assert_decisions(
        &policy,
        &[
            ("POST https://a.test/x/y", "ask 10"),
            ("POST https://a.test/z", "ask 6"),
            ("POST https://c.test/z", "ask 3"),
            ("GET https://a.test/x", "allow 10"),
            // Equally specific: the later one.
            ("GET https://b.test/x", "allow 16"),
            ("GET https://b.test/x/y", "allow 14"),
        ],
    );
    let explanation = policy.explain("POST https://a.test/x/y").unwrap();
    assert_eq!(explanation.reason, "the grant covers it, and http grant `https://*.test/**` (line 3) asks");
}

#[test]
fn a_request_carries_secrets_of_its_grant_only() {
    let policy = policy(API);
    let mut request =
        HttpAction::new(Method::POST, Url::parse_str("https://api.example.com/repos/acme/x/issues").unwrap());
    let grant = policy.governing_http_grant(&request.method, &request.url).unwrap();
    assert_eq!(grant.secrets(), ["github"]);
    request.secrets = grant.secrets().to_vec();
    let decide = |request: &HttpAction| {
        let action = Action::HttpRequest(Box::new(request.clone()));
        short(&policy, &check(&policy, &action, Origin::CreatedByRun))
    };
    assert_eq!(decide(&request), "ask 6");

    request.method = Method::GET;
    assert_eq!(decide(&request), "deny secret 3");
    assert!(policy.secret("github").is_some());
    assert!(policy.secret("other").is_none());
}

#[test]
fn special_addresses_need_their_network() {
    let text = r#"
[[http]]
url = "http://127.0.0.1:8080/**"
networks = ["127.0.0.0/8"]
[[http]]
url = "https://name.test/**"
[[http]]
url = "https://8.8.8.8/**"
"#;
    let policy = policy(text);
    assert_decisions(
        &policy,
        &[
            ("GET http://127.0.0.1:8080/", "allow 3"),
            ("GET http://2130706433:8080/", "allow 3"),
            ("GET http://127.0.0.2:8080/", "deny no-grant"),
            ("GET http://[::ffff:127.0.0.1]:8080/", "allow 3"),
            ("GET https://8.8.8.8/", "allow 8"),
        ],
    );
    let [loopback, name, _] = policy.http() else { panic!() };
    for (grant, address, expected) in [
        (loopback, "127.0.0.1", true),
        (loopback, "::ffff:127.1.2.3", true),
        (loopback, "::1", false),
        (loopback, "10.0.0.1", false),
        (name, "127.0.0.1", false),
        (name, "169.254.169.254", false),
        (name, "64:ff9b::10.0.0.1", false),
        (name, "93.184.215.14", true),
    ] {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(policy.network_allows(grant.id, address), expected, "{address}");
    }
    assert!(!policy.network_allows(crate::GrantId::Checkpoint, "8.8.8.8".parse().unwrap()));
}

#[test]
fn an_address_is_never_below_a_wildcard() {
    let policy = policy("[[http]]\nurl = \"https://*.0.0.test/**\"\n");
    assert_decisions(&policy, &[("GET https://127.0.0.1/", "deny no-grant")]);
}

#[test]
fn headers_that_override_what_was_matched_are_listed_or_denied() {
    let text = r#"
[[http]]
url = "https://a.test/**"
methods = ["GET", "POST"]
ask = false
[[http]]
url = "https://a.test/listed/**"
methods = ["POST"]
ask = false
headers = ["X-HTTP-Method-Override"]
"#;
    let policy = policy(text);
    let decision = |path: &str, name: &str| {
        let mut request = HttpAction::new(Method::POST, Url::parse_str(&format!("https://a.test{path}")).unwrap());
        request.headers = vec![("accept".into(), b"*/*".to_vec()), (name.to_owned(), b"DELETE".to_vec())];
        short(&policy, &check(&policy, &Action::HttpRequest(Box::new(request)), Origin::Foreign))
    };
    for name in [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x_http_method_override",
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-host",
        "x-forwarded-for",
        "forwarded",
        "destination",
    ] {
        assert_eq!(decision("/a", name), "deny header 3", "{name}");
    }
    assert_eq!(decision("/a", "x-request-id"), "allow 3");
    assert_eq!(decision("/listed/a", "x-http-method-override"), "allow 7");
    assert_eq!(decision("/listed/a", "x_http_method_override"), "allow 7");
    assert_eq!(decision("/listed/a", "x-original-url"), "deny header 7");
}

#[test]
fn a_server_has_the_secrets_of_all_its_grants() {
    let text = r#"
[[http]]
url = "https://a.test/with/*"
methods = ["POST"]
secrets = ["one"]
[[http]]
url = "https://a.test/without"
[[http]]
url = "https://*.test/**"
secrets = ["two"]
[[http]]
url = "https://a.test:8443/**"
[secrets.one]
env = "ONE"
header = "x-one"
value = "{}"
[secrets.two]
env = "TWO"
header = "x-two"
value = "{}"
"#;
    let policy = policy(text);
    for (url, expected) in [
        ("https://a.test/without", &["one", "two"][..]),
        ("https://A.test:443/elsewhere", &["one", "two"]),
        ("https://b.test/", &["two"]),
        ("https://a.test:8443/", &[]),
        ("http://a.test/", &[]),
        ("https://test/", &[]),
    ] {
        assert_eq!(policy.secrets_at(&Url::parse_str(url).unwrap()).collect::<Vec<_>>(), expected, "{url}");
    }
}

#[test]
fn the_secret_of_a_proxy_is_within_reach_of_what_the_proxy_can_answer() {
    let text = r#"
[network]
proxy = "http://10.0.0.1:3128"
secret = "proxy"
[[http]]
url = "http://a.test/**"
methods = ["GET", "POST"]
[[http]]
url = "http://a.test/direct/**"
proxy = false
[[http]]
url = "https://a.test/**"
[secrets.proxy]
env = "PROXY"
header = "proxy-authorization"
value = "Basic {}"
"#;
    let policy = policy(text);
    for (method, url, expected) in [
        ("GET", "http://a.test/", Some("proxy")),
        ("POST", "http://a.test/direct/b", Some("proxy")),
        ("GET", "http://a.test/direct/b", None),
        ("GET", "https://a.test/", None),
        ("GET", "http://b.test/", None),
    ] {
        let (method, url) = (Method::parse(method).unwrap(), Url::parse_str(url).unwrap());
        assert_eq!(policy.proxy_secret_for(&method, &url), expected, "{method:?} {url:?}");
    }
}
