//! Nothing is missing: each function of the WIT is linked, each goes through the gate, and each crossing is in the
//! journal.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wasm_agent_host::Tool;
use wasm_agent_tests::{Folder, Scene, guests, wat};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve, TypeDefKind, WorldId, WorldItem, WorldKey};

/// A world that imports every interface that a tool can import, from the WIT that is in the project.
const EVERYTHING: &str = "
    package wasm-agent:everything;
    world everything {
        include wasm-agent:host/tool@0.1.0;
        import wasi:io/streams@0.2.12;
        import wasi:random/insecure@0.2.12;
        import wasi:random/insecure-seed@0.2.12;
        import wasi:sockets/ip-name-lookup@0.2.12;
    }
";

fn everything() -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    resolve.push_dir(guests::root().join("wit")).unwrap();
    let package = resolve.push_str("everything.wit", EVERYTHING).unwrap();
    let world = resolve.select_world(&[package], Some("everything")).unwrap();
    (resolve, world)
}

/// Functions by the names that the journal has for them, resources' own drop included.
fn functions(resolve: &Resolve, world: WorldId) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (key, item) in &resolve.worlds[world].imports {
        let (WorldKey::Interface(_), WorldItem::Interface { id, .. }) = (key, item) else { continue };
        let whole = resolve.id_of(*id).unwrap();
        let interface = whole.split('@').next().unwrap();
        for name in resolve.interfaces[*id].functions.keys() {
            names.insert(format!("{interface}#{name}"));
        }
        for (name, ty) in &resolve.interfaces[*id].types {
            if matches!(resolve.types[*ty].kind, TypeDefKind::Resource) {
                names.insert(format!("{interface}#[resource-drop]{name}"));
            }
        }
    }
    names
}

#[test]
fn component_that_imports_every_function_loads() {
    let (resolve, world) = everything();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let component = ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
    let tool = Tool::from_bytes(guests::engine(), Path::new("everything.wasm"), &component, None);
    tool.unwrap();
}

#[test]
fn journal_names_every_function_as_the_wit_does() {
    let (resolve, world) = everything();
    let expected = functions(&resolve, world);
    assert!(expected.len() > 200, "{}", expected.len());
    let named = gated();
    let missing: Vec<&String> = expected.difference(&named).collect();
    assert!(missing.is_empty(), "the gate has no name for {missing:?}");
    // What is beyond the WIT in the project stands behind a feature there that is not enabled.
    let unstable =
        ["wasi:http/types#[method]response-outparam.send-informational", "wasi:sockets/network#network-error-code"];
    let more: Vec<&str> =
        named.difference(&expected).map(String::as_str).filter(|name| !unstable.contains(name)).collect();
    assert!(more.is_empty(), "the gate names what the WIT does not have: {more:?}");
}

/// Names that the sources give to the gate: `as "INTERFACE"` with `= "FUNCTION"`, or both in a call.
fn gated() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let source = guests::root().join("runtime/host/src");
    for path in sources(&source) {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut interface = String::new();
        for line in text.lines() {
            let quoted: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
            if line.contains(" as \"") {
                interface = quoted[0].to_owned();
            } else if let Some((name, rest)) = line.split_once("= \"").and_then(|(_, rest)| rest.split_once('"')) {
                if rest.is_empty() || rest.starts_with(" via ") || rest.starts_with(" |") {
                    names.insert(format!("{interface}#{name}"));
                }
            } else if line.contains("\"wasi:") && quoted.len() == 2 && line.contains("self,") {
                names.insert(format!("{}#{}", quoted[0], quoted[1]));
            }
        }
    }
    names
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let wasi = std::fs::read_dir(dir.join("wasi")).unwrap();
    let filesystem = std::fs::read_dir(dir.join("wasi/filesystem")).unwrap();
    let files = wasi.chain(filesystem).map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).chain([dir.join("agent.rs")]).collect()
}

#[test]
fn every_crossing_is_a_call_in_the_journal() {
    let folder = Folder::new();
    for calls in [0, 1, 2, 17, 1000] {
        let run = Scene::tool(&folder, guests::from_text("clock.wasm", &wat::clock_calls(calls))).run();
        run.exited(0);
        assert_eq!(run.report.calls, u64::from(calls));
        // Besides calls the engine counts its own ticks, which come at most once a millisecond.
        let ticks = u64::try_from(run.report.elapsed.as_millis()).unwrap() + 1;
        assert!((calls.into()..=u64::from(calls) + ticks).contains(&run.report.crossings), "{}", run.report.crossings);
        assert_eq!(run.functions().len(), usize::try_from(calls).unwrap());
    }
}

#[test]
fn real_tools_cross_no_more_often_than_the_journal_says() {
    // What the engine counts besides: dropping a handle crosses twice, growing memory and ticks once. One call for each
    // file that the journal did not have would be more than that.
    let beyond = |files: usize| {
        let folder = Folder::new();
        for number in 0..files {
            folder.write(&format!("notes/{number}.md"), "some words\n");
        }
        let run = Scene::guest(&folder, "count-words").policy_of("count-words", &[]).arguments(["/notes"]).run();
        run.exited(0);
        assert!(run.report.calls > u64::try_from(files).unwrap());
        let drops = run.functions().iter().filter(|name| name.contains("[resource-drop]")).count();
        run.report.crossings - run.report.calls - u64::try_from(drops).unwrap()
    };
    let (few, many) = (beyond(2), beyond(40));
    assert!(many < few + 38, "{few} crossings beyond the calls with 2 files, {many} with 40");
}
