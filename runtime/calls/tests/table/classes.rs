//! Parses `classes.txt`.

use std::collections::BTreeMap;

const TEXT: &str = include_str!("../../classes.txt");

/// The class of each function, by its key. Fails for an unknown class, or a function that is listed twice.
pub(super) fn read() -> BTreeMap<String, &'static str> {
    let mut classes = BTreeMap::new();
    let mut interface = "";
    let lines = TEXT.lines().map(|line| line.split(" -- ").next().unwrap());
    for line in lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let Some(function) = line.strip_prefix("    ") else {
            interface = line.trim();
            continue;
        };
        let (class, name) = function.trim().split_once(' ').unwrap();
        let class = match class {
            "pure" => "Pure",
            "handle" => "Handle",
            "look" => "Look",
            "effect" => "Effect",
            other => panic!("`{other}` is not a class: {line}"),
        };
        let before = classes.insert(format!("{interface}#{}", name.trim()), class);
        assert!(before.is_none(), "listed twice: {line}");
    }
    classes
}
