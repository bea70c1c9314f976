//! A secret as a sequence of characters to look for, however each of them is written.
//!
//! Two things can be done to a secret on its way back. It can be *encoded*: hexadecimal, base64 at any alignment. And
//! each character of what comes out can be *escaped*, by the rules of URLs, of JSON and of HTML, or left as it is; which
//! ones are is the server's choice. A [`Pattern`] is an encoding, [`units`] reads escapes, and the two are matched
//! against each other: so base64 in a query of a URL in a string in JSON is found too.

/// Longest entity that is read, in bytes behind its `&`: `#x0000002f;`. Leading zeros could go on for ever.
const ENTITY_BYTES_MAX: usize = 12;

/// What one character of a pattern can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// This byte; a letter in either case, as names of headers lose theirs.
    Byte(u8),
    /// A hexadecimal digit of this value.
    Nibble(u8),
    /// A character of base64 whose value is `value` under `mask`. At the ends it shares bits with its neighbours.
    Sextet { value: u8, mask: u8 },
}

impl Class {
    fn accepts(self, byte: u8) -> bool {
        match self {
            Self::Byte(own) => byte.eq_ignore_ascii_case(&own),
            Self::Nibble(value) => digit(byte) == Some(value),
            Self::Sextet { value, mask } => sextet(byte).is_some_and(|found| found & mask == value),
        }
    }

    /// Whether this byte may stand before the character without being of it: lines end in base64, pairs of digits are
    /// set apart.
    fn skips(self, byte: u8) -> bool {
        match self {
            Self::Byte(_) => false,
            Self::Nibble(_) => matches!(byte, b':' | b'-' | b' ' | b'\r' | b'\n'),
            Self::Sextet { .. } => matches!(byte, b'\r' | b'\n'),
        }
    }
}

/// One encoding of a secret.
pub(super) struct Pattern {
    classes: zeroize::Zeroizing<Vec<u8>>,
    kind: Kind,
}

/// How the bytes of a pattern are read: kept as plain bytes, so that they can be wiped.
#[derive(Clone, Copy)]
enum Kind {
    Bytes,
    Nibbles,
    /// Pairs of value and mask.
    Sextets,
}

/// What a place in a text is to a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It begins here, and ends there.
    Whole(usize),
    /// It may begin here: the text ends before that can be told.
    Perhaps,
    /// It does not begin here.
    No,
}

impl Pattern {
    /// The encodings of a secret.
    pub(super) fn of(secret: &[u8]) -> Vec<Self> {
        let mut nibbles = Vec::with_capacity(secret.len() * 2);
        for byte in secret {
            nibbles.extend([byte >> 4, byte & 15]);
        }
        let mut patterns = vec![
            Self { classes: secret.to_vec().into(), kind: Kind::Bytes },
            Self { classes: nibbles.into(), kind: Kind::Nibbles },
        ];
        // How many bits of its first character are those of the byte before.
        patterns.extend([0, 2, 4].map(|shared| Self { classes: sextets(secret, shared).into(), kind: Kind::Sextets }));
        patterns
    }

    fn length(&self) -> usize {
        match self.kind {
            Kind::Bytes | Kind::Nibbles => self.classes.len(),
            Kind::Sextets => self.classes.len() / 2,
        }
    }

    fn class(&self, index: usize) -> Option<Class> {
        match self.kind {
            Kind::Bytes => self.classes.get(index).map(|byte| Class::Byte(*byte)),
            Kind::Nibbles => self.classes.get(index).map(|value| Class::Nibble(*value)),
            Kind::Sextets => match self.classes.get(index * 2..index * 2 + 2) {
                Some([value, mask]) => Some(Class::Sextet { value: *value, mask: *mask }),
                _ => None,
            },
        }
    }

    /// Whether a text that begins with these two bytes, as they stand, may begin with the pattern.
    pub(super) fn may_begin(&self, first: u8, second: u8) -> bool {
        let (Some(one), Some(two)) = (self.class(0), self.class(1)) else { return true };
        let is_escape = |byte| matches!(byte, b'%' | b'\\' | b'&' | b'+');
        is_escape(first) || one.accepts(first) && (is_escape(second) || two.accepts(second) || two.skips(second))
    }

    /// Looks whether the pattern begins at the start of `text`.
    ///
    /// A character can be read in more than one way (`%25` is one escape or three characters), so all ways are followed
    /// at once. There are never many: each character has a handful of readings, and equal places are one.
    pub(super) fn at(&self, text: &[u8]) -> Found {
        let mut places = vec![0];
        let mut next = Vec::new();
        let mut perhaps = false;
        for index in 0..self.length() {
            let Some(class) = self.class(index) else { return Found::No };
            while let Some(place) = places.pop() {
                let rest = text.get(place..).unwrap_or_default();
                if rest.is_empty() {
                    perhaps = true;
                    continue;
                }
                perhaps |= units(rest, |byte, length| {
                    if class.accepts(byte) {
                        insert(&mut next, place + length);
                    } else if index > 0 && class.skips(byte) {
                        insert(&mut places, place + length);
                    }
                });
            }
            std::mem::swap(&mut places, &mut next);
            if places.is_empty() {
                break;
            }
        }
        match places.into_iter().max() {
            Some(end) => Found::Whole(end),
            None if perhaps => Found::Perhaps,
            None => Found::No,
        }
    }
}

fn insert(places: &mut Vec<usize>, place: usize) {
    if !places.contains(&place) {
        places.push(place);
    }
}

/// The bits of a secret in groups of six, the first behind `shared` bits that are not its own.
fn sextets(secret: &[u8], shared: usize) -> Vec<u8> {
    let bits = secret.len() * 8 + shared;
    let bit = |index: usize| {
        let own = index.checked_sub(shared)?;
        let byte = secret.get(own / 8)?;
        Some(byte >> (7 - own % 8) & 1)
    };
    let mut sextets = Vec::with_capacity(bits / 3 + 2);
    for start in (0..bits).step_by(6) {
        let (mut value, mut mask) = (0, 0);
        for index in start..start + 6 {
            let found = bit(index);
            value = value << 1 | found.unwrap_or(0);
            mask = mask << 1 | u8::from(found.is_some());
        }
        sextets.extend([value, mask]);
    }
    sextets
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The value of a character of base64, the usual alphabet or the one for URLs.
fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Gives every character that a text can begin with, and how many bytes it takes.
///
/// Answers whether the text may begin with one more, of which the end is missing.
fn units(text: &[u8], mut found: impl FnMut(u8, usize)) -> bool {
    let Some((&first, rest)) = text.split_first() else { return true };
    found(first, 1);
    match first {
        b'+' => {
            found(b' ', 1);
            false
        }
        b'%' => percent(rest, found),
        b'\\' => backslash(rest, found),
        b'&' => entity(rest, found),
        _ => false,
    }
}

/// `%2F`, and the same escaped once more or twice: `%252F`, `%25252F`.
fn percent(rest: &[u8], mut found: impl FnMut(u8, usize)) -> bool {
    let mut rest = rest;
    for depth in 0..3 {
        match *rest {
            [high, low, ..] => match digit(high).zip(digit(low)) {
                Some((high, low)) => found(high << 4 | low, 3 + 2 * depth),
                None => return false,
            },
            [high] => return digit(high).is_some(),
            [] => return true,
        }
        match rest.strip_prefix(b"25") {
            Some(deeper) => rest = deeper,
            None => return false,
        }
    }
    false
}

/// `\u002f`, `\x2f`, `\/`, `\n`.
fn backslash(rest: &[u8], mut found: impl FnMut(u8, usize)) -> bool {
    let Some((&kind, rest)) = rest.split_first() else { return true };
    let (digits, lead): (usize, &[u8]) = match kind {
        b'u' => (2, b"00"),
        b'x' => (2, b""),
        b'n' => {
            found(b'\n', 2);
            return false;
        }
        b'r' => {
            found(b'\r', 2);
            return false;
        }
        _ => {
            found(kind, 2);
            return false;
        }
    };
    let Some(rest) = rest.strip_prefix(lead) else { return lead.starts_with(rest) };
    match *rest {
        [high, low, ..] => {
            if let Some((high, low)) = digit(high).zip(digit(low)) {
                found(high << 4 | low, 2 + lead.len() + digits);
            }
            false
        }
        [high] => digit(high).is_some(),
        [] => true,
    }
}

/// `&amp;`, `&#47;`, `&#x2f;`.
fn entity(rest: &[u8], mut found: impl FnMut(u8, usize)) -> bool {
    let head = rest.get(..rest.len().min(ENTITY_BYTES_MAX)).unwrap_or_default();
    let Some(end) = head.iter().position(|byte| *byte == b';') else {
        let is_name = head.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#');
        return is_name && head.len() < ENTITY_BYTES_MAX;
    };
    let value = match head.get(..end).unwrap_or_default() {
        b"amp" => Some(b'&'),
        b"lt" => Some(b'<'),
        b"gt" => Some(b'>'),
        b"quot" => Some(b'"'),
        b"apos" => Some(b'\''),
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16),
        [b'#', digits @ ..] => number(digits, 10),
        _ => None,
    };
    if let Some(value) = value {
        found(value, end + 2);
    }
    false
}

fn number(digits: &[u8], base: u32) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, base).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(secret: &str, text: &str) -> Option<usize> {
        let patterns = Pattern::of(secret.as_bytes());
        let found = patterns.iter().map(|pattern| pattern.at(text.as_bytes()));
        found.filter_map(|found| if let Found::Whole(end) = found { Some(end) } else { None }).max()
    }

    #[test]
    fn characters_are_read_however_they_are_escaped() {
        for text in
            ["a/b\"c", "A%2fB%22C", "a%252Fb%25252522c", "a\\/b\\\"c", "\\u0061/\\x62&quot;&#99;", "&#x61;/b&#34;c"]
        {
            let is_deeper = text.contains("%252525");
            assert_eq!(longest("a/b\"c", text), (!is_deeper).then_some(text.len()), "{text}");
        }
        assert_eq!(longest("a b", "a+b"), Some(3));
        assert_eq!(longest("100%25", "100%25"), Some(6));
        assert_eq!(longest("100%25", "100%2525"), Some(8));
    }

    #[test]
    fn base64_is_found_to_its_last_bit() {
        // Of `secret!x`, `ssecret!x` and `sssecret!*`, from the first character that has a bit of the secret.
        assert_eq!(longest("secret!", "c2VjcmV0IXg="), Some(10));
        assert_eq!(longest("secret!", "3NlY3JldCF4"), Some(10));
        assert_eq!(longest("secret!", "NzZWNyZXQhKg"), Some(10));
        assert_eq!(longest("secret!", "c2Vj\r\ncmV0\\nIXg="), Some(14));
        assert_eq!(longest("???>>>~~", "Pz8/Pj4+fn4"), Some(11));
        assert_eq!(longest("???>>>~~", "Pz8_Pj4-fn4"), Some(11));
        assert_eq!(longest("???>>>~~", "Pz8%2FPj4%2bfn4"), Some(15));
    }

    #[test]
    fn text_that_ends_too_early_may_be_one() {
        let plain = |text: &str| Pattern::of(b"a/b+c").first().map(|pattern| pattern.at(text.as_bytes()));
        for text in ["a", "a/b", "a%", "a%2", "a\\", "a\\u00", "a\\u002", "a&", "a&#x2", "a%2f", "a%25"] {
            assert_eq!(plain(text), Some(Found::Perhaps), "{text}");
        }
        for text in ["b", "a/c", "a%2g", "a\\u1", "a&x;", "a%26"] {
            assert_eq!(plain(text), Some(Found::No), "{text}");
        }
        assert_eq!(plain(""), Some(Found::Perhaps));
    }
}
