//! Typed actions, what is matched, and the explanation.

use super::*;

fn policy() -> Policy {
    Policy::parse(
        r#"version = 1
[[filesystem]]
host = "./notes"
guest = "/notes"
access = "write"
[[http]]
url = "https://bücher.example/**"
"#,
    )
    .unwrap()
}

#[test]
fn says_what_was_typed_and_what_is_matched() {
    for (typed, matched) in [
        ("READ /notes/a", None),
        ("  READ   /notes/a ", None),
        ("READ /notes/../notes//a/", Some("/notes/a")),
        ("RENAME /notes/./a -> /notes/b", Some("/notes/a -> /notes/b")),
        ("RENAME /notes/a -> /notes/b", None),
        ("LINK /notes/a -> /notes/x/../b", Some("/notes/a -> /notes/b")),
        ("SYMLINK /notes/a -> ../b", None),
        ("GET https://bücher.example/%61", Some("https://xn--bcher-kva.example/a")),
        ("GET https://xn--bcher-kva.example/a", None),
        ("http.request GET https://xn--bcher-kva.example/a", None),
        ("http.request GET https://xn--bcher-kva.example/a (sent as /%61)", None),
    ] {
        let explanation = policy().explain(typed).unwrap();
        assert_eq!(explanation.canonicalised.as_deref(), matched, "{typed}");
        assert_ne!(explanation.decision, DecisionKind::Deny, "{typed}");
    }
}

#[test]
fn every_verb_is_a_kind_of_action() {
    for (typed, kind) in [
        ("READ /a", "file.read"),
        ("CREATE /a", "file.create"),
        ("MODIFY /a", "file.modify"),
        ("DELETE /a", "file.delete"),
        ("RENAME /a -> /b", "file.rename"),
        ("RENAME-DIR /a -> /b", "file.rename"),
        ("CREATE-DIR /a", "dir.create"),
        ("REMOVE-DIR /a", "dir.remove"),
        ("LINK /a -> /b", "link.create"),
        ("SYMLINK /a -> b", "link.create"),
        ("CHECKPOINT send the mail", "checkpoint"),
        ("DELETE https://a.test/", "http.request"),
        ("http.invalid GET https://a.test/\\", "http.invalid"),
        ("socket.use tcp", "socket.use"),
    ] {
        assert_eq!(parse_action(typed).unwrap().0.kind(), kind, "{typed}");
    }
    for kind in ["file.read", "file.create", "file.modify", "file.delete", "dir.create", "dir.remove"] {
        assert_eq!(parse_action(&format!("{kind} /a")).unwrap().0.kind(), kind);
    }
}

#[test]
fn says_why_and_what_would_allow_it() {
    let policy = policy();
    let asked = policy.explain("DELETE /notes/a.md").unwrap();
    assert_eq!(asked.decision, DecisionKind::Ask);
    assert_eq!(asked.grant_label.as_deref(), Some("filesystem grant `/notes` (line 2)"));
    assert_eq!(asked.line, Some(2));
    assert_eq!(asked.reason, "the grant covers it and asks");
    assert_eq!(asked.hint, None);

    let allowed = policy.explain("READ /notes/a.md").unwrap();
    assert_eq!(allowed.reason, "the grant covers it");

    let checkpoint = policy.explain("CHECKPOINT go on").unwrap();
    assert_eq!(checkpoint.reason, "a checkpoint always asks");
    assert_eq!(checkpoint.line, None);
    assert_eq!(checkpoint.grant_label.as_deref(), Some("checkpoint of the tool"));

    for (action, reason, hint) in [
        (
            "MODIFY /other/\"a\"",
            "no grant covers it",
            "[[filesystem]]\nhost = \"…\"\nguest = \"/other\"\naccess = \"write\"",
        ),
        (
            "POST https://a.test:8443/x?q=1",
            "no grant covers it",
            "[[http]]\nurl = \"https://a.test:8443/x\"\nmethods = [\"POST\"]",
        ),
        (
            "GET https://a.test/a**b/**",
            "no grant covers it",
            "[[http]]\nurl = \"https://a.test/a*b/*\"\nmethods = [\"GET\"]",
        ),
        (
            "GET http://127.0.0.1/",
            "no grant covers it",
            "[[http]]\nurl = \"http://127.0.0.1/\"\nmethods = [\"GET\"]\nnetworks = [\"127.0.0.1/32\"]",
        ),
        (
            "POST https://bücher.example/",
            "no grant for this URL has the method",
            "add `POST` to `methods` of that grant",
        ),
        (
            "GET https://bücher.example/a%2fb",
            "a server may take `%2F` for a `/`, and the grant does not set `encoded-slash`",
            "set `encoded-slash = true` in that grant if the server takes `%2F` for a character of a segment",
        ),
        (
            "GET https://a.test/a%2fb",
            "no grant covers it",
            "[[http]]\nurl = \"https://a.test/a%2Fb\"\nmethods = [\"GET\"]\nencoded-slash = true",
        ),
        (
            "http.invalid GET https://a.test/\\",
            "no request can have this URL",
            "no policy can grant it; the tool has to write the URL in another way",
        ),
        ("TRACE https://bücher.example/", "no grant for this URL has the method", "no policy can grant this method"),
        (
            "SYMLINK /notes/a -> /etc",
            "a symbolic link must not point to an absolute path",
            "use a target relative to the link",
        ),
        ("socket.use udp", "no policy can grant it", "use `wasi:http` with an `[[http]]` grant instead of sockets"),
    ] {
        let explanation = policy.explain(action).unwrap();
        assert_eq!(explanation.decision, DecisionKind::Deny, "{action}");
        assert_eq!(explanation.reason, reason, "{action}");
        assert_eq!(explanation.hint.as_deref(), Some(hint), "{action}");
    }
}

#[test]
fn says_what_is_no_action() {
    let verbs = "READ, CREATE, MODIFY, DELETE, CREATE-DIR, REMOVE-DIR, RENAME, RENAME-DIR, LINK, SYMLINK, \
                 or a kind such as `file.read`";
    for (typed, message) in [
        (
            "READ",
            "`READ` is not an action; expected a verb and what it is about, as in `DELETE /notes/a.md`".to_owned(),
        ),
        ("FLY /a", format!("`FLY` is not a verb for files; expected one of {verbs}")),
        ("RENAME /a", "`RENAME` needs two paths, as in `RENAME /a -> /b`".to_owned()),
        ("MODIFY (replaces) /a", "`MODIFY` does not take `(replaces)`".to_owned()),
        ("LINK (hard, symbolic) /a -> /b", "`LINK` does not take `(symbolic)`".to_owned()),
        ("READ a", "`a` is not a guest path: a guest path must begin with `/`".to_owned()),
        ("G@T https://a.test/", "`G@T` is not a method: a method must be a token of at most 32 bytes".to_owned()),
        (
            "http.request GET https://a.test/a (sent as /b)",
            "`/b` is not sent for this URL: its canonical form is another one, or it is the canonical form".to_owned(),
        ),
        (
            "GET https://a.test/a%5c%2fb",
            "`https://a.test/a%5c%2fb` cannot be requested: `%5C` in the path of a URL is ambiguous".to_owned(),
        ),
        (
            "GET ftp://a.test/",
            "`ftp://a.test/` cannot be requested: a URL must begin with `http://` or `https://`".to_owned(),
        ),
        (
            "GET https://a.test/a b",
            "`https://a.test/a b` cannot be requested: a URL must not contain white space or control characters"
                .to_owned(),
        ),
    ] {
        assert_eq!(policy().explain(typed).unwrap_err().to_string(), message, "{typed}");
    }
}
