//! Policies: parsing, and deciding about actions.

use wasm_agent_policy::{Action, GuestPath, HttpAction, InvalidRequest, LinkKind, Method, Origin, Policy, Scheme, Url};

/// Parses a policy and asks it about actions.
///
/// # Panics
///
/// When a decision and a judgement differ, or what a policy says of itself does not hold.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let parsed = match Policy::parse(text) {
        Ok(policy) => policy,
        Err(errors) => {
            assert!(!errors.to_string().is_empty());
            return;
        }
    };
    assert_eq!(parsed.text(), text);
    assert_eq!(parsed.digest(), Policy::parse(text).unwrap().digest());
    for action in actions() {
        decide(&parsed, &action);
    }
    // What stands in the policy, as if someone asked about it.
    for line in text.lines() {
        let _ = parsed.explain(line);
        if let Some(quoted) = line.split('"').nth(1) {
            let _ = parsed.explain(quoted);
            let _ = parsed.explain(&format!("READ {quoted}"));
        }
    }
}

/// Asks a policy about an action, on the run's own files and on others.
pub(crate) fn decide(policy: &Policy, action: &Action) {
    for origin in [Origin::Foreign, Origin::CreatedByRun] {
        let judged = policy.judge(action, origin);
        assert!(!judged.reason(policy).is_empty());
        if let Some(denial) = judged.denial() {
            assert!(!denial.hint(action).is_empty());
        }
    }
}

/// Actions of every kind that a run has.
pub fn actions() -> Vec<Action> {
    let path = |text: &str| GuestPath::parse(text).unwrap();
    let request = |method: &str, scheme, authority: &str, path: &str| {
        let url = Url::parse(scheme, authority, path).unwrap();
        Action::HttpRequest(Box::new(HttpAction::new(Method::parse(method).unwrap(), url)))
    };
    vec![
        Action::FileRead { path: path("/notes/a.md") },
        Action::FileCreate { path: path("/notes/.git/config") },
        Action::FileModify { path: path("/notes"), truncate: true },
        Action::FileDelete { path: path("/") },
        Action::FileRename { from: path("/notes/a"), to: path("/other/b"), replaces: true, directory: false },
        Action::DirCreate { path: path("/notes/deep") },
        Action::DirRemove { path: path("/notes/deep") },
        Action::LinkCreate { path: path("/notes/l"), target: "../../etc".to_owned(), kind: LinkKind::Symbolic },
        request("GET", Scheme::Https, "api.example.com", "/repos/acme"),
        request("GET", Scheme::Https, "api.example.com", "/repos/acme%2fsite/%7e"),
        request("POST", Scheme::Http, "127.0.0.1:8080", "/"),
        Action::HttpInvalid(Box::new(InvalidRequest::new("GET", "https://api.example.com/\\", "a backslash"))),
    ]
}
