//! Headers, before any is sent.

use crate::answer::{case, is};
use crate::requests::common_methods;
use crate::wasi::http::types::{Fields, Method, OutgoingRequest, OutgoingResponse, RequestOptions, Scheme};

/// Names that headers have, and some that they can't have.
const NAMES: [&str; 40] = [
    "accept",
    "Accept",
    "x-a",
    "x_a",
    "X-A.b",
    "1",
    "a b",
    " a",
    "a ",
    "a:",
    "a\n",
    "a\0",
    "",
    "ü",
    "a/b",
    "(a)",
    "connection",
    "Connection",
    "keep-alive",
    "host",
    "HOST",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "content-length",
    "content-type",
    "cookie",
    "authorization",
    "user-agent",
    "date",
    "range",
    "if-range",
    "forwarded",
    "x-http-method-override",
];

/// Values, good and bad.
const VALUES: [&[u8]; 12] =
    [b"a", b"", b" a ", b"a\tb", b"a\nb", b"a\rb", b"a\0b", b"\x7f", b"\xff", "ü".as_bytes(), b"\x01", b"a, b"];

/// Every function of headers, and of requests that are not sent.
pub(crate) fn run() -> bool {
    for name in NAMES {
        let fields = Fields::new();
        case(format_args!("append {name:?}"), fields.append(name, b"v"));
        case(format_args!("set {name:?}"), fields.set(name, &[b"v".to_vec()]));
        is(format_args!("has {name:?}"), fields.has(name));
        is(format_args!("get {name:?}"), fields.get(name).len());
        case(format_args!("delete {name:?}"), fields.delete(name));
        let list = Fields::from_list(&[(name.to_owned(), b"v".to_vec())]);
        case(format_args!("from-list {name:?}"), list.map(|fields| shown(&fields)));
    }
    for value in VALUES {
        let fields = Fields::new();
        case(format_args!("append x: {value:?}"), fields.append("x", value));
        case(format_args!("set x: {value:?}"), fields.set("x", &[value.to_vec(), b"ok".to_vec()]));
        is(format_args!("get x after {value:?}"), fields.get("x"));
        let list = Fields::from_list(&[("x".to_owned(), value.to_vec())]);
        case(format_args!("from-list x: {value:?}"), list.map(drop));
    }
    several();
    frozen();
    requests();
    options();
    responses();
    true
}

fn shown(fields: &Fields) -> Vec<(String, String)> {
    fields.entries().into_iter().map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned())).collect()
}

fn several() {
    let fields = Fields::new();
    for (name, value) in [("b", "1"), ("A", "2"), ("a", "3"), ("B", "4")] {
        case(format_args!("append {name} {value}"), fields.append(name, value.as_bytes()));
    }
    let mut entries = shown(&fields);
    is("how many entries", entries.len());
    entries.sort_by_key(|(name, value)| (name.to_lowercase(), value.clone()));
    is("entries", entries);
    is("get a", fields.get("a"));
    is("get A", fields.get("A"));
    is("get missing", fields.get("missing"));
    let copy = fields.clone();
    case("delete a of the copy", copy.delete("a"));
    is("a in the copy", copy.has("a"));
    is("a in the original", fields.has("a"));
    case("set to nothing", fields.set("a", &[]));
    is("a after that", (fields.has("a"), fields.get("a").len()));
    case("delete missing", fields.delete("missing"));
    is("from an empty list", Fields::from_list(&[]).map(|fields| shown(&fields)).ok());
    let twice = [("c".to_owned(), b"1".to_vec()), ("C".to_owned(), b"2".to_vec())];
    case("from a list with one name twice", Fields::from_list(&twice).map(|fields| fields.get("c").len()));
    // Below what engines bound the headers of one request to.
    let many = Fields::new();
    let refused = (0..100).filter(|number| many.append(&format!("x{number}"), b"v").is_err()).count();
    is("refused of a hundred headers", refused);
    is("a value of 10 KB", many.append("long", &[b'v'; 10_000]).is_ok());
}

fn frozen() {
    let request = OutgoingRequest::new(Fields::new());
    let headers = request.headers();
    for (name, answer) in [
        ("append", headers.append("a", b"b")),
        ("set", headers.set("a", &[b"b".to_vec()])),
        ("set to nothing", headers.set("a", &[])),
        ("delete", headers.delete("a")),
    ] {
        case(format_args!("{name} in a request's headers"), answer);
    }
    let copy = headers.clone();
    case("append in their copy", copy.append("a", b"b"));
    case("a forbidden one in their copy", copy.append("host", b"b"));
}

fn requests() {
    let request = OutgoingRequest::new(Fields::new());
    is("method at first", format!("{:?}", request.method()));
    is("scheme at first", format!("{:?}", request.scheme()));
    is("authority at first", request.authority());
    is("path at first", request.path_with_query());
    methods(&request);
    schemes(&request);
    authorities(&request);
    paths(&request);
    case("set-authority to nothing", request.set_authority(None));
    case("set-path-with-query to nothing", request.set_path_with_query(None));
    let body = request.body();
    is("body once", body.is_ok());
    case("body twice", request.body().map(drop));
    if let Ok(body) = body {
        let stream = body.write();
        is("write once", stream.is_ok());
        case("write twice", body.write().map(drop));
    }
}

fn methods(request: &OutgoingRequest) {
    let others = ["get", "GET", "", "A B", "A\n", "Ü"].map(|method| Method::Other(method.to_owned()));
    for method in common_methods().into_iter().chain(others) {
        case(format_args!("set-method {method:?}"), request.set_method(&method));
        is(format_args!("method after {method:?}"), format!("{:?}", request.method()));
    }
}

fn schemes(request: &OutgoingRequest) {
    for scheme in ["http", "HTTP", "ftp", "", "a b", "1a", "a+b", "ü"] {
        let answer = request.set_scheme(Some(&Scheme::Other(scheme.to_owned())));
        case(format_args!("set-scheme {scheme:?}"), answer);
    }
    for scheme in [Some(Scheme::Http), Some(Scheme::Https), None] {
        case(format_args!("set-scheme {scheme:?}"), request.set_scheme(scheme.as_ref()));
        is(format_args!("scheme after {scheme:?}"), format!("{:?}", request.scheme()));
    }
}

fn authorities(request: &OutgoingRequest) {
    for authority in [
        "example.com",
        "example.com:80",
        "user@example.com",
        "user:pass@example.com",
        "[::1]:80",
        "[::1",
        "",
        ":80",
        "example.com:",
        "example.com:99999",
        "a b",
        "a/b",
        "ü.example",
        "127.0.0.1",
        "a_b",
        "a?b",
        "a#b",
    ] {
        case(format_args!("set-authority {authority:?}"), request.set_authority(Some(authority)));
        is(format_args!("authority after {authority:?}"), request.authority());
    }
}

fn paths(request: &OutgoingRequest) {
    for path in [
        "/",
        "",
        "a",
        "/a?b=c",
        "?b",
        "/a b",
        "/a#b",
        "/ü",
        "/%2f",
        "/%",
        "*",
        "//a",
        "/../a",
        "/a\n",
        "/a\\b",
        "http://example.com/",
        "/a?b?c",
        "/<>\"{}|^`",
    ] {
        case(format_args!("set-path-with-query {path:?}"), request.set_path_with_query(Some(path)));
        is(format_args!("path after {path:?}"), request.path_with_query());
    }
}

fn options() {
    let options = RequestOptions::new();
    is("timeouts at first", (options.connect_timeout(), options.first_byte_timeout(), options.between_bytes_timeout()));
    for duration in [Some(0), Some(1), Some(1_000_000_000), Some(u64::MAX), None] {
        case(format_args!("set-connect-timeout {duration:?}"), options.set_connect_timeout(duration));
        is(format_args!("connect-timeout after {duration:?}"), options.connect_timeout());
        case(format_args!("set-first-byte-timeout {duration:?}"), options.set_first_byte_timeout(duration));
        is(format_args!("first-byte-timeout after {duration:?}"), options.first_byte_timeout());
        case(format_args!("set-between-bytes-timeout {duration:?}"), options.set_between_bytes_timeout(duration));
        is(format_args!("between-bytes-timeout after {duration:?}"), options.between_bytes_timeout());
    }
}

fn responses() {
    let response = OutgoingResponse::new(Fields::new());
    is("status at first", response.status_code());
    for status in [0, 99, 100, 200, 404, 599, 600, 999, 1000, u16::MAX] {
        case(format_args!("set-status-code {status}"), response.set_status_code(status));
        is(format_args!("status after {status}"), response.status_code());
    }
    is("headers of a response", response.headers().entries().len());
    case("body of a response", response.body().map(drop));
}
