//! Names below which anybody can have names.
//!
//! The public suffix list has all of them, and is three megabytes of code as a crate, renewed every day. A warning
//! needs no such list: a top-level domain is told by having one label, a registry's second level by the few words that
//! registries use below a country, and the hosters at which everybody can have a name are few.

/// What registries have below the two letters of a country.
const SECOND_LEVEL: [&str; 26] = [
    "ac", "art", "asso", "biz", "co", "com", "ed", "edu", "firm", "gen", "go", "gob", "gov", "gv", "id", "ind", "info",
    "ltd", "me", "ne", "net", "nom", "or", "org", "plc", "sch",
];

/// Top-level domains that are no part of the public name space (RFC 2606, RFC 6761, RFC 6762, ICANN's `internal`,
/// common custom).
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

/// Hosters that give names below theirs to everybody.
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

/// Hosters that have a name for each service or region between theirs and everybody's, as
/// `s3.eu-central-1.amazonaws.com` is.
const REGIONAL: [&str; 3] = ["amazonaws.com", "on.aws", "core.windows.net"];

/// Whether anybody can have a name below this one.
pub(super) fn is_shared(name: &str) -> bool {
    let Some((first, rest)) = name.split_once('.') else { return !PRIVATE.contains(&name) };
    let below_a_country = rest.len() == 2 && SECOND_LEVEL.contains(&first);
    let is_region = |hoster: &str| name.strip_suffix(hoster).is_some_and(|region| region.ends_with('.'));
    below_a_country || HOSTERS.contains(&name) || REGIONAL.into_iter().any(is_region)
}
