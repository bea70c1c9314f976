//! `config.toml`.

use super::report::Report;
use super::section::{Section, Value};
use super::settings::{DURATION, LimitReader};
use super::{document::document, quantity};
use crate::error::{PolicyError, PolicyErrors};
use crate::machine::{CompileLimits, MACHINE_BYTES_MAX, Machine};

impl Machine {
    /// Reads the text of `config.toml`.
    ///
    /// ```
    /// use wasm_agent_policy::Machine;
    ///
    /// let machine = Machine::parse("[compile]\nmemory = \"2GiB\"\ncpu = \"120s\"\n")?;
    /// assert_eq!(machine.compile.memory_bytes, Some(2 << 30));
    /// # Ok::<(), wasm_agent_policy::PolicyErrors>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong with it, with line and column. Unknown keys are errors.
    pub fn parse(text: &str) -> Result<Self, PolicyErrors> {
        if text.len() > MACHINE_BYTES_MAX {
            let message = format!("it has at most {MACHINE_BYTES_MAX} bytes, found {}", text.len());
            return Err(PolicyErrors::new(vec![PolicyError::new(1, 1, message)], 0));
        }
        let mut report = Report::new(text);
        let document = document(text, &mut report)?;
        let root = Section::document("the configuration", &document, &["compile"], &mut report);
        let machine = Machine { compile: compile(&root, &mut report) };
        report.check()?;
        Ok(machine)
    }
}

fn compile(root: &Section<'_>, report: &mut Report<'_>) -> CompileLimits {
    let mut limits = CompileLimits::default();
    if let Some(section) = root.table("compile", &["memory", "cpu"], report) {
        let mut reader = LimitReader { section, report };
        let enough = |value: &Value<'_>| {
            quantity::size(value).filter(|bytes| *bytes >= CompileLimits::MEMORY_BYTES_MIN).map(Some)
        };
        reader.set("memory", "a size from 64 MiB, as in `\"2GiB\"`", enough, &mut limits.memory_bytes);
        reader.set("cpu", DURATION, |value| quantity::duration(value).map(Some), &mut limits.cpu);
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_not_set_has_no_value() {
        assert_eq!(Machine::parse("").unwrap(), Machine::default());
        assert_eq!(Machine::parse("[compile]\n").unwrap(), Machine::default());
        let set = Machine::parse("[compile]\nmemory = 67108864\ncpu = \"2m\"\n").unwrap().compile;
        assert_eq!(set, CompileLimits { memory_bytes: Some(64 << 20), cpu: Some(Duration::from_secs(120)) });
    }

    #[test]
    fn says_where_it_is_wrong() {
        let errors = |text: &str| Machine::parse(text).unwrap_err().to_string();
        assert_eq!(
            errors("[compile]\nmemery = 1\n"),
            "line 2, column 1: unknown key `memery` in `[compile]`\nhint: did you mean `memory`?"
        );
        assert_eq!(
            errors("[limits]\nmemory = \"1GiB\"\n"),
            "line 1, column 2: unknown key `limits` in the configuration\nhint: known keys are `compile`"
        );
        assert_eq!(
            errors("[compile]\nmemory = \"63MiB\"\ncpu = 7\n"),
            "line 2, column 10: `memory` must be a size from 64 MiB, as in `\"2GiB\"`, found the string `63MiB`\n\
             line 3, column 7: `cpu` must be a duration, as in `\"500ms\"`, `\"30s\"`, `\"10m\"` or `\"2h\"`, found `7`"
        );
        assert!(errors("[compile").starts_with("line 1, column "));
        assert!(errors(&" ".repeat(MACHINE_BYTES_MAX + 1)).contains("at most"));
    }
}
