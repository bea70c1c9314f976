//! What a run needs to send requests: its client, its secrets, and places for requests in flight.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasm_agent_egress::redact::Needles;
use wasm_agent_egress::{Client, ClientError, Resolver};
use wasm_agent_journal::DecisionRecord;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use crate::grants::Grants;

/// A run's access to the network. Nothing is set up before the first request.
pub(crate) struct Outbound {
    client: Option<Client>,
    resolver: Arc<dyn Resolver>,
    /// The search for secrets in responses, by the secrets' names.
    needles: BTreeMap<Vec<String>, Arc<Needles>>,
    /// Drawn when first needed. `None` until then, and if the system has no random numbers.
    random: Option<u64>,
    /// Limits the number of requests in flight.
    pub(crate) places: Arc<Semaphore>,
    /// Requests so far that the policy did not deny.
    requests: u64,
}

/// What a request has so far: its decision, and its place among those in flight. The place is free again when the
/// response has been read or dropped.
#[derive(Default)]
pub(crate) struct Begun {
    pub(crate) decision: OnceLock<DecisionRecord>,
    pub(crate) place: OnceLock<OwnedSemaphorePermit>,
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
            requests: 0,
        }
    }

    /// Whether the run may make another request.
    ///
    /// # Errors
    ///
    /// The error for the guest, if it has made as many as it may.
    pub(crate) fn admits(&self, grants: &Grants) -> Result<(), ErrorCode> {
        let max = grants.policy().limits().http_requests_total;
        if self.requests < max { Ok(()) } else { Err(ErrorCode::ConnectionLimitReached) }
    }

    /// Counts a request.
    pub(crate) fn count(&mut self) {
        self.requests = self.requests.saturating_add(1);
    }

    /// The client, and the search that keeps these secrets from coming back.
    ///
    /// # Errors
    ///
    /// The error for the guest, if either can't be made.
    pub(crate) fn prepare(
        &mut self,
        grants: &Grants,
        secrets: Vec<String>,
    ) -> Result<(Client, Arc<Needles>), ErrorCode> {
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

    /// The search that keeps these secrets from coming back.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers: without them, a tool could predict how much work a search is.
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
            // Without secrets, nothing is compared.
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
