//! Numbers, times and names in a form for people.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use wasm_agent_host::ids::Hex;

const SECOND_NS: u64 = 1_000_000_000;

/// A size in bytes, with at most one decimal: `812 B`, `1.5 KiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    // In tenths of a unit, to avoid floats. 128 bits hold any count.
    let mut tenths = u128::from(count) * 10 / 1024;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while tenths >= 10_240
        && let Some(larger) = units.next()
    {
        tenths /= 1024;
        unit = Some(larger);
    }
    decimal(tenths, unit.copied().unwrap_or_default())
}

/// A length of time: `0.4 ms`, `12 ms`, `3.4 s`, `2 min 5 s`.
pub(crate) fn duration(time: Duration) -> String {
    let milliseconds = time.as_millis();
    match time.as_secs() {
        _ if milliseconds < 10 => decimal(time.as_micros() / 100, "ms"),
        0 => format!("{milliseconds} ms"),
        1..60 => decimal(milliseconds / 100, "s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// A short length of time, such as that of a host call: `840 ns`, `12.3 µs`, `1.5 ms`. From 1 ms, as [`duration`].
pub(crate) fn short_duration(nanoseconds: u64) -> String {
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => decimal(u128::from(nanoseconds / 100), "µs"),
        _ => duration(Duration::from_nanos(nanoseconds)),
    }
}

/// A share in percent, with one decimal: `12.5%`.
pub(crate) fn share(part: u64, whole: u64) -> String {
    let per_mille = (u128::from(part) * 1000).checked_div(u128::from(whole)).unwrap_or_default();
    format!("{}.{}%", per_mille / 10, per_mille % 10)
}

fn decimal(tenths: u128, unit: &str) -> String {
    if tenths.is_multiple_of(10) {
        format!("{} {unit}", tenths / 10)
    } else {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

/// Time since the start of a run, in seconds with milliseconds.
pub(crate) fn since_start(at_ns: u64) -> String {
    format!("{}.{:03}", at_ns / SECOND_NS, at_ns % SECOND_NS / 1_000_000)
}

/// A count with its noun, in the plural unless the count is 1.
pub(crate) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A point in time as RFC 3339 in UTC, to the second, from nanoseconds since the Unix epoch.
///
/// Any count fits: 64 bits of nanoseconds end in the year 2554.
pub(crate) fn timestamp(unix_ns: u64) -> String {
    let time = Timestamp::from_nanosecond(unix_ns.into()).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    Hex(bytes).to_string()
}

/// Characters of a digest that are shown: enough to tell it from others at hand. Whatever is recorded has all of it.
pub(crate) const DIGEST_CHARS: usize = 12;

/// The beginning of a digest or an id in hexadecimal, as it is shown.
pub(crate) fn shortened(hex: &str) -> String {
    hex.chars().take(DIGEST_CHARS).collect()
}

/// A path, quoted for a shell if necessary.
pub(crate) fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |character: char| character.is_alphanumeric() || "/._-+@:,".contains(character);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_one_decimal() {
        let shown: Vec<String> = [0, 1023, 1024, 1536, 1 << 20, (1 << 30) - 1, u64::MAX].map(bytes).into();
        assert_eq!(shown, ["0 B", "1023 B", "1 KiB", "1.5 KiB", "1 MiB", "1023.9 MiB", "16777215.9 TiB"]);
    }

    #[test]
    fn times_are_as_exact_as_they_are_short() {
        let shown = [0, 400, 9_900, 12_000, 999_000, 3_450_000, 59_900_000, 125_000_000]
            .map(|micros| duration(Duration::from_micros(micros)));
        assert_eq!(shown, ["0 ms", "0.4 ms", "9.9 ms", "12 ms", "999 ms", "3.4 s", "59.9 s", "2 min 5 s"]);
    }

    #[test]
    fn short_times_keep_one_decimal() {
        let shown = [0, 999, 1_000, 12_345, 999_999, 1_500_000, 3_450_000_000].map(short_duration);
        assert_eq!(shown, ["0 ns", "999 ns", "1 µs", "12.3 µs", "999.9 µs", "1.5 ms", "3.4 s"]);
    }

    #[test]
    fn shares_are_of_something() {
        assert_eq!([share(1, 8), share(2, 3), share(5, 5), share(0, 0)], ["12.5%", "66.6%", "100.0%", "0.0%"]);
        assert_eq!(share(u64::MAX, u64::MAX), "100.0%");
    }

    #[test]
    fn dates_follow_the_gregorian_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_102_444_800, "2100-01-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (4_107_456_000, "2100-02-28T00:00:00Z"),
        ] {
            assert_eq!(timestamp(seconds * SECOND_NS), expected);
        }
        assert_eq!(timestamp(u64::MAX), "2554-07-21T23:34:33Z");
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let date = |day: u64| {
            let text = timestamp(day * 86_400 * SECOND_NS);
            let [year, month, day] =
                [0..4, 5..7, 8..10].map(|digits| text.get(digits).unwrap().parse::<u64>().unwrap());
            assert!(text.ends_with("T00:00:00Z") && day <= 31, "{text}");
            (year, month, day)
        };
        let mut before = date(0);
        // As far as 64 bits of nanoseconds go.
        for day in 1..213_503 {
            let next = date(day);
            let (year, month, _) = before;
            let first = if month == 12 { (year + 1, 1, 1) } else { (year, month + 1, 1) };
            assert!(next == (year, month, before.2 + 1) || next == first, "{before:?} is followed by {next:?}");
            before = next;
        }
    }

    #[test]
    fn paths_survive_a_shell() {
        assert_eq!(shell_word(Path::new("/a/b-1.journal")), "/a/b-1.journal");
        assert_eq!(shell_word(Path::new("a b")), "'a b'");
        assert_eq!(shell_word(Path::new("it's")), r"'it'\''s'");
    }

    #[test]
    fn counts_have_a_plural() {
        assert_eq!([count(0, "call"), count(1, "call"), count(2, "call")], ["0 calls", "1 call", "2 calls"]);
    }
}
