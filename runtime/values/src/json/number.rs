//! Numbers as a JSON text has them. The parser rounds those with a fraction or an exponent to floats, which have no
//! room for all whole numbers beyond 2^53.

use crate::check;
use crate::ty::Integer;
use crate::value::{Problem, Value};

/// Most digits of a whole number of 64 bits.
const DIGITS_MAX: usize = 20;

/// The numbers of a text, in their order. What is not JSON is not told: the parser does that.
pub(super) struct Numbers<'t>(&'t str);

impl<'t> Numbers<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self(text)
    }
}

impl<'t> Iterator for Numbers<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        loop {
            let start = self.0.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit())?;
            let rest = self.0.get(start..)?;
            if let Some(string) = rest.strip_prefix('"') {
                self.0 = after_string(string);
                continue;
            }
            let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(rest.len());
            let (number, rest) = rest.split_at_checked(end)?;
            self.0 = rest;
            return Some(number);
        }
    }
}

/// What follows a string of which the first quote is gone.
fn after_string(text: &str) -> &str {
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\\']) {
        let escaped = rest.get(at..).is_some_and(|found| found.starts_with('\\'));
        let mut after = rest.get(at..).unwrap_or_default().chars();
        after.next();
        if !escaped {
            return after.as_str();
        }
        after.next();
        rest = after.as_str();
    }
    ""
}

/// The whole number that a number of JSON is, whatever its fraction and exponent: 1.0 and 10e-1 are 1. Exact.
pub(super) fn whole(ty: Integer, text: &str) -> Result<Value, Problem> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (before, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{fraction}");
    let significant = digits.trim_end_matches('0');
    let dropped = digits.len().saturating_sub(significant.len());
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return check::integer(ty, 0, text);
    }
    // An exponent of more than 64 bits is as good as the largest: no text is long enough to make up for it.
    let exponent = exponent.parse().unwrap_or(if exponent.starts_with('-') { i64::MIN } else { i64::MAX });
    let length = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    // Zeros to add at the end. Fewer than none: there are digits after the point.
    let zeros = exponent.saturating_add(length(dropped).saturating_sub(length(fraction.len())));
    let Ok(zeros) = usize::try_from(zeros) else { return Err(check::not_whole(ty, text)) };
    if significant.len().saturating_add(zeros) > DIGITS_MAX {
        return Err(check::out_of_range(ty, text));
    }
    let number = format!("{sign}{significant}{}", "0".repeat(zeros)).parse();
    number.map_or_else(|_| Err(check::out_of_range(ty, text)), |number| check::integer(ty, number, text))
}
