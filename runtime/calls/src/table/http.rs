//! `wasi:http`. Made by `tests/table`, which says how.

#[allow(unused_imports, reason = "a package need not use each kind of type")]
use crate::Type::*;
use crate::table::macros::interface;

/// `DNS-error-payload`.
pub const DNS_ERROR_PAYLOAD: crate::Record = crate::Record {
    name: "DNS-error-payload",
    fields: &[
        crate::Named::new("rcode", Option(&String)),
        crate::Named::new("info-code", Option(&U16)),
    ],
};

/// `TLS-alert-received-payload`.
pub const TLS_ALERT_RECEIVED_PAYLOAD: crate::Record = crate::Record {
    name: "TLS-alert-received-payload",
    fields: &[
        crate::Named::new("alert-id", Option(&U8)),
        crate::Named::new("alert-message", Option(&String)),
    ],
};

/// `field-size-payload`.
pub const FIELD_SIZE_PAYLOAD: crate::Record = crate::Record {
    name: "field-size-payload",
    fields: &[
        crate::Named::new("field-name", Option(&String)),
        crate::Named::new("field-size", Option(&U32)),
    ],
};

/// `error-code`.
pub const ERROR_CODE: crate::Variant = crate::Variant {
    name: "error-code",
    cases: &[
        ("DNS-timeout", None), ("DNS-error", Some(Record(&DNS_ERROR_PAYLOAD))),
        ("destination-not-found", None), ("destination-unavailable", None), ("destination-IP-prohibited", None),
        ("destination-IP-unroutable", None), ("connection-refused", None), ("connection-terminated", None),
        ("connection-timeout", None), ("connection-read-timeout", None), ("connection-write-timeout", None),
        ("connection-limit-reached", None), ("TLS-protocol-error", None), ("TLS-certificate-error", None),
        ("TLS-alert-received", Some(Record(&TLS_ALERT_RECEIVED_PAYLOAD))), ("HTTP-request-denied", None),
        ("HTTP-request-length-required", None), ("HTTP-request-body-size", Some(Option(&U64))),
        ("HTTP-request-method-invalid", None), ("HTTP-request-URI-invalid", None), ("HTTP-request-URI-too-long", None),
        ("HTTP-request-header-section-size", Some(Option(&U32))),
        ("HTTP-request-header-size", Some(Option(&Record(&FIELD_SIZE_PAYLOAD)))),
        ("HTTP-request-trailer-section-size", Some(Option(&U32))),
        ("HTTP-request-trailer-size", Some(Record(&FIELD_SIZE_PAYLOAD))),
        ("HTTP-response-incomplete", None), ("HTTP-response-header-section-size", Some(Option(&U32))),
        ("HTTP-response-header-size", Some(Record(&FIELD_SIZE_PAYLOAD))),
        ("HTTP-response-body-size", Some(Option(&U64))), ("HTTP-response-trailer-section-size", Some(Option(&U32))),
        ("HTTP-response-trailer-size", Some(Record(&FIELD_SIZE_PAYLOAD))),
        ("HTTP-response-transfer-coding", Some(Option(&String))),
        ("HTTP-response-content-coding", Some(Option(&String))), ("HTTP-response-timeout", None),
        ("HTTP-upgrade-failed", None), ("HTTP-protocol-error", None), ("loop-detected", None),
        ("configuration-error", None), ("internal-error", Some(Option(&String))),
    ],
};

/// `header-error`.
pub const HEADER_ERROR: crate::Variant = crate::Variant {
    name: "header-error",
    cases: &[
        ("invalid-syntax", None), ("forbidden", None), ("immutable", None),
    ],
};

/// `method`.
pub const METHOD: crate::Variant = crate::Variant {
    name: "method",
    cases: &[
        ("get", None), ("head", None), ("post", None), ("put", None), ("delete", None), ("connect", None),
        ("options", None), ("trace", None), ("patch", None), ("other", Some(String)),
    ],
};

/// `scheme`.
pub const SCHEME: crate::Variant = crate::Variant {
    name: "scheme",
    cases: &[
        ("HTTP", None), ("HTTPS", None), ("other", Some(String)),
    ],
};

interface! {
    /// Functions of `wasi:http/outgoing-handler`.
    outgoing_handler "wasi:http/outgoing-handler" {
        HANDLE Effect "handle"
            ("request": Own("outgoing-request"), "options": Option(&Own("request-options")))
            -> Result(Some(&Own("future-incoming-response")), Some(&Variant(&super::ERROR_CODE)));
    }
}

interface! {
    /// Functions of `wasi:http/types`.
    types "wasi:http/types" {
        NEW_FIELDS Pure "[constructor]fields" () -> Own("fields");
        NEW_OUTGOING_REQUEST Handle "[constructor]outgoing-request"
            ("headers": Own("fields")) -> Own("outgoing-request");
        NEW_OUTGOING_RESPONSE Handle "[constructor]outgoing-response"
            ("headers": Own("fields")) -> Own("outgoing-response");
        NEW_REQUEST_OPTIONS Pure "[constructor]request-options" () -> Own("request-options");
        FIELDS_APPEND Handle "[method]fields.append"
            ("self": Borrow("fields"), "name": String, "value": Bytes)
            -> Result(None, Some(&Variant(&super::HEADER_ERROR)));
        FIELDS_CLONE Handle "[method]fields.clone" ("self": Borrow("fields")) -> Own("fields");
        FIELDS_DELETE Handle "[method]fields.delete"
            ("self": Borrow("fields"), "name": String) -> Result(None, Some(&Variant(&super::HEADER_ERROR)));
        FIELDS_ENTRIES Handle "[method]fields.entries" ("self": Borrow("fields")) -> List(&Tuple(&[String, Bytes]));
        FIELDS_GET Handle "[method]fields.get" ("self": Borrow("fields"), "name": String) -> List(&Bytes);
        FIELDS_HAS Handle "[method]fields.has" ("self": Borrow("fields"), "name": String) -> Bool;
        FIELDS_SET Handle "[method]fields.set"
            ("self": Borrow("fields"), "name": String, "value": List(&Bytes))
            -> Result(None, Some(&Variant(&super::HEADER_ERROR)));
        FUTURE_INCOMING_RESPONSE_GET Handle "[method]future-incoming-response.get"
            ("self": Borrow("future-incoming-response"))
            -> Option(&Result(Some(&Result(Some(&Own("incoming-response")),
                Some(&Variant(&super::ERROR_CODE)))), None));
        FUTURE_INCOMING_RESPONSE_SUBSCRIBE Handle "[method]future-incoming-response.subscribe"
            ("self": Borrow("future-incoming-response")) -> Own("pollable");
        FUTURE_TRAILERS_GET Handle "[method]future-trailers.get"
            ("self": Borrow("future-trailers"))
            -> Option(&Result(Some(&Result(Some(&Option(&Own("fields"))), Some(&Variant(&super::ERROR_CODE)))), None));
        FUTURE_TRAILERS_SUBSCRIBE Handle "[method]future-trailers.subscribe"
            ("self": Borrow("future-trailers")) -> Own("pollable");
        INCOMING_BODY_STREAM Handle "[method]incoming-body.stream"
            ("self": Borrow("incoming-body")) -> Result(Some(&Own("input-stream")), None);
        INCOMING_REQUEST_AUTHORITY Handle "[method]incoming-request.authority"
            ("self": Borrow("incoming-request")) -> Option(&String);
        INCOMING_REQUEST_CONSUME Handle "[method]incoming-request.consume"
            ("self": Borrow("incoming-request")) -> Result(Some(&Own("incoming-body")), None);
        INCOMING_REQUEST_HEADERS Handle "[method]incoming-request.headers"
            ("self": Borrow("incoming-request")) -> Own("fields");
        INCOMING_REQUEST_METHOD Handle "[method]incoming-request.method"
            ("self": Borrow("incoming-request")) -> Variant(&super::METHOD);
        INCOMING_REQUEST_PATH_WITH_QUERY Handle "[method]incoming-request.path-with-query"
            ("self": Borrow("incoming-request")) -> Option(&String);
        INCOMING_REQUEST_SCHEME Handle "[method]incoming-request.scheme"
            ("self": Borrow("incoming-request")) -> Option(&Variant(&super::SCHEME));
        INCOMING_RESPONSE_CONSUME Handle "[method]incoming-response.consume"
            ("self": Borrow("incoming-response")) -> Result(Some(&Own("incoming-body")), None);
        INCOMING_RESPONSE_HEADERS Handle "[method]incoming-response.headers"
            ("self": Borrow("incoming-response")) -> Own("fields");
        INCOMING_RESPONSE_STATUS Handle "[method]incoming-response.status"
            ("self": Borrow("incoming-response")) -> U16;
        OUTGOING_BODY_WRITE Handle "[method]outgoing-body.write"
            ("self": Borrow("outgoing-body")) -> Result(Some(&Own("output-stream")), None);
        OUTGOING_REQUEST_AUTHORITY Handle "[method]outgoing-request.authority"
            ("self": Borrow("outgoing-request")) -> Option(&String);
        OUTGOING_REQUEST_BODY Handle "[method]outgoing-request.body"
            ("self": Borrow("outgoing-request")) -> Result(Some(&Own("outgoing-body")), None);
        OUTGOING_REQUEST_HEADERS Handle "[method]outgoing-request.headers"
            ("self": Borrow("outgoing-request")) -> Own("fields");
        OUTGOING_REQUEST_METHOD Handle "[method]outgoing-request.method"
            ("self": Borrow("outgoing-request")) -> Variant(&super::METHOD);
        OUTGOING_REQUEST_PATH_WITH_QUERY Handle "[method]outgoing-request.path-with-query"
            ("self": Borrow("outgoing-request")) -> Option(&String);
        OUTGOING_REQUEST_SCHEME Handle "[method]outgoing-request.scheme"
            ("self": Borrow("outgoing-request")) -> Option(&Variant(&super::SCHEME));
        OUTGOING_REQUEST_SET_AUTHORITY Handle "[method]outgoing-request.set-authority"
            ("self": Borrow("outgoing-request"), "authority": Option(&String)) -> Result(None, None);
        OUTGOING_REQUEST_SET_METHOD Handle "[method]outgoing-request.set-method"
            ("self": Borrow("outgoing-request"), "method": Variant(&super::METHOD)) -> Result(None, None);
        OUTGOING_REQUEST_SET_PATH_WITH_QUERY Handle "[method]outgoing-request.set-path-with-query"
            ("self": Borrow("outgoing-request"), "path-with-query": Option(&String)) -> Result(None, None);
        OUTGOING_REQUEST_SET_SCHEME Handle "[method]outgoing-request.set-scheme"
            ("self": Borrow("outgoing-request"), "scheme": Option(&Variant(&super::SCHEME))) -> Result(None, None);
        OUTGOING_RESPONSE_BODY Handle "[method]outgoing-response.body"
            ("self": Borrow("outgoing-response")) -> Result(Some(&Own("outgoing-body")), None);
        OUTGOING_RESPONSE_HEADERS Handle "[method]outgoing-response.headers"
            ("self": Borrow("outgoing-response")) -> Own("fields");
        OUTGOING_RESPONSE_SET_STATUS_CODE Handle "[method]outgoing-response.set-status-code"
            ("self": Borrow("outgoing-response"), "status-code": U16) -> Result(None, None);
        OUTGOING_RESPONSE_STATUS_CODE Handle "[method]outgoing-response.status-code"
            ("self": Borrow("outgoing-response")) -> U16;
        REQUEST_OPTIONS_BETWEEN_BYTES_TIMEOUT Handle "[method]request-options.between-bytes-timeout"
            ("self": Borrow("request-options")) -> Option(&U64);
        REQUEST_OPTIONS_CONNECT_TIMEOUT Handle "[method]request-options.connect-timeout"
            ("self": Borrow("request-options")) -> Option(&U64);
        REQUEST_OPTIONS_FIRST_BYTE_TIMEOUT Handle "[method]request-options.first-byte-timeout"
            ("self": Borrow("request-options")) -> Option(&U64);
        REQUEST_OPTIONS_SET_BETWEEN_BYTES_TIMEOUT Handle "[method]request-options.set-between-bytes-timeout"
            ("self": Borrow("request-options"), "duration": Option(&U64)) -> Result(None, None);
        REQUEST_OPTIONS_SET_CONNECT_TIMEOUT Handle "[method]request-options.set-connect-timeout"
            ("self": Borrow("request-options"), "duration": Option(&U64)) -> Result(None, None);
        REQUEST_OPTIONS_SET_FIRST_BYTE_TIMEOUT Handle "[method]request-options.set-first-byte-timeout"
            ("self": Borrow("request-options"), "duration": Option(&U64)) -> Result(None, None);
        RESPONSE_OUTPARAM_SEND_INFORMATIONAL Handle "[method]response-outparam.send-informational"
            ("self": Borrow("response-outparam"), "status": U16, "headers": Own("fields"))
            -> Result(None, Some(&Variant(&super::ERROR_CODE)));
        DROP_FIELDS Handle "[resource-drop]fields" ("self": Own("fields"));
        DROP_FUTURE_INCOMING_RESPONSE Handle "[resource-drop]future-incoming-response"
            ("self": Own("future-incoming-response"));
        DROP_FUTURE_TRAILERS Handle "[resource-drop]future-trailers" ("self": Own("future-trailers"));
        DROP_INCOMING_BODY Handle "[resource-drop]incoming-body" ("self": Own("incoming-body"));
        DROP_INCOMING_REQUEST Handle "[resource-drop]incoming-request" ("self": Own("incoming-request"));
        DROP_INCOMING_RESPONSE Handle "[resource-drop]incoming-response" ("self": Own("incoming-response"));
        DROP_OUTGOING_BODY Handle "[resource-drop]outgoing-body" ("self": Own("outgoing-body"));
        DROP_OUTGOING_REQUEST Handle "[resource-drop]outgoing-request" ("self": Own("outgoing-request"));
        DROP_OUTGOING_RESPONSE Handle "[resource-drop]outgoing-response" ("self": Own("outgoing-response"));
        DROP_REQUEST_OPTIONS Handle "[resource-drop]request-options" ("self": Own("request-options"));
        DROP_RESPONSE_OUTPARAM Handle "[resource-drop]response-outparam" ("self": Own("response-outparam"));
        FIELDS_FROM_LIST Pure "[static]fields.from-list"
            ("entries": List(&Tuple(&[String, Bytes])))
            -> Result(Some(&Own("fields")), Some(&Variant(&super::HEADER_ERROR)));
        INCOMING_BODY_FINISH Handle "[static]incoming-body.finish"
            ("this": Own("incoming-body")) -> Own("future-trailers");
        OUTGOING_BODY_FINISH Handle "[static]outgoing-body.finish"
            ("this": Own("outgoing-body"), "trailers": Option(&Own("fields")))
            -> Result(None, Some(&Variant(&super::ERROR_CODE)));
        RESPONSE_OUTPARAM_SET Handle "[static]response-outparam.set"
            ("param": Own("response-outparam"),
             "response": Result(Some(&Own("outgoing-response")), Some(&Variant(&super::ERROR_CODE))))
            ;
        HTTP_ERROR_CODE Pure "http-error-code" ("err": Borrow("error")) -> Option(&Variant(&super::ERROR_CODE));
    }
}
