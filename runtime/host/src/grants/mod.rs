//! A policy with its directories opened and its secrets read.
//!
//! Everything that a policy names is opened here, once. A run then uses only what is open.

#![expect(clippy::disallowed_methods, reason = "opens what the policy names, once, before anything runs")]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use http::{HeaderName, HeaderValue};
use rustix::fs::{Mode, OFlags};
use wasm_agent_egress::client::Host;
use wasm_agent_egress::redact::{SECRET_BYTES_MAX, SECRET_BYTES_MIN};
use wasm_agent_egress::{Client, ClientConfig, ClientError, Proxy, Resolver, SystemResolver, secret_header};
use wasm_agent_files::{Directory, Guard, OwnThing, OwnThings, look_at, policy_folder, pseudo_filesystem};
use wasm_agent_policy::{
    Access, FilesystemGrant, GuestPath, Host as UrlHost, POLICY_BYTES_MAX, Policy, SecretSource, SecretSpec,
};
use zeroize::Zeroizing;

use crate::error::{FileRole, GrantProblem, LoadError};
use spelling::Spellings;

mod overlap;
mod spelling;

/// Largest file that a secret or a certificate authority is read from, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A policy, with everything that it names opened or read.
pub struct Grants {
    policy: Policy,
    preopens: Vec<Preopen>,
    secrets: Vec<Secret>,
    authorities: Vec<Vec<u8>>,
    own: OwnThings,
    /// Made when the first folder needs them.
    spellings: OnceLock<Spellings>,
}

/// The directory of a grant.
pub(crate) struct Preopen {
    pub(crate) directory: Arc<Directory>,
    pub(crate) writable: bool,
    /// Whether the grant includes file systems mounted below it.
    pub(crate) mounts: bool,
}

struct Secret {
    name: String,
    header: HeaderName,
    /// The whole value of the header.
    value: HeaderValue,
    /// The secret alone, to search responses for it.
    bare: Zeroizing<Vec<u8>>,
}

/// Looks up environment variables for secrets. The library's user passes it in, and so decides what a policy can read.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Grants {
    /// Reads a policy file, and opens and reads everything that it names. Relative paths are relative to the file.
    ///
    /// # Authority
    ///
    /// Reads the policy, opens each `host` directory, reads each secret from `environment` or its file.
    ///
    /// # Errors
    ///
    /// [`LoadError::Policy`] with every error of the text; [`LoadError::Grant`] for the first thing that is missing or
    /// not usable.
    pub fn load(path: &Path, environment: Environment<'_>) -> Result<Self, LoadError> {
        let error = |source| LoadError::File { verb: "read", what: FileRole::Policy, path: path.to_owned(), source };
        let mut text = Vec::new();
        // One byte more than a policy may have, so that the parser reports that it is too long.
        let limit = u64::try_from(POLICY_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut text)).map_err(error)?;
        let text = String::from_utf8(text)
            .map_err(|_| error(std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not UTF-8 text")))?;
        let policy = Policy::parse(&text).map_err(|errors| LoadError::Policy { path: path.to_owned(), errors })?;
        Opener { policy_path: path, folder: policy_folder(path), environment }.open(policy)
    }

    /// Grants nothing: the grants of a run without a policy.
    pub fn none() -> Self {
        Self {
            policy: Policy::deny_all(),
            preopens: Vec::new(),
            secrets: Vec::new(),
            authorities: Vec::new(),
            own: OwnThings::new(),
            spellings: OnceLock::new(),
        }
    }

    /// Protects these things from the tool, besides the policy and the files that it names: see [`OwnThings`].
    ///
    /// # Errors
    ///
    /// [`LoadError::Grant`] where a granted directory is one of them or lies in one: nothing would be left of the
    /// grant. [`LoadError::OwnThing`] where one can't be looked for.
    pub fn keeping(mut self, things: &OwnThings) -> Result<Self, LoadError> {
        self.own.extend(things);
        // The run examines each of them thoroughly. Here their identities are only compared with the directories above
        // each granted one.
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let open = |thing: &OwnThing| rustix::fs::openat(rustix::fs::CWD, thing.path(), flags, Mode::empty()).ok();
        let folders: Vec<_> = self.own.iter().filter_map(|thing| look_at(open(thing)?).ok()).collect();
        for (grant, preopen) in self.policy.filesystem().iter().zip(&self.preopens) {
            let above = overlap::ids_above(&preopen.directory);
            if folders.iter().any(|folder| folder.is_dir() && above.contains(&folder.identity.file())) {
                return Err(LoadError::GrantOfOwnThing { host: grant.host.clone(), line: grant.line });
            }
        }
        Ok(self)
    }

    /// Whether a path lies below a granted directory, as far as that can be determined: where mounts are granted too,
    /// it may lie anywhere.
    ///
    /// A tool can't access the host's own things even there. But code is not mapped from such a place: see
    /// [`CodeSource`](crate::CodeSource).
    ///
    /// # Errors
    ///
    /// [`LoadError::OwnThing`] where the path can't be followed.
    pub fn reach(&self, path: &Path) -> Result<bool, LoadError> {
        self.covers(path, |_| true)
    }

    /// Whether a path lies below a directory that is granted for writing, as far as that can be determined: see
    /// [`reach`](Grants::reach).
    ///
    /// # Errors
    ///
    /// [`LoadError::OwnThing`] where the path can't be followed.
    pub fn may_write(&self, path: &Path) -> Result<bool, LoadError> {
        self.covers(path, |preopen| preopen.writable)
    }

    fn covers(&self, path: &Path, counts: impl Fn(&Preopen) -> bool) -> Result<bool, LoadError> {
        if !self.preopens.iter().any(&counts) {
            return Ok(false);
        }
        let guard = Guard::new(&OwnThings::new().with("state directory", path))?;
        let covers = |preopen: &Preopen| preopen.mounts || guard.is_on_the_way(preopen.directory.id);
        Ok(self.preopens.iter().any(|preopen| counts(preopen) && covers(preopen)))
    }

    /// The host's own things, which the tool can't access.
    pub fn own_things(&self) -> &OwnThings {
        &self.own
    }

    /// The granted directory that is nearest above a path.
    pub(crate) fn preopen_above(&self, path: &GuestPath) -> Option<&Preopen> {
        let above = self.preopens.iter().filter(|preopen| path.starts_with(&preopen.directory.path));
        above.max_by_key(|preopen| preopen.directory.path.as_str().len())
    }

    /// What `deny` covers under other spellings.
    pub(crate) fn spellings(&self) -> &Spellings {
        self.spellings.get_or_init(|| Spellings::new(&self.policy))
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) fn preopens(&self) -> &[Preopen] {
        &self.preopens
    }

    /// A client that also trusts the certificate authorities of the policy.
    pub(crate) fn client(&self, resolver: Arc<dyn Resolver>) -> Result<Client, ClientError> {
        let mut config = ClientConfig::new(resolver);
        config.extra_roots_pem.clone_from(&self.authorities);
        config.proxy = self.policy.proxy().map(|proxy| Proxy {
            host: match &proxy.host {
                UrlHost::Name(name) => Host::Name(name.to_string()),
                UrlHost::Ip(address) => Host::Ip(*address),
            },
            port: proxy.port,
            authorization: self.secret_headers(proxy.secret.as_slice()).next().map(|(_, value)| value),
        });
        Client::new(config)
    }

    /// The headers that carry these secrets.
    pub(crate) fn secret_headers<'a>(
        &'a self,
        names: &'a [String],
    ) -> impl Iterator<Item = (HeaderName, HeaderValue)> + 'a {
        self.secrets
            .iter()
            .filter(|secret| names.contains(&secret.name))
            .map(|secret| (secret.header.clone(), secret.value.clone()))
    }

    /// Whether the policy has secrets.
    pub(crate) fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// The values of these secrets, which must not come back in a response.
    pub(crate) fn bare_secrets<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.secrets.iter().filter(|secret| names.contains(&secret.name)).map(|secret| secret.bare.as_slice())
    }
}

impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grants").field("policy", &self.policy.digest()).finish_non_exhaustive()
    }
}

struct Opener<'a> {
    policy_path: &'a Path,
    folder: &'a Path,
    environment: Environment<'a>,
}

impl Opener<'_> {
    fn open(&self, policy: Policy) -> Result<Grants, LoadError> {
        let mut opened = Vec::new();
        for grant in policy.filesystem() {
            opened.push(self.directory(grant)?);
        }
        let places: Vec<_> = opened.iter().map(|(grant, path, _)| (*grant, path.as_path())).collect();
        let directories: Vec<_> =
            places.iter().copied().zip(opened.iter().map(|(_, _, preopen)| &*preopen.directory)).collect();
        let problem = overlap::first(&places).or_else(|| overlap::first_shown_twice(&directories));
        if let Some((line, problem)) = problem {
            return Err(self.unusable(line, problem));
        }
        let preopens = opened.into_iter().map(|(_, _, preopen)| preopen).collect();
        let secrets = policy.secrets().iter().map(|spec| self.secret(spec)).collect::<Result<_, _>>()?;
        let own = OwnThings::of_policy(&policy, self.policy_path);
        let mut grants = Grants { preopens, secrets, authorities: Vec::new(), policy, own, spellings: OnceLock::new() };
        if let Some(file) = grants.policy.ca_file() {
            let line = grants.policy.ca_line().unwrap_or(1);
            let file = file.to_owned();
            let pem = self.read(&file);
            let pem = pem.map_err(|source| self.unusable(line, GrantProblem::AuthorityFile { file, source }))?;
            grants.authorities.push(pem.to_vec());
            // Tried here, so that a file without certificates is an error now and not at the first request.
            grants
                .client(Arc::new(SystemResolver))
                .map_err(|error| self.unusable(line, GrantProblem::Authority(error)))?;
        }
        Ok(grants)
    }

    fn directory<'g>(&self, grant: &'g FilesystemGrant) -> Result<(&'g FilesystemGrant, PathBuf, Preopen), LoadError> {
        let path = self.folder.join(&grant.host);
        let host = || grant.host.clone();
        let missing = |source| self.unusable(grant.line, GrantProblem::Directory { host: host(), source });
        let real = std::fs::canonicalize(&path).map_err(missing)?;
        let dir = Dir::open_ambient_dir(&real, ambient_authority()).map_err(missing)?;
        let directory = Directory::new(Arc::new(dir.into_std_file()), grant.guest.clone());
        let directory = directory.map_err(|errno| missing(errno.into()))?;
        if let Some(kind) = pseudo_filesystem(&directory).map_err(|errno| missing(errno.into()))? {
            return Err(self.unusable(grant.line, GrantProblem::Kernel { host: host(), kind }));
        }
        let directory = Arc::new(directory);
        Ok((grant, real, Preopen { directory, writable: grant.access == Access::Write, mounts: grant.mounts }))
    }

    fn secret(&self, spec: &SecretSpec) -> Result<Secret, LoadError> {
        self.secret_value(spec).map_err(|problem| self.unusable(spec.line, problem))
    }

    fn secret_value(&self, spec: &SecretSpec) -> Result<Secret, GrantProblem> {
        let secret = || spec.name.clone();
        let bare: Zeroizing<Vec<u8>> = match &spec.source {
            SecretSource::Env(variable) => {
                let value = (self.environment)(variable);
                let unset = || GrantProblem::SecretUnset { secret: secret(), variable: variable.clone() };
                Zeroizing::new(value.ok_or_else(unset)?.into_bytes())
            }
            SecretSource::File(file) => {
                let unread = |source| GrantProblem::SecretFile { secret: secret(), file: file.clone(), source };
                let mut value = self.read(file).map_err(unread)?;
                // Editors end files with a line break, which is not part of a token.
                while value.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                    value.pop();
                }
                value
            }
        };
        let invalid = || GrantProblem::SecretNotAHeader { secret: secret() };
        // Other characters have more spellings than responses are searched for.
        let text = std::str::from_utf8(&bare).ok().filter(|text| text.is_ascii()).ok_or_else(invalid)?;
        if text.is_empty() {
            return Err(GrantProblem::SecretEmpty { secret: secret() });
        }
        let whole = Zeroizing::new(spec.header_value(text));
        let (header, value) = secret_header(&spec.header, &whole).ok_or_else(invalid)?;
        let bytes = bare.len();
        if bytes < SECRET_BYTES_MIN {
            return Err(GrantProblem::SecretTooShort { secret: secret(), bytes, min: SECRET_BYTES_MIN });
        }
        if bytes > SECRET_BYTES_MAX {
            return Err(GrantProblem::SecretTooLong { secret: secret(), bytes, max: SECRET_BYTES_MAX });
        }
        Ok(Secret { name: secret(), header, value, bare })
    }

    fn read(&self, file: &str) -> std::io::Result<Zeroizing<Vec<u8>>> {
        let mut contents = Zeroizing::new(Vec::new());
        std::fs::File::open(self.folder.join(file))?.take(FILE_BYTES_MAX).read_to_end(&mut contents)?;
        Ok(contents)
    }

    fn unusable(&self, line: u32, source: GrantProblem) -> LoadError {
        LoadError::Grant { path: self.policy_path.to_owned(), line, source }
    }
}
