//! Servers: hyper's for whole exchanges, scripted bytes for broken ones.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::{RequestBody, full};

type Answer = Pin<Box<dyn Future<Output = Response<RequestBody>> + Send>>;
type Handler = Arc<dyn Fn(Request<Incoming>) -> Answer + Send + Sync>;

/// A server on a loopback port of its own; it ends when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Speaks HTTP/1.1.
    pub(crate) async fn http<F>(handler: impl Fn(Request<Incoming>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response<RequestBody>> + Send + 'static,
    {
        let handler = shared(handler);
        Self::raw(move |stream, _| {
            let handler = Arc::clone(&handler);
            async move { serve(stream, false, handler).await }
        })
        .await
    }

    /// Does the TLS handshake, and speaks the HTTP version that is agreed on.
    pub(crate) async fn https<F>(
        identity: &Identity,
        alpn: &[&str],
        handler: impl Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Response<RequestBody>> + Send + 'static,
    {
        let acceptor = identity.acceptor(alpn);
        let handler = shared(handler);
        Self::raw(move |stream, _| {
            let (acceptor, handler) = (acceptor.clone(), Arc::clone(&handler));
            async move {
                // A client that refuses the certificate ends the handshake.
                if let Ok(stream) = acceptor.accept(stream).await {
                    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    serve(stream, http2, handler).await;
                }
            }
        })
        .await
    }

    /// Runs `script` for each connection, with its number from 0.
    pub(crate) async fn raw<F>(script: impl Fn(TcpStream, usize) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&accepted);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = counter.fetch_add(1, Ordering::SeqCst);
                connections.spawn(script(stream, number));
            }
        });
        Self { address, accepted, _tasks: tasks }
    }

    /// Answers every request of every connection with these bytes, and never closes.
    pub(crate) async fn fixed(answer: impl Into<Vec<u8>>) -> Self {
        let answer = Arc::new(answer.into());
        Self::raw(move |mut stream, _| {
            let answer = Arc::clone(&answer);
            async move {
                while read_head(&mut stream).await {
                    // A client that has read enough closes the connection, which is what the test is about.
                    let _ = stream.write_all(&answer).await;
                }
            }
        })
        .await
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

fn shared<F>(handler: impl Fn(Request<Incoming>) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = Response<RequestBody>> + Send + 'static,
{
    Arc::new(move |request| Box::pin(handler(request)))
}

async fn serve<S>(stream: S, http2: bool, handler: Handler)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = handler(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let stream = TokioIo::new(stream);
    // The client reports broken connections.
    let _ = if http2 {
        http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await
    } else {
        http1::Builder::new().serve_connection(stream, service).await
    };
}

/// Reads one request's head; `false` at the end of the stream.
pub(crate) async fn read_head(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}

pub(crate) fn text(body: &'static str) -> Response<RequestBody> {
    Response::new(full(body))
}

/// A certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub(crate) struct Identity {
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    pub(crate) fn identity(&self, name: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }
}

impl Identity {
    pub(crate) fn acceptor(&self, alpn: &[&str]) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(self.key.clone()).unwrap();
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}
