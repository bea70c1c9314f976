//! Parses a typed request.

use super::action::HttpAction;
use super::method::Method;
use super::url::Url;
use crate::action::{Action, ActionSyntaxError};

/// Whether the text begins with a scheme.
pub(crate) fn is_url(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The request, and its canonical URL, if that differs from what was typed.
pub(crate) fn parse(method: &str, text: &str) -> Result<(Action, Option<String>), ActionSyntaxError> {
    let url = Url::parse_str(text).map_err(|error| ActionSyntaxError::Url { url: text.to_owned(), error })?;
    let method = Method::parse(method).map_err(|_| ActionSyntaxError::Method(method.to_owned()))?;
    let canonicalised = (url.as_str() != text).then(|| url.to_string());
    Ok((Action::HttpRequest(Box::new(HttpAction::new(method, url))), canonicalised))
}
