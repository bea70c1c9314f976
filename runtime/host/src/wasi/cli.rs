//! `wasi:cli`: arguments and environment from the operator, output to the operator, and the exit.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::cli::{
    environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr, terminal_stdin,
    terminal_stdout,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};

use crate::call::{View, host_calls};
use crate::world::output::Stream;

host_calls! {
    impl environment::Host as "wasi:cli/environment" {
        fn get_environment() -> wasmtime::Result<Vec<(String, String)>> = via cli;
        fn get_arguments() -> wasmtime::Result<Vec<String>> = via cli,
            again |host, answer| answer.map(|recorded| host.source.arguments().unwrap_or(recorded));
        fn initial_cwd() -> wasmtime::Result<Option<String>> = via cli;
    }
}

/// Ends the guest with the status that it names, in a live run and in a replay alike.
impl exit::Host for View<'_> {
    fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        self.host.exited = Some(u8::from(status.is_err()));
        host_calls!(
            @call self, false, exit::Host as "wasi:cli/exit", exit, (status: Result<(), ()>), wasmtime::Result<()>,
            |_host, _call| Err(wasmtime::Error::msg("the tool ended itself"))
        )
    }

    fn exit_with_code(&mut self, code: u8) -> wasmtime::Result<()> {
        self.host.exited = Some(code);
        host_calls!(
            @call self, false, exit::Host as "wasi:cli/exit", exit_with_code, (code: u8), wasmtime::Result<()>,
            |_host, _call| Err(wasmtime::Error::msg("the tool ended itself"))
        )
    }
}

host_calls! {
    impl stdin::Host as "wasi:cli/stdin" {
        fn get_stdin() -> wasmtime::Result<Resource<DynInputStream>> = via cli;
    }
}

/// Output streams are noted when the guest gets them, so that a replay knows which writes to show.
impl stdout::Host for View<'_> {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        let stream: wasmtime::Result<Resource<DynOutputStream>> = host_calls!(
            @call self, false, stdout::Host as "wasi:cli/stdout", get_stdout, (),
            wasmtime::Result<Resource<DynOutputStream>>,
            |host, _call| host.world().and_then(|world| world.cli().get_stdout())
        );
        stream.inspect(|stream| self.host.outputs.opened(stream.rep(), Stream::Stdout))
    }
}

impl stderr::Host for View<'_> {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        let stream: wasmtime::Result<Resource<DynOutputStream>> = host_calls!(
            @call self, false, stderr::Host as "wasi:cli/stderr", get_stderr, (),
            wasmtime::Result<Resource<DynOutputStream>>,
            |host, _call| host.world().and_then(|world| world.cli().get_stderr())
        );
        stream.inspect(|stream| self.host.outputs.opened(stream.rep(), Stream::Stderr))
    }
}

type Input = Resource<terminal_input::TerminalInput>;
type Output = Resource<terminal_output::TerminalOutput>;

impl terminal_input::Host for View<'_> {}
impl terminal_output::Host for View<'_> {}

host_calls! {
    impl terminal_input::HostTerminalInput as "wasi:cli/terminal-input" {
        fn drop(terminal: Input) -> wasmtime::Result<()> = via cli;
    }
}

host_calls! {
    impl terminal_output::HostTerminalOutput as "wasi:cli/terminal-output" {
        fn drop(terminal: Output) -> wasmtime::Result<()> = via cli;
    }
}

host_calls! {
    impl terminal_stdin::Host as "wasi:cli/terminal-stdin" {
        fn get_terminal_stdin() -> wasmtime::Result<Option<Input>> = via cli;
    }
}

host_calls! {
    impl terminal_stdout::Host as "wasi:cli/terminal-stdout" {
        fn get_terminal_stdout() -> wasmtime::Result<Option<Output>> = via cli;
    }
}

host_calls! {
    impl terminal_stderr::Host as "wasi:cli/terminal-stderr" {
        fn get_terminal_stderr() -> wasmtime::Result<Option<Output>> = via cli;
    }
}
