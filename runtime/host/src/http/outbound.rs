//! What a run needs to send requests: its client, its secrets, and places for what is under way.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use wasm_agent_egress::redact::Needles;
use wasm_agent_egress::{Client, ClientError, Resolver};
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use crate::grants::Grants;

/// The way of one run to the network. Nothing is set up before the first request.
pub(crate) struct Outbound {
    client: Option<Client>,
    resolver: Arc<dyn Resolver>,
    /// What is kept from coming back, by the names of the secrets.
    needles: BTreeMap<Vec<String>, Arc<Needles>>,
    /// Drawn when first needed; nothing before, and where the system has none.
    random: Option<u64>,
    /// Bounds the requests that are under way at the same time.
    pub(crate) places: Arc<Semaphore>,
}

impl Outbound {
    pub(crate) fn new(grants: &Grants, resolver: Arc<dyn Resolver>) -> Self {
        let requests = usize::try_from(grants.policy().limits().http_requests).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            client: None,
            resolver,
            needles: BTreeMap::new(),
            random: None,
            places: Arc::new(Semaphore::new(requests.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// The client, and what to look for to keep these secrets from coming back.
    ///
    /// # Errors
    ///
    /// What the guest is told where either can't be had.
    pub(crate) fn equip(&mut self, grants: &Grants, secrets: Vec<String>) -> Result<(Client, Arc<Needles>), ErrorCode> {
        let client = self.client(grants).map_err(|error| {
            tracing::error!(%error, "cannot set up TLS");
            ErrorCode::ConfigurationError
        })?;
        let needles = self.needles(grants, secrets).map_err(|error| {
            tracing::error!(%error, "cannot search responses for secrets");
            ErrorCode::ConfigurationError
        })?;
        Ok((client, needles))
    }

    /// What to look for to keep these secrets from coming back.
    ///
    /// # Errors
    ///
    /// Where the system has no random numbers: without them a tool could foresee how much work a search is.
    pub(crate) fn needles(
        &mut self,
        grants: &Grants,
        mut names: Vec<String>,
    ) -> Result<Arc<Needles>, getrandom::Error> {
        names.sort_unstable();
        names.dedup();
        if let Some(needles) = self.needles.get(&names) {
            return Ok(Arc::clone(needles));
        }
        let random = match self.random {
            Some(random) => random,
            // Nothing is compared then.
            None if names.is_empty() => 0,
            None => *self.random.insert(getrandom::u64()?),
        };
        let needles = Arc::new(Needles::new(random, grants.bare_secrets(&names)));
        self.needles.insert(names, Arc::clone(&needles));
        Ok(needles)
    }

    /// The client of this run.
    pub(crate) fn client(&mut self, grants: &Grants) -> Result<Client, ClientError> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = grants.client(Arc::clone(&self.resolver))?;
        self.client = Some(client.clone());
        Ok(client)
    }
}
