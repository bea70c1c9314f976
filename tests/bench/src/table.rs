//! The table: for a terminal, for a README, and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::machine::Machine;
use crate::measure::{Measured, Quantity};
use crate::rows::Target;

/// The heading of the table on a terminal.
pub(crate) fn heading() -> String {
    format!(
        "{:<22} {:>10} {:>10} {:>7} {:>13} {:>7} {:>10}  {:<12} {}",
        "", "bare", "wasm-agent", "ratio", "lowest-high", "inside", "a call", "target", "met"
    )
}

/// A line for a terminal.
pub(crate) fn line(row: &Measured) -> String {
    let columns = Columns::new(row);
    format!(
        "{:<22} {:>10} {:>10} {:>7} {:>13} {:>7} {:>10}  {:<12} {}",
        row.name,
        columns.base,
        columns.own,
        columns.ratio,
        columns.spread,
        columns.inside,
        columns.added,
        columns.target,
        columns.met
    )
}

/// The table in Markdown, with the machine and the date above it.
pub(crate) fn markdown(rows: &[Measured], machine: &Machine) -> String {
    // Two lines: the sentence is longer than a line of the page may be.
    let mut text = format!("{}\n\n", machine.sentence().replace("; bare is", ";\nbare is"));
    text.push_str("| row | what | bare | wasm-agent | ratio | in the guest | added a call | target | met |\n");
    text.push_str("| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |\n");
    for row in rows {
        let Columns { base, own, ratio, spread, inside, added, target, met } = Columns::new(row);
        let ratio = if spread.is_empty() { ratio } else { format!("{ratio} ({spread})") };
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {base} | {own} | {ratio} | {inside} | {added} | {target} | {met} |",
            row.name, row.about
        );
    }
    text
}

/// All that was measured, with units in the names.
pub(crate) fn json(rows: &[Measured], machine: &Machine, pairs: usize) -> Value {
    let quantity = |quantity: Quantity| match quantity {
        Quantity::Seconds(value) => json!({ "seconds": value }),
        Quantity::Bytes(value) => json!({ "bytes": value }),
        Quantity::PerSecond(value) => json!({ "per_second": value }),
    };
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "row": row.name,
                "what": row.about,
                "bare": row.base.map(quantity),
                "own": quantity(row.own),
                "ratio": row.ratio.map(|(median, ..)| median),
                "ratio_lowest": row.ratio.map(|(_, lowest, _)| lowest),
                "ratio_highest": row.ratio.map(|(.., highest)| highest),
                "ratio_in_guest": row.inside.map(|(ratio, _)| ratio),
                "added_ns_per_call": row.inside.map(|(_, added)| added),
                "allocates": row.allocates,
                "target": target(row.target),
                "met": row.is_met(),
            })
        })
        .collect();
    json!({ "machine": machine.json(), "pairs": pairs, "rows": rows })
}

/// One row's cells.
struct Columns {
    base: String,
    own: String,
    ratio: String,
    spread: String,
    inside: String,
    added: String,
    target: String,
    met: &'static str,
}

impl Columns {
    fn new(row: &Measured) -> Self {
        let spread = row.ratio.filter(|(median, lowest, highest)| lowest < median || median < highest);
        Self {
            base: row.base.map(show).unwrap_or_default(),
            own: show(row.own),
            ratio: row.ratio.map(|(median, ..)| format!("{median:.2}")).unwrap_or_default(),
            spread: spread.map(|(_, lowest, highest)| format!("{lowest:.2}–{highest:.2}")).unwrap_or_default(),
            inside: row.inside.map(|(ratio, _)| format!("{ratio:.2}")).unwrap_or_default(),
            added: row.inside.map(|(_, added)| format!("{added:.0} ns")).unwrap_or_default(),
            target: target(row.target),
            met: row.is_met().map_or("", |met| if met { "yes" } else { "no" }),
        }
    }
}

fn target(target: Target) -> String {
    match target {
        Target::Ratio(most) => format!("≤ {most}"),
        Target::Nanoseconds { most, may_allocate: true } => format!("≤ {most} ns"),
        Target::Nanoseconds { most, may_allocate: false } => format!("≤ {most} ns, no allocation"),
        Target::PerSecond(least) => format!("≥ {}", show(Quantity::PerSecond(least))),
        Target::Report => String::new(),
    }
}

fn show(quantity: Quantity) -> String {
    match quantity {
        Quantity::Seconds(value) if value < 1e-6 => format!("{:.1} ns", value * 1e9),
        Quantity::Seconds(value) if value < 1e-3 => format!("{:.1} µs", value * 1e6),
        Quantity::Seconds(value) => format!("{:.1} ms", value * 1e3),
        Quantity::Bytes(value) => format!("{:.1} MiB", value / f64::from(1 << 20)),
        Quantity::PerSecond(value) if value >= 1e9 => format!("{:.2} G/s", value / 1e9),
        Quantity::PerSecond(value) if value >= 1e6 => format!("{:.0} M/s", value / 1e6),
        Quantity::PerSecond(value) => format!("{value:.0}/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(own: Quantity, target: Target) -> Measured {
        Measured {
            name: "a",
            about: "b",
            target,
            base: None,
            own,
            ratio: Some((1.4, 1.0, 2.0)),
            inside: None,
            allocates: Some(true),
        }
    }

    #[test]
    fn says_of_each_target_whether_it_is_met() {
        let seconds = Quantity::Seconds(40e-9);
        let nanoseconds = |may_allocate| Target::Nanoseconds { most: 50.0, may_allocate };
        for (own, target, met) in [
            (seconds, Target::Ratio(1.4), "yes"),
            (seconds, Target::Ratio(1.3), "no"),
            (seconds, nanoseconds(true), "yes"),
            (seconds, nanoseconds(false), "no"),
            (Quantity::PerSecond(5e3), Target::PerSecond(5e3), "yes"),
            (Quantity::PerSecond(4e3), Target::PerSecond(5e3), "no"),
            (seconds, Target::Report, ""),
        ] {
            assert_eq!(Columns::new(&row(own, target)).met, met, "{own:?} {target:?}");
        }
    }

    #[test]
    fn a_row_with_calls_is_judged_by_the_call() {
        let row = Measured { inside: Some((2.5, 100.0)), ..row(Quantity::Seconds(1.0), Target::Ratio(2.0)) };
        assert_eq!(row.is_met(), Some(false));
    }
}
