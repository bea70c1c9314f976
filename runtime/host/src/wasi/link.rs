//! Links every interface that a tool can import to the gate. Nothing else is ever linked.

use wasmtime::Engine;
use wasmtime::component::Linker;
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, io, random, sockets};
use wasmtime_wasi_http::p2::bindings::http;

use crate::call::{Host, Linked, View};
use crate::wasi::agent;

/// A linker with all interfaces in [`wasm_agent_calls::INTERFACES`].
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    macro_rules! link {
        ($($($part:ident)::+;)*) => {$(
            $($part)::+::add_to_linker::<Host, Linked>(&mut linker, view)?;
        )*};
    }
    link! {
        cli::environment; cli::exit; cli::stderr; cli::stdin; cli::stdout;
        cli::terminal_input; cli::terminal_output; cli::terminal_stderr; cli::terminal_stdin; cli::terminal_stdout;
        clocks::monotonic_clock; clocks::wall_clock;
        filesystem::preopens; filesystem::types;
        io::error; io::poll; io::streams;
        random::insecure; random::insecure_seed; random::random;
        sockets::instance_network; sockets::ip_name_lookup; sockets::tcp; sockets::tcp_create_socket;
        sockets::udp; sockets::udp_create_socket;
        http::outgoing_handler;
        agent::approval; agent::intent;
    }
    sockets::network::add_to_linker::<Host, Linked>(&mut linker, &sockets::network::LinkOptions::default(), view)?;
    http::types::add_to_linker::<Host, Linked>(&mut linker, &http::types::LinkOptions::default(), view)?;
    Ok(linker)
}

fn view(host: &mut Host) -> View<'_> {
    View { host }
}
