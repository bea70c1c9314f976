//! The machine that the numbers were measured on.

use std::fs;
use std::process::Command;

use jiff::Timestamp;
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
            date: Timestamp::now().strftime("%Y-%m-%d").to_string(),
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
