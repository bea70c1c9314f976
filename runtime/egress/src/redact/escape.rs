//! Decodes escapes, one level at a time.
//!
//! Nothing here knows a secret: the decoding depends only on the text.

use memchr::{memchr, memchr3};

/// Stands for any character that is not ASCII. No secret contains one.
const OTHER: u8 = 0xff;

/// Most digits of a number in an escape. Leading zeros could go on for ever.
const DIGITS_MAX: usize = 10;

/// Longest name of an entity, in bytes.
const NAME_BYTES_MAX: usize = 12;

/// A decoded text, and the position of each of its bytes in the source.
#[derive(Default)]
pub(super) struct Level {
    pub(super) bytes: Vec<u8>,
    /// Where each byte begins in the source, and at last where the last one ends.
    pub(super) starts: Vec<u32>,
}

impl Level {
    /// Sets the text to the source itself.
    pub(super) fn set(&mut self, source: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(source);
        self.starts.clear();
        self.starts.extend(0..=u32::try_from(source.len()).unwrap_or(u32::MAX));
    }

    /// Each byte, with where it begins and ends in the source.
    pub(super) fn units(&self) -> impl Iterator<Item = (u8, u32, u32)> + '_ {
        let ends = self.starts.iter().skip(1);
        self.bytes.iter().zip(self.starts.iter().zip(ends)).map(|(byte, (start, end))| (*byte, *start, *end))
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
    }

    fn push(&mut self, byte: u8, start: u32) {
        self.bytes.push(byte);
        self.starts.push(start);
    }

    fn copy(&mut self, from: &Self, start: usize, length: usize) {
        self.bytes.extend_from_slice(from.bytes.get(start..start + length).unwrap_or_default());
        self.starts.extend_from_slice(from.starts.get(start..start + length).unwrap_or_default());
    }
}

/// A decoded escape.
struct Escape {
    /// The character; `None` if the escape only breaks a line.
    byte: Option<u8>,
    /// Its length in bytes.
    length: usize,
}

/// Decodes one level of escapes: those of URLs, of strings in programs and JSON, and of HTML. Returns whether there
/// were any.
pub(super) fn unescape(from: &Level, to: &mut Level) -> bool {
    decode(from, to, |rest| memchr3(b'%', b'\\', b'&', rest), escape)
}

/// Decodes quoted-printable (RFC 2045 section 6.7). Returns whether there was any.
pub(super) fn unquote(from: &Level, to: &mut Level) -> bool {
    decode(from, to, |rest| memchr(b'=', rest), quoted)
}

fn decode(
    from: &Level,
    to: &mut Level,
    next: impl Fn(&[u8]) -> Option<usize>,
    read: impl Fn(&[u8]) -> Option<Escape>,
) -> bool {
    to.clear();
    let mut changed = false;
    let mut at = 0;
    while let Some(rest) = from.bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = next(rest).unwrap_or(rest.len());
        to.copy(from, at, plain);
        at += plain;
        let rest = rest.get(plain..).unwrap_or_default();
        match read(rest) {
            Some(Escape { byte, length }) => {
                if let (Some(byte), Some(start)) = (byte, from.starts.get(at)) {
                    to.push(byte, *start);
                }
                at += length;
                changed = true;
            }
            None if rest.is_empty() => {}
            None => {
                to.copy(from, at, 1);
                at += 1;
            }
        }
    }
    to.starts.extend(from.starts.last());
    changed
}

/// The escape at the beginning of a text.
fn escape(text: &[u8]) -> Option<Escape> {
    let (first, rest) = text.split_first()?;
    let (byte, length) = match first {
        b'%' => percent(rest),
        b'\\' => backslash(rest),
        b'&' => entity(rest),
        _ => None,
    }?;
    Some(Escape { byte: Some(byte), length: length + 1 })
}

/// `%2F`, and `%u002F` of older browsers.
fn percent(rest: &[u8]) -> Option<(u8, usize)> {
    match rest {
        [b'u' | b'U', digits @ ..] => Some((hexadecimal(digits.get(..4)?)?, 5)),
        digits => Some((hexadecimal(digits.get(..2)?)?, 2)),
    }
}

/// `\u002f`, `\u{2f}`, `\U0000002f`, `\x2f`, `\x{2f}`, `\057`, `\n`, `\/`.
fn backslash(rest: &[u8]) -> Option<(u8, usize)> {
    let (kind, digits) = rest.split_first()?;
    let number = match kind {
        b'u' | b'x' if digits.first() == Some(&b'{') => braced(digits),
        b'u' => digits.get(..4).and_then(hexadecimal).map(|byte| (byte, 4)),
        b'U' => digits.get(..8).and_then(hexadecimal).map(|byte| (byte, 8)),
        b'x' => digits.get(..2).and_then(hexadecimal).map(|byte| (byte, 2)),
        b'0'..=b'3' => rest.get(..3).and_then(|digits| number(digits, 8)).map(|byte| (byte, 2)),
        b'n' => Some((b'\n', 0)),
        b'r' => Some((b'\r', 0)),
        b't' => Some((b'\t', 0)),
        _ => None,
    };
    // A backslash before any other character stands for that character.
    let (byte, length) = number.unwrap_or((*kind, 0));
    Some((byte, length + 1))
}

/// `{2f}`.
fn braced(text: &[u8]) -> Option<(u8, usize)> {
    let digits = text.get(1..)?;
    let length = digits.iter().take(DIGITS_MAX + 1).position(|byte| *byte == b'}')?;
    Some((hexadecimal(digits.get(..length)?)?, length + 2))
}

/// `&amp;`, `&#47;`, `&#x2f;`. Some are also read without their `;`, as browsers do.
fn entity(rest: &[u8]) -> Option<(u8, usize)> {
    if let Some(numeric) = rest.strip_prefix(b"#") {
        let (digits, base, lead) = match numeric {
            [b'x' | b'X', digits @ ..] => (digits, 16, 2),
            digits => (digits, 10, 1),
        };
        let is_digit = |byte: &u8| char::from(*byte).is_digit(base);
        let length = digits.iter().take(DIGITS_MAX).take_while(|byte| is_digit(byte)).count();
        let value = number(digits.get(..length)?, base)?;
        let end = usize::from(digits.get(length) == Some(&b';'));
        return Some((value, lead + length + end));
    }
    let length = rest.iter().take(NAME_BYTES_MAX + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    if rest.get(length) == Some(&b';')
        && let Some(byte) = named(rest.get(..length)?)
    {
        return Some((byte, length + 1));
    }
    let bare = BARE.iter().find(|(name, _)| rest.starts_with(name))?;
    Some((bare.1, bare.0.len()))
}

/// Entities that are also read without their `;`.
const BARE: [(&[u8], u8); 9] = [
    (b"amp", b'&'),
    (b"AMP", b'&'),
    (b"lt", b'<'),
    (b"LT", b'<'),
    (b"gt", b'>'),
    (b"GT", b'>'),
    (b"quot", b'"'),
    (b"QUOT", b'"'),
    (b"nbsp", b' '),
];

/// The names of ASCII characters in HTML.
fn named(name: &[u8]) -> Option<u8> {
    Some(match name {
        b"amp" | b"AMP" => b'&',
        b"lt" | b"LT" => b'<',
        b"gt" | b"GT" => b'>',
        b"quot" | b"QUOT" => b'"',
        b"apos" => b'\'',
        b"nbsp" | b"NonBreakingSpace" => b' ',
        b"Tab" => b'\t',
        b"NewLine" => b'\n',
        b"excl" => b'!',
        b"num" => b'#',
        b"dollar" => b'$',
        b"percnt" => b'%',
        b"lpar" => b'(',
        b"rpar" => b')',
        b"ast" | b"midast" => b'*',
        b"plus" => b'+',
        b"comma" => b',',
        b"period" => b'.',
        b"sol" => b'/',
        b"colon" => b':',
        b"semi" => b';',
        b"equals" => b'=',
        b"quest" => b'?',
        b"commat" => b'@',
        b"lsqb" | b"lbrack" => b'[',
        b"bsol" => b'\\',
        b"rsqb" | b"rbrack" => b']',
        b"Hat" => b'^',
        b"lowbar" | b"UnderBar" => b'_',
        b"grave" => b'`',
        b"lcub" | b"lbrace" => b'{',
        b"verbar" | b"vert" | b"VerticalLine" => b'|',
        b"rcub" | b"rbrace" => b'}',
        _ => return None,
    })
}

/// `=2F`, and the soft line break `=` at the end of a line.
fn quoted(text: &[u8]) -> Option<Escape> {
    match text.get(1..)? {
        [b'\r', b'\n', ..] => Some(Escape { byte: None, length: 3 }),
        [b'\n', ..] => Some(Escape { byte: None, length: 2 }),
        // Upper case only, as the standard demands: `a=bc` in a query is not an escape.
        [high, low, ..] if !high.is_ascii_lowercase() && !low.is_ascii_lowercase() => {
            Some(Escape { byte: Some(hexadecimal(&[*high, *low])?), length: 3 })
        }
        _ => None,
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    number(digits, 16)
}

/// The character with this code.
fn number(digits: &[u8], base: u32) -> Option<u8> {
    let mut value: u64 = 0;
    for digit in digits {
        value = value * u64::from(base) + u64::from(char::from(*digit).to_digit(base)?);
    }
    (!digits.is_empty()).then(|| u8::try_from(value).unwrap_or(OTHER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn once(text: &str, decode: impl Fn(&Level, &mut Level) -> bool) -> (String, bool) {
        let (mut from, mut to) = (Level::default(), Level::default());
        from.set(text.as_bytes());
        let changed = decode(&from, &mut to);
        assert_eq!(to.starts.len(), to.bytes.len() + 1, "{text}");
        assert!(to.starts.is_sorted(), "{text}");
        assert_eq!(to.starts.last(), from.starts.last(), "{text}");
        (String::from_utf8_lossy(&to.bytes).into_owned(), changed)
    }

    #[test]
    fn decodes_one_level() {
        for (text, expected) in [
            ("a%2fb%2Fc", "a/b/c"),
            ("%25252F", "%252F"),
            ("%u0053%U0053", "SS"),
            (r"\u0053\U00000053\u{53}\u{000053}\x53\x{53}\123", "SSSSSSS"),
            (r"a\/b\\c\n\r\t", "a/b\\c\n\r\t"),
            (r"\\u0053", r"\u0053"),
            ("&#83;&#083&#x53;&#X0053x", "SSSSx"),
            ("&amp;amp;&amp&lt&gt;&quot;&apos;&sol;&plus;&equals;", "&amp;&<>\"'/+="),
            ("&amp;#83;", "&#83;"),
        ] {
            assert_eq!(once(text, unescape), (expected.to_owned(), true), "{text}");
        }
        for text in ["", "a", "100%", "%2", "%zz", "%u12", "\\", "&", "&;", "&x;", "&#;", "&#x;", "&sol", "a=41"] {
            assert_eq!(once(text, unescape), (text.to_owned(), false), "{text}");
        }
    }

    #[test]
    fn decodes_quoted_printable() {
        assert_eq!(once("a=3D=\r\nb=\nc=2F", unquote), ("a=bc/".to_owned(), true));
        for text in ["a=bc", "a=", "=", "a==b", "t=abcdef"] {
            assert_eq!(once(text, unquote), (text.to_owned(), false), "{text}");
        }
    }

    #[test]
    fn says_where_each_byte_stood() {
        let (mut from, mut middle, mut to) = (Level::default(), Level::default(), Level::default());
        from.set(b"a%255cn&amp;b");
        assert!(unescape(&from, &mut middle) && unescape(&middle, &mut to));
        let units: Vec<_> = to.units().collect();
        assert_eq!(units, [(b'a', 0, 1), (b'\\', 1, 6), (b'n', 6, 7), (b'&', 7, 12), (b'b', 12, 13)]);
    }
}
