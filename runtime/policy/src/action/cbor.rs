//! Canonical bytes of an action: a CBOR map with text keys.
//!
//! The encoding is deterministic (RFC 8949 section 4.2.1): definite lengths, shortest heads, keys sorted by their
//! bytes, so that shorter keys come first. The decoder encodes its result again and compares, so that an action has
//! exactly one encoding.

use super::Action;
use crate::file::action::LinkKind;
use crate::file::guest_path::{GuestPath, GuestPathError};
use crate::http::action::{BodyDigest, HttpAction};
use crate::http::invalid::InvalidRequest;
use crate::http::method::{Method, MethodError};
use crate::http::url::{Url, UrlError};
use minicbor::Decoder;
use std::borrow::Cow;
use wasm_agent_cbor as cbor;

/// Why bytes are not the canonical bytes of an action.
#[derive(Debug, thiserror::Error)]
pub enum ActionDecodeError {
    /// The bytes are not CBOR of the expected shape.
    #[error("the action is not well-formed: {0}")]
    Cbor(#[from] minicbor::decode::Error),
    /// The kind of action is unknown.
    #[error("`{0}` is not a kind of action")]
    Kind(String),
    /// The action has a key that no action has.
    #[error("`{0}` is not a key of an action")]
    UnknownKey(String),
    /// The action lacks a key.
    #[error("the action has no `{0}`")]
    MissingKey(&'static str),
    /// A path is not canonical.
    #[error(transparent)]
    Path(#[from] GuestPathError),
    /// The method is not a method.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// The URL is not a URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The bytes encode an action, but not canonically.
    #[error("the action is not in canonical encoding")]
    NotCanonical,
}

/// Writes the canonical bytes.
pub(super) fn encode(action: &Action, out: &mut Vec<u8>) {
    let kind = action.kind();
    match action {
        Action::FileRead { path }
        | Action::FileCreate { path }
        | Action::FileDelete { path }
        | Action::DirCreate { path }
        | Action::DirRemove { path } => {
            cbor::map(out, 2);
            entry(out, "kind", kind);
            entry(out, "path", path.as_str());
        }
        Action::FileModify { path, truncate } => {
            cbor::map(out, 3);
            entry(out, "kind", kind);
            entry(out, "path", path.as_str());
            flag(out, "truncate", *truncate);
        }
        Action::FileRename { from, to, replaces, directory } => {
            cbor::map(out, 5);
            entry(out, "to", to.as_str());
            entry(out, "from", from.as_str());
            entry(out, "kind", kind);
            flag(out, "replaces", *replaces);
            flag(out, "directory", *directory);
        }
        Action::LinkCreate { kind: link, path, target } => {
            cbor::map(out, 4);
            entry(out, "kind", kind);
            entry(out, "link", link.as_str());
            entry(out, "path", path.as_str());
            entry(out, "target", target);
        }
        Action::HttpRequest(request) => encode_request(request, kind, out),
        Action::HttpInvalid(request) => {
            cbor::map(out, 4);
            entry(out, "url", request.url());
            entry(out, "why", request.why());
            entry(out, "kind", kind);
            entry(out, "method", request.method());
        }
        Action::Checkpoint { title, detail } => {
            cbor::map(out, 3);
            entry(out, "kind", kind);
            entry(out, "title", title);
            entry(out, "detail", detail);
        }
        Action::Socket { what } => {
            cbor::map(out, 2);
            entry(out, "kind", kind);
            entry(out, "what", what);
        }
    }
}

fn encode_request(request: &HttpAction, kind: &str, out: &mut Vec<u8>) {
    let spelling = request.url.spelling();
    cbor::map(out, 5 + usize::from(request.body.is_some()) + usize::from(spelling.is_some()));
    entry(out, "url", request.url.as_str());
    if let Some(body) = &request.body {
        cbor::text(out, "body");
        cbor::map(out, 2);
        cbor::text(out, "len");
        cbor::uint(out, body.len);
        cbor::text(out, "blake3");
        cbor::bytes(out, &body.blake3);
    }
    entry(out, "kind", kind);
    if let Some(spelling) = spelling {
        entry(out, "sent", spelling);
    }
    entry(out, "method", request.method.as_str());
    cbor::text(out, "headers");
    cbor::array(out, request.headers.len());
    for (name, value) in &request.headers {
        cbor::array(out, 2);
        cbor::text(out, name);
        cbor::bytes(out, value);
    }
    cbor::text(out, "secrets");
    cbor::array(out, request.secrets.len());
    for name in &request.secrets {
        cbor::text(out, name);
    }
}

fn entry(out: &mut Vec<u8>, key: &str, value: &str) {
    cbor::text(out, key);
    cbor::text(out, value);
}

fn flag(out: &mut Vec<u8>, key: &str, value: bool) {
    cbor::text(out, key);
    cbor::boolean(out, value);
}

/// Every key that some action has. Which of them are needed is known once all are read.
#[derive(Default)]
struct Fields<'b> {
    kind: Option<&'b str>,
    path: Option<&'b str>,
    from: Option<&'b str>,
    to: Option<&'b str>,
    target: Option<&'b str>,
    link: Option<&'b str>,
    title: Option<&'b str>,
    detail: Option<&'b str>,
    what: Option<&'b str>,
    url: Option<&'b str>,
    sent: Option<&'b str>,
    why: Option<&'b str>,
    method: Option<&'b str>,
    truncate: Option<bool>,
    replaces: Option<bool>,
    directory: Option<bool>,
    body: Option<BodyDigest>,
    headers: Option<Vec<(String, Vec<u8>)>>,
    secrets: Option<Vec<String>>,
}

/// Reads canonical bytes. Allocates as entries are read, never for a length that is only claimed.
pub(super) fn decode(bytes: &[u8]) -> Result<Action, ActionDecodeError> {
    let mut decoder = Decoder::new(bytes);
    let mut fields = Fields::default();
    let count = decoder.map()?.ok_or(ActionDecodeError::NotCanonical)?;
    for _ in 0..count {
        read_entry(&mut decoder, &mut fields)?;
    }
    let action = build(fields)?;
    // Catches unsorted, repeated and superfluous keys, long heads and trailing bytes, all in one place.
    if action.canonical_bytes() == bytes { Ok(action) } else { Err(ActionDecodeError::NotCanonical) }
}

fn read_entry<'b>(decoder: &mut Decoder<'b>, fields: &mut Fields<'b>) -> Result<(), ActionDecodeError> {
    match decoder.str()? {
        "kind" => fields.kind = Some(decoder.str()?),
        "path" => fields.path = Some(decoder.str()?),
        "from" => fields.from = Some(decoder.str()?),
        "to" => fields.to = Some(decoder.str()?),
        "target" => fields.target = Some(decoder.str()?),
        "link" => fields.link = Some(decoder.str()?),
        "title" => fields.title = Some(decoder.str()?),
        "detail" => fields.detail = Some(decoder.str()?),
        "what" => fields.what = Some(decoder.str()?),
        "url" => fields.url = Some(decoder.str()?),
        "sent" => fields.sent = Some(decoder.str()?),
        "why" => fields.why = Some(decoder.str()?),
        "method" => fields.method = Some(decoder.str()?),
        "truncate" => fields.truncate = Some(decoder.bool()?),
        "replaces" => fields.replaces = Some(decoder.bool()?),
        "directory" => fields.directory = Some(decoder.bool()?),
        "body" => fields.body = Some(read_body(decoder)?),
        "headers" => fields.headers = Some(read_headers(decoder)?),
        "secrets" => fields.secrets = Some(read_secrets(decoder)?),
        other => return Err(ActionDecodeError::UnknownKey(other.to_owned())),
    }
    Ok(())
}

fn read_body(decoder: &mut Decoder<'_>) -> Result<BodyDigest, ActionDecodeError> {
    let (mut len, mut blake3) = (None, None);
    for _ in 0..decoder.map()?.ok_or(ActionDecodeError::NotCanonical)? {
        match decoder.str()? {
            "len" => len = Some(decoder.u64()?),
            "blake3" => blake3 = <[u8; 32]>::try_from(decoder.bytes()?).ok(),
            other => return Err(ActionDecodeError::UnknownKey(other.to_owned())),
        }
    }
    Ok(BodyDigest { len: need(len, "len")?, blake3: need(blake3, "blake3")? })
}

fn read_headers(decoder: &mut Decoder<'_>) -> Result<Vec<(String, Vec<u8>)>, ActionDecodeError> {
    let mut headers = Vec::new();
    for _ in 0..decoder.array()?.ok_or(ActionDecodeError::NotCanonical)? {
        if decoder.array()? != Some(2) {
            return Err(ActionDecodeError::NotCanonical);
        }
        headers.push((decoder.str()?.to_owned(), decoder.bytes()?.to_vec()));
    }
    Ok(headers)
}

fn read_secrets(decoder: &mut Decoder<'_>) -> Result<Vec<String>, ActionDecodeError> {
    let mut secrets = Vec::new();
    for _ in 0..decoder.array()?.ok_or(ActionDecodeError::NotCanonical)? {
        secrets.push(decoder.str()?.to_owned());
    }
    Ok(secrets)
}

fn build(fields: Fields<'_>) -> Result<Action, ActionDecodeError> {
    let path = || parse_path(fields.path, "path");
    Ok(match need(fields.kind, "kind")? {
        "file.read" => Action::FileRead { path: path()? },
        "file.create" => Action::FileCreate { path: path()? },
        "file.modify" => Action::FileModify { path: path()?, truncate: need(fields.truncate, "truncate")? },
        "file.delete" => Action::FileDelete { path: path()? },
        "file.rename" => Action::FileRename {
            from: parse_path(fields.from, "from")?,
            to: parse_path(fields.to, "to")?,
            replaces: need(fields.replaces, "replaces")?,
            directory: need(fields.directory, "directory")?,
        },
        "dir.create" => Action::DirCreate { path: path()? },
        "dir.remove" => Action::DirRemove { path: path()? },
        "link.create" => Action::LinkCreate {
            kind: match need(fields.link, "link")? {
                "hard" => LinkKind::Hard,
                "symbolic" => LinkKind::Symbolic,
                other => return Err(ActionDecodeError::Kind(other.to_owned())),
            },
            path: path()?,
            target: need(fields.target, "target")?.to_owned(),
        },
        "http.request" => Action::HttpRequest(Box::new(HttpAction {
            method: Method::parse(need(fields.method, "method")?)?,
            url: parse_url(need(fields.url, "url")?, fields.sent)?,
            headers: need(fields.headers, "headers")?,
            body: fields.body,
            secrets: need(fields.secrets, "secrets")?,
        })),
        "http.invalid" => Action::HttpInvalid(Box::new(InvalidRequest::new(
            need(fields.method, "method")?,
            need(fields.url, "url")?,
            need(fields.why, "why")?,
        ))),
        "checkpoint" => Action::Checkpoint {
            title: need(fields.title, "title")?.to_owned(),
            detail: need(fields.detail, "detail")?.to_owned(),
        },
        "socket.use" => Action::Socket { what: Cow::Owned(need(fields.what, "what")?.to_owned()) },
        other => return Err(ActionDecodeError::Kind(other.to_owned())),
    })
}

/// The URL that is matched as `url` and sent with the spelling `sent`.
fn parse_url(url: &str, sent: Option<&str>) -> Result<Url, ActionDecodeError> {
    let url = Url::parse_str(url)?;
    match sent {
        Some(spelling) => url.sent_as(spelling).ok_or(ActionDecodeError::NotCanonical),
        None => Ok(url),
    }
}

fn parse_path(text: Option<&str>, key: &'static str) -> Result<GuestPath, ActionDecodeError> {
    Ok(GuestPath::parse(need(text, key)?)?)
}

fn need<T>(value: Option<T>, key: &'static str) -> Result<T, ActionDecodeError> {
    value.ok_or(ActionDecodeError::MissingKey(key))
}
