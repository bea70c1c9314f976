//! `headers` of `[[http]]`: which headers may override what was matched.

use crate::bounds::LIST_MAX;
use crate::http::method::is_token;
use crate::http::overriding::{is_overriding, normalized};
use crate::parse::report::Report;
use crate::parse::section::Section;

pub(super) fn read(section: &Section<'_>, report: &mut Report<'_>) -> Vec<String> {
    let mut headers = Vec::new();
    for text in section.texts("headers", LIST_MAX, report).unwrap_or_default() {
        let header = normalized(text.value);
        if !is_token(text.value) {
            report.error(&text.span, format!("`{}` is not the name of a header", text.value));
        } else if !is_overriding(text.value) {
            report
                .error(
                    &text.span,
                    format!("`{}` does not override any part of a request, and need not be listed", text.value),
                )
                .hint("remove it; `headers` is for those such as `x-http-method-override`");
        } else if headers.contains(&header) {
            report.error(&text.span, format!("`{}` is in `headers` already", text.value));
        } else {
            headers.push(header);
        }
    }
    headers
}
