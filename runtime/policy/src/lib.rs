//! What a tool may do: the policy file, its grants, and the decision about each action.
//!
//! An operator writes a policy; [`Policy::parse`] compiles it, or says everything that is wrong with it. A host
//! describes each effect that a guest wants as one [`Action`] and takes it to [`Policy::check`]. What comes back is a
//! [`Decision`]: a [`Permit`], which is the only way to perform the effect, a [`PendingPermit`], which an approval
//! turns into a permit, or a [`Denial`].
//!
//! Nothing here does I/O, and nothing waits. What is not granted is denied.
//!
//! ```
//! use wasm_agent_policy::{Action, Decision, GuestPath, Origin, Policy};
//!
//! let policy = Policy::parse(
//!     r#"
//!     version = 1
//!     [[filesystem]]
//!     host = "./notes"
//!     guest = "/notes"
//!     "#,
//! )?;
//! let path = GuestPath::parse("/notes/a.md")?;
//! let read = Action::FileRead { path: path.clone() };
//! assert!(matches!(policy.check(&read, Origin::Foreign), Decision::Allow(_)));
//! let delete = Action::FileDelete { path };
//! assert!(matches!(policy.check(&delete, Origin::Foreign), Decision::Deny(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod action;
mod bounds;
mod check;
mod checkpoint;
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

pub use action::{Action, ActionDecodeError, ActionSyntaxError, Origin};
pub use bounds::{
    ENVIRONMENT_MAX, FILESYSTEM_GRANTS_MAX, HOST_BYTES_MAX, HOST_NAMES_MAX, HTTP_GRANTS_MAX, LIST_MAX, LISTED_MAX,
    MESSAGE_CHARS_MAX, PATTERNS_MAX, POLICY_BYTES_MAX, SECRETS_MAX, TEST_WORK_MAX, TESTS_MAX, TEXT_BYTES_MAX,
};
pub use decision::{ApprovalMismatch, Decision, DecisionKind, Denial, DenialReason, PendingPermit, Permit};
pub use digest::{ActionDigest, Digest};
pub use error::{PolicyError, PolicyErrors};
pub use escape::{escape, is_unseen};
pub use explain::Explanation;
pub use file::action::LinkKind;
pub use file::grant::{Access, FilesystemGrant};
pub use file::guest_path::{GuestPath, GuestPathError, PATH_BYTES_MAX, PATH_SEGMENTS_MAX, SEGMENT_BYTES_MAX};
pub use grant::GrantId;
pub use hint::toml_string;
pub use http::action::{BodyDigest, HttpAction};
pub use http::grant::HttpGrant;
pub use http::method::{METHOD_BYTES_MAX, Method, MethodError};
pub use http::network::is_special;
pub use http::secret::{SecretSource, SecretSpec};
pub use http::url::{Host, Scheme, URL_BYTES_MAX, Url, UrlError};
pub use http::url_pattern::{HostPattern, UrlPattern, UrlPatternError};
pub use ipnet::IpNet;
pub use judgement::Judgement;
pub use limits::Limits;
pub use machine::{CompileLimits, MACHINE_BYTES_MAX, Machine};
pub use path_pattern::{PATTERN_BYTES_MAX, PATTERN_SEGMENTS_MAX, PathPattern, PatternError};
pub use policy::Policy;
pub use warn::{RealDirectory, Surroundings, Warning, WarningKind, Warnings};
