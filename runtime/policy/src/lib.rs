//! What a tool may do: the policy file, its grants, and the decision about each action.
//!
//! An operator writes a policy; [`Policy::parse`] compiles it, or returns everything that is wrong with it. A host
//! describes each effect that a guest wants as one [`Act`] and passes it to [`Policy::check`]. The [`Decision`] is
//! [`Allowed`], [`Pending`] until a person has approved it, or [`Denied`]. The approval crate turns the first two into
//! the permit that performing takes.
//!
//! Nothing here does I/O, and nothing waits. Everything that is not granted is denied.
//!
//! ```
//! use wasm_agent_policy::{Act, Asker, Decision, GuestPath, Origin, Policy};
//! # use wasm_agent_ids::{CallId, RunId};
//!
//! let policy = Policy::parse(
//!     r#"
//!     version = 1
//!     [[filesystem]]
//!     host = "./notes"
//!     guest = "/notes"
//!     "#,
//! )?;
//! let asker = Asker { run: RunId::from_bytes([7; 16]), call: CallId(0) };
//! let path = GuestPath::parse("/notes/a.md")?;
//! assert!(matches!(policy.check(Act::read(path.clone()), Origin::Foreign, asker), Decision::Allow(_)));
//! assert!(matches!(policy.check(Act::delete(path), Origin::Foreign, asker), Decision::Deny(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod act;
mod action;
mod bounds;
mod check;
mod checkpoint;
mod cost;
mod decision;
mod digest;
mod error;
mod escape;
mod explain;
mod file;
mod grant;
mod hint;
mod http;
mod judgement;
mod limits;
mod machine;
mod parse;
mod path_pattern;
mod policy;
mod prefix_tree;
mod socket;
mod warn;
mod work;

pub use act::{Act, Asker, kind};
pub use action::{Action, ActionDecodeError, ActionSyntaxError, Origin};
pub use bounds::{
    ENVIRONMENT_MAX, FILESYSTEM_GRANTS_MAX, HOST_BYTES_MAX, HOST_NAMES_MAX, HTTP_GRANTS_MAX, LIST_MAX, LISTED_MAX,
    MESSAGE_CHARS_MAX, PATTERNS_MAX, POLICY_BYTES_MAX, SECRETS_MAX, TEST_WORK_MAX, TESTS_MAX, TEXT_BYTES_MAX,
};
pub use decision::{Allowed, Decision, DecisionKind, Denial, DenialReason, Denied, Pending};
pub use digest::ActionDigest;
pub use error::{PolicyError, PolicyErrors};
pub use escape::{escape, is_unseen};
pub use explain::Explanation;
pub use file::action::LinkKind;
pub use file::grant::{Access, FilesystemGrant};
pub use file::guest_path::{GuestPath, GuestPathError, PATH_BYTES_MAX, PATH_SEGMENTS_MAX, SEGMENT_BYTES_MAX};
pub use file::host_path::unexpanded;
pub use grant::GrantId;
pub use hint::toml_string;
pub use http::action::{BodyDigest, HttpAction};
pub use http::grant::HttpGrant;
pub use http::invalid::InvalidRequest;
pub use http::method::{METHOD_BYTES_MAX, Method, MethodError};
pub use http::network::is_special;
pub use http::proxy::ProxySpec;
pub use http::secret::{SecretSource, SecretSpec};
pub use http::url::{Host, Scheme, URL_BYTES_MAX, Url, UrlError};
pub use http::url_pattern::{HostPattern, UrlPattern, UrlPatternError};
pub use ipnet::IpNet;
pub use judgement::Judgement;
pub use limits::Limits;
pub use machine::{CompileLimits, MACHINE_BYTES_MAX, Machine};
pub use path_pattern::{PATTERN_BYTES_MAX, PATTERN_SEGMENTS_MAX, PathPattern, PatternError};
pub use policy::Policy;
pub use warn::{IsFile, RealDirectory, Surroundings, Warning, WarningKind, Warnings};
