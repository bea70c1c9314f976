//! Character sets in the parameters of a `content-type`: whether they encode ASCII as ASCII. Only then can a secret be
//! found.
//!
//! Most sets do, and they have more names than could be listed. The others belong to a few families.

/// Parts of the families' names, letters and digits only: two or four bytes for each character, seven bits with
/// escapes, and EBCDIC.
const FAMILIES: [&str; 12] = [
    "utf16",
    "utf32",
    "ucs2",
    "ucs4",
    "unicodefffe",
    "utf7",
    "utf1",
    "iso2022",
    "iso10646",
    "hzgb",
    "ebcdic",
    "jisencoding",
];

/// Names that must match as a whole.
const NAMES: [&str; 6] = ["unicode", "csunicode", "hz", "jis", "scsu", "bocu1"];

/// Whether every character set that these parameters may name encodes ASCII as ASCII. The parameters are in lower case.
pub(super) fn are_readable(parameters: &str) -> bool {
    let mut rest = parameters;
    while !rest.is_empty() {
        let Some(end) = parameter_end(rest) else { return false };
        let (parameter, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if !is_readable(parameter.trim()) {
            return false;
        }
        rest = behind.strip_prefix(';').unwrap_or_default();
    }
    true
}

/// Where a parameter ends: at a `;` outside of quotes. `None` if a quote is not closed.
fn parameter_end(text: &str) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b';' if !is_quoted => return Some(position),
            _ => {}
        }
    }
    (!is_quoted).then_some(text.len())
}

fn is_readable(parameter: &str) -> bool {
    let Some(rest) = parameter.strip_prefix("charset") else {
        // Some readers split at white space too, and would find a parameter here.
        return parameter.contains('"') || !parameter.contains("charset");
    };
    match rest.trim_start().strip_prefix('=') {
        Some(value) => has_ascii(value),
        // `charset*` (RFC 8187), and other names that only begin like this one.
        None => rest.is_empty(),
    }
}

fn has_ascii(charset: &str) -> bool {
    let name: String = charset.chars().filter(char::is_ascii_alphanumeric).collect();
    !NAMES.contains(&name.as_str())
        && !FAMILIES.iter().any(|family| name.contains(family))
        && !page(&name).is_some_and(is_unreadable_page)
}

/// Whether a code page of IBM or Microsoft belongs to one of the families: EBCDIC in the first lines, and UTF-16,
/// UTF-32, ISO 2022, HZ and UTF-7 in the last.
fn is_unreadable_page(page: u32) -> bool {
    matches!(page, 37 | 256 | 273..=290 | 297 | 420..=424 | 500 | 833..=838 | 870 | 871 | 875 | 880 | 905 | 918 | 924)
        || matches!(page, 930 | 931 | 933 | 935 | 937 | 939 | 1025..=1027 | 1047 | 1097 | 1112 | 1122 | 1123 | 1130)
        || matches!(page, 1132 | 1137 | 1140..=1149 | 1153..=1158 | 1160 | 1164 | 1364 | 1371 | 1377 | 1388)
        || matches!(page, 1390 | 1399 | 5026 | 5035 | 16_684 | 20_273..=20_424 | 20_833 | 20_838 | 20_871 | 20_880)
        || matches!(page, 20_905 | 20_924 | 21_025 | 1200..=1207 | 1232..=1237 | 12_000 | 12_001 | 50_220..=50_229)
        || matches!(page, 52_936 | 65_000)
}

/// The number of a code page.
fn page(name: &str) -> Option<u32> {
    let digits = name.trim_start_matches(|character: char| !character.is_ascii_digit());
    let owner = name.strip_suffix(digits)?;
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    let owners = [
        "", "cp", "ibm", "xcp", "xibm", "csibm", "ccsid", "ibmccsid", "windows", "xwindows", "ms", "codepage",
        "xebcdic",
    ];
    owners.contains(&owner).then(|| digits.parse().ok()).flatten()
}
