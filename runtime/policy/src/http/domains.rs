//! Domains below which anybody can register a name.
//!
//! The public suffix list has them all, but as a crate it is three megabytes of code and changes every day. A warning
//! can do without: a top-level domain has one label, registries use few words for their second level below a country,
//! and few hosters give names to everybody.

/// Second levels that registries use below the two letters of a country.
const SECOND_LEVEL: [&str; 26] = [
    "ac", "art", "asso", "biz", "co", "com", "ed", "edu", "firm", "gen", "go", "gob", "gov", "gv", "id", "ind", "info",
    "ltd", "me", "ne", "net", "nom", "or", "org", "plc", "sch",
];

/// Top-level domains outside the public name space (RFC 2606, RFC 6761, RFC 6762, ICANN's `internal`, common custom).
const PRIVATE: [&str; 12] = [
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
    "test",
];

/// Hosters that give everybody names below their own.
const HOSTERS: [&str; 48] = [
    "amazonaws.com",
    "appspot.com",
    "azureedge.net",
    "azurewebsites.net",
    "blob.core.windows.net",
    "blogspot.com",
    "cloudapp.net",
    "cloudfront.net",
    "cloudfunctions.net",
    "core.windows.net",
    "de.com",
    "deno.dev",
    "digitaloceanspaces.com",
    "duckdns.org",
    "eu.org",
    "firebaseapp.com",
    "firebaseio.com",
    "fly.dev",
    "github.io",
    "githubusercontent.com",
    "gitlab.io",
    "glitch.me",
    "herokuapp.com",
    "hf.space",
    "ngrok-free.app",
    "ngrok.app",
    "ngrok.io",
    "netlify.app",
    "nip.io",
    "onrender.com",
    "pages.dev",
    "r2.dev",
    "railway.app",
    "repl.co",
    "replit.app",
    "run.app",
    "s3.amazonaws.com",
    "sslip.io",
    "surge.sh",
    "trycloudflare.com",
    "uk.com",
    "us.com",
    "vercel.app",
    "web.app",
    "windows.net",
    "wordpress.com",
    "workers.dev",
    "xip.io",
];

/// Hosters with a label for the service or region in between, as in `s3.eu-central-1.amazonaws.com`.
const REGIONAL: [&str; 3] = ["amazonaws.com", "on.aws", "core.windows.net"];

/// Whether anybody can register a name below this one.
pub(super) fn is_shared(name: &str) -> bool {
    let Some((first, rest)) = name.split_once('.') else { return !PRIVATE.contains(&name) };
    let below_a_country = rest.len() == 2 && SECOND_LEVEL.contains(&first);
    let is_region = |hoster: &str| name.strip_suffix(hoster).is_some_and(|region| region.ends_with('.'));
    below_a_country || HOSTERS.contains(&name) || REGIONAL.into_iter().any(is_region)
}
