//! What WIT has, a file for each package. Made by `tests/table`, which says how.

pub(crate) mod macros;

/// Functions and types of `wasi:cli`.
pub mod cli;
/// Functions and types of `wasi:clocks`.
pub mod clocks;
/// Functions and types of `wasi:filesystem`.
pub mod filesystem;
/// Functions and types of `wasi:http`.
pub mod http;
/// Functions and types of `wasi:io`.
pub mod io;
/// Functions and types of `wasi:random`.
pub mod random;
/// Functions and types of `wasi:sockets`.
pub mod sockets;
/// Functions and types of `wasm-agent:host`.
pub mod host;

/// The interfaces that the host links, without their versions: any version 0.2.x of a WASI interface
/// is served by the same functions.
pub const INTERFACES: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
    "wasm-agent:host/approval",
    "wasm-agent:host/intent",
];

/// Every function, sorted by its key.
pub static FUNCTIONS: [crate::Function; 204] = crate::function::joined(&[
    cli::environment::FUNCTIONS,
    cli::exit::FUNCTIONS,
    cli::stderr::FUNCTIONS,
    cli::stdin::FUNCTIONS,
    cli::stdout::FUNCTIONS,
    cli::terminal_input::FUNCTIONS,
    cli::terminal_output::FUNCTIONS,
    cli::terminal_stderr::FUNCTIONS,
    cli::terminal_stdin::FUNCTIONS,
    cli::terminal_stdout::FUNCTIONS,
    clocks::monotonic_clock::FUNCTIONS,
    clocks::wall_clock::FUNCTIONS,
    filesystem::preopens::FUNCTIONS,
    filesystem::types::FUNCTIONS,
    http::outgoing_handler::FUNCTIONS,
    http::types::FUNCTIONS,
    io::error::FUNCTIONS,
    io::poll::FUNCTIONS,
    io::streams::FUNCTIONS,
    random::insecure::FUNCTIONS,
    random::insecure_seed::FUNCTIONS,
    random::random::FUNCTIONS,
    sockets::instance_network::FUNCTIONS,
    sockets::ip_name_lookup::FUNCTIONS,
    sockets::network::FUNCTIONS,
    sockets::tcp::FUNCTIONS,
    sockets::tcp_create_socket::FUNCTIONS,
    sockets::udp::FUNCTIONS,
    sockets::udp_create_socket::FUNCTIONS,
    host::approval::FUNCTIONS,
    host::intent::FUNCTIONS,
]);
