//! A small HTTP server on loopback, for the benchmark and the demo.
//!
//! It keeps connections open, answers with a given function, and logs every request. It serves only these tools: a
//! request that it can't parse ends the connection.
//!
//! A benchmark of clients must not measure the server. So the thread that accepts a connection serves it and then
//! accepts the next. Starting or waking a thread for each connection would be charged to a client that opens many.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use anyhow::{Context, Result};

/// Largest head and largest body of a request, in bytes. The tools here send far less.
const PART_BYTES_MAX: u64 = 1 << 20;

/// A request, as the responder gets it and the log keeps it.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// The method, in upper case.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body, or a piece of it.
    pub body: String,
    /// How many times the piece is sent.
    pub repeat: usize,
}

/// A running server, which stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    listener: Option<Arc<TcpListener>>,
    shared: Arc<Shared>,
}

/// The state that the threads of a server share.
#[derive(Debug)]
struct Shared {
    respond: fn(&ReceivedRequest) -> Answer,
    requests: Mutex<Vec<ReceivedRequest>>,
    /// How many threads wait for a connection, or are about to.
    idle: AtomicUsize,
    stopping: AtomicBool,
}

impl Server {
    /// Starts a server on a free port of loopback.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(respond: fn(&ReceivedRequest) -> Answer) -> Result<Self> {
        let step = "could not start the local HTTP server";
        let listener = Arc::new(TcpListener::bind(("127.0.0.1", 0)).context(step)?);
        let address = listener.local_addr().context(step)?;
        let shared = Arc::new(Shared {
            respond,
            requests: Mutex::default(),
            idle: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        });
        shared.wait_on_another_thread(&Arc::downgrade(&listener));
        Ok(Self { address, listener: Some(listener), shared })
    }

    /// The URL of the server, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.listener = None;
        // Each connection wakes one thread. The last one closes the port.
        while self.shared.idle.load(Ordering::SeqCst) > 0 && TcpStream::connect(self.address).is_ok() {}
    }
}

impl Shared {
    /// Starts a thread that waits for connections.
    fn wait_on_another_thread(self: &Arc<Self>, listener: &Weak<TcpListener>) {
        self.idle.fetch_add(1, Ordering::SeqCst);
        let (shared, listener) = (Arc::clone(self), Weak::clone(listener));
        thread::spawn(move || shared.work(&listener));
    }

    /// Takes one connection after another.
    fn work(self: Arc<Self>, listener: &Weak<TcpListener>) {
        // Only waiting threads keep the port open.
        while let Some(listening) = listener.upgrade().filter(|_| !self.stopping.load(Ordering::SeqCst)) {
            let accepted = listening.accept();
            drop(listening);
            if self.idle.fetch_sub(1, Ordering::SeqCst) == 1 && !self.stopping.load(Ordering::SeqCst) {
                self.wait_on_another_thread(listener);
            }
            if let Ok((stream, _)) = accepted {
                // A failed connection concerns only its client.
                drop(serve(&stream, self.respond, &self.requests));
            }
            self.idle.fetch_add(1, Ordering::SeqCst);
        }
        self.idle.fetch_sub(1, Ordering::SeqCst);
    }
}

fn serve(
    stream: &TcpStream,
    respond: fn(&ReceivedRequest) -> Answer,
    log: &Mutex<Vec<ReceivedRequest>>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(request) = read_request(&mut reader)? {
        let Answer { status, content_type, body, repeat } = respond(&request);
        log.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let length = body.len() * repeat;
        let answer = format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        writer.write_all(answer.as_bytes())?;
        for _ in 1..repeat {
            writer.write_all(body.as_bytes())?;
        }
    }
    Ok(())
}

/// Reads one request, or `None` if the client has closed the connection.
fn read_request(reader: &mut impl BufRead) -> io::Result<Option<ReceivedRequest>> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut head = reader.take(PART_BYTES_MAX);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(invalid("no request line"));
    };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut headers = Vec::new();
    loop {
        line.clear();
        head.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let mut body = Vec::new();
    if header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        read_chunks(reader, &mut body)?;
    } else if let Some(length) = header("content-length") {
        let length: u64 = length.parse().map_err(|_| invalid("no content length"))?;
        reader.take(length.min(PART_BYTES_MAX)).read_to_end(&mut body)?;
    }
    Ok(Some(ReceivedRequest { method, target, headers, body }))
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "no chunk");
    loop {
        let mut line = String::new();
        reader.take(PART_BYTES_MAX).read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16).map_err(|_| invalid())?;
        if length > PART_BYTES_MAX {
            return Err(invalid());
        }
        reader.take(length).read_to_end(body)?;
        line.clear();
        reader.take(PART_BYTES_MAX).read_line(&mut line)?;
        if length == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_bodies_with_a_length_and_in_chunks() {
        let text = "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc\
            POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n\
            GET /c HTTP/1.1\r\nX-A:  1 \r\n\r\n";
        let mut reader = BufReader::new(text.as_bytes());
        let mut read = || read_request(&mut reader).unwrap();
        let first = read().unwrap();
        assert_eq!((first.method.as_str(), first.target.as_str(), first.body.as_slice()), ("POST", "/a", &b"abc"[..]));
        assert_eq!(read().unwrap().body, b"def");
        assert_eq!(read().unwrap().headers, [("x-a".to_owned(), "1".to_owned())]);
        assert!(read().is_none());
    }

    #[test]
    fn answers_on_connections_that_stay_open_and_stops_when_dropped() {
        let server = Server::start(|request| Answer {
            status: 200,
            content_type: "text/plain",
            body: request.target.clone(),
            repeat: 1,
        })
        .unwrap();
        let streams = [(); 3].map(|()| TcpStream::connect(server.address).unwrap());
        for (stream, target) in streams.iter().zip(["/one", "/two", "/three"]).chain([(&streams[0], "/four")]) {
            let mut writer = stream;
            writer.write_all(format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes()).unwrap();
            let mut reader = stream;
            let mut answer = Vec::new();
            while !answer.ends_with(target.as_bytes()) {
                let mut byte = [0];
                reader.read_exact(&mut byte).unwrap();
                answer.extend(byte);
            }
            assert!(answer.starts_with(b"HTTP/1.1 200 "));
        }
        assert_eq!(server.requests().len(), 4);
        let address = server.address;
        drop(server);
        assert!(TcpListener::bind(address).is_ok() || TcpStream::connect(address).is_err());
    }
}
