//! `wasi:sockets`: linked, recorded, and always denied.
//!
//! No grant can give a socket: its traffic is neither a file nor a request, so no policy could judge it. Since no
//! socket can be made, no function on one can be called. They are here because components import them.

use wasm_agent_policy::{Act, Origin};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sockets::{
    instance_network, ip_name_lookup, network, tcp, tcp_create_socket, udp, udp_create_socket,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, SocketError, SocketResult};

use crate::call::wire;
use crate::call::{Call, Host, View, host_calls};

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
        self.denied(call, what, network::ErrorCode::AccessDenied)
    }

    /// Denies a lookup, on the record. To the tool it is a name that nobody knows, as under the engine.
    fn no_lookup<T>(&mut self, call: &mut Call) -> SocketResult<T> {
        self.denied(call, "look up a name", network::ErrorCode::PermanentResolverFailure)
    }

    fn denied<T>(&mut self, call: &mut Call, what: &'static str, error: network::ErrorCode) -> SocketResult<T> {
        let gate = &self.world().map_err(SocketError::trap)?.gate;
        let (_, record) = gate.check(Act::socket(what), Origin::Foreign, call.asker);
        call.decided(record);
        Err(error.into())
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
        host_calls!(@call self, false, network::Host as "wasi:sockets/network", network_error_code,
            (error: Resource<wasmtime::Error>), wasmtime::Result<Option<network::ErrorCode>>, |_host, _call| Ok(None))
    }
}

impl tcp::Host for View<'_> {}
impl udp::Host for View<'_> {}

host_calls! {
    impl network::HostNetwork as "wasi:sockets/network" {
        fn drop(network: Net) -> wasmtime::Result<()> = |_host, _call| Ok(());
    }
}

host_calls! {
    impl instance_network::Host as "wasi:sockets/instance-network" {
        // WIT allows this function neither to fail nor to be refused. The network that it returns can't be used for
        // anything.
        fn instance_network() -> wasmtime::Result<Net> = |_host, _call| Ok(Resource::new_own(0));
    }
}

host_calls! {
    impl ip_name_lookup::Host as "wasi:sockets/ip-name-lookup" {
        fn resolve_addresses(network: Net, name: String) -> SocketResult<Names>
            = |host, call| host.no_lookup(call);
    }
}

host_calls! {
    impl ip_name_lookup::HostResolveAddressStream as "wasi:sockets/ip-name-lookup" {
        fn resolve_next_address(stream: Names) -> SocketResult<Option<network::IpAddress>>
            = |host, call| host.no_lookup(call);
        fn subscribe(stream: Names) -> wasmtime::Result<Pollable> = |_host, _call| impossible();
        fn drop(stream: Names) -> wasmtime::Result<()> = |_host, _call| Ok(());
    }
}

host_calls! {
    impl tcp_create_socket::Host as "wasi:sockets/tcp-create-socket" {
        fn create_tcp_socket(family: Family) -> SocketResult<Tcp>
            = |host, call| host.no_socket(call, "open a TCP socket");
    }
}

host_calls! {
    impl udp_create_socket::Host as "wasi:sockets/udp-create-socket" {
        async fn create_udp_socket(family: Family) -> SocketResult<Udp>
            = |host, call| host.no_socket(call, "open a UDP socket");
    }
}

host_calls! {
    impl tcp::HostTcpSocket as "wasi:sockets/tcp" {
        async fn start_bind(socket: Tcp, network: Net, address: Address) -> SocketResult<()>
            = |host, call| host.no_socket(call, "bind");
        fn finish_bind(socket: Tcp) -> SocketResult<()> = |host, call| host.no_socket(call, "bind");
        fn start_connect(socket: Tcp, network: Net, address: Address) -> SocketResult<()>
            = |host, call| host.no_socket(call, "connect");
        fn finish_connect(socket: Tcp) -> SocketResult<Connected> = |host, call| host.no_socket(call, "connect");
        async fn start_listen(socket: Tcp) -> SocketResult<()> = |host, call| host.no_socket(call, "listen");
        fn finish_listen(socket: Tcp) -> SocketResult<()> = |host, call| host.no_socket(call, "listen");
        fn accept(socket: Tcp) -> SocketResult<Accepted> = |host, call| host.no_socket(call, "accept");
        fn local_address(socket: Tcp) -> SocketResult<Address> = |host, call| host.no_socket(call, "use");
        fn remote_address(socket: Tcp) -> SocketResult<Address> = |host, call| host.no_socket(call, "use");
        fn is_listening(socket: Tcp) -> wasmtime::Result<bool> = |_host, _call| impossible();
        fn address_family(socket: Tcp) -> wasmtime::Result<Family> = |_host, _call| impossible();
        fn set_listen_backlog_size(socket: Tcp, value: u64) -> SocketResult<()>
            = |host, call| host.no_socket(call, "use");
        fn keep_alive_enabled(socket: Tcp) -> SocketResult<bool> = |host, call| host.no_socket(call, "use");
        fn set_keep_alive_enabled(socket: Tcp, value: bool) -> SocketResult<()>
            = |host, call| host.no_socket(call, "use");
        fn keep_alive_idle_time(socket: Tcp) -> SocketResult<u64> = |host, call| host.no_socket(call, "use");
        fn set_keep_alive_idle_time(socket: Tcp, value: u64) -> SocketResult<()>
            = |host, call| host.no_socket(call, "use");
        fn keep_alive_interval(socket: Tcp) -> SocketResult<u64> = |host, call| host.no_socket(call, "use");
        fn set_keep_alive_interval(socket: Tcp, value: u64) -> SocketResult<()>
            = |host, call| host.no_socket(call, "use");
        fn keep_alive_count(socket: Tcp) -> SocketResult<u32> = |host, call| host.no_socket(call, "use");
        fn set_keep_alive_count(socket: Tcp, value: u32) -> SocketResult<()> = |host, call| host.no_socket(call, "use");
        fn hop_limit(socket: Tcp) -> SocketResult<u8> = |host, call| host.no_socket(call, "use");
        fn set_hop_limit(socket: Tcp, value: u8) -> SocketResult<()> = |host, call| host.no_socket(call, "use");
        fn receive_buffer_size(socket: Tcp) -> SocketResult<u64> = |host, call| host.no_socket(call, "use");
        fn set_receive_buffer_size(socket: Tcp, value: u64) -> SocketResult<()>
            = |host, call| host.no_socket(call, "use");
        fn send_buffer_size(socket: Tcp) -> SocketResult<u64> = |host, call| host.no_socket(call, "use");
        fn set_send_buffer_size(socket: Tcp, value: u64) -> SocketResult<()> = |host, call| host.no_socket(call, "use");
        fn subscribe(socket: Tcp) -> wasmtime::Result<Pollable> = |_host, _call| impossible();
        fn shutdown(socket: Tcp, how: tcp::ShutdownType) -> SocketResult<()>
            = |host, call| host.no_socket(call, "shut down");
        fn drop(socket: Tcp) -> wasmtime::Result<()> = |_host, _call| Ok(());
    }
}

host_calls! {
    impl udp::HostUdpSocket as "wasi:sockets/udp" {
        async fn start_bind(socket: Udp, network: Net, address: Address) -> SocketResult<()>
            = |host, call| host.no_socket(call, "bind");
        fn finish_bind(socket: Udp) -> SocketResult<()> = |host, call| host.no_socket(call, "bind");
        async fn stream(socket: Udp, address: Option<Address>) -> SocketResult<(Incoming, Outgoing)>
            = |host, call| host.no_socket(call, "stream");
        fn local_address(socket: Udp) -> SocketResult<Address> = |host, call| host.no_socket(call, "use");
        fn remote_address(socket: Udp) -> SocketResult<Address> = |host, call| host.no_socket(call, "use");
        fn address_family(socket: Udp) -> wasmtime::Result<Family> = |_host, _call| impossible();
        fn unicast_hop_limit(socket: Udp) -> SocketResult<u8> = |host, call| host.no_socket(call, "use");
        fn set_unicast_hop_limit(socket: Udp, value: u8) -> SocketResult<()> = |host, call| host.no_socket(call, "use");
        fn receive_buffer_size(socket: Udp) -> SocketResult<u64> = |host, call| host.no_socket(call, "use");
        fn set_receive_buffer_size(socket: Udp, value: u64) -> SocketResult<()>
            = |host, call| host.no_socket(call, "use");
        fn send_buffer_size(socket: Udp) -> SocketResult<u64> = |host, call| host.no_socket(call, "use");
        fn set_send_buffer_size(socket: Udp, value: u64) -> SocketResult<()> = |host, call| host.no_socket(call, "use");
        fn subscribe(socket: Udp) -> wasmtime::Result<Pollable> = |_host, _call| impossible();
        fn drop(socket: Udp) -> wasmtime::Result<()> = |_host, _call| Ok(());
    }
}

host_calls! {
    impl udp::HostIncomingDatagramStream as "wasi:sockets/udp" {
        fn receive(stream: Incoming, max_results: u64) -> SocketResult<Vec<udp::IncomingDatagram>>
            = |host, call| host.no_socket(call, "receive");
        fn subscribe(stream: Incoming) -> wasmtime::Result<Pollable> = |_host, _call| impossible();
        fn drop(stream: Incoming) -> wasmtime::Result<()> = |_host, _call| Ok(());
    }
}

host_calls! {
    impl udp::HostOutgoingDatagramStream as "wasi:sockets/udp" {
        fn check_send(stream: Outgoing) -> SocketResult<u64> = |host, call| host.no_socket(call, "send");
        fn send(stream: Outgoing, datagrams: Vec<udp::OutgoingDatagram>) -> SocketResult<u64>
            = |host, call| host.no_socket(call, "send");
        fn subscribe(stream: Outgoing) -> wasmtime::Result<Pollable> = |_host, _call| impossible();
        async fn drop(stream: Outgoing) -> wasmtime::Result<()> = |_host, _call| Ok(());
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
