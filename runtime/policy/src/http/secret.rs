//! Secrets that the host adds to requests. A value is never here, only where it comes from.

/// A secret of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretSpec {
    /// The name that grants refer to.
    pub name: String,
    /// Where the value comes from.
    pub source: SecretSource,
    /// The header it goes into, in lower case.
    pub header: String,
    /// The header's value, with `{}` once where the secret goes.
    pub template: String,
    /// The line of its table in the policy file, from 1.
    pub line: u32,
}

/// Where the value of a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable of the host.
    Env(String),
    /// A file on the host: absolute, or relative to the policy file.
    File(String),
}

impl SecretSpec {
    /// The value of the header for this value of the secret.
    #[must_use]
    pub fn header_value(&self, secret: &str) -> String {
        self.template.replacen("{}", secret, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_contains_the_placeholder_is_put_in_once() {
        let spec = SecretSpec {
            name: "a".into(),
            source: SecretSource::Env("A".into()),
            header: "authorization".into(),
            template: "Bearer {}".into(),
            line: 1,
        };
        assert_eq!(spec.header_value("x{}y"), "Bearer x{}y");
    }
}
