//! `wasi:sockets`. Made by `tests/table`, which says how.

#[allow(unused_imports, reason = "a package need not use each kind of type")]
use crate::Type::*;
use crate::table::macros::interface;

/// `ip-address`.
pub const IP_ADDRESS: crate::Variant = crate::Variant {
    name: "ip-address",
    cases: &[
        ("ipv4", Some(Tuple(&[U8, U8, U8, U8]))), ("ipv6", Some(Tuple(&[U16, U16, U16, U16, U16, U16, U16, U16]))),
    ],
};

/// `error-code`.
pub const ERROR_CODE: crate::Enum = crate::Enum {
    name: "error-code",
    cases: &[
        "unknown", "access-denied", "not-supported", "invalid-argument", "out-of-memory", "timeout",
        "concurrency-conflict", "not-in-progress", "would-block", "invalid-state", "new-socket-limit",
        "address-not-bindable", "address-in-use", "remote-unreachable", "connection-refused", "connection-reset",
        "connection-aborted", "datagram-too-large", "name-unresolvable", "temporary-resolver-failure",
        "permanent-resolver-failure",
    ],
};

/// `ipv4-socket-address`.
pub const IPV4_SOCKET_ADDRESS: crate::Record = crate::Record {
    name: "ipv4-socket-address",
    fields: &[
        crate::Named::new("port", U16),
        crate::Named::new("address", Tuple(&[U8, U8, U8, U8])),
    ],
};

/// `ipv6-socket-address`.
pub const IPV6_SOCKET_ADDRESS: crate::Record = crate::Record {
    name: "ipv6-socket-address",
    fields: &[
        crate::Named::new("port", U16),
        crate::Named::new("flow-info", U32),
        crate::Named::new("address", Tuple(&[U16, U16, U16, U16, U16, U16, U16, U16])),
        crate::Named::new("scope-id", U32),
    ],
};

/// `ip-socket-address`.
pub const IP_SOCKET_ADDRESS: crate::Variant = crate::Variant {
    name: "ip-socket-address",
    cases: &[
        ("ipv4", Some(Record(&IPV4_SOCKET_ADDRESS))),
        ("ipv6", Some(Record(&IPV6_SOCKET_ADDRESS))),
    ],
};

/// `ip-address-family`.
pub const IP_ADDRESS_FAMILY: crate::Enum = crate::Enum {
    name: "ip-address-family",
    cases: &[
        "ipv4", "ipv6",
    ],
};

/// `shutdown-type`.
pub const SHUTDOWN_TYPE: crate::Enum = crate::Enum {
    name: "shutdown-type",
    cases: &[
        "receive", "send", "both",
    ],
};

/// `incoming-datagram`.
pub const INCOMING_DATAGRAM: crate::Record = crate::Record {
    name: "incoming-datagram",
    fields: &[
        crate::Named::new("data", Bytes),
        crate::Named::new("remote-address", Variant(&IP_SOCKET_ADDRESS)),
    ],
};

/// `outgoing-datagram`.
pub const OUTGOING_DATAGRAM: crate::Record = crate::Record {
    name: "outgoing-datagram",
    fields: &[
        crate::Named::new("data", Bytes),
        crate::Named::new("remote-address", Option(&Variant(&IP_SOCKET_ADDRESS))),
    ],
};

interface! {
    /// Functions of `wasi:sockets/instance-network`.
    instance_network "wasi:sockets/instance-network" {
        INSTANCE_NETWORK Pure "instance-network" () -> Own("network");
    }
}

interface! {
    /// Functions of `wasi:sockets/ip-name-lookup`.
    ip_name_lookup "wasi:sockets/ip-name-lookup" {
        RESOLVE_ADDRESS_STREAM_RESOLVE_NEXT_ADDRESS Effect "[method]resolve-address-stream.resolve-next-address"
            ("self": Borrow("resolve-address-stream"))
            -> Result(Some(&Option(&Variant(&super::IP_ADDRESS))), Some(&Enum(&super::ERROR_CODE)));
        RESOLVE_ADDRESS_STREAM_SUBSCRIBE Handle "[method]resolve-address-stream.subscribe"
            ("self": Borrow("resolve-address-stream")) -> Own("pollable");
        DROP_RESOLVE_ADDRESS_STREAM Handle "[resource-drop]resolve-address-stream"
            ("self": Own("resolve-address-stream"));
        RESOLVE_ADDRESSES Effect "resolve-addresses"
            ("network": Borrow("network"), "name": String)
            -> Result(Some(&Own("resolve-address-stream")), Some(&Enum(&super::ERROR_CODE)));
    }
}

interface! {
    /// Functions of `wasi:sockets/network`.
    network "wasi:sockets/network" {
        DROP_NETWORK Handle "[resource-drop]network" ("self": Own("network"));
        NETWORK_ERROR_CODE Pure "network-error-code" ("err": Borrow("error")) -> Option(&Enum(&super::ERROR_CODE));
    }
}

interface! {
    /// Functions of `wasi:sockets/tcp`.
    tcp "wasi:sockets/tcp" {
        TCP_SOCKET_ACCEPT Effect "[method]tcp-socket.accept"
            ("self": Borrow("tcp-socket"))
            -> Result(Some(&Tuple(&[Own("tcp-socket"), Own("input-stream"), Own("output-stream")])),
                Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_ADDRESS_FAMILY Handle "[method]tcp-socket.address-family"
            ("self": Borrow("tcp-socket")) -> Enum(&super::IP_ADDRESS_FAMILY);
        TCP_SOCKET_FINISH_BIND Effect "[method]tcp-socket.finish-bind"
            ("self": Borrow("tcp-socket")) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_FINISH_CONNECT Effect "[method]tcp-socket.finish-connect"
            ("self": Borrow("tcp-socket"))
            -> Result(Some(&Tuple(&[Own("input-stream"), Own("output-stream")])), Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_FINISH_LISTEN Effect "[method]tcp-socket.finish-listen"
            ("self": Borrow("tcp-socket")) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_HOP_LIMIT Effect "[method]tcp-socket.hop-limit"
            ("self": Borrow("tcp-socket")) -> Result(Some(&U8), Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_IS_LISTENING Handle "[method]tcp-socket.is-listening" ("self": Borrow("tcp-socket")) -> Bool;
        TCP_SOCKET_KEEP_ALIVE_COUNT Effect "[method]tcp-socket.keep-alive-count"
            ("self": Borrow("tcp-socket")) -> Result(Some(&U32), Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_KEEP_ALIVE_ENABLED Effect "[method]tcp-socket.keep-alive-enabled"
            ("self": Borrow("tcp-socket")) -> Result(Some(&Bool), Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_KEEP_ALIVE_IDLE_TIME Effect "[method]tcp-socket.keep-alive-idle-time"
            ("self": Borrow("tcp-socket")) -> Result(Some(&U64), Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_KEEP_ALIVE_INTERVAL Effect "[method]tcp-socket.keep-alive-interval"
            ("self": Borrow("tcp-socket")) -> Result(Some(&U64), Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_LOCAL_ADDRESS Effect "[method]tcp-socket.local-address"
            ("self": Borrow("tcp-socket"))
            -> Result(Some(&Variant(&super::IP_SOCKET_ADDRESS)), Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_RECEIVE_BUFFER_SIZE Effect "[method]tcp-socket.receive-buffer-size"
            ("self": Borrow("tcp-socket")) -> Result(Some(&U64), Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_REMOTE_ADDRESS Effect "[method]tcp-socket.remote-address"
            ("self": Borrow("tcp-socket"))
            -> Result(Some(&Variant(&super::IP_SOCKET_ADDRESS)), Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_SEND_BUFFER_SIZE Effect "[method]tcp-socket.send-buffer-size"
            ("self": Borrow("tcp-socket")) -> Result(Some(&U64), Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_SET_HOP_LIMIT Effect "[method]tcp-socket.set-hop-limit"
            ("self": Borrow("tcp-socket"), "value": U8) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_SET_KEEP_ALIVE_COUNT Effect "[method]tcp-socket.set-keep-alive-count"
            ("self": Borrow("tcp-socket"), "value": U32) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_SET_KEEP_ALIVE_ENABLED Effect "[method]tcp-socket.set-keep-alive-enabled"
            ("self": Borrow("tcp-socket"), "value": Bool) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_SET_KEEP_ALIVE_IDLE_TIME Effect "[method]tcp-socket.set-keep-alive-idle-time"
            ("self": Borrow("tcp-socket"), "value": U64) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_SET_KEEP_ALIVE_INTERVAL Effect "[method]tcp-socket.set-keep-alive-interval"
            ("self": Borrow("tcp-socket"), "value": U64) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_SET_LISTEN_BACKLOG_SIZE Effect "[method]tcp-socket.set-listen-backlog-size"
            ("self": Borrow("tcp-socket"), "value": U64) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_SET_RECEIVE_BUFFER_SIZE Effect "[method]tcp-socket.set-receive-buffer-size"
            ("self": Borrow("tcp-socket"), "value": U64) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_SET_SEND_BUFFER_SIZE Effect "[method]tcp-socket.set-send-buffer-size"
            ("self": Borrow("tcp-socket"), "value": U64) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_SHUTDOWN Effect "[method]tcp-socket.shutdown"
            ("self": Borrow("tcp-socket"), "shutdown-type": Enum(&super::SHUTDOWN_TYPE))
            -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_START_BIND Effect "[method]tcp-socket.start-bind"
            ("self": Borrow("tcp-socket"),
             "network": Borrow("network"),
             "local-address": Variant(&super::IP_SOCKET_ADDRESS))
            -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_START_CONNECT Effect "[method]tcp-socket.start-connect"
            ("self": Borrow("tcp-socket"),
             "network": Borrow("network"),
             "remote-address": Variant(&super::IP_SOCKET_ADDRESS))
            -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_START_LISTEN Effect "[method]tcp-socket.start-listen"
            ("self": Borrow("tcp-socket")) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        TCP_SOCKET_SUBSCRIBE Handle "[method]tcp-socket.subscribe" ("self": Borrow("tcp-socket")) -> Own("pollable");
        DROP_TCP_SOCKET Handle "[resource-drop]tcp-socket" ("self": Own("tcp-socket"));
    }
}

interface! {
    /// Functions of `wasi:sockets/tcp-create-socket`.
    tcp_create_socket "wasi:sockets/tcp-create-socket" {
        CREATE_TCP_SOCKET Effect "create-tcp-socket"
            ("address-family": Enum(&super::IP_ADDRESS_FAMILY))
            -> Result(Some(&Own("tcp-socket")), Some(&Enum(&super::ERROR_CODE)));
    }
}

interface! {
    /// Functions of `wasi:sockets/udp`.
    udp "wasi:sockets/udp" {
        INCOMING_DATAGRAM_STREAM_RECEIVE Effect "[method]incoming-datagram-stream.receive"
            ("self": Borrow("incoming-datagram-stream"), "max-results": U64)
            -> Result(Some(&List(&Record(&super::INCOMING_DATAGRAM))), Some(&Enum(&super::ERROR_CODE)));
        INCOMING_DATAGRAM_STREAM_SUBSCRIBE Handle "[method]incoming-datagram-stream.subscribe"
            ("self": Borrow("incoming-datagram-stream")) -> Own("pollable");
        OUTGOING_DATAGRAM_STREAM_CHECK_SEND Effect "[method]outgoing-datagram-stream.check-send"
            ("self": Borrow("outgoing-datagram-stream")) -> Result(Some(&U64), Some(&Enum(&super::ERROR_CODE)));
        OUTGOING_DATAGRAM_STREAM_SEND Effect "[method]outgoing-datagram-stream.send"
            ("self": Borrow("outgoing-datagram-stream"), "datagrams": List(&Record(&super::OUTGOING_DATAGRAM)))
            -> Result(Some(&U64), Some(&Enum(&super::ERROR_CODE)));
        OUTGOING_DATAGRAM_STREAM_SUBSCRIBE Handle "[method]outgoing-datagram-stream.subscribe"
            ("self": Borrow("outgoing-datagram-stream")) -> Own("pollable");
        UDP_SOCKET_ADDRESS_FAMILY Handle "[method]udp-socket.address-family"
            ("self": Borrow("udp-socket")) -> Enum(&super::IP_ADDRESS_FAMILY);
        UDP_SOCKET_FINISH_BIND Effect "[method]udp-socket.finish-bind"
            ("self": Borrow("udp-socket")) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        UDP_SOCKET_LOCAL_ADDRESS Effect "[method]udp-socket.local-address"
            ("self": Borrow("udp-socket"))
            -> Result(Some(&Variant(&super::IP_SOCKET_ADDRESS)), Some(&Enum(&super::ERROR_CODE)));
        UDP_SOCKET_RECEIVE_BUFFER_SIZE Effect "[method]udp-socket.receive-buffer-size"
            ("self": Borrow("udp-socket")) -> Result(Some(&U64), Some(&Enum(&super::ERROR_CODE)));
        UDP_SOCKET_REMOTE_ADDRESS Effect "[method]udp-socket.remote-address"
            ("self": Borrow("udp-socket"))
            -> Result(Some(&Variant(&super::IP_SOCKET_ADDRESS)), Some(&Enum(&super::ERROR_CODE)));
        UDP_SOCKET_SEND_BUFFER_SIZE Effect "[method]udp-socket.send-buffer-size"
            ("self": Borrow("udp-socket")) -> Result(Some(&U64), Some(&Enum(&super::ERROR_CODE)));
        UDP_SOCKET_SET_RECEIVE_BUFFER_SIZE Effect "[method]udp-socket.set-receive-buffer-size"
            ("self": Borrow("udp-socket"), "value": U64) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        UDP_SOCKET_SET_SEND_BUFFER_SIZE Effect "[method]udp-socket.set-send-buffer-size"
            ("self": Borrow("udp-socket"), "value": U64) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        UDP_SOCKET_SET_UNICAST_HOP_LIMIT Effect "[method]udp-socket.set-unicast-hop-limit"
            ("self": Borrow("udp-socket"), "value": U8) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        UDP_SOCKET_START_BIND Effect "[method]udp-socket.start-bind"
            ("self": Borrow("udp-socket"),
             "network": Borrow("network"),
             "local-address": Variant(&super::IP_SOCKET_ADDRESS))
            -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        UDP_SOCKET_STREAM Effect "[method]udp-socket.stream"
            ("self": Borrow("udp-socket"), "remote-address": Option(&Variant(&super::IP_SOCKET_ADDRESS)))
            -> Result(Some(&Tuple(&[Own("incoming-datagram-stream"), Own("outgoing-datagram-stream")])),
                Some(&Enum(&super::ERROR_CODE)));
        UDP_SOCKET_SUBSCRIBE Handle "[method]udp-socket.subscribe" ("self": Borrow("udp-socket")) -> Own("pollable");
        UDP_SOCKET_UNICAST_HOP_LIMIT Effect "[method]udp-socket.unicast-hop-limit"
            ("self": Borrow("udp-socket")) -> Result(Some(&U8), Some(&Enum(&super::ERROR_CODE)));
        DROP_INCOMING_DATAGRAM_STREAM Handle "[resource-drop]incoming-datagram-stream"
            ("self": Own("incoming-datagram-stream"));
        DROP_OUTGOING_DATAGRAM_STREAM Handle "[resource-drop]outgoing-datagram-stream"
            ("self": Own("outgoing-datagram-stream"));
        DROP_UDP_SOCKET Handle "[resource-drop]udp-socket" ("self": Own("udp-socket"));
    }
}

interface! {
    /// Functions of `wasi:sockets/udp-create-socket`.
    udp_create_socket "wasi:sockets/udp-create-socket" {
        CREATE_UDP_SOCKET Effect "create-udp-socket"
            ("address-family": Enum(&super::IP_ADDRESS_FAMILY))
            -> Result(Some(&Own("udp-socket")), Some(&Enum(&super::ERROR_CODE)));
    }
}
