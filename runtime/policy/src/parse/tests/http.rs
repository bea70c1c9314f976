//! `[[http]]` and `[secrets]`.

use super::errors;

#[test]
fn refuses_urls_and_methods_that_can_never_match() {
    let policy = r#"version = 1
[[http]]
url = "https://example.com"
[[http]]
url = "ftp://example.com/"
[[http]]
methods = []
url = "https://example.com/"
[[http]]
url = "https://example.com/a"
methods = ["*", "get", "TRACE", "G T", "PUT", "PUT"]"#;
    let expected = r#"line 3, column 7: `https://example.com` cannot be `url`: the URL has no path
hint: end it with `/**` for everything on the host, or with `/` for the front page only
line 5, column 7: `ftp://example.com/` cannot be `url`: a URL must begin with `http://` or `https://`
line 7, column 11: `methods` is empty, so the grant can never match
line 11, column 12: `*` is not a method
hint: list the methods that are needed
line 11, column 17: `get` is not `GET`: methods are compared with their case
hint: write `GET`
line 11, column 24: no policy can grant `TRACE`
line 11, column 33: `G T` cannot be in `methods`: a method must be a token of at most 32 bytes
line 11, column 47: `PUT` is in `methods` already"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn a_method_of_a_url_is_granted_once_however_it_is_written() {
    let policy = r#"version = 1
[[http]]
url = "https://example.com/a"
[[http]]
url = "https://EXAMPLE.com:443/%61"
methods = ["POST", "HEAD"]"#;
    let expected = r#"line 5, column 7: `HEAD` for this URL is granted already (line 2)
hint: merge the two grants"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn an_address_that_is_never_dialled_needs_its_network() {
    let policy = r#"version = 1
[[http]]
url = "http://127.0.0.1:8080/**"
[[http]]
url = "https://localhost/**"
[[http]]
url = "http://169.254.169.254/**"
networks = ["127.0.0.0/8"]
[[http]]
url = "https://8.8.8.8/"
networks = ["10.0.0.0/8"]
[[http]]
url = "https://localhost/"
networks = ["10.0.0.0/8", "public"]
[[http]]
url = "https://localhost/fine"
networks = ["0.0.0.0/0"]"#;
    let expected = r#"line 3, column 7: `127.0.0.1` is special (loopback), and is not in `networks`, so it can never be dialled
hint: add `networks = ["127.0.0.1"]`
line 5, column 7: `localhost` is on this machine, and `networks` does not list it
hint: add `networks = ["127.0.0.0/8", "::1"]`
line 7, column 7: `169.254.169.254` is special (cloud metadata), and is not in `networks`, so it can never be dialled
hint: add `networks = ["169.254.169.254"]`
line 10, column 7: `8.8.8.8` is not in `networks`, so it can never be dialled
hint: add `networks = ["8.8.8.8"]`
line 13, column 7: `localhost` is on this machine, and `networks` does not list it
hint: add `networks = ["127.0.0.0/8", "::1"]`"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn refuses_networks_that_permit_nothing() {
    let policy = r#"version = 1
[[http]]
url = "https://example.com/"
networks = ["x", "10.0.0.1/8", "8.8.8.0/24", "::ffff:10.0.0.0/104", "10.0.0.0/8", "10.0.0.0/8", "public", "public"]
[[http]]
url = "https://example.org/"
networks = []"#;
    let expected = r#"line 4, column 13: `x` is not a network
hint: write an address and a prefix length, as in `127.0.0.0/8`, or `public`
line 4, column 18: `10.0.0.1/8` is an address within a network
hint: write `10.0.0.0/8` for the network, or `10.0.0.1` for the address
line 4, column 46: `::ffff:10.0.0.0/104` can never match: such addresses are matched as IPv4
hint: write the IPv4 network
line 4, column 83: `10.0.0.0/8` is in `networks` already
line 4, column 107: `public` is in `networks` already
line 7, column 12: `networks` is empty, so the grant can never match
hint: remove it: without it a grant is for all public addresses"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn secrets_are_known_used_and_do_not_collide() {
    let policy = r#"version = 1
[[http]]
url = "http://example.com/"
secrets = ["a"]
[[http]]
url = "https://example.com/"
secrets = ["a", "a", "b", "githib", "zzz"]
[secrets.a]
env = "A"
header = "x-a"
value = "{}"
[secrets.b]
file = "b"
header = "X-A"
value = "{}"
[secrets.github]
env = "A"
header = "x-b"
value = "{}""#;
    let expected = r#"line 3, column 7: a secret would be sent unencrypted over `http`
hint: use `https`, or list only the private network of the host in `networks`
line 7, column 17: `a` is in `secrets` already
line 7, column 22: `a` and `b` both set the header `x-a`
line 7, column 27: there is no `[secrets.githib]`
hint: did you mean `github`?
line 7, column 37: there is no `[secrets.zzz]`
hint: add it with `env` or `file`, `header` and `value`
line 16, column 10: no grant uses the secret `github`
hint: add `secrets = ["github"]` to an `[[http]]`, or remove it"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn secrets_go_where_they_cannot_change_the_request() {
    let policy = r#"version = 1
[secrets.a]
header = "Host"
value = "Bearer"
[secrets."b c"]
env = "A=B"
file = "x"
header = "x y"
value = "{}\n"
[secrets.c]
env = "A=B"
header = "x"
value = " {}""#;
    let expected = r#"line 2, column 1: `[secrets.a]` has neither `env` nor `file`; expected one
line 2, column 10: no grant uses the secret `a`
hint: add `secrets = ["a"]` to an `[[http]]`, or remove it
line 3, column 10: the header `host` frames or routes the request and cannot carry a secret
line 4, column 9: `value` must have `{}` exactly once, found `Bearer`
hint: `{}` is where the secret goes, as in `Bearer {}`
line 5, column 10: no grant uses the secret `b c`
hint: add `secrets = ["b c"]` to an `[[http]]`, or remove it
line 5, column 10: the name of a secret has 1 to 64 letters, digits, `-` and `_`, found `b c`
line 7, column 8: `[secrets.b c]` has both `env` and `file`; expected one
line 8, column 10: `x y` is not the name of a header
line 9, column 9: `value` must be visible ASCII characters, with spaces only between them
line 10, column 10: no grant uses the secret `c`
hint: add `secrets = ["c"]` to an `[[http]]`, or remove it
line 11, column 7: `A=B` is not the name of an environment variable
line 13, column 9: `value` must be visible ASCII characters, with spaces only between them"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn an_error_in_a_secret_or_grant_is_reported_once() {
    let policy = r#"version = 1
[[http]]
url = "nonsense"
secrets = ["a"]
[[http]]
url = "https://example.com/"
secrets = ["b"]
[secrets.a]
env = "A"
header = "x-a"
value = "{}"
[secrets.b]
env = "B"
header = "x-b"
value = "none""#;
    let expected = r#"line 3, column 7: `nonsense` cannot be `url`: a URL must begin with `http://` or `https://`
line 15, column 9: `value` must have `{}` exactly once, found `none`
hint: `{}` is where the secret goes, as in `Bearer {}`"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn a_secret_is_sent_in_the_clear_only_where_nothing_public_is() {
    let policy = |networks: &str| {
        format!(
            "version = 1\n[[http]]\nurl = \"http://example.com/\"\nsecrets = [\"a\"]\nnetworks = [{networks}]\n\
             [secrets.a]\nenv = \"A\"\nheader = \"x-a\"\nvalue = \"{{}}\"\n"
        )
    };
    for networks in
        ["\"public\"", "\"10.0.0.0/8\", \"public\"", "\"0.0.0.0/0\"", "\"8.8.8.8\"", "\"10.0.0.0/8\", \"::/0\""]
    {
        assert!(errors(&policy(networks)).contains("unencrypted"), "{networks}");
    }
    for networks in ["\"10.0.0.0/8\"", "\"127.0.0.0/8\", \"::1\"", "\"fd00::/8\""] {
        assert_eq!(errors(&policy(networks)), "", "{networks}");
    }
}

#[test]
fn only_headers_that_override_something_are_listed() {
    let policy = r#"version = 1
[[http]]
url = "https://example.com/**"
headers = ["x-http-method-override", "X_HTTP_Method_Override", "accept", "a b", ""]"#;
    let expected = r#"line 4, column 38: `X_HTTP_Method_Override` is in `headers` already
line 4, column 64: `accept` does not override any part of a request, and need not be listed
hint: remove it; `headers` is for those such as `x-http-method-override`
line 4, column 74: `a b` is not the name of a header
line 4, column 81: `` is not the name of a header"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn an_encoded_slash_is_written_only_where_it_means_something() {
    let policy = r#"version = 1
[[http]]
url = "https://a.test/a?b=*"
encoded-slash = true
[[http]]
url = "https://a.test/%2f"
[[http]]
url = "https://a.test/a%2f..%2fb/*"
encoded-slash = true
[[http]]
url = "https://a.test/a%2fb"
methods = ["PUT"]
encoded-slash = true
[[http]]
url = "https://a.test/*"
encoded-slash = false"#;
    let expected = r#"line 3, column 7: `encoded-slash` changes nothing: the path has neither a wildcard nor a `%2F`
hint: remove `encoded-slash`
line 6, column 7: `https://a.test/%2f` cannot be `url`: `%2F` is ambiguous: some servers take it for a `/`
hint: add `encoded-slash = true` if the server takes `%2F` for a character of a segment
line 8, column 7: `https://a.test/a%2f..%2fb/*` cannot be `url`: the path segment `..` is ambiguous"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn a_url_without_its_scheme_is_shown_with_it() {
    for (url, hint) in [("example.com", "https://example.com/**"), ("example.com/a/*", "https://example.com/a/*")] {
        let found = errors(&format!("version = 1\n[[http]]\nurl = \"{url}\"\nmethods = \"GET\""));
        assert!(found.contains(&format!("hint: write `{hint}`\n")), "{found}");
        assert!(found.contains("hint: write `methods = [\"GET\"]`"), "{found}");
    }
}
