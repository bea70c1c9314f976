//! Masks secrets in headers and trailers.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::search::Search;

/// Masks secrets in the names and values of headers.
pub(super) fn mask_headers(search: &mut Search, headers: &mut HeaderMap) {
    let mut masked = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter() {
        masked.append(mask_name(search, name), mask_value(search, value));
    }
    *headers = masked;
}

fn mask_name(search: &mut Search, name: &HeaderName) -> HeaderName {
    let mut bytes = name.as_str().as_bytes().to_vec();
    if !search.mask(&mut bytes) {
        return name.clone();
    }
    // A mask is valid in a name.
    HeaderName::from_bytes(&bytes).unwrap_or(HeaderName::from_static("x-masked"))
}

fn mask_value(search: &mut Search, value: &HeaderValue) -> HeaderValue {
    let mut bytes = value.as_bytes().to_vec();
    if !search.mask(&mut bytes) {
        return value.clone();
    }
    HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static("***"))
}
