//! Requests to a server on loopback that says what it got.

use crate::answer::{Code, case, ignore, is};
use crate::bodies::{read, send};
use crate::wasi::http::outgoing_handler::handle;
use crate::wasi::http::types::{Fields, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme};

/// A millisecond, in nanoseconds.
const MILLISECOND: u64 = 1_000_000;

/// Everything about requests: methods, paths, headers, statuses, what is missing or wrong, and timeouts.
pub(crate) fn run(authority: &str) -> bool {
    methods(authority);
    targets(authority);
    headers(authority);
    statuses(authority);
    incomplete(authority);
    timeouts(authority);
    responses_once(authority);
    true
}

/// A request for a path, with these headers.
pub(crate) fn request(authority: &str, path: &str, headers: &[(&str, &str)]) -> Option<OutgoingRequest> {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    let request = OutgoingRequest::new(Fields::from_list(&headers).ok()?);
    request.set_scheme(Some(&Scheme::Http)).ok()?;
    request.set_authority(Some(authority)).ok()?;
    request.set_path_with_query(Some(path)).ok()?;
    Some(request)
}

/// Methods that a request can have.
pub(crate) fn common_methods() -> [Method; 10] {
    [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Delete,
        Method::Options,
        Method::Patch,
        Method::Trace,
        Method::Connect,
        Method::Other("PROPFIND".to_owned()),
    ]
}

fn methods(authority: &str) {
    for method in common_methods() {
        let Some(request) = request(authority, "/echo", &[]) else { continue };
        case(format_args!("set-method {method:?}"), request.set_method(&method));
        read(&format!("method {method:?}"), send(request, None, &[], None));
    }
}

fn targets(authority: &str) {
    for path in [
        "/echo",
        "/echo?",
        "/echo?a=b",
        "/echo?a=b&c=d",
        "/echo/a/b",
        "/echo/./a",
        "/echo/../echo",
        "/echo//a",
        "/echo/%41",
        "/echo/%7e~",
        "/echo/%20",
        "/echo/a;b=c",
        "/echo/%2f",
        "/echo?a=%2f",
        "/echo?a b",
        "/echo/é",
        "/echo/[a]",
        "/echo/a|b",
        "/echo/a:b@c",
        "/echo/'a'",
        "/echo?q={a}",
    ] {
        match request(authority, path, &[]) {
            None => is(format_args!("target {path}"), "not taken"),
            Some(request) => read(&format!("target {path}"), send(request, None, &[], None)),
        }
    }
}

fn headers(authority: &str) {
    for headers in [
        vec![("accept", "text/html")],
        vec![("ACCEPT", "text/html")],
        vec![("x-two", "1"), ("x-two", "2")],
        vec![("x-two", "1"), ("x-other", "o"), ("X-Two", "2")],
        vec![("x-empty", "")],
        vec![("x-space", " a ")],
        vec![("user-agent", "conformance")],
        vec![("accept-encoding", "gzip")],
        vec![("range", "bytes=0-1")],
        vec![("cookie", "a=b")],
        vec![("authorization", "Basic YTpi")],
        vec![("content-length", "0")],
        vec![("content-type", "text/plain")],
        vec![("expect", "100-continue")],
        vec![("te", "trailers")],
        vec![("x_under", "1")],
        vec![("origin", "http://example.com")],
        vec![("date", "Thu, 01 Jan 1970 00:00:00 GMT")],
        vec![("forwarded", "for=127.0.0.1")],
        vec![("x-forwarded-for", "127.0.0.1")],
        vec![("x-http-method-override", "DELETE")],
    ] {
        match request(authority, "/echo", &headers) {
            None => is(format_args!("headers {headers:?}"), "not taken"),
            Some(request) => read(&format!("headers {headers:?}"), send(request, None, &[], None)),
        }
    }
}

fn statuses(authority: &str) {
    for path in [
        "/status/200",
        "/status/201",
        "/status/204",
        "/status/206",
        "/status/301",
        "/status/304",
        "/status/400",
        "/status/401",
        "/status/404",
        "/status/418",
        "/status/500",
        "/status/599",
        "/status/600",
        "/status/999",
        "/status/99",
        "/status/1000",
        "/status/abc",
        "/informational",
        "/header-case",
        "/header-twice",
        "/header-obs-text",
        "/header-empty",
        "/header-forbidden",
        "/header-folded",
        "/header-many",
        "/not-http",
        "/closes",
        "/closes-in-headers",
        "/http10",
        "/no-reason",
    ] {
        let Some(request) = request(authority, path, &[]) else { continue };
        read(path, send(request, None, &[], None));
    }
}

fn incomplete(authority: &str) {
    let new = || OutgoingRequest::new(Fields::new());
    read("nothing set", send(new(), None, &[], None));
    let only_authority = new();
    ignore(only_authority.set_authority(Some(authority)));
    read("only an authority", send(only_authority, None, &[], None));
    let no_path = new();
    ignore((no_path.set_authority(Some(authority)), no_path.set_scheme(Some(&Scheme::Http))));
    read("no path", send(no_path, None, &[], None));
    let no_scheme = new();
    ignore((no_scheme.set_authority(Some(authority)), no_scheme.set_path_with_query(Some("/echo"))));
    read("no scheme", send(no_scheme, None, &[], None));
    let other_scheme = new();
    ignore((
        other_scheme.set_authority(Some(authority)),
        other_scheme.set_path_with_query(Some("/echo")),
        other_scheme.set_scheme(Some(&Scheme::Other("ftp".to_owned()))),
    ));
    read("another scheme", send(other_scheme, None, &[], None));
    // Port 1 of this machine: nothing listens there, and a port that is not a number can't be asked.
    for authority in ["127.0.0.1:1", "127.0.0.1:0"] {
        let Some(request) = request(authority, "/", &[]) else { continue };
        read(authority, send(request, None, &[], None));
    }
}

fn timeouts(authority: &str) {
    for (path, name) in [("/hangs", "first-byte-timeout"), ("/hangs-in-body", "between-bytes-timeout")] {
        let options = RequestOptions::new();
        let set = match name {
            "first-byte-timeout" => options.set_first_byte_timeout(Some(50 * MILLISECOND)),
            _ => options.set_between_bytes_timeout(Some(50 * MILLISECOND)),
        };
        case(format_args!("set-{name}"), set);
        let Some(request) = request(authority, path, &[]) else { continue };
        read(name, send(request, None, &[], Some(options)));
    }
}

/// What can be taken once.
fn responses_once(authority: &str) {
    let Some(request) = request(authority, "/echo", &[]) else { return };
    if let Ok(body) = request.body() {
        case("finish the empty body", OutgoingBody::finish(body, None));
    }
    let future = match handle(request, None) {
        Ok(future) => future,
        Err(error) => return is("handle", error.code()),
    };
    future.subscribe().block();
    is("ready", future.subscribe().ready());
    let response = future.get();
    is("get once", response.is_some());
    is("get twice", future.get().map(|answer| answer.map(drop)));
    let Some(Ok(Ok(response))) = response else { return };
    is("status", response.status());
    let headers = response.headers();
    case("append to a response's headers", headers.append("a", b"b"));
    case("delete of a response's headers", headers.delete("content-length"));
    let body = response.consume();
    is("consume once", body.is_ok());
    case("consume twice", response.consume().map(drop));
    let Ok(body) = body else { return };
    let stream = body.stream();
    is("stream once", stream.is_ok());
    case("stream twice", body.stream().map(drop));
}
