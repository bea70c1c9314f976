//! Actions as an operator writes them, and decisions as an operator reads them.

use crate::action::{Action, Origin};
use crate::decision::{DecisionKind, Denial};
use crate::escape;
use crate::file::action::LinkKind;
use crate::file::guest_path::{GuestPath, GuestPathError};
use crate::grant::GrantId;
use crate::http::action::HttpAction;
use crate::http::method::{Method, MethodError};
use crate::http::url::{Url, UrlError};
use crate::policy::Policy;
use std::borrow::Cow;

/// Why a text does not say an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionSyntaxError {
    /// There is nothing after the verb.
    #[error("`{0}` is not an action; expected a verb and what it is about, as in `DELETE /notes/a.md`")]
    Incomplete(String),
    /// The verb is none.
    #[error("`{0}` is not a verb for files; expected one of {FILE_VERBS}")]
    Verb(String),
    /// A rename or link lacks its second path.
    #[error("`{0}` needs two paths, as in `{0} /a -> /b`")]
    Arrow(String),
    /// The path is not a path.
    #[error("`{path}` is not a guest path: {error}")]
    Path {
        /// The path as it is written.
        path: String,
        /// What is wrong with it.
        error: GuestPathError,
    },
    /// The method is not a method.
    #[error("`{0}` is not a method: {error}", error = MethodError)]
    Method(String),
    /// The URL is not a URL.
    #[error("`{url}` is not a URL that can be asked for: {error}")]
    Url {
        /// The URL as it is written.
        url: String,
        /// What is wrong with it.
        error: UrlError,
    },
}

/// The verbs that take a path, for messages.
const FILE_VERBS: &str = "READ, CREATE, MODIFY, DELETE, CREATE-DIR, REMOVE-DIR, RENAME, RENAME-DIR, LINK, SYMLINK, or a kind such as `file.read`";

/// What the policy says about an action, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The action as it was understood.
    pub action: Action,
    /// The decision for data that is not the run's own.
    pub decision: DecisionKind,
    /// The grant that decides, where there is one.
    pub grant: Option<GrantId>,
    /// How to call that grant.
    pub grant_label: Option<String>,
    /// Its line in the policy file, from 1.
    pub line: Option<u32>,
    /// What is matched, where it is not what was typed.
    pub canonicalised: Option<String>,
    /// Why, in a sentence.
    pub reason: String,
    /// What would allow a denied action.
    pub hint: Option<String>,
    /// The denial, where it is one.
    pub denial: Option<Denial>,
}

impl Policy {
    /// Says what the policy decides about an action, such as `DELETE /notes/a.md` or `POST https://example.com/`.
    ///
    /// A verb before `http://` or `https://` is a method. Otherwise it is one of `READ`, `CREATE`, `MODIFY`, `DELETE`,
    /// `CREATE-DIR`, `REMOVE-DIR`, `RENAME /a -> /b`, `RENAME-DIR`, `LINK`, `SYMLINK`, `CHECKPOINT title`, or the kind of an
    /// action, such as `file.read`. Paths are made canonical first. A request carries the secrets of its grant.
    ///
    /// # Errors
    ///
    /// Fails where the text says no action.
    pub fn explain(&self, text: &str) -> Result<Explanation, ActionSyntaxError> {
        let (mut action, canonicalised) = parse_action(text)?;
        if let Action::HttpRequest(request) = &mut action {
            request.secrets = self.secrets_for(&request.method, &request.url).to_vec();
        }
        let judgement = self.judge(&action, Origin::Foreign);
        let denial = judgement.denial();
        Ok(Explanation {
            decision: judgement.decision,
            grant: judgement.grant,
            grant_label: judgement.grant.map(|id| self.grant_label(id)),
            line: judgement.grant.and_then(|id| self.grant_line(id)),
            canonicalised,
            reason: judgement.reason(self),
            hint: denial.map(|denial| denial.hint(&action)),
            denial,
            action,
        })
    }
}

/// Parses an action; also returns what is matched, where that is not what was typed.
pub(crate) fn parse_action(text: &str) -> Result<(Action, Option<String>), ActionSyntaxError> {
    let text = text.trim();
    let (verb, rest) = text
        .split_once(char::is_whitespace)
        .map(|(verb, rest)| (verb, rest.trim_start()))
        .ok_or_else(|| ActionSyntaxError::Incomplete(text.to_owned()))?;
    match verb {
        "CHECKPOINT" | "checkpoint" => {
            let action = Action::Checkpoint { title: rest.to_owned(), detail: String::new() };
            return Ok((action, None));
        }
        "socket.use" => {
            let what = Cow::Owned(rest.to_owned());
            return Ok((Action::Socket { what }, None));
        }
        "http.request" => return parse_action(rest),
        _ => {}
    }
    if is_url(rest) {
        return parse_request(verb, rest);
    }
    parse_file_action(verb, rest)
}

fn is_url(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn parse_request(method: &str, text: &str) -> Result<(Action, Option<String>), ActionSyntaxError> {
    let url = Url::parse_str(text).map_err(|error| ActionSyntaxError::Url { url: text.to_owned(), error })?;
    let method = Method::parse(method).map_err(|_| ActionSyntaxError::Method(method.to_owned()))?;
    let canonicalised = (url.as_str() != text).then(|| url.to_string());
    Ok((Action::HttpRequest(HttpAction::new(method, url)), canonicalised))
}

fn parse_file_action(verb: &str, rest: &str) -> Result<(Action, Option<String>), ActionSyntaxError> {
    let single = || parse_path(rest);
    let action = match verb {
        "READ" | "file.read" => Action::FileRead { path: single()? },
        "CREATE" | "file.create" => Action::FileCreate { path: single()? },
        "MODIFY" | "file.modify" => Action::FileModify { path: single()?, truncate: false },
        "DELETE" | "file.delete" => Action::FileDelete { path: single()? },
        "CREATE-DIR" | "dir.create" => Action::DirCreate { path: single()? },
        "REMOVE-DIR" | "dir.remove" => Action::DirRemove { path: single()? },
        "RENAME" | "RENAME-DIR" | "file.rename" | "LINK" | "link.create" | "SYMLINK" => return parse_two(verb, rest),
        other => return Err(ActionSyntaxError::Verb(other.to_owned())),
    };
    let matched = parse_path(rest)?;
    Ok((action, (matched.as_str() != rest).then(|| matched.to_string())))
}

fn parse_two(verb: &str, rest: &str) -> Result<(Action, Option<String>), ActionSyntaxError> {
    let (first, second) = rest
        .split_once(" -> ")
        .map(|(first, second)| (first.trim(), second.trim()))
        .ok_or_else(|| ActionSyntaxError::Arrow(verb.to_owned()))?;
    let path = parse_path(first)?;
    let (action, shown) = match verb {
        "SYMLINK" => {
            let action = Action::LinkCreate { kind: LinkKind::Symbolic, path: path.clone(), target: second.to_owned() };
            (action, second.to_owned())
        }
        "LINK" | "link.create" => {
            let target = parse_path(second)?.to_string();
            let action = Action::LinkCreate { kind: LinkKind::Hard, path: path.clone(), target: target.clone() };
            (action, target)
        }
        _ => {
            let to = parse_path(second)?;
            let shown = to.to_string();
            let action =
                Action::FileRename { from: path.clone(), to, replaces: false, directory: verb == "RENAME-DIR" };
            (action, shown)
        }
    };
    let changed = path.as_str() != first || shown != second;
    Ok((action, changed.then(|| format!("{path} -> {shown}"))))
}

fn parse_path(text: &str) -> Result<GuestPath, ActionSyntaxError> {
    let error = |error| ActionSyntaxError::Path { path: escape(text).into_owned(), error };
    if !text.starts_with('/') {
        return Err(error(GuestPathError::NotAbsolute));
    }
    GuestPath::lexical(&GuestPath::root(), text).map_err(error)
}

#[cfg(test)]
mod tests;
