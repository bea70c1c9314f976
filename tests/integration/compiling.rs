//! Compilers that are none: whatever the process says and however it ends, loading a tool ends with an error.

use std::path::Path;
use std::process::Command;

use wasm_agent_host::policy::CompileLimits;
use wasm_agent_host::{Compiler, Engine, LoadError, Resource, Tool};
use wasm_agent_tests::{Folder, wat};

/// Loads a tool with a script for a compiler.
fn compiled_by(script: &str) -> LoadError {
    let folder = Folder::new();
    let path = folder.path("compiler.sh");
    // Another process writes it: a file that this one has open for writing could be so in what another test is about to
    // start.
    let mut write = Command::new("sh");
    write.args(["-c", "printf '#!/bin/sh\n%s' \"$1\" > \"$0\" && chmod 755 \"$0\""]).arg(&path).arg(script);
    assert!(write.status().unwrap().success());
    load(Compiler::program(&path)).unwrap_err()
}

fn load(compiler: Compiler) -> Result<Tool, LoadError> {
    let component = wat::parse_str(&wat::clock_calls(1));
    Tool::from_bytes(&Engine::new(compiler).unwrap(), Path::new("tool.wasm"), &component, None)
}

/// The output of a confined compiler that announces a result of so many bytes.
fn made(bytes: u64) -> String {
    let length: String = bytes.to_le_bytes().iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("printf 'compile1ww+{length}'; ")
}

#[test]
fn whatever_a_compiler_says_loading_ends_with_an_error() {
    for (script, expected) in [
        ("exit 0".to_owned(), "the compiler ended with 0 and gave no answer"),
        ("echo no room >&2; exit 1".to_owned(), "the compiler ended with 1 and gave no answer: no room"),
        ("printf compile1".to_owned(), "the compiler ended with 0 and gave no answer"),
        ("kill -9 $$".to_owned(), "the compiler was ended by signal 9 and gave no answer"),
        (made(8) + "cat > /dev/null; kill -11 $$", "the compiler was ended by signal 11 and gave no answer"),
        ("echo hello, world".to_owned(), "the compiler failed: its output is not that of a compiler"),
        ("cat /dev/zero".to_owned(), "the compiler failed: its output is not that of a compiler"),
        (made(8) + "cat > /dev/null", "the compiler ended with 0 and gave no answer"),
        (made(8) + "printf 1234567", "the compiler ended with 0 and gave no answer"),
        (made(8) + "printf 123456789", "the compiler failed: it wrote more than an answer"),
        (made(8) + "cat /dev/zero", "the compiler failed: it wrote more than an answer"),
        (made(1 << 40) + "cat /dev/zero", "the compiler failed: its output is larger than is possible"),
        (made(u64::MAX) + "cat /dev/zero", "the compiler failed: its output is larger than is possible"),
        (
            made(8) + "printf 12345678",
            "what the compiler made is not code for this program: failed to parse precompiled artifact as an ELF",
        ),
        (
            "printf 'compile1ww?\\000\\000\\000\\000\\000\\000\\000\\000'".to_owned(),
            "the compiler failed: its output is not an answer",
        ),
    ] {
        let error = compiled_by(&script);
        let LoadError::Compiler { path, source } = &error else { panic!("{script}: {error:?}") };
        assert_eq!(path, Path::new("tool.wasm"));
        assert!(source.to_string().starts_with(expected), "{script}: {source}");
    }
}

#[test]
fn a_compiler_that_ran_out_says_of_what() {
    for (script, which, allowed) in [
        ("kill -XCPU $$", Resource::Cpu, 31),
        ("echo memory allocation of 8 bytes failed >&2; kill -ABRT $$", Resource::Memory, 592 << 20),
        ("printf 'compile1ppm\\000\\000\\000\\000\\000\\000\\000\\000'", Resource::Memory, 592 << 20),
    ] {
        let error = compiled_by(script);
        let LoadError::Exceeded { which: found, allowed: of, .. } = error else { panic!("{script}: {error:?}") };
        assert_eq!((found, of), (which, allowed), "{script}");
    }
}

#[test]
fn a_compiler_gets_its_task_and_nothing_else() {
    let folder = Folder::new();
    let told = folder.path("told");
    let script = format!("printf compile1ww; {{ echo \"$@\"; pwd; env; wc -c; }} > '{}'", told.display());
    let path = folder.path("compiler.sh");
    let mut write = Command::new("sh");
    write.args(["-c", "printf '#!/bin/sh\n%s' \"$1\" > \"$0\" && chmod 755 \"$0\""]).arg(&path).arg(script);
    assert!(write.status().unwrap().success());
    let limits = CompileLimits { memory_bytes: Some(1 << 30), cpu: Some(std::time::Duration::from_millis(1_500)) };
    let component = wat::parse_str(&wat::clock_calls(1)).len();
    assert!(load(Compiler::program(&path).limits(limits)).is_err());
    let told = std::fs::read_to_string(told).unwrap();
    let mut lines = told.lines();
    let parent = std::process::id();
    let task = format!("__wasm-agent-compile single {component} 1073741824 2 {parent}");
    assert_eq!((lines.next(), lines.next()), (Some(task.as_str()), Some("/")));
    let (read, variables): (Vec<&str>, Vec<&str>) = lines.partition(|line| !line.contains('='));
    assert_eq!(read, [component.to_string()]);
    // What a shell sets itself.
    assert!(
        variables.iter().all(|line| ["PWD=", "OLDPWD=", "SHLVL=", "_="].iter().any(|own| line.starts_with(own))),
        "{told}"
    );
}

#[test]
fn a_compiler_that_is_not_there_is_named() {
    let error = load(Compiler::program(Path::new("/nowhere/compiler"))).unwrap_err();
    assert!(error.to_string().contains("cannot start the compiler `/nowhere/compiler`: No such file"), "{error}");
}
