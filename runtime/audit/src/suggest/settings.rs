//! The settings of a policy besides its grants.

use std::collections::BTreeMap;
use std::time::Duration;

use wasm_agent_ids::ToolDigest;
use wasm_agent_journal::Header;
use wasm_agent_policy::{Limits, Policy, ProxySpec};

use super::room::SuggestError;

/// The settings of all recorded policies.
#[derive(Debug)]
pub(super) struct Settings {
    /// The policy is for the recorded tool only.
    pin: bool,
    /// SHA-256 of the only tool that may run.
    pub(super) tool: Option<ToolDigest>,
    pub(super) environment: BTreeMap<String, String>,
    /// For each limit, the largest recorded one.
    pub(super) limits: Limits,
    /// The longest recorded one.
    pub(super) approval_timeout: Duration,
    pub(super) ca_file: Option<String>,
    pub(super) proxy: Option<ProxySpec>,
    /// A policy was added.
    begun: bool,
}

impl Settings {
    pub(super) fn new(pin: bool) -> Self {
        Self {
            pin,
            tool: None,
            environment: BTreeMap::new(),
            limits: Limits::default(),
            approval_timeout: Duration::ZERO,
            ca_file: None,
            proxy: None,
            begun: false,
        }
    }

    /// Adds the settings of a policy.
    pub(super) fn begin(&mut self, journal: &str, header: &Header, policy: &Policy) -> Result<(), SuggestError> {
        let clash = |what: &str, found: String, before: String| {
            Err(SuggestError::Clash { journal: journal.to_owned(), what: what.to_owned(), found, before })
        };
        let tool =
            if self.pin { Some(header.component_sha256) } else { policy.tool_sha256().map(ToolDigest::from_bytes) };
        let ca_file = policy.ca_file().map(str::to_owned);
        if !self.begun {
            self.begun = true;
            self.tool = tool;
            self.environment = policy.environment().clone();
            self.limits = policy.limits().clone();
            self.approval_timeout = policy.approval_timeout();
            self.ca_file = ca_file;
            self.proxy = policy.proxy().cloned();
            return Ok(());
        }
        if tool != self.tool {
            let shown = |tool: Option<ToolDigest>| tool.map_or_else(|| "any".to_owned(), |tool| tool.to_string());
            return clash("tool", shown(tool), shown(self.tool));
        }
        if *policy.environment() != self.environment {
            return clash("environment", format!("{:?}", policy.environment()), format!("{:?}", self.environment));
        }
        if ca_file != self.ca_file {
            return clash("certificate file", ca_file.unwrap_or_default(), self.ca_file.clone().unwrap_or_default());
        }
        if policy.proxy() != self.proxy.as_ref() {
            let shown = |proxy: Option<&ProxySpec>| match proxy {
                Some(ProxySpec { text, secret: Some(secret), .. }) => format!("{text} with the secret {secret}"),
                Some(proxy) => proxy.text.clone(),
                None => String::new(),
            };
            return clash("proxy", shown(policy.proxy()), shown(self.proxy.as_ref()));
        }
        widen(&mut self.limits, policy.limits());
        self.approval_timeout = self.approval_timeout.max(policy.approval_timeout());
        Ok(())
    }
}

fn widen(limits: &mut Limits, other: &Limits) {
    limits.memory_bytes = limits.memory_bytes.max(other.memory_bytes);
    limits.time = limits.time.max(other.time);
    // No limit is the widest.
    limits.fuel = limits.fuel.zip(other.fuel).map(|(one, other)| one.max(other));
    limits.request_body_bytes = limits.request_body_bytes.max(other.request_body_bytes);
    limits.response_body_bytes = limits.response_body_bytes.max(other.response_body_bytes);
    limits.output_bytes = limits.output_bytes.max(other.output_bytes);
    limits.journal_bytes = limits.journal_bytes.max(other.journal_bytes);
    limits.handles = limits.handles.max(other.handles);
    limits.http_requests = limits.http_requests.max(other.http_requests);
    limits.http_requests_total = limits.http_requests_total.max(other.http_requests_total);
    limits.files_bytes = limits.files_bytes.max(other.files_bytes);
    limits.file_count = limits.file_count.max(other.file_count);
    limits.denials = limits.denials.max(other.denials);
}
