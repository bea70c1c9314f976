//! Rules about the sources themselves: what no compiler checks and reviewers forget.

mod policies;
mod repository;
mod short_form;

use std::path::{Path, PathBuf};

use wasm_agent_tests::guests::root;

/// Longest source file, in lines. What is longer has more than one reason to change.
const LINES_MAX: usize = 350;

/// What is built, fetched or found by fuzzing, which git ignores.
const NOT_SOURCES: [&str; 7] = ["target", ".git", ".cache", "node_modules", "__pycache__", "artifacts", "coverage"];

/// Files of the project with one of these endings, by their paths from its root.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if NOT_SOURCES.contains(&name) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    assert!(!found.is_empty());
    found.sort();
    found
}

fn text(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names(folder: &str, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect();
    names.sort();
    names
}

/// The folders of the guest workspace that hold an example tool.
fn example_tools() -> Vec<String> {
    let mut names = names("guest-tools", "");
    names.retain(|name| {
        let holds_no_tool = ["sdk", "hostile", "bench", "conformance", "target", "wasi-0.1"].contains(&name.as_str());
        !holds_no_tool && root().join("guest-tools").join(name).join("Cargo.toml").is_file()
    });
    names
}

#[test]
fn files_are_short() {
    let long: Vec<String> = files(&[".rs"])
        .iter()
        .map(|path| (path, text(path).lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "longer than {LINES_MAX} lines: {long:#?}");
}

#[test]
fn unsafe_code_stands_in_one_file() {
    // Mapping compiled code is the one thing that can't be had without. Guests have what their bindings generate.
    let allowed = Path::new("runtime/host/src/engine/cache.rs");
    for path in files(&[".rs"]) {
        if path == allowed || path.starts_with("guest-tools") {
            continue;
        }
        for line in text(&path).lines() {
            let code = line.split("//").next().unwrap();
            for word in ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"] {
                assert!(!code.contains(word) || code.contains('"'), "{}: {line}", path.display());
            }
        }
    }
}

#[test]
fn tools_are_compiled_in_one_place() {
    // There it happens in a process of its own. A call anywhere else would compile, or read what is hostile, without
    // limits.
    let allowed = Path::new("runtime/host/src/engine/compile");
    let calls = [
        "Component::new(",
        "Component::from_",
        "Module::new(",
        "Module::from_",
        "precompile_",
        "CodeBuilder",
        "ComponentEncoder",
        // What it holds of types can be many times what a file has of them.
        "Validator::new",
        ".compile_component(",
        ".compile_module(",
    ];
    let mut found = 0;
    for path in files(&[".rs"]) {
        let shipped = ["runtime", "host-cli"].iter().any(|folder| path.starts_with(folder));
        let lines = if shipped { text(&path) } else { String::new() };
        for line in lines.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let Some(call) = calls.iter().find(|call| line.contains(**call)) else { continue };
            // The name of what an engine's settings are told by.
            if line.contains("precompile_compatibility_hash") {
                continue;
            }
            assert!(path.starts_with(allowed), "`{call}` is called in {}: {line}", path.display());
            found += 1;
        }
    }
    assert!(found >= 3, "the place is not what it was: {found}");
}

/// Names of a crate's dependencies, those for its tests left out.
fn dependencies(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = text(manifest).parse().unwrap();
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    dependencies.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn imports_go_one_way() {
    for (manifest, forbidden) in [
        ("runtime/ids/Cargo.toml", &["wasmtime", "tokio", "wasm-agent"][..]),
        ("runtime/cbor/Cargo.toml", &["wasmtime", "tokio", "wasm-agent"]),
        ("runtime/policy/Cargo.toml", &["wasmtime", "tokio", "wasm-agent-host", "wasm-agent-approval", "wit"]),
        ("runtime/approval/Cargo.toml", &["wasmtime", "hyper", "wasm-agent-host", "wasm-agent-journal", "wit"]),
        ("runtime/files/Cargo.toml", &["wasmtime", "tokio", "wasm-agent-host", "wasm-agent-journal", "wit"]),
        ("runtime/egress/Cargo.toml", &["wasmtime", "wasm-agent-host", "wasm-agent-journal", "wit"]),
        ("runtime/journal/Cargo.toml", &["wasmtime", "tokio", "wit"]),
        ("runtime/calls/Cargo.toml", &["wasmtime", "tokio", "wasm-agent", "wit"]),
        ("runtime/values/Cargo.toml", &["wasmtime", "tokio", "wasm-agent"]),
        ("runtime/jail/Cargo.toml", &["wasmtime", "tokio", "wasm-agent"]),
        ("runtime/host/Cargo.toml", &["clap", "anstream", "indicatif", "wasm-agent-tests"]),
        ("host-cli/Cargo.toml", &["wasmtime", "hyper", "wasm-agent-tests", "wasm-agent-journal", "wasm-agent-policy"]),
        // What starts builds and measures programs must not wait for the engine to compile.
        ("xtask/Cargo.toml", &["wasmtime", "tokio", "wasm-agent"]),
        ("tests/bench/Cargo.toml", &["wasmtime", "tokio", "wasm-agent"]),
    ] {
        for dependency in dependencies(manifest) {
            let barred = forbidden.iter().find(|name| dependency.starts_with(**name));
            assert!(barred.is_none(), "{manifest} must not depend on `{dependency}`");
        }
    }
    for (manifest, allowed) in [
        ("runtime/policy/Cargo.toml", &["wasm-agent-cbor", "wasm-agent-ids"]),
        ("runtime/journal/Cargo.toml", &["wasm-agent-cbor", "wasm-agent-ids"]),
    ] {
        for dependency in dependencies(manifest).into_iter().filter(|name| name.starts_with("wasm-agent")) {
            assert!(allowed.contains(&dependency.as_str()), "{manifest} must not depend on `{dependency}`");
        }
    }
}

#[test]
fn only_tests_use_what_the_journal_has_for_them() {
    let mut manifests = files(&["Cargo.toml"]);
    manifests.retain(|path| path.starts_with("runtime") || path.starts_with("host-cli"));
    for path in manifests {
        let manifest: toml::Table = text(&path).parse().unwrap();
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        for (name, dependency) in dependencies.into_iter().flatten() {
            let features = dependency.get("features").and_then(toml::Value::as_array);
            let enables = features.is_some_and(|features| features.contains(&"testing".into()));
            assert!(!enables, "{} enables `testing` of {name} for what is shipped", path.display());
        }
    }
}

#[test]
fn decisions_and_records_are_free_of_files_clocks_and_tasks() {
    for folder in ["runtime/policy/src", "runtime/journal/src/event"] {
        for path in files(&[".rs"]).iter().filter(|path| path.starts_with(folder)) {
            let text = text(path);
            for word in ["async fn", "std::fs", "std::env", "SystemTime", "Instant::now"] {
                let used = text.lines().any(|line| line.contains(word) && !line.trim_start().starts_with("//"));
                assert!(!used, "{} uses `{word}`", path.display());
            }
        }
    }
}

/// Calls that change files by name, and the module that takes a permit for each. A queue's directory is the host's own,
/// and no tool names a file in it.
#[test]
fn one_module_acts_on_files() {
    const ACTS: [&str; 9] = [
        "unlinkat(",
        "renameat(",
        "renameat_with(",
        "linkat(",
        "symlinkat(",
        "mkdirat(",
        "utimensat(",
        "futimens(",
        "ftruncate(",
    ];
    let acting = ["runtime/files/src/perform.rs", "runtime/files/src/open.rs"];
    let own = "runtime/approval/src/queue/directory.rs";
    let mut found = 0;
    for path in files(&[".rs"]) {
        let is_test = path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
        if !path.starts_with("runtime") || is_test || path.ends_with(own) {
            continue;
        }
        let source = text(&path);
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        for line in source.lines().filter(|line| ACTS.iter().any(|act| line.contains(&format!("rustix::fs::{act}")))) {
            assert!(acting.iter().any(|module| path.ends_with(module)), "{}: {line}", path.display());
            found += 1;
        }
    }
    assert!(found >= ACTS.len(), "the module is not what it was: {found}");
    let performs = ["runtime/host/src/gate/effect.rs", "runtime/host/src/wasi/filesystem/effects.rs"];
    for path in files(&[".rs"]).into_iter().filter(|path| path.starts_with("runtime/host/src")) {
        let calls = text(&path).lines().any(|line| line.contains(".perform(") || line.contains("(self.perform)("));
        assert!(!calls || performs.iter().any(|module| path.ends_with(module)), "{} performs", path.display());
    }
}

/// Calls that reach the network, and the modules that have an address checked before each.
#[test]
fn one_module_opens_connections() {
    let opens =
        |line: &str| ["TcpStream::connect(", "socket.connect(", "lookup_host("].iter().any(|call| line.contains(call));
    let opening = ["runtime/egress/src/client/dial.rs", "runtime/egress/src/client/resolver.rs"];
    let mut found = 0;
    for path in files(&[".rs"]) {
        let is_test = path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
        if !path.starts_with("runtime") || is_test {
            continue;
        }
        let source = text(&path);
        let code: Vec<&str> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        if code.iter().any(|line| opens(line)) {
            assert!(opening.iter().any(|module| path.ends_with(module)), "{} opens connections", path.display());
            found += 1;
        }
        // The client that takes any address is for the operator's collector.
        let in_tests = code.iter().skip_while(|line| **line != "mod tests {").count();
        let shipped = code.get(..code.len() - in_tests).unwrap_or_default();
        let posts = shipped.iter().any(|line| line.contains("Poster") || line.contains("egress::post"));
        assert!(!posts || path.ends_with("runtime/egress/src/post.rs"), "{} posts without a permit", path.display());
    }
    assert_eq!(found, opening.len(), "the modules are not what they were");
}

#[test]
fn every_hostile_guest_has_a_test() {
    let tests: String =
        names("tests/attacks", ".rs").iter().map(|name| text(format!("tests/attacks/{name}.rs"))).collect();
    for guest in names("guest-tools/hostile/src/bin", ".rs") {
        assert!(tests.contains(&format!("\"{guest}\"")), "no test runs the hostile guest `{guest}`");
    }
}

#[test]
fn every_attack_stands_in_the_table_with_what_stops_it() {
    let table = text("guest-tools/hostile/README.md");
    for guest in names("guest-tools/hostile/src/bin", ".rs") {
        assert!(table.contains(&format!("`{guest}`")), "the table of attacks does not name `{guest}`");
    }
    for attacks in names("tests/attacks", ".rs").iter().filter(|name| !["main", "fixture"].contains(&name.as_str())) {
        assert!(
            table.contains(&format!("`attacks/{attacks}.rs`")),
            "the table of attacks does not name `{attacks}.rs`"
        );
    }
    let path = |cell: &str| cell.trim().trim_matches('`').to_owned();
    for row in
        table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| attack") && !line.contains("---"))
    {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        for test in tests.split(", ").map(path) {
            let found = [format!("tests/{test}"), test.clone(), format!("{test}.rs")];
            assert!(
                found.iter().any(|path| root().join(path).exists()),
                "the table of attacks names no test: `{test}`"
            );
        }
    }
}

#[test]
fn every_example_tool_has_a_test() {
    let tests: String = ["tests/integration", "tests/cli"]
        .iter()
        .flat_map(|folder| names(folder, ".rs").into_iter().map(move |name| format!("{folder}/{name}.rs")))
        .map(|path| text(&path))
        .collect();
    let tools = example_tools();
    assert!(tools.len() >= 5, "only {tools:?}");
    for name in tools {
        assert!(tests.contains(&format!("\"{name}\"")), "no test runs `{name}`");
    }
}

#[test]
fn no_test_file_is_forgotten() {
    for group in ["integration", "attacks", "faults", "cli", "crash", "fixtures", "privacy", "tidy"] {
        let folder = format!("tests/{group}");
        let main = text(format!("{folder}/main.rs"));
        for name in names(&folder, ".rs") {
            assert!(name == "main" || main.contains(&format!("mod {name};")), "`{folder}/{name}.rs` is in no binary");
        }
    }
    let manifest = text("tests/Cargo.toml");
    for name in names("tests", ".rs") {
        assert!(manifest.contains(&format!("path = \"{name}.rs\"")), "`tests/{name}.rs` is in no binary");
    }
}

#[test]
fn nothing_names_the_machine_it_was_made_on() {
    let homes = ["root/", "home/", "Users/"];
    let here = root().to_str().unwrap();
    // A project that stands right below the root may have a guest's path for its own.
    let is_telling = root().components().count() > 2;
    for path in files(&[".rs", ".toml", ".md", ".wit", ".yml", ".json"]) {
        let text = text(&path);
        assert!(!is_telling || !text.contains(here), "{} names `{here}`", path.display());
        for home in homes {
            for before in ['"', ' ', '`', '(', '='] {
                assert!(!text.contains(&format!("{before}/{home}")), "{} names a folder in /{home}", path.display());
            }
        }
    }
}
