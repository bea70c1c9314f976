//! A resolver that knows the names that the test gives it, and no others.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_agent_host::egress::{Resolver, Resolving};

/// A fixed table of names.
#[derive(Debug, Default)]
pub struct Names {
    table: Vec<(String, Vec<IpAddr>)>,
    asked: AtomicUsize,
}

impl Names {
    /// One name with its addresses. Other names don't exist.
    pub fn one(name: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Self { table: vec![(name.to_owned(), addresses.into_iter().collect())], asked: AtomicUsize::new(0) }
    }

    /// How many names were looked up.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolver for Names {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let found =
            self.table.iter().find(|(name, _)| name == host).map(|(_, addresses)| {
                addresses.iter().map(|address| SocketAddr::new(*address, port)).collect::<Vec<_>>()
            });
        Box::pin(async move { found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such name")) })
    }
}
