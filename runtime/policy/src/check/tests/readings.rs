//! Decisions about paths that servers may read as other paths.

use super::{assert_decisions, policy};

const ADMIN_ASKS: &str = r#"
[[http]]
url = "https://a.test/**"
methods = ["GET", "POST", "DELETE"]
ask = false

[[http]]
url = "https://a.test/admin/**"
methods = ["POST", "DELETE"]
ask = true

[[http]]
url = "https://a.test/exact"
methods = ["POST"]
ask = true

[[http]]
url = "https://a.test/jobs/*/run"
methods = ["POST"]
ask = true

[[http]]
url = "https://a.test/query?force=*"
methods = ["POST"]
ask = true
"#;

#[test]
fn a_path_that_a_server_may_cut_has_to_match_when_it_is_cut() {
    let text = r#"
[[http]]
url = "https://a.test/files/*.txt"
[[http]]
url = "https://a.test/users/**/public"
[[http]]
url = "https://a.test/wiki/**"
[[http]]
url = "https://a.test/wiki/Who%3F/*"
[[http]]
url = "https://a.test/one/*?"
[[http]]
url = "https://a.test/find?q=*&safe=1"
"#;
    assert_decisions(
        &policy(text),
        &[
            ("GET https://a.test/files/secret.db%3F.txt", "deny no-grant"),
            ("GET https://a.test/files/secret.db%23.txt", "deny no-grant"),
            ("GET https://a.test/files/secret.db%253F.txt", "deny no-grant"),
            ("GET https://a.test/files/secret.db%25252523.txt", "deny no-grant"),
            ("GET https://a.test/files/a.txt%3F.txt", "allow 3"),
            ("GET https://a.test/users/admin%3F/public", "deny no-grant"),
            ("GET https://a.test/users/admin/private%23x/public", "deny no-grant"),
            ("GET https://a.test/users/public", "allow 5"),
            // The pattern has nothing after the position of the cut.
            ("GET https://a.test/wiki/What%3F", "allow 7"),
            ("GET https://a.test/wiki/What%3F/Why%23", "allow 7"),
            // Written by the operator it is what it says.
            ("GET https://a.test/wiki/Who%3F/a", "allow 9"),
            ("GET https://a.test/one/a", "allow 11"),
            ("GET https://a.test/one/a%3Fdebug=1", "deny no-grant"),
            ("GET https://a.test/find?q=x&safe=1", "allow 13"),
            ("GET https://a.test/find?q=x%23&safe=1", "deny no-grant"),
        ],
    );
}

#[test]
fn a_grant_that_asks_does_so_for_each_path_that_a_server_may_read_as_its_own() {
    let policy = policy(ADMIN_ASKS);
    for path in [
        "//admin/users",
        "/admin;a=1/users",
        "/;/admin/users",
        "/;a=1//admin/users",
        "/%20/admin/users",
        "/admin%3F/users",
        "/admin%23/users",
        "/admin%253fx",
        "/admin%20/users",
        "/%20admin/users",
        "/admin%C2%A0/users",
        "/admin%3B/x",
        "/admin%253B/x",
        "/admin%3Bx%3F/y",
        "/%2561dmin/x",
        "/%252561dmin/x",
        "/\u{ff41}dmin/x",
        "/adm\u{200b}in/x",
        "/\u{feff}admin/x",
        "/admin./x",
        "/admin;",
        "//admin",
    ] {
        assert_decisions(&policy, &[(&format!("DELETE https://a.test{path}"), "ask 3")]);
        assert_decisions(&policy, &[(&format!("GET https://a.test{path}"), "allow 3")]);
    }
    assert_decisions(
        &policy,
        &[
            ("POST https://a.test/exact;a", "ask 3"),
            ("POST https://a.test/exact/", "ask 3"),
            ("POST https://a.test//exact?x", "ask 3"),
            ("POST https://a.test/exact%3F/x", "ask 3"),
            ("POST https://a.test/jobs/1;a/run", "ask 3"),
            ("POST https://a.test/jobs/%20/run", "ask 18"),
            ("POST https://a.test//query?force=1", "ask 3"),
            ("POST https://a.test//query?x=1", "allow 3"),
            ("POST https://a.test/query%3Fforce=1", "ask 3"),
        ],
    );
}

#[test]
fn other_spellings_of_other_paths_are_not_asked_about() {
    let policy = policy(ADMIN_ASKS);
    for path in
        ["//users", "/administrator/x", "/x;/admin", "/files/a%20b", "/files/%E4%BD%A0", "/x%3F/admin", "/files/v1./x"]
    {
        assert_decisions(&policy, &[(&format!("DELETE https://a.test{path}"), "allow 3")]);
    }
}

#[test]
fn an_encoded_slash_needs_a_grant_with_the_key() {
    let text = r#"
[[http]]
url = "https://git.test/plain/**"
[[http]]
url = "https://git.test/projects/*/issues"
methods = ["GET", "POST"]
ask = false
encoded-slash = true
[[http]]
url = "https://git.test/projects/*/hooks/issues"
methods = ["POST"]
[[http]]
url = "https://git.test/projects/*/issues?"
methods = ["POST"]
"#;
    assert_decisions(
        &policy(text),
        &[
            ("GET https://git.test/plain/a%2Fb", "deny encoded-slash 3"),
            ("POST https://git.test/plain/a%2Fb", "deny method 3"),
            ("GET https://git.test/other/a%2Fb", "deny no-grant"),
            ("GET https://git.test/projects/acme%2fsite/issues", "allow 5"),
            ("GET https://git.test/projects/acme/site/issues", "deny no-grant"),
            ("POST https://git.test/projects/acme%2Fsite/issues?a=b", "allow 5"),
            // A server that takes `%2F` for a `/` would see what the third grant asks about.
            ("POST https://git.test/projects/1%2Fhooks/issues?a=b", "ask 5"),
            ("POST https://git.test/projects/%2f1%2F%2fhooks/issues?a=b", "ask 5"),
            // A grant without the key does not allow it, and asks all the same.
            ("POST https://git.test/projects/acme%2Fsite/issues", "ask 5"),
        ],
    );
}
