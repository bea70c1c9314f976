//! A server that answers with whatever bytes it is told to, in whatever pieces.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// What the server was asked.
pub(crate) struct Asked {
    /// Path and query.
    pub(crate) target: String,
    /// The secret, out of the header that carries it.
    pub(crate) secret: String,
}

/// Pieces of an answer; each is sent by itself.
pub(crate) type Pieces = Vec<Vec<u8>>;

/// A running server. It lives as long as the process: what it waits for may never come.
pub(crate) struct Echo {
    address: SocketAddr,
}

impl Echo {
    /// Answers each request on a connection of its own.
    pub(crate) fn new(answer: impl Fn(&Asked) -> Pieces + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || respond(stream, answer.as_ref()));
            }
        });
        Self { address }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn respond(mut stream: std::net::TcpStream, answer: &dyn Fn(&Asked) -> Pieces) {
    stream.set_nodelay(true).unwrap();
    let Some(head) = head(&mut stream) else { return };
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let secret = head.lines().find_map(|line| line.strip_prefix("x-token: Bearer ")).unwrap_or_default().to_owned();
    for piece in answer(&Asked { target, secret }) {
        // A client that has had enough goes away.
        if stream.write_all(&piece).and_then(|()| stream.flush()).is_err() {
            return;
        }
    }
}

fn head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// An answer with this status line's end, headers and body.
pub(crate) fn whole(status: &str, headers: &[(&str, &str)], body: &str) -> Pieces {
    let mut text = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    vec![format!("{text}\r\n{body}").into_bytes()]
}

/// An answer whose body comes in these chunks, with trailers.
pub(crate) fn chunked(chunks: &[&[u8]], trailers: &[(&str, &str)]) -> Pieces {
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\ntrailer: x-end\r\n\r\n";
    let mut pieces = vec![head.as_bytes().to_vec()];
    for chunk in chunks {
        pieces.push([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    }
    let trailers: String = trailers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    pieces.push(format!("0\r\n{trailers}\r\n").into_bytes());
    pieces
}
