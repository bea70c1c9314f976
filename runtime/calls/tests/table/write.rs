//! Writes the table down.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::wit::{Function, Interface, Named, Package};

/// Widest line.
const COLUMNS_MAX: usize = 120;

/// The name of a constant.
pub(super) fn constant(name: &str) -> String {
    let words = match name.split_once(']') {
        Some(("[constructor", resource)) => format!("new-{resource}"),
        Some(("[resource-drop", resource)) => format!("drop-{resource}"),
        Some((_, function)) => function.to_owned(),
        None => name.to_owned(),
    };
    words.replace(['-', '.'], "_").to_ascii_uppercase()
}

fn module(interface: &str) -> String {
    interface.split_once('/').unwrap().1.replace('-', "_")
}

/// The file that has all packages.
pub(super) fn index(packages: &[Package]) -> String {
    let mut text = "//! What WIT has, a file for each package. Made by `tests/table`, which says how.\n\n".to_owned();
    text.push_str("pub(crate) mod macros;\n\n");
    for package in packages {
        writeln!(text, "/// Functions and types of `{}`.\npub mod {};", package.name, package.module).unwrap();
    }
    let interfaces: Vec<&Interface> = packages.iter().flat_map(|package| &package.interfaces).collect();
    let functions: usize = interfaces.iter().map(|interface| interface.functions.len()).sum();
    text.push_str(
        "\n/// The interfaces that the host links, without their versions: any version 0.2.x of a WASI interface\n",
    );
    text.push_str("/// is served by the same functions.\npub const INTERFACES: &[&str] = &[\n");
    for interface in &interfaces {
        writeln!(text, "    {:?},", interface.name).unwrap();
    }
    text.push_str("];\n\n/// Every function, sorted by its key.\n");
    writeln!(text, "pub static FUNCTIONS: [crate::Function; {functions}] = crate::function::joined(&[").unwrap();
    for package in packages {
        for interface in &package.interfaces {
            writeln!(text, "    {}::{}::FUNCTIONS,", package.module, module(&interface.name)).unwrap();
        }
    }
    text.push_str("]);\n");
    text
}

/// The file of a package.
pub(super) fn package(package: &Package, classes: &BTreeMap<String, &'static str>) -> String {
    let mut text = format!("//! `{}`. Made by `tests/table`, which says how.\n\n", package.name);
    text.push_str("#[allow(unused_imports, reason = \"a package need not use each kind of type\")]\n");
    text.push_str("use crate::Type::*;\nuse crate::table::macros::interface;\n");
    // What stands in this file needs a short path, as a function may have the name of a type, and among types none.
    let here = format!("crate::{}::", package.module);
    for named in &package.types {
        text.push_str(&named_type(named).replace(&here, ""));
    }
    for interface in &package.interfaces {
        let (name, module) = (&interface.name, module(&interface.name));
        writeln!(text, "\ninterface! {{\n    /// Functions of `{name}`.\n    {module} {name:?} {{").unwrap();
        for function in &interface.functions {
            let key = format!("{name}#{}", function.name);
            let class = classes.get(&key).unwrap_or_else(|| panic!("`classes.txt` has no class for `{key}`"));
            text.push_str(&self::function(function, class, &here));
        }
        text.push_str("    }\n}\n");
    }
    text
}

fn function(function: &Function, class: &str, here: &str) -> String {
    let ty = |ty: &str| ty.replace(here, "super::");
    let parameter = |(name, of): &(String, String)| format!("{name:?}: {}", ty(of));
    let parameters: Vec<String> = function.parameters.iter().map(parameter).collect();
    let result = function.result.as_ref().map_or(String::new(), |result| format!("-> {}", ty(result)));
    let head = format!("        {} {class} {:?}", constant(&function.name), function.name);
    let inner = parameters.join(", ");
    let whole = format!("{head} ({inner}) {result}");
    let whole = format!("{};\n", whole.trim_end());
    if whole.len() <= COLUMNS_MAX {
        return whole;
    }
    let (indent, mut text) = ("            ", format!("{head}\n"));
    // Beside the value stands the error.
    let result = match result.rsplit_once(", Some(") {
        Some((value, error)) if indent.len() + result.len() >= COLUMNS_MAX => {
            format!("{value},\n{indent}    Some({error}")
        }
        _ => result,
    };
    let one = format!("{indent}({inner}) {result}");
    if one.len() < COLUMNS_MAX {
        writeln!(text, "{};", one.trim_end()).unwrap();
        return text;
    }
    if indent.len() + inner.len() + 2 <= COLUMNS_MAX {
        writeln!(text, "{indent}({inner})\n{indent}{result};").unwrap();
        return text;
    }
    let last = parameters.len() - 1;
    for (index, parameter) in parameters.iter().enumerate() {
        let (before, after) = (if index == 0 { "(" } else { " " }, if index == last { ")" } else { "," });
        writeln!(text, "{indent}{before}{parameter}{after}").unwrap();
    }
    writeln!(text, "{indent}{result};").unwrap();
    text
}

fn named_type(named: &Named) -> String {
    let Named { name, kind, contents } = named;
    let contents: Vec<String> = match *kind {
        "Record" => {
            contents.iter().map(|field| format!("crate::Named::new({})", field.replacen(": ", ", ", 1))).collect()
        }
        _ => contents.clone(),
    };
    let member = match *kind {
        "Record" => "fields",
        "Flags" => "flags",
        _ => "cases",
    };
    let mut text = format!("\n/// `{name}`.\npub const {}: crate::{kind} = crate::{kind} {{\n", constant(name));
    writeln!(text, "    name: {name:?},\n    {member}: &[").unwrap();
    let mut line = String::new();
    for item in contents {
        let longer = if line.is_empty() { format!("        {item},") } else { format!("{line} {item},") };
        if longer.len() > COLUMNS_MAX || (*kind == "Record" && !line.is_empty()) {
            writeln!(text, "{line}").unwrap();
            line = format!("        {item},");
        } else {
            line = longer;
        }
    }
    writeln!(text, "{line}\n    ],\n}};").unwrap();
    text
}
