//! A server on loopback that says what it got, and answers well or badly, as the path asks for.
//!
//! It writes bytes as they are: no library would send these answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// Longest body of a request that is read, in bytes.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A grant that lacks only its URL.
const GRANT: &str = r#"
[[http]]
methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"]
networks = ["127.0.0.0/8"]
encoded-slash = true
ask = false
"#;

/// A server, which runs until the process ends. Each connection has a thread of its own, and one request.
pub struct Server {
    address: SocketAddr,
}

/// A request as it came.
struct Request {
    method: String,
    target: String,
    headers: Vec<String>,
    body: Vec<u8>,
    trailers: Vec<String>,
}

impl Server {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                std::thread::spawn(move || serve(stream.unwrap()));
            }
        });
        Self { address }
    }

    /// Host and port.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// A policy that grants every request to it that can be granted, and requests to a port where nothing listens.
    pub fn grant(&self) -> String {
        let authority = self.authority();
        let urls = [format!("http://{authority}"), format!("https://{authority}"), "http://127.0.0.1:1".to_owned()];
        urls.map(|url| format!("{GRANT}url = \"{url}/**\"\n")).concat()
    }
}

fn serve(stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let Some(request) = read(&mut reader) else { return };
    let mut stream = stream;
    // A client that has gone is no concern of the server's.
    drop(stream.write_all(&answer(&request)).and_then(|()| stream.flush()));
    if request.target.starts_with("/hangs") {
        // Until the client goes.
        drop(reader.read(&mut [0]));
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let first = line(reader)?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers = lines(reader)?;
    let value = |name: &str| {
        headers.iter().find_map(|header| {
            let (found, value) = header.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let (mut body, mut trailers) = (Vec::new(), Vec::new());
    if value("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        loop {
            let size = usize::from_str_radix(&line(reader)?, 16).ok()?;
            if size == 0 {
                trailers = lines(reader)?;
                break;
            }
            body.extend(exactly(reader, size)?);
            line(reader)?;
        }
    } else if let Some(length) = value("content-length") {
        body = exactly(reader, length.parse().ok()?)?;
    }
    Some(Request { method, target, headers, body, trailers })
}

fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let length = reader.read_line(&mut line).ok()?;
    (length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Lines up to an empty one.
fn lines(reader: &mut BufReader<TcpStream>) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            return Some(lines);
        }
        lines.push(line);
    }
}

fn exactly(reader: &mut BufReader<TcpStream>, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length.min(BODY_BYTES_MAX)];
    reader.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// The request as text: what the client made of it. The host is left out, as its port is another in every run.
fn echo(request: &Request) -> String {
    let mut headers: Vec<&str> = request
        .headers
        .iter()
        .map(String::as_str)
        .filter(|header| !header.to_lowercase().starts_with("host:"))
        .collect();
    headers.sort_unstable();
    let body = if request.body.len() > 200 {
        format!("{} bytes", request.body.len())
    } else {
        String::from_utf8_lossy(&request.body).into_owned()
    };
    format!("{} {} [{}] {body} [{}]", request.method, request.target, headers.join(", "), request.trailers.join(", "))
}

/// The answer that the engine's programs expect: the request's body, its method and its target.
fn reflected(request: &Request) -> Vec<u8> {
    let (method, target, length) = (&request.method, &request.target, request.body.len());
    let names = format!("x-wasmtime-test-method: {method}\r\nx-wasmtime-test-uri: {target}\r\n");
    let mut bytes = raw(&format!("{names}content-length: {length}\r\n\r\n"));
    bytes.extend(&request.body);
    bytes
}

fn with_length(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into()
}

fn raw(rest: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{rest}").into()
}

fn answer(request: &Request) -> Vec<u8> {
    let path = request.target.split('?').next().unwrap_or_default();
    if let Some(status) = path.strip_prefix("/status/") {
        let bodiless = matches!(status, "204" | "304");
        return if bodiless {
            format!("HTTP/1.1 {status} Named\r\nconnection: close\r\n\r\n").into()
        } else {
            with_length(&format!("{status} Named"), "location: /echo\r\n", "body")
        };
    }
    if let Some(kind) = path.strip_prefix("/body/") {
        return body(kind, request.method == "HEAD");
    }
    if let Some(kind) = path.strip_prefix("/header-") {
        return header(kind);
    }
    match path {
        "/informational" => {
            let mut bytes = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".to_vec();
            bytes.extend(with_length("200 OK", "", "late"));
            bytes
        }
        "/not-http" => b"hello\r\n\r\n".to_vec(),
        "/closes" | "/hangs" => Vec::new(),
        "/closes-in-headers" => b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(),
        "/http10" => b"HTTP/1.0 200 OK\r\n\r\nold".to_vec(),
        "/no-reason" => b"HTTP/1.1 200\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok".to_vec(),
        "/hangs-in-body" => raw("content-length: 10\r\n\r\nhalf"),
        "/get" | "/post" | "/put" => reflected(request),
        _ if request.method == "HEAD" => raw("content-length: 5\r\n\r\n"),
        _ => with_length("200 OK", "", &echo(request)),
    }
}

fn header(kind: &str) -> Vec<u8> {
    let headers = match kind {
        "case" => "X-Upper-Case: Value\r\n".to_owned(),
        "twice" => "x-a: 1\r\nx-b: 2\r\nx-a: 3\r\n".to_owned(),
        "obs-text" => "x-a: caf\u{e9}\r\n".to_owned(),
        "empty" => "x-a:\r\nx-b: \r\n".to_owned(),
        "forbidden" => "keep-alive: timeout=5\r\nupgrade: h2c\r\nproxy-authenticate: Basic\r\nte: a\r\n".to_owned(),
        "folded" => "x-a: one\r\n two\r\n".to_owned(),
        _ => (0..90).map(|number| format!("x-{number}: {number}\r\n")).collect(),
    };
    with_length("200 OK", &headers, "body")
}

fn body(kind: &str, head: bool) -> Vec<u8> {
    let chunked = |rest: &str| raw(&format!("transfer-encoding: chunked\r\n\r\n{rest}"));
    match kind {
        "length" if head => raw("content-length: 5\r\n\r\n"),
        "chunked" if head => raw("transfer-encoding: chunked\r\n\r\n"),
        "empty" if head => raw("content-length: 0\r\n\r\n"),
        "length" => raw("content-length: 5\r\n\r\nhello"),
        "chunked" => chunked("3\r\nhel\r\n2;extension=1\r\nlo\r\n0\r\n\r\n"),
        "close" => raw("\r\nhello"),
        "empty" => raw("content-length: 0\r\n\r\n"),
        "empty-chunked" => chunked("0\r\n\r\n"),
        "short" => raw("content-length: 10\r\n\r\nhello"),
        "long" => raw("content-length: 3\r\n\r\nhello"),
        "bad-chunk" => chunked("3\r\nhel\r\nxyz\r\n"),
        "cut-chunk" => chunked("5\r\nhel"),
        "large" => with_length("200 OK", "", &"x".repeat(1 << 20)),
        "trailers" => chunked("5\r\nhello\r\n0\r\nx-after: 1\r\nX-More: 2\r\n\r\n"),
        "bad-trailers" => chunked("5\r\nhello\r\n0\r\nnot a trailer\r\n\r\n"),
        "two-lengths" => raw("content-length: 5\r\ncontent-length: 4\r\n\r\nhello"),
        "both" => raw("content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        "bad-length" => raw("content-length: five\r\n\r\nhello"),
        "gzip" => raw("content-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope"),
        _ => b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\ncontent-length: 5\r\n\r\n".to_vec(),
    }
}
