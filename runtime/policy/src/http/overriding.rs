//! Headers with which a request asks for something other than what was matched.
//!
//! Proxies use them to tell the server behind them what the original request was. A server that believes them from
//! anyone turns a granted `POST` into a `DELETE`, or a granted path into another.

/// Headers that servers and frameworks let override the method, the URL, the host or the client of a request.
/// [`STARTS`] has those that come in families.
const OVERRIDING: [&str; 60] = [
    // The method.
    "http-method-override",
    "method-override",
    "x-http-method",
    "x-http-method-override",
    "x-http-verb",
    "x-http-verb-override",
    "x-method",
    "x-method-override",
    "x-original-method",
    "x-tunnel-method",
    "x-wopi-override",
    // The URL.
    "base-url",
    "destination",
    "http-destinationurl",
    "request-uri",
    "uri",
    "x-envoy-original-path",
    "x-http-destinationurl",
    "x-http-path-override",
    "x-invoke-path",
    "x-invoke-query",
    "x-matched-path",
    "x-middleware-rewrite",
    "x-middleware-subrequest",
    "x-ms-original-url",
    "x-ms-rename-source",
    "x-now-route-matches",
    "x-original-path",
    "x-original-query",
    "x-original-uri",
    "x-original-url",
    "x-override-url",
    "x-proxy-url",
    "x-request-uri",
    "x-request-url",
    "x-rewrite-uri",
    "x-rewrite-url",
    "x-script-name",
    "x-waws-unencoded-url",
    // The host.
    "forwarded",
    "http-host",
    "x-backend-host",
    "x-forward-for",
    "x-forwarded",
    "x-host",
    "x-host-override",
    "x-http-host-override",
    "x-original-host",
    "x-upstream-host",
    // The client.
    "cf-connecting-ip",
    "client-ip",
    "fastly-client-ip",
    "true-client-ip",
    "x-azure-clientip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-originating-ip",
    "x-real-ip",
    "x-remote-addr",
    "x-remote-ip",
];

/// Prefixes of families: what proxies say about the client, and the source that a copy request reads.
const STARTS: [&str; 4] = ["x-forwarded-", "x-amz-copy-source", "x-goog-copy-source", "x-ms-copy-source"];

/// The name as seen by servers that turn headers into environment variables: to them all characters other than letters
/// and digits are the same.
pub(crate) fn normalized(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

/// Whether a header with this name overrides what was matched. Allocates nothing, because it runs for each header of
/// each request.
pub(crate) fn is_overriding(name: &str) -> bool {
    STARTS.iter().any(|start| begins_as(name, start))
        || OVERRIDING.iter().any(|known| known.len() == name.len() && begins_as(name, known))
}

/// Whether the normalized name begins with these letters and dashes.
fn begins_as(name: &str, start: &str) -> bool {
    name.len() >= start.len()
        && name.bytes().zip(start.bytes()).all(|(byte, expected)| match expected {
            b'-' => !byte.is_ascii_alphanumeric(),
            letter => byte.eq_ignore_ascii_case(&letter),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_overriding_headers_in_any_spelling() {
        for name in OVERRIDING {
            assert!(is_overriding(name), "{name}");
            assert!(is_overriding(&name.to_ascii_uppercase().replace('-', "_")), "{name}");
        }
        for name in [
            "X-HTTP-Method-Override",
            "x.http.method.override",
            "X-Forwarded-Anything",
            "x_forwarded_host",
            "x-forwarded",
        ] {
            assert!(is_overriding(name), "{name}");
        }
        for name in
            ["x-amz-copy-source", "X-Amz-Copy-Source-Range", "x_goog_copy_source", "x-ms-copy-source-authorization"]
        {
            assert!(is_overriding(name), "{name}");
        }
    }

    #[test]
    fn leaves_ordinary_headers_alone() {
        for name in [
            "",
            "accept",
            "authorization",
            "content-type",
            "cookie",
            "date",
            "depth",
            "referer",
            "user-agent",
            "x-a",
            "x-amz-target",
            "x-forwardedness",
            "x-request-id",
        ] {
            assert!(!is_overriding(name), "{name}");
        }
    }
}
