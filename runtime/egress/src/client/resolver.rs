//! Names to addresses, as a value that is passed in: tests give fixed tables, and no name is looked up twice unseen.

#![expect(clippy::disallowed_methods, reason = "looks names up, for everyone else")]

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

/// A lookup that is under way.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Turns names into addresses.
///
/// It is asked once for each new connection; the client checks what it answers and dials exactly that.
pub trait Resolver: Send + Sync {
    /// Looks up `host`.
    ///
    /// # Errors
    ///
    /// As the system's resolver: the name does not exist, or no server answered.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a>;
}

/// The operating system's resolver.
///
/// # Authority
///
/// Asks the name servers that the system is configured with.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((host, port)).await?;
            Ok(addresses.take(ADDRESSES_MAX).collect())
        })
    }
}

/// Most addresses of one name that are considered: an answer can carry thousands, and each costs a dial.
pub(super) const ADDRESSES_MAX: usize = 16;
