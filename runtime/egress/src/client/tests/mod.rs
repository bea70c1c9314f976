//! The client against real servers on loopback.

mod addresses;
pub(crate) mod bodies;
pub(crate) mod frames;
mod limits;
mod proxy;
mod requests;
mod reuse;
pub(crate) mod server;
mod tls;

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, Empty, Full};
use tokio::time::Instant;

use super::{
    AddressCheck, Client, ClientConfig, Destination, Exchange, ExchangeError, Host, Reply, RequestBody, Resolver,
    Resolving, Scheme, SendError, Timeouts,
};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Allows only these addresses.
struct AllowOnly(Vec<IpAddr>);

impl AddressCheck for AllowOnly {
    fn allows(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

/// Returns the given answers in turn, repeats the last one, and counts the lookups.
struct Table {
    answers: Mutex<VecDeque<Vec<SocketAddr>>>,
    asked: AtomicUsize,
}

impl Table {
    fn new(answers: impl IntoIterator<Item = Vec<SocketAddr>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolver for Table {
    fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> Resolving<'a> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let answer = answer.ok_or_else(|| io::Error::other("no such name"));
        Box::pin(async { answer })
    }
}

pub(crate) fn config() -> ClientConfig {
    ClientConfig { platform_roots: false, ..ClientConfig::new(Table::new([])) }
}

fn client() -> Client {
    Client::new(config()).unwrap()
}

/// A GET of `/` at an address, under generous limits.
fn get(address: SocketAddr) -> Exchange {
    Exchange {
        destination: Destination { scheme: Scheme::Http, host: Host::Ip(address.ip()), port: address.port() },
        method: Method::GET,
        path_and_query: "/".to_owned(),
        authority: address.to_string(),
        headers: HeaderMap::new(),
        body: empty(),
        request_body_max: 64 << 20,
        response_body_max: 64 << 20,
        deadline: Some(Instant::now() + Duration::from_secs(3600)),
        timeouts: Timeouts::default(),
        new_connection: false,
        proxied: false,
    }
}

/// The same, to a name.
fn get_name(scheme: Scheme, name: &str, port: u16) -> Exchange {
    Exchange {
        destination: Destination { scheme, host: Host::Name(name.to_owned()), port },
        authority: format!("{name}:{port}"),
        ..get(SocketAddr::new(LOOPBACK, port))
    }
}

fn post(address: SocketAddr, body: RequestBody) -> Exchange {
    Exchange { method: Method::POST, body, ..get(address) }
}

fn empty() -> RequestBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn full(bytes: impl Into<Bytes>) -> RequestBody {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Sends to loopback.
async fn send(client: &Client, exchange: Exchange) -> Result<Reply, SendError> {
    client.send(exchange, &AllowOnly(vec![LOOPBACK])).await
}

/// Reads a response to its end.
pub(crate) async fn read(reply: Reply) -> Result<Bytes, ExchangeError> {
    Ok(reply.response.into_body().collect().await?.to_bytes())
}

/// Sends, and reads the response to its end.
async fn fetch(client: &Client, exchange: Exchange) -> Bytes {
    read(send(client, exchange).await.unwrap()).await.unwrap()
}
