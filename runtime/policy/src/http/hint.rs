//! What an operator could write to allow a request.

use super::action::HttpAction;
use super::network::is_special;
use super::url::Host;
use crate::hint::toml_string;
use std::fmt::Write;

/// A grant for the URL without its query.
pub(crate) fn grant(request: &HttpAction) -> String {
    let url = &request.url;
    // In a pattern, `**` would not match literally.
    let path = url.path().replace("**", "*");
    let origin = format!("{}://{}", url.scheme(), url.authority());
    let mut grant = format!("[[http]]\nurl = {}", toml_string(&format!("{origin}{path}")));
    // Writing to a `String` cannot fail.
    let _ = write!(grant, "\nmethods = [{}]", toml_string(request.method.as_str()));
    if url.has_encoded_slash() {
        grant.push_str("\nencoded-slash = true");
    }
    if let Host::Ip(address) = url.host()
        && is_special(*address).is_some()
    {
        let address = address.to_canonical();
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let _ = write!(grant, "\nnetworks = [\"{address}/{bits}\"]");
    }
    grant
}
