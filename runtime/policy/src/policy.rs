//! A compiled policy.

use crate::action::Action;
use crate::check;
use crate::decision::{Decision, PendingPermit, Permit};
use crate::digest::Digest;
use crate::error::PolicyErrors;
use crate::grant::{FilesystemGrant, GrantId, HttpGrant};
use crate::guest_path::GuestPath;
use crate::host_index::HostIndex;
use crate::judgement::Judgement;
use crate::limits::Limits;
use crate::method::Method;
use crate::prefix_tree::PrefixTree;
use crate::secret::SecretSpec;
use crate::url::Url;
use crate::{Origin, escape, parse};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// What runs where no policy is given.
const DENY_ALL: &str = "version = 1\n";

/// A policy: immutable, compiled for fast decisions, and shared between threads as it is.
#[derive(Debug)]
pub struct Policy {
    text: String,
    digest: Digest,
    parts: Parts,
    /// Positions of filesystem grants by guest path.
    directories: PrefixTree<usize>,
    hosts: HostIndex,
}

/// What a policy file says, before it is indexed.
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
        }
    }
}

impl Policy {
    /// Parses and compiles a policy file, and runs its `[[test]]`s.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong, not only the first: syntax errors where there are any, otherwise unknown keys,
    /// wrong values, rules that can never match and tests that fail.
    pub fn parse(text: &str) -> Result<Self, PolicyErrors> {
        parse::parse(text)
    }

    /// The policy that grants nothing: the one that is used where none is given.
    #[must_use]
    pub fn deny_all() -> Self {
        Self::compile(DENY_ALL, Parts::default())
    }

    pub(crate) fn compile(text: &str, parts: Parts) -> Self {
        let mut directories = PrefixTree::default();
        for (position, grant) in parts.filesystem.iter().enumerate() {
            directories.insert(grant.guest.segments(), position);
        }
        Self { digest: Digest::of(text), text: text.to_owned(), hosts: HostIndex::new(&parts.http), directories, parts }
    }

    /// The whole text of the policy file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The digest of the text.
    #[must_use]
    pub fn digest(&self) -> &Digest {
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

    /// The environment variables of the tool, all of them.
    #[must_use]
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.parts.environment
    }

    /// What a run may use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.parts.limits
    }

    /// How long a person has to answer; no answer is a refusal. 10 minutes unless the policy says otherwise.
    #[must_use]
    pub fn approval_timeout(&self) -> Duration {
        self.parts.approval_timeout
    }

    /// The SHA-256 of the only component that may run, where the policy pins one.
    #[must_use]
    pub fn tool_sha256(&self) -> Option<[u8; 32]> {
        self.parts.tool_sha256
    }

    /// A file of further trusted certificates (PEM) on the host: absolute, or relative to the policy file.
    #[must_use]
    pub fn ca_file(&self) -> Option<&str> {
        self.parts.ca_file.as_ref().map(|(file, _)| file.as_str())
    }

    /// The line of the policy that names [`Policy::ca_file`].
    #[must_use]
    pub fn ca_line(&self) -> Option<u32> {
        self.parts.ca_file.as_ref().map(|(_, line)| *line)
    }

    /// Decides about an action. Allocates nothing where the answer is to allow or to deny.
    ///
    /// Deny wins over ask, ask over allow. What an action needs:
    ///
    /// - A path is governed by the grant with the longest guest path above it; the `deny` patterns of every grant above
    ///   it hold. Reading needs a grant, everything else one with write access.
    /// - A grant with `only` gives what these patterns match, and nothing else.
    /// - A hard link needs write access to both names, a rename too: it must give no file more than it had.
    /// - A request is governed by the most specific grant whose URL and methods match; it asks where any such grant asks.
    /// - A checkpoint always asks. A socket is always denied.
    pub fn check(&self, action: &Action, origin: Origin) -> Decision {
        match check::judge(self, action, origin) {
            Ok(ruling) if ruling.asked_by.is_some() => {
                Decision::Ask { grant: ruling.grant, permit: PendingPermit::new(ruling.grant, action.digest()) }
            }
            Ok(ruling) => Decision::Allow(Permit::allowed(ruling.grant)),
            Err(denial) => Decision::Deny(denial),
        }
    }

    /// Whether a connection under this grant may be made to the address.
    ///
    /// Where the grant lists networks, only addresses in them may be; where it lists none, every address that is not
    /// special.
    #[must_use]
    pub fn network_allows(&self, grant: GrantId, address: IpAddr) -> bool {
        self.http_grant(grant).is_some_and(|grant| grant.networks.permits(address))
    }

    /// Decides about an action as [`Policy::check`] does, and gives no permit: for those who only want to know.
    #[must_use]
    pub fn judge(&self, action: &Action, origin: Origin) -> Judgement {
        Judgement::from(check::judge(self, action, origin))
    }

    /// Whether a directory or a symbolic link may be gone through, to what is decided about by its own path.
    ///
    /// What may be read may be gone through, and what leads to something that a grant with `only` lists.
    #[must_use]
    pub fn may_go_through(&self, path: &GuestPath) -> bool {
        check::file::may_go_through(self, path)
    }

    /// Whether giving this directory another name would give one to something denied, or to another grant's directory.
    #[must_use]
    pub fn on_the_way_to_denied(&self, path: &GuestPath) -> bool {
        check::file::is_on_the_way(self, path)
    }

    /// Whether a symbolic link at this path with this target may lead out of the grant that governs the path.
    ///
    /// Only `..` at the beginning of the target is counted. Behind a name it is taken to lead out, as the name may be a
    /// link.
    #[must_use]
    pub fn link_leaves_grant(&self, path: &GuestPath, target: &str) -> bool {
        check::file::link_leaves(self, path, target)
    }

    /// A filesystem grant for exactly this directory or for one below it.
    #[must_use]
    pub fn grant_at_or_below(&self, path: &GuestPath) -> Option<GrantId> {
        let position = self.directories.first_at_or_below(path.relative_to_root())?;
        self.parts.filesystem.get(*position).map(|grant| grant.id)
    }

    /// The grant that would govern this request: the one whose secrets are put in, where nothing denies it.
    #[must_use]
    pub fn governing_http_grant(&self, method: &Method, url: &Url) -> Option<&HttpGrant> {
        check::http::governing(self, method, url).ok().map(|matched| matched.grant)
    }

    /// The names of the secrets that are put into this request, where nothing denies it.
    #[must_use]
    pub fn secrets_for(&self, method: &Method, url: &Url) -> &[String] {
        self.governing_http_grant(method, url).map_or(&[], HttpGrant::secrets)
    }

    /// The names of the secrets that the URL's server (scheme, host and port) can get under any grant. A name can come
    /// twice.
    ///
    /// What one grant sends there can come back in the answer to a request under another.
    pub fn secrets_at<'a>(&'a self, url: &'a Url) -> impl Iterator<Item = &'a str> + 'a {
        self.hosts.secrets(url)
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

    /// How to call a grant when speaking to a person, such as ``filesystem grant `/notes` (line 6)``.
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
