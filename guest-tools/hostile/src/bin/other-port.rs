//! Asks for another port or scheme of a host that is granted.
//!
//! ```text
//! other-port ALLOWED-URL FORBIDDEN-PORT
//! ```

use std::process::ExitCode;

use hostile::requests::{attempt, authority, control};
use hostile::{Attack, arguments, usage};

fn main() -> ExitCode {
    let Some([allowed, forbidden]) = arguments(["ALLOWED-URL", "FORBIDDEN-PORT"]) else {
        return usage();
    };
    let Some((scheme, good)) = authority(&allowed) else {
        return usage();
    };
    let Some((host, port)) = good.rsplit_once(':') else {
        return usage();
    };
    let mut attack = Attack::start();
    control(&mut attack, &allowed);
    for authority in [
        format!("{host}:{forbidden}"),
        host.to_owned(),
        format!("{host}:"),
        format!("{host}:0"),
        format!("{host}:65536"),
        format!("{host}:{port}:{forbidden}"),
        format!("{host}:{port}@{host}:{forbidden}"),
        format!("{host}:-1"),
        format!("{host}:{port}x"),
        format!("{host}:99999999999999999999"),
    ] {
        attempt(&mut attack, &format!("{scheme}://{authority}/"));
    }
    let other_scheme = if scheme == "http" { "https" } else { "http" };
    attempt(&mut attack, &format!("{other_scheme}://{good}/"));
    attack.finish()
}
