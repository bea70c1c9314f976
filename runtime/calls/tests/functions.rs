//! Samples of the generated table.

use std::collections::BTreeSet;

use wasm_agent_calls::{Class, FUNCTIONS, Function, HANDLES, INTERFACES, Restore, Type, filesystem, find, named};

#[test]
fn functions_are_found_by_their_keys() {
    assert!(FUNCTIONS.len() > 200, "{}", FUNCTIONS.len());
    assert!(FUNCTIONS.is_sorted_by(|one, other| one.key < other.key));
    for (index, function) in FUNCTIONS.iter().enumerate() {
        assert_eq!(find(function.key), Some(function));
        assert_eq!(function.id.index(), index);
        assert_eq!(function.key, format!("{}#{}", function.interface, function.name));
        assert!(INTERFACES.contains(&function.interface), "{}", function.key);
    }
    for unknown in ["", "wasi:clocks/wall-clock#no", "wasi:clocks/wall-clock", "zzz", "wasi:clocks/wall-clock#now "] {
        assert_eq!(find(unknown), None);
    }
    assert!(INTERFACES.is_sorted());
}

#[test]
fn a_function_is_known_to_the_compiler() {
    const OPEN: &Function = named("wasi:filesystem/types#[method]descriptor.open-at");
    const _: () = assert!(OPEN.class.is_checked() && OPEN.parameters.len() == 5);
    assert_eq!(OPEN.parameter_names(), ["self", "path-flags", "path", "open-flags", "flags"]);
    assert_eq!(OPEN.id, filesystem::types::DESCRIPTOR_OPEN_AT);
    assert_eq!(OPEN.id.function(), OPEN);
    assert!(find("wasi:filesystem/types#[resource-drop]descriptor").unwrap().is_drop());
}

#[test]
fn contents_are_taken_by_what_writes_them() {
    let taking: Vec<&str> =
        FUNCTIONS.iter().filter(|function| function.takes_contents()).map(|function| function.name).collect();
    let expected = [
        "[method]descriptor.write",
        "[method]fields.append",
        "[method]output-stream.blocking-write-and-flush",
        "[method]output-stream.write",
    ];
    assert_eq!(taking, expected);
}

#[test]
fn what_changes_the_world_is_an_effect() {
    let files = "wasi:filesystem/types#[method]descriptor.";
    for name in ["open-at", "create-directory-at", "remove-directory-at", "unlink-file-at", "rename-at", "link-at"] {
        assert_eq!(named(&format!("{files}{name}")).class, Class::Effect, "{name}");
    }
    for name in ["symlink-at", "set-times-at"] {
        assert_eq!(named(&format!("{files}{name}")).class, Class::Effect, "{name}");
    }
    for key in ["wasi:http/outgoing-handler#handle", "wasm-agent:host/approval#checkpoint"] {
        assert_eq!(named(key).class, Class::Effect, "{key}");
    }
    // Every function that finds a file by name is decided about.
    for function in &FUNCTIONS {
        let names_a_file = function.interface == "wasi:filesystem/types" && function.name.ends_with("-at");
        assert!(!names_a_file || function.class.is_checked(), "{}", function.key);
        assert!(!function.is_drop() || function.class == Class::Handle, "{}", function.key);
    }
}

#[test]
fn every_handle_says_how_it_is_made_live_again() {
    let dropped = FUNCTIONS.iter().filter_map(|function| {
        let resource = function.name.strip_prefix("[resource-drop]")?;
        Some(format!("{}#{resource}", function.interface))
    });
    let named: BTreeSet<String> = HANDLES.iter().map(|handle| handle.resource.to_owned()).collect();
    assert_eq!(named, dropped.collect());
    let kinds: BTreeSet<_> = HANDLES.iter().map(|handle| (handle.resource, handle.which)).collect();
    assert_eq!(kinds.len(), HANDLES.len());
    for handle in HANDLES {
        // One kind has no name of its own; several are told apart by theirs.
        let kinds = HANDLES.iter().filter(|other| other.resource == handle.resource).count();
        assert_eq!(handle.which.is_empty(), kinds == 1, "{handle:?}");
    }
}

/// The cases of every error that functions of an interface can return.
fn errors(interface: &str) -> BTreeSet<&'static str> {
    fn cases(ty: &Type, found: &mut BTreeSet<&'static str>) {
        match ty {
            Type::Enum(of) => found.extend(of.cases),
            Type::Variant(of) => found.extend(of.cases.iter().map(|case| case.0)),
            Type::Result(done, failed) => done.iter().chain(failed).for_each(|ty| cases(ty, found)),
            Type::Option(inner) | Type::List(inner) => cases(inner, found),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    let of_interface = FUNCTIONS.iter().filter(|function| function.interface == interface);
    of_interface.filter_map(|function| function.result).for_each(|ty| cases(&ty, &mut found));
    found
}

#[test]
fn what_can_not_be_made_live_again_is_an_error_that_a_tool_knows() {
    for handle in HANDLES {
        let (Restore::Reopened { otherwise: error } | Restore::Lost { error }) = handle.restore else { continue };
        let interface = handle.resource.split('#').next().unwrap();
        // A stream of a file fails like any stream: what failed is in its `error`.
        let streams = interface == "wasi:io/streams" && error == "bad-descriptor";
        let known = errors(if streams { "wasi:filesystem/types" } else { interface });
        assert!(known.contains(error), "{handle:?}: {known:?}");
    }
}
