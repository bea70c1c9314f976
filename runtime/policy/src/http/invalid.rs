//! A request that is refused for its URL, as it is recorded and shown.

/// Most bytes of each text. A tool can write megabytes where a URL belongs, and the record is for people.
const TEXT_BYTES_MAX: usize = 1024;

/// A request that no policy can grant: its URL or its method is not one, or programs read it in different ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRequest {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) why: String,
}

impl InvalidRequest {
    /// What the tool wrote, and why it is refused. Texts of more than 1024 bytes are cut, and end in `…`.
    #[must_use]
    pub fn new(method: &str, url: &str, why: &str) -> Self {
        Self { method: cut(method), url: cut(url), why: cut(why) }
    }

    /// The method, as the tool wrote it.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The URL, as the tool wrote it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Why it is refused, in words.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }
}

fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(TEXT_BYTES_MAX - '…'.len_utf8());
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_a_bound() {
        let long = "é".repeat(2000);
        let request = InvalidRequest::new(&long, &long, &"x".repeat(TEXT_BYTES_MAX));
        for text in [request.method(), request.url()] {
            assert!(text.len() <= TEXT_BYTES_MAX && text.len() > TEXT_BYTES_MAX - 4 && text.ends_with("é…"));
        }
        assert_eq!(request.why(), "x".repeat(TEXT_BYTES_MAX));
    }
}
