//! The programs for WASI 0.1.

mod descriptors;
mod module;
mod paths;

use std::sync::Arc;

use module::{Module, Shown, Value};
use wasm_agent_tests::wat;

use crate::program::{Program, environment};
use crate::stage::Folders;

/// Rights of WASI 0.1 to everything.
const ALL: Value<'static> = Value::Long((1 << 29) - 1);

/// The descriptors of the granted folders.
const WORK: Value<'static> = Value::Number(3);
const OTHER: Value<'static> = Value::Number(4);

/// A 32-bit number at the beginning of the result.
const NUMBER: Shown = Shown::Number(0, 4);

/// All programs, with their names.
pub fn programs() -> Vec<Program> {
    let mut programs = Vec::new();
    let mut add = |name: &'static str, module: &Module| {
        programs.push(Program {
            name: name.to_owned(),
            bytes: Arc::from(wat::parse_str(&module.finish())),
            arguments: vec!["one".to_owned(), String::new()],
            environment: environment(),
            folders: Folders::Staged,
            stdin: "0123456789abcdef",
            policy: String::new(),
            shuffles: false,
        });
    };
    add("process.wasm", &process());
    add("descriptors.wasm", &descriptors::files());
    add("closed.wasm", &descriptors::closed());
    add("folders.wasm", &descriptors::folders());
    add("standard.wasm", &descriptors::standard());
    for (name, function) in [
        ("sock_accept.wasm", "sock_accept"),
        ("sock_recv.wasm", "sock_recv"),
        ("sock_send.wasm", "sock_send"),
        ("sock_shutdown.wasm", "sock_shutdown"),
    ] {
        add(name, &socket(function));
    }
    for (name, function) in [
        ("invalid-clock_res_get.wasm", "clock_res_get"),
        ("invalid-clock_time_get.wasm", "clock_time_get"),
        ("invalid-fd_advise.wasm", "fd_advise"),
        ("invalid-fd_seek.wasm", "fd_seek"),
        ("invalid-fd_fdstat_set_flags.wasm", "fd_fdstat_set_flags"),
    ] {
        add(name, &invalid(function));
    }
    for (name, operation) in paths::OPERATIONS {
        add(name, &paths::program(name, *operation));
    }
    add("open-flags.wasm", &paths::flags());
    for (name, status) in [("status-0.wasm", 0), ("status-1.wasm", 1), ("status-33.wasm", 33), ("status-125.wasm", 125)]
    {
        let mut module = Module::default();
        module.exit(status);
        add(name, &module);
    }
    programs
}

/// Arguments, environment, clocks, random numbers, waiting, sockets.
fn process() -> Module {
    let mut module = Module::default();
    let buffer = |length| Value::Buffer(length);
    module.call(
        "args_sizes_get",
        "args_sizes_get",
        &[Value::Result, Value::Number(516)],
        &[NUMBER, Shown::Number(4, 4)],
    );
    module.call(
        "environ_sizes_get",
        "environ_sizes_get",
        &[Value::Result, Value::Number(516)],
        &[NUMBER, Shown::Number(4, 4)],
    );
    for clock in 0..4 {
        let case = format!("clock_res_get {clock}");
        module.call(&case, "clock_res_get", &[Value::Number(clock), Value::Result], &[]);
        let case = format!("clock_time_get {clock}");
        module.call(&case, "clock_time_get", &[Value::Number(clock), Value::Long(0), Value::Result], &[]);
    }
    for length in [0, 1, 32, 4096] {
        module.call(&format!("random_get {length}"), "random_get", &[buffer(length)], &[]);
    }
    module.call("sched_yield", "sched_yield", &[], &[]);
    module.call(
        "poll_oneoff of nothing",
        "poll_oneoff",
        &[Value::Number(600), Value::Number(704), Value::Number(0), Value::Result],
        &[],
    );
    // The subscription in the cleared memory is one to the wall clock, for a moment that has passed.
    module.call(
        "poll_oneoff of a clock",
        "poll_oneoff",
        &[Value::Number(600), Value::Number(704), Value::Number(1), Value::Result],
        &[NUMBER, Shown::Number(704 - 512 + 8, 2), Shown::Number(704 - 512 + 10, 1)],
    );
    module
}

/// A function of sockets, on a descriptor that is not one.
fn socket(function: &str) -> Module {
    let mut module = Module::default();
    let fd = Value::Number(3);
    let arguments: &[Value<'_>] = match function {
        "sock_accept" => &[fd, Value::Number(0), Value::Result],
        "sock_recv" => &[fd, Value::Into(4), Value::Number(0), Value::Result, Value::Number(516)],
        "sock_send" => &[fd, Value::From("x"), Value::Number(0), Value::Result],
        _ => &[fd, Value::Number(3)],
    };
    module.call(function, function, arguments, &[]);
    module
}

/// A value that the specification does not have: a clock, an advice, a whence, flags.
fn invalid(function: &str) -> Module {
    let mut module = Module::default();
    let zero = Value::Long(0);
    let arguments: &[Value<'_>] = match function {
        "clock_res_get" => &[Value::Number(99), Value::Result],
        "clock_time_get" => &[Value::Number(99), zero, Value::Result],
        "fd_advise" => &[WORK, zero, zero, Value::Number(99)],
        "fd_seek" => &[WORK, zero, Value::Number(3), Value::Result],
        _ => &[WORK, Value::Number(0x20)],
    };
    module.call(&format!("{function} with a value that is not one"), function, arguments, &[]);
    module
}
