//! One open connection: its socket, the tasks that drive it, and the handle that sends on it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::AbortHandle;
use tokio_rustls::client::TlsStream;

use super::upload::OutgoingBody;
use super::{Destination, Protocol};
use crate::quiet::as_quietly;

/// A connection that a request can be sent on.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) link: Arc<Link>,
    pub(super) sender: Sender,
}

/// State shared by all users of a connection. When the last one drops it, the connection ends.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) destination: Destination,
    pub(super) peer: SocketAddr,
    /// Whether the peer is the proxy.
    pub(super) proxied: bool,
    pub(super) traffic: Arc<Traffic>,
    pub(super) tasks: Arc<Tasks>,
}

/// Bytes of application data that a connection carried.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    read: AtomicU64,
    written: AtomicU64,
}

/// hyper's handle, by version.
#[derive(Debug)]
pub(super) enum Sender {
    Http1(http1::SendRequest<OutgoingBody>),
    Http2(http2::SendRequest<OutgoingBody>),
}

impl Connection {
    pub(super) const fn protocol(&self) -> Protocol {
        match self.sender {
            Sender::Http1(_) => Protocol::Http1,
            Sender::Http2(_) => Protocol::Http2,
        }
    }

    /// Whether no request can be sent on it any more.
    pub(super) fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    /// Waits until a request can be sent; `false` if the connection can never send one.
    pub(super) async fn ready(&mut self) -> bool {
        match &mut self.sender {
            Sender::Http1(sender) => sender.ready().await.is_ok(),
            Sender::Http2(sender) => sender.ready().await.is_ok(),
        }
    }

    /// Another handle to the same connection, where the protocol can carry several requests at once.
    pub(super) fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::Http1(_) => None,
            Sender::Http2(sender) => Some(Self { link: Arc::clone(&self.link), sender: Sender::Http2(sender.clone()) }),
        }
    }

    /// Sends a request and waits for the head of its response.
    ///
    /// The request comes back in the error if no byte of it was written.
    pub(super) async fn send(
        &mut self,
        request: Request<OutgoingBody>,
    ) -> Result<Response<Incoming>, TrySendError<Request<OutgoingBody>>> {
        match &mut self.sender {
            Sender::Http1(sender) => sender.try_send_request(request).await,
            Sender::Http2(sender) => sender.try_send_request(request).await,
        }
    }

    /// Bytes of application data written so far.
    pub(super) fn written(&self) -> u64 {
        self.link.traffic.written.load(Ordering::Acquire)
    }

    /// Bytes of application data read so far.
    pub(super) fn read(&self) -> u64 {
        self.link.traffic.read.load(Ordering::Acquire)
    }
}

/// The tasks that drive one connection; they end when this is dropped.
#[derive(Debug)]
pub(super) struct Tasks {
    /// `None` once ended, so that no task can be added later. HTTP/2 has one task per stream, of which
    /// [`STREAMS_MAX`](super::pool::STREAMS_MAX) are open at once. Adding a task removes finished ones.
    handles: Mutex<Option<Vec<AbortHandle>>>,
}

impl Tasks {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { handles: Mutex::new(Some(Vec::new())) })
    }

    /// Runs `future` as part of this connection.
    pub(super) fn spawn(&self, future: impl Future<Output: Send> + Send + 'static) {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handles) = handles.as_mut() {
            handles.retain(|handle| !handle.is_finished());
            handles.push(tokio::spawn(as_quietly(future)).abort_handle());
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        let handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.as_ref().is_none_or(|handles| handles.iter().all(AbortHandle::is_finished))
    }

    pub(super) fn end(&self) {
        let handles = {
            let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
            handles.take()
        };
        for handle in handles.unwrap_or_default() {
            handle.abort();
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.end();
    }
}

/// Lets hyper run the tasks of an HTTP/2 connection.
#[derive(Clone, Debug)]
pub(super) struct TaskExecutor(pub(super) Weak<Tasks>);

impl<F> hyper::rt::Executor<F> for TaskExecutor
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        // Without its tasks the connection has ended, so a task that it still wants to run is dropped.
        if let Some(tasks) = self.0.upgrade() {
            tasks.spawn(future);
        }
    }
}

/// The socket, with or without TLS.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A socket that counts the bytes read and written, and holds its permit for an open connection until it is closed.
pub(super) struct Transport {
    pub(super) stream: Stream,
    pub(super) traffic: Arc<Traffic>,
    pub(super) _permit: OwnedSemaphorePermit,
}

impl Transport {
    fn count(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &result {
            count(&self.traffic.written, *bytes);
        }
        result
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        count(&this.traffic.read, buffer.filled().len().saturating_sub(before));
        result
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, data),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, data),
        };
        this.count(result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(context, data),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(context, data),
        };
        this.count(result)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

fn count(counter: &AtomicU64, bytes: usize) {
    counter.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Release);
}
