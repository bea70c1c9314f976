//! Parses a typed request.

use super::action::HttpAction;
use super::invalid::InvalidRequest;
use super::method::Method;
use super::url::Url;
use crate::action::{Action, ActionSyntaxError};

/// What stands between the matched URL and the spelling that is sent. A `)` follows the spelling.
pub(crate) const SENT_AS: &str = " (sent as ";

/// Whether the text begins with a scheme.
pub(crate) fn is_url(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The request, and its canonical URL, if that differs from what was typed.
pub(crate) fn parse(method: &str, text: &str) -> Result<(Action, Option<String>), ActionSyntaxError> {
    let (text, spelling) = match text.strip_suffix(')').and_then(|text| text.split_once(SENT_AS)) {
        Some((url, spelling)) => (url, Some(spelling)),
        None => (text, None),
    };
    let mut url = Url::parse_str(text).map_err(|error| ActionSyntaxError::Url { url: text.to_owned(), error })?;
    if let Some(spelling) = spelling {
        url = url.sent_as(spelling).ok_or_else(|| ActionSyntaxError::SentAs(spelling.to_owned()))?;
    }
    let method = Method::parse(method).map_err(|_| ActionSyntaxError::Method(method.to_owned()))?;
    let canonicalised = (url.as_str() != text).then(|| url.to_string());
    Ok((Action::HttpRequest(Box::new(HttpAction::new(method, url))), canonicalised))
}

/// A request that was refused for its URL, as reports show it.
pub(crate) fn parse_invalid(text: &str) -> Action {
    let (method, url) = text.split_once(' ').unwrap_or(("", text));
    let why = Url::parse_str(url).err().map_or_else(String::new, |error| error.to_string());
    Action::HttpInvalid(Box::new(InvalidRequest::new(method, url, &why)))
}
