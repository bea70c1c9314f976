//! The machine that the numbers were measured on.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xtask::process;

/// The machine and the versions of what ran on it.
#[derive(Debug)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory: String,
    system: String,
    baseline: String,
    commit: String,
    date: String,
}

impl Machine {
    /// Looks at this machine. What it does not reveal stays empty.
    pub(crate) fn look(baseline: String) -> Self {
        let field = |path: &str, name: &str| {
            let text = fs::read_to_string(path).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':'));
            line.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let said = |program: &str, arguments: &[&str]| {
            process::capture(Command::new(program).args(arguments)).unwrap_or_default()
        };
        let kibibytes: u64 = field("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
        Self {
            processor: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory: format!("{} GiB", kibibytes.div_ceil(1 << 20)),
            system: said("uname", &["-s", "-r"]),
            baseline,
            commit: said("git", &["rev-parse", "--short", "HEAD"]),
            date: date(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()),
        }
    }

    /// The machine in one sentence.
    pub(crate) fn sentence(&self) -> String {
        let Self { processor, cores, memory, system, baseline, commit, date } = self;
        format!(
            "Measured on {date} at commit {commit}: {processor}, {cores} cores, {memory}, {system}; bare is {baseline}."
        )
    }

    /// The same, field by field.
    pub(crate) fn json(&self) -> Value {
        json!({
            "processor": self.processor,
            "cores": self.cores,
            "memory": self.memory,
            "system": self.system,
            "baseline": self.baseline,
            "commit": self.commit,
            "date": self.date,
        })
    }
}

/// The UTC date of a time in seconds since 1970 (H. Hinnant, "chrono-compatible low-level date algorithms").
fn date(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{}-{month:02}-{day:02}", year_of_era + era * 400 + later)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_735_689_599, "2024-12-31"),
            (4_102_444_800, "2100-01-01"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }
}
