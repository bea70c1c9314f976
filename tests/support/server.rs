//! A real HTTP server on loopback that records its requests.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// A request that the server received.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The requested host: the `host` header or, in HTTP/2, the authority.
    pub host: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Whether it came by HTTP/2.
    pub http2: bool,
}

impl ReceivedRequest {
    /// A header's value as text, if there is exactly one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?.to_str().ok();
        assert!(values.next().is_none(), "`{name}` was sent twice");
        first
    }
}

/// What a server answers.
pub type Answer = Response<Full<Bytes>>;

type Handler = Arc<dyn Fn(&ReceivedRequest) -> Answer + Send + Sync>;

/// A running server. It ends when it is stopped or dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    asked: Arc<Mutex<Vec<ReceivedRequest>>>,
    connections: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server for HTTP/1.1.
    pub fn http(handler: impl Fn(&ReceivedRequest) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(handler))
    }

    /// Starts a server for TLS, with the version of HTTP that is negotiated.
    pub fn https(acceptor: TlsAcceptor, handler: impl Fn(&ReceivedRequest) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(Some(acceptor), Arc::new(handler))
    }

    /// Starts a server that answers everything with this text.
    pub fn text(text: &'static str) -> Self {
        Self::http(move |_| answer(200, text))
    }

    fn start(acceptor: Option<TlsAcceptor>, handler: Handler) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, connections) = (Arc::default(), Arc::default());
        let (stop, stopped) = oneshot::channel();
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let state = State { handler, asked: Arc::clone(&asked), connections: Arc::clone(&connections) };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, acceptor, state) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, scheme, asked, connections, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// A URL of the server; `path` begins with `/` or is empty.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The requests that it received, in order.
    pub fn asked(&self) -> Vec<ReceivedRequest> {
        self.asked.lock().unwrap().clone()
    }

    /// How many connections were made to it, however they ended.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Stops it. Its port is free afterwards.
    pub fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// An answer with a text.
pub fn answer(status: u16, text: impl Into<Bytes>) -> Answer {
    Response::builder().status(status).header("content-type", "text/plain").body(Full::new(text.into())).unwrap()
}

#[derive(Clone)]
struct State {
    handler: Handler,
    asked: Arc<Mutex<Vec<ReceivedRequest>>>,
    connections: Arc<AtomicUsize>,
}

async fn accept(listener: std::net::TcpListener, acceptor: Option<TlsAcceptor>, state: State) {
    let listener = TcpListener::from_std(listener).unwrap();
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        state.connections.fetch_add(1, Ordering::SeqCst);
        let (acceptor, state) = (acceptor.clone(), state.clone());
        connections.spawn(async move {
            match acceptor {
                None => serve(stream, false, state).await,
                Some(acceptor) => {
                    // A client that refuses the certificate ends the handshake.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                        serve(stream, http2, state).await;
                    }
                }
            }
        });
    }
}

async fn serve<S>(stream: S, http2: bool, state: State)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: http::Request<Incoming>| {
        let state = state.clone();
        async move { Ok::<_, Infallible>(respond(request, http2, &state).await) }
    });
    let stream = TokioIo::new(stream);
    // A client may disconnect when it has had enough; its request is recorded.
    drop(if http2 {
        http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await
    } else {
        http1::Builder::new().serve_connection(stream, service).await
    });
}

async fn respond(request: http::Request<Incoming>, http2: bool, state: &State) -> Answer {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return answer(400, "the body broke off") };
    let host = parts.uri.authority().map(ToString::to_string);
    let header = || parts.headers.get("host").and_then(|host| host.to_str().ok()).map(str::to_owned);
    let asked = ReceivedRequest {
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        host: host.or_else(header).unwrap_or_default(),
        headers: parts.headers,
        body: body.to_bytes(),
        http2,
    };
    state.asked.lock().unwrap().push(asked.clone());
    (state.handler)(&asked)
}
