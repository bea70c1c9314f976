//! A compiled policy.

use crate::digest;
use crate::escape;
use crate::file::grant::FilesystemGrant;
use crate::grant::GrantId;
use crate::http::grant::HttpGrant;
use crate::http::host_index::HostIndex;
use crate::http::proxy::ProxySpec;
use crate::http::secret::SecretSpec;
use crate::limits::Limits;
use crate::prefix_tree::PrefixTree;
use std::collections::BTreeMap;
use std::time::Duration;
use wasm_agent_ids::PolicyDigest;

/// The policy of a run that has none.
const DENY_ALL: &str = "version = 1\n";

/// A policy: immutable, compiled for fast decisions, and safe to share between threads.
#[derive(Debug)]
pub struct Policy {
    text: String,
    digest: PolicyDigest,
    parts: Parts,
    /// Positions of filesystem grants by guest path.
    directories: PrefixTree<usize>,
    hosts: HostIndex,
}

/// The contents of a policy file, before they are indexed.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) tool_sha256: Option<[u8; 32]>,
    pub(crate) filesystem: Vec<FilesystemGrant>,
    pub(crate) http: Vec<HttpGrant>,
    pub(crate) secrets: Vec<SecretSpec>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) limits: Limits,
    pub(crate) approval_timeout: Duration,
    pub(crate) ca_file: Option<(String, u32)>,
    pub(crate) proxy: Option<ProxySpec>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            tool_sha256: None,
            filesystem: Vec::new(),
            http: Vec::new(),
            secrets: Vec::new(),
            environment: BTreeMap::new(),
            limits: Limits::default(),
            approval_timeout: Duration::from_secs(600),
            ca_file: None,
            proxy: None,
        }
    }
}

impl Policy {
    /// The policy that grants nothing; runs without a policy use it.
    #[must_use]
    pub fn deny_all() -> Self {
        Self::compile(DENY_ALL, Parts::default())
    }

    pub(crate) fn compile(text: &str, parts: Parts) -> Self {
        let mut directories = PrefixTree::default();
        for (position, grant) in parts.filesystem.iter().enumerate() {
            directories.insert(grant.guest.segments(), position);
        }
        Self {
            digest: digest::of_policy(text),
            text: text.to_owned(),
            hosts: HostIndex::new(&parts.http),
            directories,
            parts,
        }
    }

    /// The whole text of the policy file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The digest of the text.
    #[must_use]
    pub fn digest(&self) -> &PolicyDigest {
        &self.digest
    }

    /// The directories, in the order of the file.
    #[must_use]
    pub fn filesystem(&self) -> &[FilesystemGrant] {
        &self.parts.filesystem
    }

    /// The URLs, in the order of the file.
    #[must_use]
    pub fn http(&self) -> &[HttpGrant] {
        &self.parts.http
    }

    /// The secrets, by name.
    #[must_use]
    pub fn secrets(&self) -> &[SecretSpec] {
        &self.parts.secrets
    }

    /// The secret with this name.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&SecretSpec> {
        self.parts.secrets.iter().find(|secret| secret.name == name)
    }

    /// All environment variables of the tool.
    #[must_use]
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.parts.environment
    }

    /// The limits of a run.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.parts.limits
    }

    /// How long a person has to answer; no answer is a refusal. 10 minutes unless the policy says otherwise.
    #[must_use]
    pub fn approval_timeout(&self) -> Duration {
        self.parts.approval_timeout
    }

    /// The SHA-256 of the only component that may run, if the policy pins one.
    #[must_use]
    pub fn tool_sha256(&self) -> Option<[u8; 32]> {
        self.parts.tool_sha256
    }

    /// A PEM file on the host with additional trusted certificates: absolute, or relative to the policy file.
    #[must_use]
    pub fn ca_file(&self) -> Option<&str> {
        self.parts.ca_file.as_ref().map(|(file, _)| file.as_str())
    }

    /// The proxy through which requests go, unless their grant says otherwise.
    #[must_use]
    pub fn proxy(&self) -> Option<&ProxySpec> {
        self.parts.proxy.as_ref()
    }

    /// The line of the policy that names [`Policy::ca_file`].
    #[must_use]
    pub fn ca_line(&self) -> Option<u32> {
        self.parts.ca_file.as_ref().map(|(_, line)| *line)
    }

    /// The filesystem grant with this id.
    #[must_use]
    pub fn filesystem_grant(&self, id: GrantId) -> Option<&FilesystemGrant> {
        match id {
            GrantId::Filesystem(index) => self.parts.filesystem.get(usize::try_from(index).ok()?),
            GrantId::Http(_) | GrantId::Checkpoint => None,
        }
    }

    /// The HTTP grant with this id.
    #[must_use]
    pub fn http_grant(&self, id: GrantId) -> Option<&HttpGrant> {
        match id {
            GrantId::Http(index) => self.parts.http.get(usize::try_from(index).ok()?),
            GrantId::Filesystem(_) | GrantId::Checkpoint => None,
        }
    }

    /// The line of a grant in the policy file, from 1; `None` for a checkpoint, which needs no grant.
    #[must_use]
    pub fn grant_line(&self, id: GrantId) -> Option<u32> {
        match id {
            GrantId::Filesystem(_) => self.filesystem_grant(id).map(|grant| grant.line),
            GrantId::Http(_) => self.http_grant(id).map(|grant| grant.line),
            GrantId::Checkpoint => None,
        }
    }

    /// The grant in words, such as ``filesystem grant `/notes` (line 6)``.
    #[must_use]
    pub fn grant_label(&self, id: GrantId) -> String {
        let (kind, name, line) = match id {
            GrantId::Checkpoint => return "checkpoint of the tool".to_owned(),
            GrantId::Filesystem(_) => match self.filesystem_grant(id) {
                Some(grant) => ("filesystem", grant.guest.to_string(), grant.line),
                None => return "grant of another policy".to_owned(),
            },
            GrantId::Http(_) => match self.http_grant(id) {
                Some(grant) => ("http", grant.url.to_string(), grant.line),
                None => return "grant of another policy".to_owned(),
            },
        };
        format!("{kind} grant `{}` (line {line})", escape(&name))
    }

    pub(crate) fn directories(&self) -> &PrefixTree<usize> {
        &self.directories
    }

    pub(crate) fn hosts(&self) -> &HostIndex {
        &self.hosts
    }
}
