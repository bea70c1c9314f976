//! Resolves names to addresses. The resolver is passed in as a value: tests use fixed tables, and every lookup is
//! visible.

#![expect(clippy::disallowed_methods, reason = "the one place that looks up names")]

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

/// A lookup that is in progress.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Turns names into addresses.
///
/// It is asked once for each new connection. The client checks the addresses that it returns, and dials exactly those.
pub trait Resolver: Send + Sync {
    /// Looks up `host`.
    ///
    /// # Errors
    ///
    /// As those of the system's resolver: the name does not exist, or no server answered.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a>;
}

/// The operating system's resolver.
///
/// # Authority
///
/// Queries the name servers that the system is configured with.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// Most addresses of one name that are used: an answer can have thousands, and each costs a dial.
pub(super) const ADDRESSES_MAX: usize = 16;
