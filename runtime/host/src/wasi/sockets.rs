//! `wasi:sockets`: linked, recorded, and always denied.
//!
//! No grant can give a socket: what comes through one is neither a file nor a request, so no policy could judge it.
//! Sockets can't be made, so nothing but their making can be called; what follows is here because components import it.

use wasm_agent_policy::{Act, Origin};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::{
    instance_network, ip_name_lookup, network, tcp, tcp_create_socket, udp, udp_create_socket,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, SocketError, SocketResult};

use crate::gate::wire;
use crate::gate::{Call, Host, View, host_calls};

type Net = Resource<network::Network>;
type Tcp = Resource<tcp::TcpSocket>;
type Udp = Resource<udp::UdpSocket>;
type Incoming = Resource<udp::IncomingDatagramStream>;
type Outgoing = Resource<udp::OutgoingDatagramStream>;
type Names = Resource<ip_name_lookup::ResolveAddressStream>;
type Pollable = Resource<DynPollable>;
type Family = network::IpAddressFamily;
type Address = network::IpSocketAddress;
type Accepted = (Tcp, Resource<DynInputStream>, Resource<DynOutputStream>);
type Connected = (Resource<DynInputStream>, Resource<DynOutputStream>);

impl Host {
    /// Denies a socket, on the record.
    fn no_socket<T>(&mut self, call: &mut Call, what: &'static str) -> SocketResult<T> {
        let gate = &self.world().map_err(SocketError::trap)?.gate;
        let (_, record) = gate.check(Act::socket(what), Origin::Foreign, call.asker);
        call.decided(record);
        Err(network::ErrorCode::AccessDenied.into())
    }
}

/// A call on a socket, which can't exist.
fn impossible<T>() -> wasmtime::Result<T> {
    Err(wasmtime::Error::msg("there are no sockets"))
}

impl network::Host for View<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<network::ErrorCode> {
        error.downcast()
    }

    fn network_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<network::ErrorCode>> {
        host_calls!(@call self, false, "wasi:sockets/network", "network-error-code",
            (error: Resource<wasmtime::Error>), wasmtime::Result<Option<network::ErrorCode>>, |_host, _call| Ok(None))
    }
}

impl tcp::Host for View<'_> {}
impl udp::Host for View<'_> {}

host_calls! {
    impl network::HostNetwork as "wasi:sockets/network" {
        fn drop(network: Net) -> wasmtime::Result<()> = "[resource-drop]network" |_host, _call| Ok(());
    }
}

host_calls! {
    impl instance_network::Host as "wasi:sockets/instance-network" {
        // WIT lets this neither fail nor be refused. The network it names can do nothing.
        fn instance_network() -> wasmtime::Result<Net> = "instance-network" |_host, _call| Ok(Resource::new_own(0));
    }
}

host_calls! {
    impl ip_name_lookup::Host as "wasi:sockets/ip-name-lookup" {
        fn resolve_addresses(network: Net, name: String) -> SocketResult<Names> = "resolve-addresses" |host, call| host.no_socket(call, "look up a name");
    }
}

host_calls! {
    impl ip_name_lookup::HostResolveAddressStream as "wasi:sockets/ip-name-lookup" {
        fn resolve_next_address(stream: Names) -> SocketResult<Option<network::IpAddress>>
            = "[method]resolve-address-stream.resolve-next-address" |host, call| host.no_socket(call, "look up a name");
        fn subscribe(stream: Names) -> wasmtime::Result<Pollable> = "[method]resolve-address-stream.subscribe" |_host, _call| impossible();
        fn drop(stream: Names) -> wasmtime::Result<()> = "[resource-drop]resolve-address-stream" |_host, _call| Ok(());
    }
}

host_calls! {
    impl tcp_create_socket::Host as "wasi:sockets/tcp-create-socket" {
        fn create_tcp_socket(family: Family) -> SocketResult<Tcp> = "create-tcp-socket" |host, call| host.no_socket(call, "open a TCP socket");
    }
}

host_calls! {
    impl udp_create_socket::Host as "wasi:sockets/udp-create-socket" {
        async fn create_udp_socket(family: Family) -> SocketResult<Udp> = "create-udp-socket" |host, call| host.no_socket(call, "open a UDP socket");
    }
}

host_calls! {
    impl tcp::HostTcpSocket as "wasi:sockets/tcp" {
        async fn start_bind(socket: Tcp, network: Net, address: Address) -> SocketResult<()> = "[method]tcp-socket.start-bind" |host, call| host.no_socket(call, "bind");
        fn finish_bind(socket: Tcp) -> SocketResult<()> = "[method]tcp-socket.finish-bind" |host, call| host.no_socket(call, "bind");
        fn start_connect(socket: Tcp, network: Net, address: Address) -> SocketResult<()> = "[method]tcp-socket.start-connect" |host, call| host.no_socket(call, "connect");
        fn finish_connect(socket: Tcp) -> SocketResult<Connected> = "[method]tcp-socket.finish-connect" |host, call| host.no_socket(call, "connect");
        async fn start_listen(socket: Tcp) -> SocketResult<()> = "[method]tcp-socket.start-listen" |host, call| host.no_socket(call, "listen");
        fn finish_listen(socket: Tcp) -> SocketResult<()> = "[method]tcp-socket.finish-listen" |host, call| host.no_socket(call, "listen");
        fn accept(socket: Tcp) -> SocketResult<Accepted> = "[method]tcp-socket.accept" |host, call| host.no_socket(call, "accept");
        fn local_address(socket: Tcp) -> SocketResult<Address> = "[method]tcp-socket.local-address" |host, call| host.no_socket(call, "use");
        fn remote_address(socket: Tcp) -> SocketResult<Address> = "[method]tcp-socket.remote-address" |host, call| host.no_socket(call, "use");
        fn is_listening(socket: Tcp) -> wasmtime::Result<bool> = "[method]tcp-socket.is-listening" |_host, _call| impossible();
        fn address_family(socket: Tcp) -> wasmtime::Result<Family> = "[method]tcp-socket.address-family" |_host, _call| impossible();
        fn set_listen_backlog_size(socket: Tcp, value: u64) -> SocketResult<()> = "[method]tcp-socket.set-listen-backlog-size" |host, call| host.no_socket(call, "use");
        fn keep_alive_enabled(socket: Tcp) -> SocketResult<bool> = "[method]tcp-socket.keep-alive-enabled" |host, call| host.no_socket(call, "use");
        fn set_keep_alive_enabled(socket: Tcp, value: bool) -> SocketResult<()> = "[method]tcp-socket.set-keep-alive-enabled" |host, call| host.no_socket(call, "use");
        fn keep_alive_idle_time(socket: Tcp) -> SocketResult<u64> = "[method]tcp-socket.keep-alive-idle-time" |host, call| host.no_socket(call, "use");
        fn set_keep_alive_idle_time(socket: Tcp, value: u64) -> SocketResult<()> = "[method]tcp-socket.set-keep-alive-idle-time" |host, call| host.no_socket(call, "use");
        fn keep_alive_interval(socket: Tcp) -> SocketResult<u64> = "[method]tcp-socket.keep-alive-interval" |host, call| host.no_socket(call, "use");
        fn set_keep_alive_interval(socket: Tcp, value: u64) -> SocketResult<()> = "[method]tcp-socket.set-keep-alive-interval" |host, call| host.no_socket(call, "use");
        fn keep_alive_count(socket: Tcp) -> SocketResult<u32> = "[method]tcp-socket.keep-alive-count" |host, call| host.no_socket(call, "use");
        fn set_keep_alive_count(socket: Tcp, value: u32) -> SocketResult<()> = "[method]tcp-socket.set-keep-alive-count" |host, call| host.no_socket(call, "use");
        fn hop_limit(socket: Tcp) -> SocketResult<u8> = "[method]tcp-socket.hop-limit" |host, call| host.no_socket(call, "use");
        fn set_hop_limit(socket: Tcp, value: u8) -> SocketResult<()> = "[method]tcp-socket.set-hop-limit" |host, call| host.no_socket(call, "use");
        fn receive_buffer_size(socket: Tcp) -> SocketResult<u64> = "[method]tcp-socket.receive-buffer-size" |host, call| host.no_socket(call, "use");
        fn set_receive_buffer_size(socket: Tcp, value: u64) -> SocketResult<()> = "[method]tcp-socket.set-receive-buffer-size" |host, call| host.no_socket(call, "use");
        fn send_buffer_size(socket: Tcp) -> SocketResult<u64> = "[method]tcp-socket.send-buffer-size" |host, call| host.no_socket(call, "use");
        fn set_send_buffer_size(socket: Tcp, value: u64) -> SocketResult<()> = "[method]tcp-socket.set-send-buffer-size" |host, call| host.no_socket(call, "use");
        fn subscribe(socket: Tcp) -> wasmtime::Result<Pollable> = "[method]tcp-socket.subscribe" |_host, _call| impossible();
        fn shutdown(socket: Tcp, how: tcp::ShutdownType) -> SocketResult<()> = "[method]tcp-socket.shutdown" |host, call| host.no_socket(call, "shut down");
        fn drop(socket: Tcp) -> wasmtime::Result<()> = "[resource-drop]tcp-socket" |_host, _call| Ok(());
    }
}

host_calls! {
    impl udp::HostUdpSocket as "wasi:sockets/udp" {
        async fn start_bind(socket: Udp, network: Net, address: Address) -> SocketResult<()> = "[method]udp-socket.start-bind" |host, call| host.no_socket(call, "bind");
        fn finish_bind(socket: Udp) -> SocketResult<()> = "[method]udp-socket.finish-bind" |host, call| host.no_socket(call, "bind");
        async fn stream(socket: Udp, address: Option<Address>) -> SocketResult<(Incoming, Outgoing)> = "[method]udp-socket.stream" |host, call| host.no_socket(call, "stream");
        fn local_address(socket: Udp) -> SocketResult<Address> = "[method]udp-socket.local-address" |host, call| host.no_socket(call, "use");
        fn remote_address(socket: Udp) -> SocketResult<Address> = "[method]udp-socket.remote-address" |host, call| host.no_socket(call, "use");
        fn address_family(socket: Udp) -> wasmtime::Result<Family> = "[method]udp-socket.address-family" |_host, _call| impossible();
        fn unicast_hop_limit(socket: Udp) -> SocketResult<u8> = "[method]udp-socket.unicast-hop-limit" |host, call| host.no_socket(call, "use");
        fn set_unicast_hop_limit(socket: Udp, value: u8) -> SocketResult<()> = "[method]udp-socket.set-unicast-hop-limit" |host, call| host.no_socket(call, "use");
        fn receive_buffer_size(socket: Udp) -> SocketResult<u64> = "[method]udp-socket.receive-buffer-size" |host, call| host.no_socket(call, "use");
        fn set_receive_buffer_size(socket: Udp, value: u64) -> SocketResult<()> = "[method]udp-socket.set-receive-buffer-size" |host, call| host.no_socket(call, "use");
        fn send_buffer_size(socket: Udp) -> SocketResult<u64> = "[method]udp-socket.send-buffer-size" |host, call| host.no_socket(call, "use");
        fn set_send_buffer_size(socket: Udp, value: u64) -> SocketResult<()> = "[method]udp-socket.set-send-buffer-size" |host, call| host.no_socket(call, "use");
        fn subscribe(socket: Udp) -> wasmtime::Result<Pollable> = "[method]udp-socket.subscribe" |_host, _call| impossible();
        fn drop(socket: Udp) -> wasmtime::Result<()> = "[resource-drop]udp-socket" |_host, _call| Ok(());
    }
}

host_calls! {
    impl udp::HostIncomingDatagramStream as "wasi:sockets/udp" {
        fn receive(stream: Incoming, max_results: u64) -> SocketResult<Vec<udp::IncomingDatagram>>
            = "[method]incoming-datagram-stream.receive" |host, call| host.no_socket(call, "receive");
        fn subscribe(stream: Incoming) -> wasmtime::Result<Pollable> = "[method]incoming-datagram-stream.subscribe" |_host, _call| impossible();
        fn drop(stream: Incoming) -> wasmtime::Result<()> = "[resource-drop]incoming-datagram-stream" |_host, _call| Ok(());
    }
}

host_calls! {
    impl udp::HostOutgoingDatagramStream as "wasi:sockets/udp" {
        fn check_send(stream: Outgoing) -> SocketResult<u64> = "[method]outgoing-datagram-stream.check-send" |host, call| host.no_socket(call, "send");
        fn send(stream: Outgoing, datagrams: Vec<udp::OutgoingDatagram>) -> SocketResult<u64>
            = "[method]outgoing-datagram-stream.send" |host, call| host.no_socket(call, "send");
        fn subscribe(stream: Outgoing) -> wasmtime::Result<Pollable> = "[method]outgoing-datagram-stream.subscribe" |_host, _call| impossible();
        async fn drop(stream: Outgoing) -> wasmtime::Result<()> = "[resource-drop]outgoing-datagram-stream" |_host, _call| Ok(());
    }
}

wire::enumeration! {
    network::IpAddressFamily { Ipv4 = "ipv4", Ipv6 = "ipv6", }
    tcp::ShutdownType { Receive = "receive", Send = "send", Both = "both", }
    network::ErrorCode {
        Unknown = "unknown",
        AccessDenied = "access-denied",
        NotSupported = "not-supported",
        InvalidArgument = "invalid-argument",
        OutOfMemory = "out-of-memory",
        Timeout = "timeout",
        ConcurrencyConflict = "concurrency-conflict",
        NotInProgress = "not-in-progress",
        WouldBlock = "would-block",
        InvalidState = "invalid-state",
        NewSocketLimit = "new-socket-limit",
        AddressNotBindable = "address-not-bindable",
        AddressInUse = "address-in-use",
        RemoteUnreachable = "remote-unreachable",
        ConnectionRefused = "connection-refused",
        ConnectionReset = "connection-reset",
        ConnectionAborted = "connection-aborted",
        DatagramTooLarge = "datagram-too-large",
        NameUnresolvable = "name-unresolvable",
        TemporaryResolverFailure = "temporary-resolver-failure",
        PermanentResolverFailure = "permanent-resolver-failure",
    }
}

wire::record! {
    network::Ipv4SocketAddress { 2: port, address }
    network::Ipv6SocketAddress { 4: port, flow_info, address, scope_id }
    udp::IncomingDatagram { 2: data, remote_address }
    udp::OutgoingDatagram { 2: data, remote_address }
}

wire::variant! { network::IpAddress { ; Ipv4 = "ipv4", Ipv6 = "ipv6", } }
wire::variant! { network::IpSocketAddress { ; Ipv4 = "ipv4", Ipv6 = "ipv6", } }
wire::list! { udp::IncomingDatagram, udp::OutgoingDatagram }
