//! Asks for a host that no grant names, while one is granted.
//!
//! ```text
//! other-host ALLOWED-URL FORBIDDEN-URL
//! ```

use std::process::ExitCode;

use hostile::requests::{attempt, attempt_request, authority, control};
use hostile::{Attack, arguments, usage};
use wasm_agent_sdk::http::Request;

fn main() -> ExitCode {
    let Some([allowed, forbidden]) = arguments(["ALLOWED-URL", "FORBIDDEN-URL"]) else {
        return usage();
    };
    let (Some((scheme, good)), Some((_, bad))) = (authority(&allowed), authority(&forbidden)) else {
        return usage();
    };
    let mut attack = Attack::start();
    control(&mut attack, &allowed);
    attempt(&mut attack, &forbidden);
    for confused in [
        // Programs disagree on which of the two is the host.
        format!("{good}@{bad}"),
        format!("{good}%40{bad}"),
        format!("{good}:x@{bad}"),
        format!("{bad}\\@{good}"),
        format!("{good}\\@{bad}"),
        format!("{bad}%00.{good}"),
        format!("{bad}\t{good}"),
        format!("{good} {bad}"),
        format!("{good}\r\nhost: {bad}"),
        format!("{good},{bad}"),
        format!("{good}.{bad}"),
        format!("x.{good}"),
    ] {
        attempt(&mut attack, &format!("{scheme}://{confused}/"));
    }
    for path in [format!("http://{bad}/"), format!("@{bad}/"), format!(".{bad}/"), format!("/ HTTP/1.1\r\nhost: {bad}")]
    {
        // A proxy sends a request whose target is a whole URL to that URL.
        let url = format!("{scheme}://{good}");
        attempt_request(
            &mut attack,
            &format!("GET {url} with target {path:?}"),
            Request::get(&url).map(|request| request.target(&path)),
        );
    }
    for name in ["host", "Host", "HOST", "proxy-connection", "connection", "upgrade", "transfer-encoding", "host\r\nx"]
    {
        attempt_request(
            &mut attack,
            &format!("GET {allowed} with the header {name:?}"),
            Request::get(&allowed).map(|request| request.header(name, bad)),
        );
    }
    attempt_request(
        &mut attack,
        "a header that ends the headers",
        Request::get(&allowed).map(|request| request.header("x-a", format!("1\r\n\r\nGET / HTTP/1.1\r\nhost: {bad}"))),
    );
    for method in ["CONNECT", "TRACE", "GET / HTTP/1.1\r\nhost: x\r\n\r\nGET", ""] {
        attempt_request(&mut attack, &format!("the method {method:?}"), Request::new(method, &allowed));
    }
    attack.finish()
}
