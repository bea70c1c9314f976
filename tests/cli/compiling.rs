//! Tools that would keep a compiler busy: refused by their counts, or stopped by the limits of this machine.

use std::process::{Child, Stdio};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process};
use wasm_agent_tests::wat;

use crate::desk::{Desk, program};

/// A core module for WASI 0.1 with these functions' code, each in so many copies.
fn module(functions: &[(String, usize)]) -> String {
    let functions: String = functions.iter().map(|(code, copies)| format!("(func {code})").repeat(*copies)).collect();
    format!("(module (memory (export \"memory\") 1) (table 1 funcref) (func (export \"_start\")) {functions})")
}

/// As many loops within one another as are compiled, which takes seconds.
fn long() -> Vec<(String, usize)> {
    vec![("loop ".repeat(20_000) + &"end ".repeat(20_000), 1)]
}

fn limits(desk: &Desk, limits: &str) {
    desk.write(".config/wasm-agent/config.toml", format!("[compile]\n{limits}\n"));
}

#[test]
fn what_can_be_counted_is_refused_before_it_is_compiled() {
    let changed: String = (0..10_000).map(|n| format!("(local.set {n} (i32.load (local.get {n})))")).collect();
    let loops = |count: usize| "(loop ".repeat(count) + &changed + &")".repeat(count);
    let element = format!("(elem (i32.const 0) func{})", " 0".repeat(250_001));
    let mut desk = Desk::new();
    // Nothing is compiled: a second would not be enough for any of them.
    limits(&desk, "memory = \"64MiB\"\ncpu = \"1s\"");
    for (name, text) in [
        ("calls", module(&[("(call 0)".repeat(100_001), 1)])),
        ("indirect", module(&[("(call_indirect (i32.const 0))".repeat(20_001), 1)])),
        ("nested", module(&[("(if (i32.const 0) (then ".repeat(20_001) + &"))".repeat(20_001), 1)])),
        ("variables", module(&[(format!("(local{})", " i32".repeat(20_001)), 1)])),
        ("values", module(&[(format!("(local{}) {}", " i32".repeat(10_000), loops(1_000)), 1)])),
        ("elements", module(&[]).replace("(table", &format!("{element} (table"))),
        ("body", module(&[("(drop (i32.const 0))".repeat((4 << 20) / 3), 1)])),
    ] {
        desk.tool(&format!("{name}.wasm"), &text);
        desk.run(&format!("run -j a.journal {name}.wasm")).fails_in_one_line(&[2]);
    }
    assert!(!desk.path("a.journal").exists());
    desk.matches("compile-counted");
}

#[test]
fn what_takes_too_much_ends_at_the_limits_of_the_machine() {
    let mut desk = Desk::new();
    desk.tool("cpu.wasm", &module(&long()));
    let element = format!("(elem (i32.const 0) func{})", " 0".repeat(200_000));
    desk.tool("memory.wasm", &module(&[]).replace("(table", &format!("{element} (table")));
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    desk.run("run --state s -q -j ok.journal ok.wasm");
    for (limit, name) in [("memory = \"64MiB\"", "memory"), ("cpu = \"1s\"", "cpu")] {
        limits(&desk, limit);
        desk.run(&format!("run --state {name} -j a.journal {name}.wasm")).fails_in_one_line(&[2]);
        desk.run(&format!("replay --state {name} --component {name}.wasm ok.journal")).fails_in_one_line(&[2]);
        assert_eq!(std::fs::read_dir(desk.path(&format!("{name}/code"))).unwrap().count(), 0);
        assert_eq!(std::fs::read_dir(desk.path(&format!("{name}/components"))).unwrap().count(), 0);
    }
    assert!(!desk.path("a.journal").exists());
    desk.matches("compile-exceeded");
}

#[test]
fn adapting_ends_at_the_limits_too() {
    let mut desk = Desk::new();
    // Adapting holds the module and what it writes.
    let data = format!("(data (i32.const 0) \"{}\") (table", "a".repeat(40 << 20));
    desk.tool("long.wasm", &module(&[]).replace("(table", &data));
    limits(&desk, "memory = \"64MiB\"");
    desk.run("inspect long.wasm").fails_in_one_line(&[2]);
    limits(&desk, "memory = \"1GiB\"");
    assert_eq!(desk.run("inspect long.wasm").status, 0);
}

#[test]
fn inspecting_a_component_compiles_nothing() {
    let mut desk = Desk::new();
    let (code, _) = long().remove(0);
    let core = format!("(func {code}) (func (export \"run\") (result i32) i32.const 0)");
    desk.tool("long.wasm", &wat::alone(&core));
    // Within a second of the processor, which compiling takes more of.
    limits(&desk, "cpu = \"1s\"");
    let inspected = desk.run("inspect long.wasm");
    assert_eq!(inspected.status, 0, "{}", inspected.err());
    let ran = desk.run("run -j a.journal long.wasm");
    assert_eq!(ran.status, 2);
    assert!(ran.err().contains("takes more than 1s of processor time"), "{}", ran.err());
}

#[test]
fn inspecting_a_component_ends_at_the_limits() {
    // Each import of a type that names a resource has a copy of all that the type exports: a name that is in the file
    // once.
    let long = "n".repeat(90_000);
    let exported =
        format!("(export \"r\" (type (sub resource))) (type $f (func)) (export \"{long}\" (func (type $f)))");
    let imports =
        |count: usize| -> String { (0..count).map(|n| format!("(import \"i{n}\" (instance (type $u)))")).collect() };
    let nested = |count| format!("(component (alias outer 1 $t (type $u)) {})", imports(count));
    let mut desk = Desk::new();
    desk.tool("small.wasm", &format!("(component (type $t (instance {exported})) {})", nested(2)));
    desk.tool("large.wasm", &format!("(component (type $t (instance {exported})) {})", nested(1000)));
    limits(&desk, "memory = \"64MiB\"");
    let small = desk.run("inspect small.wasm");
    assert_eq!(small.status, 0, "{}", small.err());
    let large = desk.run("inspect large.wasm");
    large.fails_in_one_line(&[2]);
    assert!(large.err().contains("takes more than 64MiB of memory"), "{}", large.err());
}

#[test]
fn what_is_wrong_with_the_configuration_is_said_with_its_place() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    for text in ["[compile]\nmemry = 1\n", "[compile]\ncpu = 10\n", "[compile\n", "[limits]\n", "compile = 1\n"] {
        desk.write(".config/wasm-agent/config.toml", text);
        let ran = desk.run("run ok.wasm");
        assert_eq!(ran.status, 2);
        assert!(ran.err().starts_with("error: configuration `"), "{}", ran.err());
    }
    let elsewhere = |desk: &mut Desk, at: String| {
        desk.run_as("run -q -j a.journal ok.wasm", |command| {
            command.env("XDG_CONFIG_HOME", at);
        })
        .status
    };
    // A relative path is not used; an absolute one is, in place of the home's.
    assert_eq!(elsewhere(&mut desk, "other".to_owned()), 2);
    let other = desk.path("other").to_str().unwrap().to_owned();
    assert_eq!(elsewhere(&mut desk, other), 0);
    desk.matches("configuration");
}

#[test]
fn code_that_was_changed_or_comes_from_elsewhere_is_compiled_again() {
    let desk = Desk::new();
    desk.tool("one.wasm", &wat::preview1_exit(0));
    desk.tool("two.wasm", &wat::preview1_exit(3));
    let run = |state: &str, tool: &str| {
        let _ = std::fs::remove_file(desk.path("a.journal"));
        let ran = desk.quietly(&format!("run --state {state} -q -j a.journal {tool}.wasm"));
        (ran.status, ran.err().contains("cannot use compiled code, compiling again"))
    };
    let code = |state: &str| {
        let folder = std::fs::read_dir(desk.path(&format!("{state}/code"))).unwrap();
        let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    };
    assert_eq!((run("s", "one"), run("s", "one")), ((0, false), (0, false)));
    let [one] = code("s").try_into().unwrap();
    assert_eq!((run("s", "two"), run("s", "two")), ((1, false), (1, false)));
    let two = code("s").into_iter().find(|path| *path != one).unwrap();
    // One tool's code under the other's name.
    let whole = std::fs::read(&one).unwrap();
    std::fs::copy(&two, &one).unwrap();
    assert_eq!((run("s", "one"), run("s", "one")), ((0, true), (0, false)));
    // The same tool's code from another state directory.
    assert_eq!(run("other", "one"), (0, false));
    std::fs::copy(&code("other")[0], &one).unwrap();
    assert_eq!((run("s", "one"), run("s", "one")), ((0, true), (0, false)));
    // As a release before this one kept it: without a word about who wrote it.
    std::fs::write(&one, &whole[..whole.len() - 40]).unwrap();
    assert_eq!((run("s", "one"), run("s", "one")), ((0, true), (0, false)));
    // Without the key it was kept under.
    std::fs::remove_file(desk.path("s/code.key")).unwrap();
    assert_eq!((run("s", "one"), run("s", "one")), ((0, true), (0, false)));
    // With one that others can read.
    desk.mode("s/code.key", 0o644);
    let ran = desk.quietly("run --state s -q -j b.journal one.wasm");
    ran.fails_in_one_line(&[2]);
    assert!(ran.err().contains("hint: `rm s/code.key`"), "{}", ran.err());
}

/// A process that is ended with the test, however that ends.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A run that compiles for a long time, and the process that does.
struct Compiling {
    run: Guard,
    compiler: String,
}

impl Compiling {
    fn begin(desk: &Desk) -> Self {
        desk.tool("long.wasm", &module(&long()));
        limits(desk, "memory = \"8GiB\"\ncpu = \"1h\"");
        let mut command = desk.command(program());
        command.args(["run", "--state", "s", "long.wasm"]).env("SECRET", "s");
        let mut run = Guard(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let id = run.0.id();
        let compiler = loop {
            let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
            if let Some(child) = children.split_whitespace().next() {
                break child.to_owned();
            }
            assert_eq!(run.0.try_wait().unwrap(), None, "it ended before it compiled");
            std::thread::yield_now();
        };
        let compiling = Self { run, compiler };
        // The last of its limits: it is as good as shut in.
        while !compiling.tells("limits").contains("Max open files            3  ") {
            std::thread::yield_now();
        }
        compiling
    }

    /// A file that the system has about the process.
    fn tells(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.compiler)).unwrap()
    }

    /// Its state, and the processor time that it used, in ticks; nothing once it is gone.
    fn state(&self) -> Option<(String, u64)> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.compiler)).ok()?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        Some((fields[0].to_owned(), fields[11].parse().unwrap()))
    }
}

#[test]
fn the_compiler_has_nothing_but_its_pipes() {
    // Left open for whatever is started, as who starts the program could have done.
    let open = std::fs::File::open("/dev/zero").unwrap();
    fcntl_setfd(&open, FdFlags::empty()).unwrap();
    let compiling = Compiling::begin(&Desk::new());
    let mut open: Vec<_> = std::fs::read_dir(format!("/proc/{}/fd", compiling.compiler))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    open.sort();
    assert_eq!(open, ["0", "1", "2"]);
    assert_eq!(compiling.tells("environ"), "");
    assert!(compiling.tells("status").contains("NoNewPrivs:\t1"));
}

#[test]
fn the_compiler_ends_with_the_program_that_started_it() {
    let mut compiling = Compiling::begin(&Desk::new());
    kill_process(Pid::from_child(&compiling.run.0), Signal::INT).unwrap();
    compiling.run.0.wait().unwrap();
    // It was told before that one was gone, and is left for whoever waits for it.
    let before = compiling.state().map_or(0, |(_, used)| used);
    while let Some((state, used)) = compiling.state() {
        if ["Z", "X"].contains(&state.as_str()) {
            break;
        }
        assert!(used < before + 300, "it goes on");
        std::thread::yield_now();
    }
}
