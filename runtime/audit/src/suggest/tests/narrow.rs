//! What was not allowed stays so.

use wasm_agent_policy::{Method, Url};

use super::*;

#[test]
fn no_pattern_reaches_beyond_the_recorded_list() {
    let grant = |only: &str| format!("[[filesystem]]\nhost = \"notes\"\nguest = \"/notes\"\nonly = [{only}]\n");
    let limited = grant(r#"".", "c", "d/**", "e/*.md""#);
    let actions = ["READ /notes", "READ /notes/c", "READ /notes/d/1", "READ /notes/d/2", "READ /notes/e/x.md"];
    for (paths, only) in
        [(Paths::Dir, r#"[".", "c", "d/**", "e/x.md"]"#), (Paths::Glob, r#"[".", "c", "d/*", "e/x.md"]"#)]
    {
        let text = suggest(&[&acted(&limited, &actions)], paths).unwrap();
        assert!(text.contains(&format!("only = {only}\n")), "{text}");
    }
    let runs = [acted(&limited, &["READ /notes/d/1"]), acted(&grant(r#""d/2""#), &["READ /notes/d/2"])];
    let text = suggest(&[&runs[0], &runs[1]], Paths::Dir).unwrap();
    assert!(text.contains(r#"only = ["d/1", "d/2"]"#), "{text}");
}

/// `/a` may be read but for what is denied, `/a/b` less, `/a/b/c` may be written.
const NESTED: &str = "[[filesystem]]\nhost = \"a\"\nguest = \"/a\"\ndeny = [\"b/c/secret\"]\n\
    [[filesystem]]\nhost = \"a/b\"\nguest = \"/a/b\"\nask = [\"read\"]\n\
    [[filesystem]]\nhost = \"a/b/c\"\nguest = \"/a/b/c\"\naccess = \"write\"\n";

#[test]
fn what_holds_below_a_directory_goes_on_to_hold() {
    let used = |actions: &[&str], paths| {
        Policy::parse(&suggest(&[&acted(NESTED, actions)], paths).unwrap()).unwrap_or_else(|errors| panic!("{errors}"))
    };
    let decide = |policy: &Policy, action: &str| policy.explain(action).unwrap().decision;
    let inner = used(&["CREATE /a/b/c/new"], Paths::Dir);
    assert_eq!(decide(&inner, "READ /a/b/c/secret/x"), DecisionKind::Deny);
    assert_eq!(decide(&inner, "CREATE /a/b/c/newer"), DecisionKind::Allow);
    assert_eq!(decide(&inner, "READ /a/b/x"), DecisionKind::Deny);
    let outer = used(&["READ /a/x"], Paths::Dir);
    assert_eq!(decide(&outer, "READ /a/y"), DecisionKind::Allow);
    assert_eq!(decide(&outer, "READ /a/b/x"), DecisionKind::Deny);
    let both = used(&["READ /a/x", "CREATE /a/b/c/new"], Paths::Dir);
    assert_eq!(decide(&both, "READ /a/b/x"), DecisionKind::Deny);
}

#[test]
fn a_url_is_granted_in_canonical_form_and_with_the_key_that_it_needs() {
    let grant = "[[http]]\nurl = \"https://git.test/**\"\nencoded-slash = true\n";
    let actions = ["GET https://git.test/p/acme%2fsite/%61", "GET https://git.test/p/acme%2Fother/%61?b"];
    let run = acted(grant, &actions);
    for (paths, urls) in [
        (Paths::Exact, &["p/acme%2Fother/a?b", "p/acme%2Fsite/a?"][..]),
        (Paths::Dir, &["p/acme%2Fother/**", "p/acme%2Fsite/**"]),
        (Paths::Glob, &["p/*/a"]),
    ] {
        let text = suggest(&[&run], paths).unwrap();
        let found: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("url = \"https://git.test/")).collect();
        assert_eq!(found, urls.iter().map(|url| format!("{url}\"")).collect::<Vec<_>>(), "{text}");
        assert_eq!(text.matches("encoded-slash = true\n").count(), urls.len(), "{text}");
        assert_eq!(judged(&run, &Policy::parse(&text).unwrap()).counts.lost, 0, "{text}");
        let without = Policy::parse(&text.replace("encoded-slash = true\n", "").replace("%2F", "*")).unwrap();
        assert_eq!(judged(&run, &without).counts.lost, 2, "{text}");
    }
}

#[test]
fn the_grant_that_governs_a_request_has_what_it_needed() {
    let grant = "[[http]]\nurl = \"https://a.test/**\"\nnetworks = [\"10.0.0.0/8\", \"public\"]\n";
    for (paths, inside, outside) in [
        (Paths::Exact, &["/x"][..], &["x"][..]),
        (Paths::Dir, &["echo"], &["echo/a", "x"]),
        (Paths::Glob, &["a/b/c", "a/b/z", "d/b/c", "d/b/z"], &["a/x/c", "a/y/c"]),
    ] {
        let mut run = Scripted::new(grant);
        for (peer, urls) in [("10.0.0.1:443", inside), ("8.8.8.8:443", outside)] {
            run.peer = peer.to_owned();
            for url in urls {
                run.act(&format!("GET https://a.test/{url}"));
            }
        }
        let text = suggest(&[&run], paths).unwrap();
        assert_eq!(judged(&run, &Policy::parse(&text).unwrap()).counts.lost, 0, "{text}");
    }
}

#[test]
fn a_secret_is_not_given_to_requests_that_had_none() {
    let grant = "[[http]]\nurl = \"https://a.test/api/**\"\n\n[[http]]\nurl = \"https://a.test/api/x\"\n\
        secrets = [\"t\"]\n\n[secrets.t]\nenv = \"T\"\nheader = \"x-t\"\nvalue = \"{}\"\n";
    let run = acted(grant, &["GET https://a.test/api/x", "GET https://a.test/api/y"]);
    for paths in [Paths::Exact, Paths::Dir, Paths::Glob] {
        let policy = Policy::parse(&suggest(&[&run], paths).unwrap()).unwrap();
        let secrets = |url: &str| policy.secrets_for(&Method::parse("GET").unwrap(), &Url::parse_str(url).unwrap());
        assert_eq!(secrets("https://a.test/api/x"), ["t"]);
        assert_eq!(secrets("https://a.test/api/y"), [""; 0]);
    }
}
