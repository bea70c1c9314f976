//! Wildcards within one segment, or within a query.

use crate::http::url::parameters;
use crate::work::step;

/// The segments of a path below a grant; none for the grant's own directory.
pub(crate) fn segments_of(relative: Option<&str>) -> impl Iterator<Item = &str> {
    relative.into_iter().flat_map(|path| path.split('/'))
}

/// The pattern language: `?` is a wildcard in guest paths, and begins the query of a URL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Guest paths: `*`, `?`, `**`, and `\` to make the next character stand for itself.
    File,
    /// URL paths: `*`, `**`; a segment may be empty.
    Url,
}

/// A text with wildcards: a segment, or a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wild {
    /// No wildcards: the common case, compared as bytes.
    Literal(Box<str>),
    /// A single `*`.
    Star,
    /// Anything else.
    Tokens(Box<[Token]>),
}

/// One step of a text with wildcards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// This character.
    Char(char),
    /// `?`: one character.
    One,
    /// `*`: any run of characters.
    Star,
}

/// Whether `\` may quote this character in a pattern for guest paths.
pub(super) fn is_quotable(character: char) -> bool {
    matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!')
}

impl Token {
    /// The character itself, unless it is a wildcard.
    fn character(self) -> Option<char> {
        match self {
            Self::Char(character) => Some(character),
            Self::One | Self::Star => None,
        }
    }
}

impl Dialect {
    /// The steps of a text without `/`.
    fn tokens(self, text: &str) -> impl Iterator<Item = Token> {
        let mut characters = text.chars();
        std::iter::from_fn(move || {
            Some(match (characters.next()?, self) {
                ('*', _) => Token::Star,
                ('?', Self::File) => Token::One,
                // A pattern that ends with a lone `\` was refused before.
                ('\\', Self::File) => Token::Char(characters.next().unwrap_or('\\')),
                (other, Self::File | Self::Url) => Token::Char(other),
            })
        })
    }

    /// Whether there are two `*` side by side.
    pub(super) fn has_double_star(self, text: &str) -> bool {
        self.tokens(text).zip(self.tokens(text).skip(1)).any(|pair| pair == (Token::Star, Token::Star))
    }
}

impl Wild {
    /// Compiles a text without `/`.
    pub(crate) fn compile(text: &str, dialect: Dialect) -> Self {
        if text == "*" {
            return Self::Star;
        }
        let tokens: Box<[Token]> = dialect.tokens(text).collect();
        match tokens.iter().map(|token| token.character()).collect::<Option<String>>() {
            Some(literal) => Self::Literal(literal.into_boxed_str()),
            None => Self::Tokens(tokens),
        }
    }

    /// Whether it is the empty text.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Literal(text) if text.is_empty())
    }

    /// Whether a segment matches. An empty one, as in `a//b`, matches only a pattern that is empty there too.
    pub(crate) fn matches_segment(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => **literal == *text,
            Self::Star | Self::Tokens(_) => !text.is_empty() && self.matches(text),
        }
    }

    /// Whether a URL segment with parameters (`;`, even encoded) matches. No `*` matches the `;`.
    ///
    /// Some servers strip parameters before they look at a path (RFC 3986 section 3.3): to them `;x` is an empty name,
    /// and `admin;x=.json` does not end in `.json`.
    pub(crate) fn matches_with_parameters(&self, text: &str) -> bool {
        let found = parameters(text);
        let written = match self {
            Self::Literal(_) => found,
            Self::Star => 0,
            // A `*` never splits an encoding.
            Self::Tokens(tokens) => {
                parameters(&tokens.iter().map(|token| token.character().unwrap_or('\0')).collect::<String>())
            }
        };
        // If both have the same number, each `;` of the path matches one of the pattern, and none is left for a `*`.
        found == written && self.matches_segment(text)
    }

    /// Whether a query matches. A lone `*` matches any query; otherwise `*` matches no `&` and no `;`, which begin
    /// another parameter.
    pub(crate) fn matches_query(&self, text: &str) -> bool {
        let parts = |character: char| matches!(character, '&' | ';');
        let same_parts = |tokens: &[Token]| {
            let written = tokens.iter().filter(|token| matches!(token, Token::Char(character) if parts(*character)));
            written.count() == text.matches(parts).count()
        };
        match self {
            Self::Literal(_) | Self::Star => self.matches(text),
            Self::Tokens(tokens) => self.matches(text) && same_parts(tokens),
        }
    }

    /// Whether the whole text matches.
    ///
    /// On a mismatch, only the last `*` takes one more character. The worst case is (length of text) × (length of
    /// pattern), so patterns like `*a*a*a*b` do no harm.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let tokens = match self {
            Self::Literal(literal) => return **literal == *text,
            Self::Star => return true,
            Self::Tokens(tokens) => tokens,
        };
        let mut token = tokens.iter();
        let mut rest = text.chars();
        let mut retry: Option<(std::slice::Iter<'_, Token>, std::str::Chars<'_>)> = None;
        loop {
            step();
            let matched = match token.next() {
                Some(Token::Star) => {
                    retry = Some((token.clone(), rest.clone()));
                    continue;
                }
                Some(Token::One) => rest.next().is_some(),
                Some(Token::Char(expected)) => rest.next() == Some(*expected),
                None if rest.as_str().is_empty() => return true,
                None => false,
            };
            if !matched {
                let Some((star, from)) = retry.as_mut() else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                token = star.clone();
                rest = from.clone();
            }
        }
    }
}
