//! Sizes, durations and counts.

use super::section::Value;
use std::time::Duration;
use toml::de::DeValue;

/// Units of sizes in bytes, the longer names first.
const SIZE_UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];

/// Units of durations in milliseconds, the longer names first.
const TIME_UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

/// A size such as `"256MiB"`, or a number of bytes.
pub(super) fn size(value: &Value<'_>) -> Option<u64> {
    match value.get_ref() {
        DeValue::String(text) => with_unit(text, &SIZE_UNITS, true),
        _ => count(value),
    }
}

/// A duration such as `"30s"`. A number without a unit is not one.
pub(super) fn duration(value: &Value<'_>) -> Option<Duration> {
    let milliseconds = with_unit(value.get_ref().as_str()?, &TIME_UNITS, false)?;
    Some(Duration::from_millis(milliseconds))
}

/// A count, from 1.
pub(super) fn count(value: &Value<'_>) -> Option<u64> {
    let number = value.get_ref().as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok().filter(|number| *number > 0)
}

/// A number from 1 followed by a unit. `None` if it does not fit 64 bits.
fn with_unit(text: &str, units: &[(&str, u64)], unit_is_optional: bool) -> Option<u64> {
    let (digits, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
        .or(unit_is_optional.then_some((text, 1)))?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(factor).filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes_and_refuses_what_does_not_fit() {
        for (text, expected) in [
            ("256MiB", Some(256 << 20)),
            ("64KiB", Some(64 << 10)),
            ("2GiB", Some(2 << 30)),
            ("1024", Some(1024)),
            ("1024B", Some(1024)),
            ("0", None),
            ("", None),
            ("MiB", None),
            ("1MB", None),
            ("1.5MiB", None),
            ("-1", None),
            ("+1", None),
            ("1 MiB", None),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("17179869184GiB", None),
        ] {
            assert_eq!(with_unit(text, &SIZE_UNITS, true), expected, "{text}");
        }
    }

    #[test]
    fn reads_durations_and_needs_a_unit() {
        for (text, expected) in [
            ("500ms", Some(500)),
            ("30s", Some(30_000)),
            ("10m", Some(600_000)),
            ("2h", Some(7_200_000)),
            ("30", None),
            ("0s", None),
            ("1d", None),
            ("s", None),
            ("18446744073709551615h", None),
        ] {
            assert_eq!(with_unit(text, &TIME_UNITS, false), expected, "{text}");
        }
    }
}
