//! Requests through a proxy: in absolute form for `http`, through a tunnel for `https` (RFC 9110 section 9.3.6).

use std::pin::pin;

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::upgrade::{self, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::error::{ExchangeError, RequestFault, classify};
use super::{Destination, Host, Scheme};

/// Largest head of a proxy's answer, in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// A proxy that is spoken to in plain HTTP. The operator names it, so its own address is not checked.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Name or address.
    pub host: Host,
    /// TCP port.
    pub port: u16,
    /// The value of `proxy-authorization`, marked as sensitive.
    pub authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Where the connection goes.
    pub(super) fn destination(&self) -> Destination {
        Destination { scheme: Scheme::Http, host: self.host.clone(), port: self.port }
    }

    /// Asks for a tunnel to `destination`, and returns the connection once the proxy has made it.
    pub(super) async fn tunnel(
        &self,
        stream: TcpStream,
        destination: &Destination,
    ) -> Result<TcpStream, ExchangeError> {
        let (mut sender, connection) = http1::Builder::new()
            .max_header_size(HEAD_BYTES_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(classify)?;
        let request = self.connect(destination)?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(classify)?;
            if !response.status().is_success() {
                return Err(ExchangeError::ProxyRefused { status: response.status().as_u16() });
            }
            upgrade::on(response).await.map_err(classify)
        };
        let (mut exchange, mut driver) = (pin!(exchange), pin!(connection.with_upgrades()));
        let upgraded = tokio::select! {
            biased;
            upgraded = &mut exchange => upgraded?,
            ended = &mut driver => {
                ended.map_err(classify)?;
                exchange.await?
            }
        };
        into_stream(upgraded)
    }

    fn connect(&self, destination: &Destination) -> Result<Request<Empty<Bytes>>, ExchangeError> {
        let authority = format!("{}:{}", destination.host, destination.port);
        let fault = || RequestFault::Path(authority.clone());
        let mut request = Request::new(Empty::new());
        *request.method_mut() = Method::CONNECT;
        *request.uri_mut() = Uri::builder().authority(authority.as_str()).build().map_err(|_| fault())?;
        request.headers_mut().insert(HOST, HeaderValue::from_str(&authority).map_err(|_| fault())?);
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }
}

/// The socket of a tunnel. In TLS the client speaks first, so nothing can have come through it yet.
fn into_stream(upgraded: Upgraded) -> Result<TcpStream, ExchangeError> {
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) if parts.read_buf.is_empty() => Ok(parts.io.into_inner()),
        Ok(_) | Err(_) => Err(ExchangeError::UnexpectedUpgrade),
    }
}
