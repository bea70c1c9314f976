//! Nothing is missing: each function of the WIT is linked, and each crossing is in the journal.
//!
//! That each goes through the gate, under its own name, is for the compiler to say: see `call/function.rs`.

use std::path::Path;

use wasm_agent_host::Tool;
use wasm_agent_tests::{Folder, Scene, guests, wat};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve, WorldId};

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
