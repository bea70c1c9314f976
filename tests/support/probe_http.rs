//! Probes of `wasi:http`.

use crate::probe::{Handle, Probe};

const TYPES: &str = "wasi:http/types";

/// A request, spelled as the attack needs it. Nothing in it is checked here.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// The method, as any text.
    pub method: &'a str,
    /// The authority.
    pub authority: &'a str,
    /// The path with its query.
    pub path: &'a str,
    /// Headers.
    pub headers: &'a [(&'a str, &'a str)],
}

impl Probe {
    /// Sends a request over `http` and, once it is answered, gets the response's headers.
    pub fn request(&mut self, sent: Sent<'_>) {
        let pending = self.send(sent);
        self.wait(pending);
    }

    /// Sends a request over `http`, and does not wait for anything.
    pub fn send(&mut self, sent: Sent<'_>) -> Handle {
        let request = self.described(sent);
        self.handle_request(request)
    }

    /// Sends a request with an empty body over `http`, and ends the body with these trailers.
    pub fn send_with_trailers(&mut self, sent: Sent<'_>, trailers: &[(&str, &str)]) -> Handle {
        let request = self.described(sent);
        self.import(TYPES, "[method]outgoing-request.body", "(param i32 i32)");
        let body = self.handle();
        let call = format!(r#"(call $"[method]outgoing-request.body" {} {})"#, Self::get(request), Self::returned());
        self.when(&[request], &format!("{call} {}", Self::take(body, 0, 4)));
        let trailers = self.fields(trailers);
        let pending = self.handle_request(request);
        self.import(TYPES, "[static]outgoing-body.finish", "(param i32 i32 i32 i32)");
        let arguments = format!("{} (i32.const 1) {} {}", Self::get(body), Self::get(trailers), Self::returned());
        self.when(&[body], &format!(r#"(call $"[static]outgoing-body.finish" {arguments})"#));
        pending
    }

    fn fields(&mut self, entries: &[(&str, &str)]) -> Handle {
        self.import(TYPES, "[constructor]fields", "(result i32)");
        let fields = self.handle();
        self.when(&[], &Self::set(fields, r#"(call $"[constructor]fields")"#));
        self.import(TYPES, "[method]fields.append", "(param i32 i32 i32 i32 i32 i32)");
        for (name, value) in entries {
            let (name, value) = (self.text(name), self.text(value));
            self.simple(&[fields], "[method]fields.append", &format!("{} {name} {value}", Self::get(fields)));
        }
        fields
    }

    fn described(&mut self, sent: Sent<'_>) -> Handle {
        let fields = self.fields(sent.headers);
        self.import(TYPES, "[constructor]outgoing-request", "(param i32) (result i32)");
        let request = self.handle();
        let new = format!(r#"(call $"[constructor]outgoing-request" {})"#, Self::get(fields));
        self.when(&[], &Self::set(request, &new));
        self.set_parts(request, sent);
        request
    }

    fn set_parts(&mut self, request: Handle, sent: Sent<'_>) {
        let get = Self::get(request);
        // Case 9 of a method is any other method; case 0 of a scheme is `http`.
        let (method, authority, path) = (self.text(sent.method), self.text(sent.authority), self.text(sent.path));
        for (function, signature, arguments) in [
            ("[method]outgoing-request.set-method", "(param i32 i32 i32 i32)", format!("(i32.const 9) {method}")),
            (
                "[method]outgoing-request.set-scheme",
                "(param i32 i32 i32 i32 i32)",
                "(i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)".to_owned(),
            ),
            ("[method]outgoing-request.set-authority", "(param i32 i32 i32 i32)", format!("(i32.const 1) {authority}")),
            (
                "[method]outgoing-request.set-path-with-query",
                "(param i32 i32 i32 i32)",
                format!("(i32.const 1) {path}"),
            ),
        ] {
            self.import(TYPES, function, &format!("{signature} (result i32)"));
            self.when(&[request], &format!(r#"(drop (call $"{function}" {get} {arguments}))"#));
        }
    }

    fn handle_request(&mut self, request: Handle) -> Handle {
        self.import("wasi:http/outgoing-handler", "handle", "(param i32 i32 i32 i32)");
        let pending = self.handle();
        let arguments = format!("{} (i32.const 0) (i32.const 0) {}", Self::get(request), Self::returned());
        self.when(&[request], &format!("(call $handle {arguments}) {}", Self::take(pending, 0, 8)));
        pending
    }

    /// Waits until a request is answered, and gets the response's headers.
    pub fn wait(&mut self, pending: Handle) {
        self.import(TYPES, "[method]future-incoming-response.subscribe", "(param i32) (result i32)");
        self.import("wasi:io/poll", "[method]pollable.block", "(param i32)");
        self.import(TYPES, "[method]future-incoming-response.get", "(param i32 i32)");
        self.import(TYPES, "[method]incoming-response.headers", "(param i32) (result i32)");
        self.import(TYPES, "[method]fields.entries", "(param i32 i32)");
        let get = Self::get(pending);
        let block =
            format!(r#"(call $"[method]pollable.block" (call $"[method]future-incoming-response.subscribe" {get}))"#);
        self.when(&[pending], &block);
        let response = self.handle();
        let call = format!(r#"(call $"[method]future-incoming-response.get" {get} {})"#, Self::returned());
        self.when(&[pending], &format!("{call} {}", Self::take(response, 16, 24)));
        let headers = format!(r#"(call $"[method]incoming-response.headers" {})"#, Self::get(response));
        self.when(&[response], &format!(r#"(call $"[method]fields.entries" {headers} {})"#, Self::returned()));
    }
}
