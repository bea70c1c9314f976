//! `[network]`, and what it means for grants.

use super::errors;
use crate::Policy;
use crate::http::url::Host;

const PROXY: &str = "[network]\nproxy = \"http://proxy.corp:3128\"\n";

fn policy(text: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{text}")).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

fn grant(url: &str, rest: &str) -> String {
    format!("[[http]]\nurl = \"{url}\"\n{rest}\n")
}

#[test]
fn requests_go_through_the_proxy_unless_their_grant_says_otherwise() {
    let local = "networks = [\"127.0.0.0/8\"]";
    let grants = [
        (grant("https://a.com/**", ""), true),
        (grant("https://b.com/**", "proxy = true"), true),
        (grant("https://c.com/**", "proxy = false"), false),
        (grant("https://inside.corp/**", "proxy = false\nnetworks = [\"10.0.0.0/8\"]"), false),
        (grant("http://127.0.0.1/**", local), true),
        (grant("http://127.0.0.2/**", &format!("{local}\nproxy = false")), false),
    ];
    let text: String = grants.iter().map(|(grant, _)| grant.as_str()).collect();
    let with = policy(&format!("{PROXY}{text}"));
    let proxies: Vec<bool> = with.http().iter().map(|grant| with.proxies(grant.id)).collect();
    assert_eq!(proxies, grants.iter().map(|(_, proxied)| *proxied).collect::<Vec<_>>());
    let proxy = with.proxy().unwrap();
    assert_eq!((&proxy.host, proxy.port, &proxy.secret), (&Host::Name("proxy.corp".into()), 3128, &None));
    let without = policy(&text.replace("proxy = true", ""));
    assert!(without.http().iter().all(|grant| !without.proxies(grant.id)));
}

#[test]
fn networks_of_a_name_that_the_proxy_resolves_are_an_error() {
    let policy = format!("version = 1\n{PROXY}{}", grant("https://a.com/**", "networks = [\"public\"]"));
    let expected = "line 6, column 12: `networks` can't be checked for a name: the proxy `http://proxy.corp:3128` \
                    resolves it\n\
                    hint: add `proxy = false` to send these requests directly, or remove `networks`";
    assert_eq!(errors(&policy), expected);
}

#[test]
fn localhost_is_another_machine_for_the_proxy() {
    for name in ["localhost", "a.localhost", "*.localhost"] {
        let local = |rest: &str| grant(&format!("http://{name}/**"), &format!("networks = [\"127.0.0.0/8\"]\n{rest}"));
        let expected = "line 5, column 7: for the proxy `http://proxy.corp:3128`, `localhost` is not this machine\n\
                        hint: add `proxy = false` to send these requests directly";
        for rest in ["", "proxy = true"] {
            assert_eq!(errors(&format!("version = 1\n{PROXY}{}", local(rest))), expected);
        }
        policy(&format!("{PROXY}{}", local("proxy = false")));
    }
}

#[test]
fn a_secret_does_not_go_unencrypted_to_a_proxy_that_may_be_public() {
    let secret = "[secrets.k]\nenv = \"K\"\nheader = \"authorization\"\nvalue = \"{}\"\n";
    let with = |proxy: &str, scheme: &str, rest: &str| {
        let rest = format!("networks = [\"10.0.0.0/8\"]\nsecrets = [\"k\"]\n{rest}");
        let grant = grant(&format!("{scheme}://10.0.0.1/**"), &rest);
        format!("version = 1\n[network]\nproxy = \"{proxy}\"\n{grant}{secret}")
    };
    for proxy in ["http://proxy.corp:3128", "http://8.8.8.8:3128"] {
        let expected = format!(
            "line 7, column 11: a secret would be sent unencrypted to the proxy `{proxy}`\n\
             hint: use `https`, or add `proxy = false` to send these requests directly"
        );
        assert_eq!(errors(&with(proxy, "http", "")), expected);
        Policy::parse(&with(proxy, "https", "")).unwrap();
        Policy::parse(&with(proxy, "http", "proxy = false")).unwrap();
    }
    Policy::parse(&with("http://10.0.0.9:3128", "http", "")).unwrap();
}

#[test]
fn refuses_what_is_not_a_proxy() {
    let shape = "hint: write `http://HOST:PORT`; the connection to the proxy is not encrypted, `https` goes through it \
                 in TLS";
    for (url, error) in [
        ("https://proxy.corp:3128", "`https://proxy.corp:3128` is not the URL of a proxy"),
        ("http://proxy.corp/path", "`http://proxy.corp/path` is not the URL of a proxy"),
        ("socks5://proxy.corp", "`proxy` is not the URL of a proxy: a URL must begin with `http://` or `https://`"),
    ] {
        let found = errors(&format!("version = 1\n[network]\nproxy = \"{url}\"\n"));
        assert_eq!(found, format!("line 3, column 9: {error}\n{shape}"));
    }
    // A password is not repeated.
    let found = errors("version = 1\n[network]\nproxy = \"http://user:hunter2@proxy.corp\"\n");
    assert!(found.starts_with("line 3, column 9: `proxy` is not the URL of a proxy: ") && !found.contains("hunter2"));
    let found = errors(&format!("version = 1\n{}", grant("https://a.com/**", "proxy = true")));
    assert_eq!(
        found,
        "line 4, column 9: the policy has no proxy\nhint: add `[network]` with `proxy = \"http://HOST:PORT\"`"
    );
}

#[test]
fn the_secret_of_the_proxy_is_for_it_alone() {
    let secret = |header: &str| format!("[secrets.p]\nenv = \"P\"\nheader = \"{header}\"\nvalue = \"Basic {{}}\"\n");
    let with = |rest: &str| format!("version = 1\n{PROXY}secret = \"p\"\n{rest}");
    let read = Policy::parse(&with(&secret("Proxy-Authorization"))).unwrap();
    assert_eq!(read.proxy().unwrap().secret.as_deref(), Some("p"));
    assert_eq!(
        errors(&with(&secret("authorization"))),
        "line 4, column 10: `[secrets.p]` has the header `authorization`\nhint: a proxy reads `proxy-authorization`"
    );
    assert!(errors(&with("")).starts_with("line 4, column 10: there is no `[secrets.p]`"));
    let to_a_server =
        with(&format!("{}{}", secret("proxy-authorization"), grant("https://a.com/**", "secrets = [\"p\"]")));
    assert_eq!(errors(&to_a_server), "line 11, column 12: the secret `p` is for the proxy, not for servers");
    // Without a proxy that uses it, the header can't be set.
    let unused = format!("version = 1\n{}", secret("proxy-authorization"));
    assert!(errors(&unused).contains("the header `proxy-authorization` frames or routes the request"));
}
