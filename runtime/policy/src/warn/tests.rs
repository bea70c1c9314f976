//! Each warning with a policy that has it, and similar policies that don't.

use super::*;
use crate::{HTTP_GRANTS_MAX, PATTERNS_MAX};

fn warnings(text: &str) -> Warnings {
    let policy = Policy::parse(&format!("version = 1\n{text}")).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    policy.warnings(&Surroundings::default())
}

/// The kinds of the warnings.
fn kinds(text: &str) -> Vec<&'static str> {
    warnings(text).as_slice().iter().map(|warning| warning.kind.as_str()).collect()
}

/// The one warning of a policy, as it is shown.
fn shown(text: &str) -> String {
    let warnings = warnings(text);
    let [warning] = warnings.as_slice() else { panic!("{warnings:#?}") };
    format!("line {}: {}\nhint: {}", warning.line, warning.message, warning.hint)
}

fn read(rest: &str) -> String {
    format!("[[filesystem]]\nhost = \"notes\"\nguest = \"/notes\"\n{rest}\n")
}

fn write(rest: &str) -> String {
    read(&format!("access = \"write\"\n{rest}"))
}

fn http(url: &str, rest: &str) -> String {
    format!("[[http]]\nurl = \"{url}\"\n{rest}\n")
}

const SECRET: &str = "[secrets.a]\nenv = \"A\"\nheader = \"x-a\"\nvalue = \"{}\"\n";

#[test]
fn a_name_in_deny_holds_at_the_top_only() {
    assert_eq!(
        shown(&read("deny = [\".env\"]")),
        "line 2: `.env` in `deny` holds only directly in `/notes`, not in the directories below it: \
         `/notes/sub/.env` can be read\n\
         hint: write `**/.env`, or `.env/**` if only the one at the top is meant"
    );
    for deny in ["*.pem", "secret?", "a\\\\*", "**/x\", \"y"] {
        assert_eq!(kinds(&read(&format!("deny = [\"{deny}\"]"))), ["deny-at-top"], "{deny}");
    }
    for deny in ["**/.env", ".env/**", "config/.env", ".env\", \"**/.env", ".env\", \"**/.env/**", ".env\", \"**/.*"] {
        assert_eq!(kinds(&read(&format!("deny = [\"{deny}\"]"))), [""; 0], "{deny}");
    }
    assert_eq!(kinds(&read("deny = [\".env\"]\nonly = [\"*\"]")), [""; 0]);
}

#[test]
fn an_ask_replaces_the_default() {
    assert_eq!(
        shown(&write("ask = [\"create\", \"delete\"]")),
        "line 2: `ask` replaces the default, so nobody is asked about `modify` and `rename` in `/notes`\n\
         hint: write `ask = [\"create\", \"modify\", \"delete\", \"rename\"]`, or `ask = []` if nothing is to be asked"
    );
    for ask in ["\"delete\"", "\"create\"", "\"modify\", \"rename\"", "\"read\""] {
        assert!(kinds(&write(&format!("ask = [{ask}]"))).contains(&"ask-takes-away"), "{ask}");
    }
    for ask in [
        "",
        "\"create\", \"modify\", \"delete\", \"rename\"",
        "\"read\", \"create\", \"modify\", \"delete\", \"rename\"",
    ] {
        assert_eq!(kinds(&write(&format!("ask = [{ask}]"))), [""; 0], "{ask}");
    }
    assert_eq!(kinds(&read("ask = [\"read\"]")), [""; 0]);
}

#[test]
fn what_others_run_can_be_created() {
    assert_eq!(
        shown(&write("")),
        "line 2: in `/notes` a tool can create, unasked, files that other programs run on their own, such as \
         `.git/hooks/post-checkout`, `.git/config` and `.envrc`\n\
         hint: add `\"create\"` to `ask`, list the files that it may write in `only` (as in `only = [\".\", \
         \"*.md\"]`), or deny these names"
    );
    let only = |only: &str| kinds(&write(&format!("only = [{only}]")));
    for run in [
        "\"*.py\"",
        "\"src/**\"",
        "\"**/*.py\"",
        "\"a/*/b/*\"",
        "\".git/hooks/*\"",
        "\"*.md\", \"tests/conftest.py\"",
        "\".*\"",
    ] {
        assert_eq!(only(run), ["run-by-others"], "{run}");
    }
    for not_run in ["\".\", \"*.md\"", "\"**/*.txt\"", "\"out.json\"", "\".\""] {
        assert_eq!(only(not_run), [""; 0], "{not_run}");
    }
    let all: Vec<String> = ["git", "envrc", "cargo", "vscode", "github", "bashrc", "zshrc", "profile", "ssh", "npmrc"]
        .map(|name| format!("\"**/.{name}\""))
        .to_vec();
    let most = all.join(", ");
    let denied = format!(
        "deny = [{most}, \"**/*.py\", \"**/Makefile\", \"**/build.rs\", \"**/package.json\", \"**/pyproject.toml\", \
         \"**/*.pth\", \"**/justfile\"]"
    );
    assert_eq!(kinds(&write(&denied)), [""; 0]);
    assert!(shown(&write(&denied.replace("**/Makefile", "Makefile/**"))).contains("run on their own: `Makefile`\n"));
    assert_eq!(kinds(&write("ask = [\"create\", \"modify\", \"delete\", \"rename\"]")), [""; 0]);
    assert_eq!(kinds(&read("")), [""; 0]);
}

#[test]
fn a_url_without_a_query_lets_any_out() {
    assert_eq!(
        shown(&http("https://a.com/items", "")),
        "line 2: `https://a.com/items` has no query, so a request can carry any query, unasked\n\
         hint: end it with `?` for no query, with a query as in `?q=*`, or with `?*` for any; or set `ask = true`"
    );
    assert_eq!(kinds(&http("https://a.com/v1/*/items", "")), ["free-query"]);
    assert_eq!(kinds(&http("https://a.com/", "methods = [\"POST\"]\nask = false")), ["free-query"]);
    assert_eq!(kinds(&http("https://a.com/", "methods = [\"GET\", \"POST\"]")), ["free-query"]);
    for url in ["https://a.com/items?", "https://a.com/items?q=*", "https://a.com/items?*", "https://a.com/**"] {
        assert_eq!(kinds(&http(url, "")), [""; 0], "{url}");
    }
    assert_eq!(kinds(&http("https://a.com/items", "ask = true")), [""; 0]);
    assert_eq!(kinds(&http("https://a.com/items", "methods = [\"POST\"]")), [""; 0]);
}

#[test]
fn anybody_can_have_a_name_below_some() {
    assert_eq!(
        shown(&http("https://*.co.uk/**", "")),
        "line 2: anybody can register a name below `co.uk`, so `https://*.co.uk/**` can be anybody's server\n\
         hint: write one grant for each host that is meant"
    );
    for name in [
        "com",
        "org",
        "dev",
        "xn--p1ai",
        "com.au",
        "ac.jp",
        "github.io",
        "s3.amazonaws.com",
        "CO.UK",
        "gob.mx",
        "nip.io",
        "s3.eu-central-1.amazonaws.com",
    ] {
        assert_eq!(kinds(&http(&format!("https://*.{name}/**"), "")), ["shared-domain"], "{name}");
    }
    for name in
        ["example.com", "a.co.uk", "bbc.uk", "acme.github.io", "localhost", "corp.internal", "internal", "co.com"]
    {
        let networks = if name == "localhost" { "networks = [\"127.0.0.0/8\"]" } else { "" };
        assert_eq!(kinds(&http(&format!("https://*.{name}/**"), networks)), [""; 0], "{name}");
    }
    assert_eq!(kinds(&http("https://co.uk/**", "")), [""; 0]);
}

#[test]
fn a_secret_goes_to_every_name_below() {
    let secret = |url: &str| http(url, "secrets = [\"a\"]") + SECRET;
    assert_eq!(
        shown(&secret("https://*.example.com/**")),
        "line 2: the secret `a` is sent to every name below `example.com`, whoever runs it\n\
         hint: name the host that the secret is for"
    );
    assert_eq!(kinds(&secret("https://api.example.com/**")), [""; 0]);
}

#[test]
fn http_in_a_network_is_read_by_others_in_it() {
    let private =
        |networks: &str, rest: &str| kinds(&http("http://10.0.0.5/**", &format!("networks = [{networks}]\n{rest}")));
    assert_eq!(
        shown(&(http("http://build.corp/**", "networks = [\"10.0.0.0/8\"]\nsecrets = [\"a\"]") + SECRET)),
        "line 2: requests and their secrets to `http://build.corp/**` are not encrypted: anybody in `10.0.0.0/8` can \
         read and change them\nhint: use `https`"
    );
    assert_eq!(private("\"10.0.0.0/8\"", ""), ["unencrypted"]);
    assert_eq!(private("\"127.0.0.0/8\", \"10.0.0.5\"", ""), ["unencrypted"]);
    assert_eq!(kinds(&http("https://10.0.0.5/**", "networks = [\"10.0.0.0/8\"]")), [""; 0]);
    assert_eq!(kinds(&http("http://127.0.0.1:8080/**", "networks = [\"127.0.0.0/8\"]")), [""; 0]);
    let local = http("http://localhost/**", "networks = [\"127.0.0.0/8\", \"::1\"]\nsecrets = [\"a\"]") + SECRET;
    assert_eq!(kinds(&local), [""; 0]);
    assert_eq!(kinds(&http("http://example.com/**", "")), [""; 0]);
}

#[test]
fn a_network_has_the_credentials_of_a_cloud_in_it() {
    assert!(shown(&http("https://a.corp/**", "networks = [\"0.0.0.0/0\"]")).contains("`169.254.169.254`"));
    for network in ["169.254.0.0/16", "100.64.0.0/10", "fd00::/8"] {
        assert_eq!(
            kinds(&http("https://a.corp/**", &format!("networks = [\"{network}\"]"))),
            ["metadata"],
            "{network}"
        );
    }
    assert_eq!(kinds(&http("https://169.254.169.254/**", "networks = [\"169.254.0.0/16\"]")), [""; 0]);
    assert_eq!(kinds(&http("https://a.corp/**", "networks = [\"10.0.0.0/8\", \"public\"]")), [""; 0]);
}

#[test]
fn a_star_continues_a_word() {
    assert_eq!(
        shown(&http("https://a.com/public*?", "")),
        "line 2: `public*` in `https://a.com/public*?` matches more than `public` and the paths below it: \
         `public-other` matches too\n\
         hint: write a grant for `public` and one for `public/**`"
    );
    assert!(kinds(&http("https://a.com/projects/acme%2F*?", "encoded-slash = true\n")).is_empty());
    for path in ["public*/**", "a/v1*/x/**", "*public/**"] {
        assert_eq!(kinds(&http(&format!("https://a.com/{path}"), "")), ["word-star"], "{path}");
    }
    for path in ["public/**", "*.json?", "report-*?", "a*b?", "*/**"] {
        assert_eq!(kinds(&http(&format!("https://a.com/{path}"), "")), [""; 0], "{path}");
    }
}

#[test]
fn a_double_star_comes_before_what_is_meant() {
    assert_eq!(
        shown(&http("https://a.com/**/public/**", "")),
        "line 2: `**` before `public` matches any path, so `https://a.com/**/public/**` also matches `public` below \
         other users' paths\n\
         hint: write the path from its beginning; `*` stands for one segment of it"
    );
    assert_eq!(kinds(&http("https://a.com/v1/**/items", "")), ["any-depth"]);
    assert_eq!(kinds(&http("https://a.com/v1/*/items/**", "")), [""; 0]);
}

#[test]
fn much_is_read_and_sent_to_many() {
    let sends = |rest: &str, url: &str, more: &str| kinds(&(read(rest) + &http(url, more)));
    assert_eq!(
        shown(&(read("") + &http("https://*.example.com/**", ""))),
        "line 6: what is read in `/notes` (line 2) can be sent to any host below `example.com` unasked (`GET` under \
         `https://*.example.com/**`)\n\
         hint: set `ask = true` here, narrow the URL, or list in `only` what the tool needs to read"
    );
    let post = "methods = [\"POST\"]\nask = false";
    assert_eq!(sends("", "https://a.com/**", post), ["way-out"]);
    assert_eq!(sends("only = [\"docs/**\"]", "https://*.a.com/**", ""), ["way-out"]);
    let hosts =
        |count: usize| (0..count).map(|number| http(&format!("https://h{number}.com/**"), "")).collect::<String>();
    assert_eq!(kinds(&(read("") + &hosts(9))), ["way-out"]);
    assert_eq!(kinds(&(read("") + &hosts(8))), [""; 0]);
    for (rest, url, more) in [
        ("", "https://a.com/**", ""),
        ("", "https://a.com/**", "methods = [\"POST\"]"),
        ("", "https://a.com/items?", post),
        ("", "https://*.a.com/**", "ask = true"),
        ("", "https://*.a.corp/**", "networks = [\"10.0.0.0/8\"]"),
        ("ask = [\"read\"]", "https://*.a.com/**", ""),
        ("only = [\"a.csv\"]", "https://*.a.com/**", ""),
    ] {
        assert_eq!(sends(rest, url, more), [""; 0], "{rest} {url} {more}");
    }
}

#[test]
fn a_directory_has_more_in_it_than_a_tool_needs() {
    let real = |host: &str| Some(Path::new("/people/ann/work").join(host)).filter(|_| host != "gone");
    let surroundings = Surroundings {
        real: Some(&real),
        is_file: None,
        private: vec![
            ("your home directory", PathBuf::from("/people/ann")),
            ("the state of `wasm-agent`", PathBuf::from("/people/ann/work/state/agent")),
        ],
    };
    let why = |host: &str, rest: &str| {
        let text = format!("version = 1\n[[filesystem]]\nhost = \"{host}\"\nguest = \"/g\"\n{rest}\n");
        let warnings = Policy::parse(&text).unwrap().warnings(&surroundings);
        let warning = warnings.as_slice().iter().find(|warning| warning.kind == WarningKind::WideDirectory)?;
        Some(warning.message.clone())
    };
    for (host, expected) in [
        ("/", "`/` is the whole file system of this machine"),
        ("/people", "`/people` is a directory (`/people`) that contains your home directory"),
        ("/people/ann", "`/people/ann` is your home directory"),
        ("state", "`state` is a directory (`/people/ann/work/state`) that contains the state of `wasm-agent`"),
        ("/proc/self", "`/proc/self` is a part of the system: it lies in `/proc`"),
        ("/etc", "`/etc` is a part of the system: it lies in `/etc`"),
    ] {
        assert_eq!(why(host, "").as_deref(), Some(expected));
        assert_eq!(why(host, "only = [\"srv/data.csv\"]"), None, "{host}");
    }
    assert!(why("/people", "only = [\"ann/**\"]").is_some());
    assert_eq!(why("/people", "deny = [\"ann/**\"]"), None);
    for host in ["notes", "/people/ann/other", "/srv", "/people/anna", "gone"] {
        assert_eq!(why(host, ""), None, "{host}");
    }
}

#[test]
fn warnings_are_few_short_and_in_order_however_large_the_policy_is() {
    let grants: String =
        (0..HTTP_GRANTS_MAX).map(|number| http(&format!("https://a.com/{number}-{}", "x".repeat(100)), "")).collect();
    let many = warnings(&grants);
    assert_eq!((many.as_slice().len(), many.count()), (LISTED_MAX, HTTP_GRANTS_MAX));
    assert!(many.as_slice().is_sorted());
    let names: Vec<String> = (0..PATTERNS_MAX).map(|number| format!("\"{number}\"")).collect();
    let (found, steps) = crate::work::steps(|| warnings(&read(&format!("deny = [{}]", names.join(", ")))));
    assert_eq!(found.as_slice()[0].kind, WarningKind::NotAllChecked);
    assert_eq!(found.as_slice()[1].kind, WarningKind::DenyAtTop);
    assert!(steps <= WORK_MAX, "{steps}");
    let long = warnings(&http(&format!("https://a.com/{}", "\u{e9}".repeat(1_000)), ""));
    assert!(long.as_slice()[0].message.chars().count() <= crate::MESSAGE_CHARS_MAX + 1);
}

#[test]
fn a_name_that_the_proxy_resolves_is_a_warning_until_the_grant_says_so() {
    let proxy = "[network]\nproxy = \"http://proxy.corp:3128\"\n";
    assert_eq!(
        shown(&format!("{proxy}[[http]]\nurl = \"https://a.com/**\"\n")),
        "line 4: the proxy `http://proxy.corp:3128` resolves the name in `https://a.com/**`, and nothing checks that \
         it leads to no private address\n\
         hint: `proxy = true` says that the proxy may, `proxy = false` sends these requests directly"
    );
    for rest in ["proxy = true", "proxy = false"] {
        assert!(kinds(&format!("{proxy}[[http]]\nurl = \"https://a.com/**\"\n{rest}\n")).is_empty());
    }
    assert!(kinds(&format!("{proxy}[[http]]\nurl = \"https://8.8.8.8/**\"\n")).is_empty());
}
