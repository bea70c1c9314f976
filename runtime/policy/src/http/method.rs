//! HTTP methods.

use std::fmt;

/// Longest method, in bytes. The longest registered one (`UPDATEREDIRECTREF`) has 17.
pub const METHOD_BYTES_MAX: usize = 32;

/// An HTTP method: a token, case-sensitive (RFC 9110 section 9.1).
///
/// `get` is not `GET`: it is an unknown method, so it is never safe, and granted only where it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Method(Repr);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    Get,
    Head,
    Options,
    Post,
    Put,
    Patch,
    Delete,
    Connect,
    Trace,
    Other(Box<str>),
}

/// The text is not a method: empty, longer than 32 bytes, or not a token of RFC 9110.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a method must be a token of at most 32 bytes")]
pub struct MethodError;

impl Method {
    /// `GET`.
    pub const GET: Self = Self(Repr::Get);
    /// `HEAD`.
    pub const HEAD: Self = Self(Repr::Head);
    /// `OPTIONS`.
    pub const OPTIONS: Self = Self(Repr::Options);
    /// `POST`.
    pub const POST: Self = Self(Repr::Post);
    /// `PUT`.
    pub const PUT: Self = Self(Repr::Put);
    /// `PATCH`.
    pub const PATCH: Self = Self(Repr::Patch);
    /// `DELETE`.
    pub const DELETE: Self = Self(Repr::Delete);
    /// `CONNECT`, which would open a tunnel past every check. No policy can grant it.
    pub const CONNECT: Self = Self(Repr::Connect);
    /// `TRACE`, which would show the guest the headers added at egress. No policy can grant it.
    pub const TRACE: Self = Self(Repr::Trace);

    /// Parses a method.
    ///
    /// # Errors
    ///
    /// Refuses text that is not a token of at most [`METHOD_BYTES_MAX`] bytes.
    pub fn parse(text: &str) -> Result<Self, MethodError> {
        let repr = match text {
            "GET" => Repr::Get,
            "HEAD" => Repr::Head,
            "OPTIONS" => Repr::Options,
            "POST" => Repr::Post,
            "PUT" => Repr::Put,
            "PATCH" => Repr::Patch,
            "DELETE" => Repr::Delete,
            "CONNECT" => Repr::Connect,
            "TRACE" => Repr::Trace,
            other if is_token(other) && other.len() <= METHOD_BYTES_MAX => Repr::Other(Box::from(other)),
            _ => return Err(MethodError),
        };
        Ok(Self(repr))
    }

    /// The method as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Get => "GET",
            Repr::Head => "HEAD",
            Repr::Options => "OPTIONS",
            Repr::Post => "POST",
            Repr::Put => "PUT",
            Repr::Patch => "PATCH",
            Repr::Delete => "DELETE",
            Repr::Connect => "CONNECT",
            Repr::Trace => "TRACE",
            Repr::Other(text) => text,
        }
    }

    /// Whether the method only reads: `GET`, `HEAD` or `OPTIONS`.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(self.0, Repr::Get | Repr::Head | Repr::Options)
    }

    /// Whether a policy can grant the method: any but `CONNECT` and `TRACE`, in upper or lower case.
    #[must_use]
    pub fn is_grantable(&self) -> bool {
        let text = self.as_str();
        !text.eq_ignore_ascii_case("CONNECT") && !text.eq_ignore_ascii_case("TRACE")
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the text is a `token` of RFC 9110 section 5.6.2: the form of methods and of header names.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_a_token() {
        for text in ["", "GET ", "G\r\nX", "GET/", "GÉT", &"A".repeat(33)] {
            assert_eq!(Method::parse(text), Err(MethodError), "{text:?}");
        }
    }

    #[test]
    fn lower_case_is_another_method_and_never_safe() {
        let method = Method::parse("get").unwrap();
        assert_ne!(method, Method::GET);
        assert!(!method.is_safe());
        assert!(!Method::parse("connect").unwrap().is_grantable());
    }

    #[test]
    fn parse_and_display_agree() {
        for text in ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE", "PROPFIND"] {
            assert_eq!(Method::parse(text).unwrap().to_string(), text);
        }
    }
}
