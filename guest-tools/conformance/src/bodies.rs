//! Bodies of requests and responses, and their trailers.

use crate::answer::{Code, case, ignore, is};
use crate::requests::request;
use crate::wasi::http::outgoing_handler::handle;
use crate::wasi::http::types::{
    ErrorCode, Fields, FutureTrailers, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions,
};
use crate::wasi::io::streams::StreamError;

/// Bodies that are as long as announced, longer, shorter, in pieces, broken off, and with trailers.
pub(crate) fn run(authority: &str) -> bool {
    uploads(authority);
    trailers_out(authority);
    unfinished(authority);
    for path in [
        "/body/length",
        "/body/chunked",
        "/body/close",
        "/body/empty",
        "/body/empty-chunked",
        "/body/short",
        "/body/long",
        "/body/bad-chunk",
        "/body/cut-chunk",
        "/body/large",
        "/body/trailers",
        "/body/bad-trailers",
        "/body/two-lengths",
        "/body/both",
        "/body/bad-length",
        "/body/gzip",
        "/body/not-modified",
    ] {
        let Some(request) = request(authority, path, &[]) else { continue };
        read(path, send(request, None, &[], None));
    }
    head(authority);
    dropped(authority);
    true
}

/// Sends a request, with a body in these pieces and perhaps trailers, and waits for the response.
///
/// An error of the body is the answer if there is no response.
pub(crate) fn send(
    request: OutgoingRequest,
    trailers: Option<Fields>,
    pieces: &[&[u8]],
    options: Option<RequestOptions>,
) -> Result<IncomingResponse, String> {
    let body = request.body().map_err(|()| "no body".to_owned())?;
    let future = handle(request, options).map_err(|error| format!("handle: {}", error.code()))?;
    let written = write(&body, pieces).map_err(|error| format!("write: {}", error.code()));
    let finished = OutgoingBody::finish(body, trailers).map_err(|error| format!("finish: {}", error.code()));
    future.subscribe().block();
    let response = future.get().ok_or("not ready")?.map_err(|()| "taken")?.map_err(|error| error.code());
    match (response, written.and(finished)) {
        (Ok(response), Ok(())) => Ok(response),
        // Which of the two a program sees first depends on when the connection ends.
        (Ok(_), Err(body)) | (Err(_), Err(body)) if !body.starts_with("write") => Err(body),
        (Err(error), _) => Err(error),
        (Ok(response), Err(_)) => Ok(response),
    }
}

fn write(body: &OutgoingBody, pieces: &[&[u8]]) -> Result<(), StreamError> {
    let Ok(stream) = body.write() else { return Err(StreamError::Closed) };
    for piece in pieces {
        stream.blocking_write_and_flush(piece)?;
    }
    Ok(())
}

/// Prints everything of a response in one line: status, headers, body and its end, and trailers.
pub(crate) fn read(name: &str, response: Result<IncomingResponse, String>) {
    let response = match response {
        Ok(response) => response,
        Err(error) => return println!("{name} => error {error}"),
    };
    let headers = response.headers().entries();
    let headers =
        headers.into_iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(&value).escape_debug()));
    // The length of an echo follows from the echo.
    let mut headers: Vec<_> = headers.filter(|header| !header.starts_with("content-length")).collect();
    headers.sort();
    let headers = if headers.len() > 20 { format!("{} headers", headers.len()) } else { headers.join(", ") };
    let head = format!("{} [{headers}]", response.status());
    let Ok(incoming) = response.consume() else { return println!("{name} => {head}, no body") };
    let Ok(stream) = incoming.stream() else { return println!("{name} => {head}, no stream") };
    let mut body = Vec::new();
    let end = loop {
        match stream.blocking_read(4096) {
            Ok(bytes) => body.extend(bytes),
            Err(error) => break error.code(),
        }
    };
    drop(stream);
    let text = if body.len() > 500 {
        format!("{} bytes", body.len())
    } else {
        String::from_utf8_lossy(&body).escape_debug().to_string()
    };
    let trailers = trailers(&IncomingBody::finish(incoming));
    println!("{name} => {head} {text}, {end}, trailers: {trailers}");
}

fn trailers(future: &FutureTrailers) -> String {
    future.subscribe().block();
    match future.get() {
        None => "not ready".to_owned(),
        Some(Err(())) => "taken".to_owned(),
        Some(Ok(Err(error))) => format!("error {}", error.code()),
        Some(Ok(Ok(None))) => "none".to_owned(),
        Some(Ok(Ok(Some(fields)))) => {
            let entries = fields.entries();
            let entries = entries.into_iter().map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()));
            format!("{:?}", entries.collect::<Vec<_>>())
        }
    }
}

fn upload(authority: &str, headers: &[(&str, &str)]) -> Option<OutgoingRequest> {
    let request = request(authority, "/echo", headers)?;
    request.set_method(&Method::Post).ok()?;
    Some(request)
}

fn uploads(authority: &str) {
    let large = [b'x'; 4096];
    let pieces: [(&str, Vec<&[u8]>); 5] = [
        ("no body", vec![]),
        ("an empty piece", vec![b""]),
        ("one piece", vec![b"hello"]),
        ("three pieces", vec![b"one ", b"two ", b"three"]),
        ("64 KiB", vec![large.as_slice(); 16]),
    ];
    for (name, pieces) in &pieces {
        let Some(request) = upload(authority, &[]) else { continue };
        read(name, send(request, None, pieces, None));
    }
    for length in ["5", "4", "6", "0", "05", "+5", "-5", "5, 5", "", "x", "99999999999999999999"] {
        let name = format!("hello with content-length {length:?}");
        match upload(authority, &[("content-length", length)]) {
            None => is(name, "not taken"),
            Some(request) => read(&name, send(request, None, &[b"hello"], None)),
        }
    }
    let Some(request) = upload(authority, &[("content-length", "3")]) else { return };
    read("nothing with content-length 3", send(request, None, &[], None));
    // A method that has no body by custom may have one.
    for method in [Method::Get, Method::Delete, Method::Options] {
        let Some(request) = upload(authority, &[]) else { continue };
        ignore(request.set_method(&method));
        read(&format!("{method:?} with a body"), send(request, None, &[b"hello"], None));
    }
}

fn trailers_out(authority: &str) {
    for (name, value) in [("x-after", "1"), ("content-length", "5"), ("host", "a")] {
        match Fields::from_list(&[(name.to_owned(), value.as_bytes().to_vec())]) {
            Err(error) => is(format_args!("trailer {name}"), error.code()),
            Ok(trailers) => {
                let Some(request) = upload(authority, &[]) else { continue };
                read(&format!("trailer {name}"), send(request, Some(trailers), &[b"hello"], None));
            }
        }
    }
    let Some(request) = upload(authority, &[]) else { return };
    read("empty trailers", send(request, Some(Fields::new()), &[b"hello"], None));
}

/// A body that is dropped instead of finished is a request that was broken off.
fn unfinished(authority: &str) {
    let Some(request) = upload(authority, &[]) else { return };
    let Ok(body) = request.body() else { return };
    let future = match handle(request, None) {
        Ok(future) => future,
        Err(error) => return is("unfinished", error.code()),
    };
    case("a piece of an unfinished body", write(&body, &[b"hello"]));
    drop(body);
    future.subscribe().block();
    let answer: Option<Result<Result<u16, ErrorCode>, ()>> =
        future.get().map(|taken| taken.map(|answer| answer.map(|response| response.status())));
    match answer {
        Some(Ok(answer)) => case("an unfinished body", answer),
        other => is("an unfinished body", other.is_some()),
    }
}

fn head(authority: &str) {
    for path in ["/body/length", "/body/chunked", "/body/empty"] {
        let Some(request) = request(authority, path, &[]) else { continue };
        ignore(request.set_method(&Method::Head));
        read(&format!("HEAD {path}"), send(request, None, &[], None));
    }
}

/// A response that nobody reads to its end disturbs no other.
fn dropped(authority: &str) {
    for number in 1..=3 {
        let Some(request) = request(authority, "/body/large", &[]) else { return };
        let response = send(request, None, &[], None).map(|response| response.status());
        is(format_args!("status of dropped response {number}"), response);
    }
    let Some(request) = request(authority, "/body/length", &[]) else { return };
    let Ok(response) = send(request, None, &[], None) else { return };
    if let Ok(body) = response.consume() {
        // Trailers without having read the body.
        is("trailers of a body that was not read", trailers(&IncomingBody::finish(body)));
    }
}
