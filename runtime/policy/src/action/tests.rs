//! Canonical bytes, digests and the line that is shown.

use super::*;
use crate::http::action::BodyDigest;
use crate::http::method::Method;
use crate::http::url::Url;
use proptest::prelude::*;

fn path(text: &str) -> GuestPath {
    GuestPath::parse(text).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    wasm_agent_ids::Hex(bytes).to_string()
}

#[test]
fn the_encoding_stays_what_it_is() {
    let read = Action::FileRead { path: path("/a") };
    // {"kind": "file.read", "path": "/a"}
    assert_eq!(hex(&read.canonical_bytes()), "a2646b696e646966696c652e726561646470617468622f61");
    assert_eq!(
        read.digest().to_string(),
        blake3::hash(&[b"wasm-agent action 1\0".as_slice(), &read.canonical_bytes()].concat()).to_string()
    );
}

#[test]
fn refuses_bytes_that_are_not_canonical() {
    let canonical = Action::FileRead { path: path("/a") }.canonical_bytes();
    let trailing = [canonical.as_slice(), &[0]].concat();
    // The same map with its keys in the other order, with a long head, and with a key twice.
    let reordered = b"\xa2\x64path\x62/a\x64kind\x69file.read".to_vec();
    let long_head = b"\xa2\x64kind\x69file.read\x64path\x78\x02/a".to_vec();
    let doubled = b"\xa3\x64kind\x69file.read\x64path\x62/a\x64path\x62/a".to_vec();
    let superfluous = b"\xa3\x64kind\x69file.read\x64path\x62/a\x65title\x60".to_vec();
    for bytes in [trailing, reordered, long_head, doubled, superfluous] {
        assert!(matches!(Action::decode(&bytes), Err(ActionDecodeError::NotCanonical)), "{}", hex(&bytes));
    }
    for (bytes, message) in [
        (b"".as_slice(), "the action is not well-formed: end of input bytes"),
        (b"\xa1\x64kind\x64fly!", "`fly!` is not a kind of action"),
        (b"\xa1\x64kind\x69file.read", "the action has no `path`"),
        (b"\xa1\x62id\x01", "`id` is not a key of an action"),
        (b"\xa2\x64kind\x69file.read\x64path\x61a", "a guest path must begin with `/`"),
        // A length that is only claimed costs no memory.
        (b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", "the action is not well-formed: end of input bytes"),
    ] {
        assert_eq!(Action::decode(bytes).unwrap_err().to_string(), message, "{}", hex(bytes));
    }
}

#[test]
fn shows_one_line_with_the_guests_text_escaped() {
    for (action, expected) in [
        (Action::FileModify { path: path("/a"), truncate: true }, "file.modify (truncate) /a"),
        (Action::FileModify { path: path("/a"), truncate: false }, "file.modify /a"),
        (
            Action::FileRename { from: path("/a"), to: path("/b"), replaces: true, directory: true },
            "file.rename (directory, replaces) /a -> /b",
        ),
        (
            Action::LinkCreate { kind: LinkKind::Hard, path: path("/a"), target: "/b".into() },
            "link.create (hard) /a -> /b",
        ),
        (Action::FileRead { path: path("/a\u{202e}\n") }, "file.read /a\\u{202e}\\u{a}"),
        (
            Action::FileRename { from: path("/a"), to: path("/b"), replaces: true, directory: false },
            "file.rename (replaces) /a -> /b",
        ),
        (
            Action::LinkCreate { kind: LinkKind::Symbolic, path: path("/a"), target: "\u{1b}[2J".into() },
            "link.create (symbolic) /a -> \\u{1b}[2J",
        ),
        (
            Action::HttpRequest(Box::new(HttpAction::new(
                Method::POST,
                Url::parse_str("https://EXAMPLE.com/a?b").unwrap(),
            ))),
            "http.request POST https://example.com/a?b",
        ),
        (
            Action::HttpRequest(Box::new(HttpAction::new(Method::GET, Url::parse_str("https://a.test/%7Ea").unwrap()))),
            "http.request GET https://a.test/~a (sent as /%7Ea)",
        ),
        (
            Action::HttpInvalid(Box::new(InvalidRequest::new("GET", "https://a.test/\\\u{1b}", "why"))),
            "http.invalid GET https://a.test/\\\\\\u{1b}",
        ),
        (Action::Checkpoint { title: "go\ron".into(), detail: "…".into() }, "checkpoint go\\u{d}on"),
        (Action::Socket { what: "tcp".into() }, "socket.use tcp"),
    ] {
        assert_eq!(action.to_string(), expected);
    }
}

#[test]
fn only_what_destroys_nothing_is_reversible() {
    let a = || path("/a");
    let rename = |replaces| Action::FileRename { from: a(), to: path("/b"), replaces, directory: false };
    let request =
        |method| Action::HttpRequest(Box::new(HttpAction::new(method, Url::parse_str("https://a.test/").unwrap())));
    for (action, foreign, own) in [
        (Action::HttpInvalid(Box::new(InvalidRequest::new("GET", "x", ""))), false, false),
        (Action::FileRead { path: a() }, true, true),
        (Action::FileCreate { path: a() }, true, true),
        (Action::FileModify { path: a(), truncate: false }, false, true),
        (Action::FileDelete { path: a() }, false, true),
        (Action::DirRemove { path: a() }, false, true),
        (rename(false), true, true),
        (rename(true), false, true),
        (request(Method::GET), true, true),
        (request(Method::PUT), false, false),
    ] {
        assert_eq!(action.reversible(Origin::Foreign), foreign, "{action}");
        assert_eq!(action.reversible(Origin::CreatedByRun), own, "{action}");
    }
}

fn any_path() -> impl Strategy<Value = GuestPath> {
    "(/[a-zé.\n]{1,3}x){0,3}".prop_map(|text| if text.is_empty() { GuestPath::root() } else { path(&text) })
}

prop_compose! {
    fn any_request()(
        method in "[A-Za-z]{1,8}",
        url in "https?://[a-z]{1,5}\\.test(:[1-9][0-9]{0,3})?/([a-z/?|]|%2[ef]|%7[eE]){0,4}",
        headers in prop::collection::vec(("[a-z-]{0,5}", prop::collection::vec(any::<u8>(), 0..40)), 0..30),
        body in proptest::option::of((any::<u64>(), any::<[u8; 32]>())),
        secrets in prop::collection::vec("[a-z]{1,5}", 0..3),
    ) -> Action {
        let url = Url::parse_str(&url).unwrap_or_else(|_| Url::parse_str("https://a.test/").unwrap());
        Action::HttpRequest(Box::new(HttpAction {
            method: Method::parse(&method).unwrap(),
            url,
            headers,
            body: body.map(|(len, blake3)| BodyDigest { len, blake3 }),
            secrets,
        }))
    }
}

fn any_action() -> impl Strategy<Value = Action> {
    let text = "[ -~é\n\u{202e}]{0,300}";
    prop_oneof![
        any_path().prop_map(|path| Action::FileRead { path }),
        any_path().prop_map(|path| Action::FileCreate { path }),
        (any_path(), any::<bool>()).prop_map(|(path, truncate)| Action::FileModify { path, truncate }),
        any_path().prop_map(|path| Action::FileDelete { path }),
        (any_path(), any_path(), any::<bool>(), any::<bool>())
            .prop_map(|(from, to, replaces, directory)| { Action::FileRename { from, to, replaces, directory } }),
        any_path().prop_map(|path| Action::DirCreate { path }),
        any_path().prop_map(|path| Action::DirRemove { path }),
        (any::<bool>(), any_path(), text).prop_map(|(hard, path, target)| Action::LinkCreate {
            kind: if hard { LinkKind::Hard } else { LinkKind::Symbolic },
            path,
            target,
        }),
        any_request(),
        (text, text, text)
            .prop_map(|(method, url, why)| { Action::HttpInvalid(Box::new(InvalidRequest::new(&method, &url, &why))) }),
        (text, text).prop_map(|(title, detail)| Action::Checkpoint { title, detail }),
        text.prop_map(|what| Action::Socket { what: what.into() }),
    ]
}

/// The next item of deterministic CBOR, or a panic where it is not: shortest heads, keys in order.
fn read_strictly(bytes: &[u8]) -> &[u8] {
    let (head, mut rest) = (bytes[0], &bytes[1..]);
    let width = match head & 31 {
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => 0,
    };
    let argument = rest[..width].iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    rest = &rest[width..];
    let argument = if width == 0 { u64::from(head & 31) } else { argument };
    let least = [0, 24, 1 << 8, 0, 1 << 16, 0, 0, 0, 1 << 32][width];
    assert!(argument >= least, "long head");
    match head >> 5 {
        0 | 7 => rest,
        2 | 3 => &rest[usize::try_from(argument).unwrap()..],
        4 => (0..argument).fold(rest, |rest, _| read_strictly(rest)),
        5 => {
            let mut last: &[u8] = &[];
            for _ in 0..argument {
                let after_key = read_strictly(rest);
                let key = &rest[..rest.len() - after_key.len()];
                assert!(last < key, "keys out of order");
                last = key;
                rest = read_strictly(after_key);
            }
            rest
        }
        other => panic!("major type {other}"),
    }
}

proptest! {
    #[test]
    fn canonical_bytes_and_decode_agree(action in any_action()) {
        let bytes = action.canonical_bytes();
        prop_assert_eq!(Action::decode(&bytes).unwrap(), action);
    }

    #[test]
    fn canonical_bytes_are_deterministic_cbor(action in any_action()) {
        prop_assert!(read_strictly(&action.canonical_bytes()).is_empty());
    }

    #[test]
    fn a_different_action_has_a_different_digest(a in any_action(), b in any_action()) {
        prop_assert_eq!(a == b, a.digest() == b.digest());
    }

    #[test]
    fn any_bytes_are_an_action_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = Action::decode(&bytes);
    }

    #[test]
    fn a_changed_byte_is_another_action_or_an_error(
        action in any_action(),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
    ) {
        let mut bytes = action.canonical_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        if let Ok(other) = Action::decode(&bytes) {
            prop_assert_ne!(other, action);
        }
    }
}
