//! Actions as an operator writes them, and decisions as an operator reads them.

use crate::action::{Action, ActionSyntaxError, Origin};
use crate::decision::{DecisionKind, Denial, Denied};
use crate::grant::GrantId;
use crate::judgement::Judgement;
use crate::policy::Policy;
use crate::{file, http};
use std::borrow::Cow;

/// What the policy says about an action, and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The action as it was understood.
    pub action: Action,
    /// The decision, for data that the run did not create.
    pub decision: DecisionKind,
    /// The grant that decides, where there is one.
    pub grant: Option<GrantId>,
    /// The grant in words.
    pub grant_label: Option<String>,
    /// Its line in the policy file, from 1.
    pub line: Option<u32>,
    /// The canonical form that is matched, if it differs from what was typed.
    pub canonicalised: Option<String>,
    /// Why, in a sentence.
    pub reason: String,
    /// A change to the policy that would allow a denied action.
    pub hint: Option<String>,
    /// The denial, if the action is denied.
    pub denial: Option<Denial>,
}

impl Policy {
    /// Says what the policy decides about an action, such as `DELETE /notes/a.md` or `POST https://example.com/`.
    ///
    /// A verb before `http://` or `https://` is a method. Otherwise it is one of `READ`, `CREATE`, `MODIFY`, `DELETE`,
    /// `CREATE-DIR`, `REMOVE-DIR`, `RENAME /a -> /b`, `RENAME-DIR`, `LINK`, `SYMLINK`, `CHECKPOINT title`, or the kind
    /// of an action, such as `file.read`. As in the text of an [`Action`], `(truncate)`, `(replaces)`, `(directory)`,
    /// `(hard)` and `(symbolic)` go before the path. Paths are made canonical first. A request carries the secrets of
    /// its grant.
    ///
    /// # Errors
    ///
    /// Fails if the text is not an action.
    pub fn explain(&self, text: &str) -> Result<Explanation, ActionSyntaxError> {
        let (mut action, canonicalised) = parse_action(text)?;
        if let Action::HttpRequest(request) = &mut action {
            request.secrets = self.secrets_for(&request.method, &request.url).to_vec();
        }
        let judgement = self.judge(&action, Origin::Foreign);
        Ok(Explanation { canonicalised, ..self.explanation(action, judgement) })
    }

    /// Says why an action was denied, and what would allow it.
    pub fn explain_denied(&self, denied: &Denied) -> Explanation {
        self.explanation(denied.action.clone(), denied.denial.into())
    }

    fn explanation(&self, action: Action, judgement: Judgement) -> Explanation {
        let denial = judgement.denial();
        Explanation {
            decision: judgement.decision,
            grant: judgement.grant,
            grant_label: judgement.grant.map(|id| self.grant_label(id)),
            line: judgement.grant.and_then(|id| self.grant_line(id)),
            canonicalised: None,
            reason: judgement.reason(self),
            hint: denial.map(|denial| denial.hint(&action)),
            denial,
            action,
        }
    }
}

/// Parses an action. Also returns its canonical form, if that differs from what was typed.
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
        "http.invalid" => return Ok((http::text::parse_invalid(rest), None)),
        // A method, or a verb for files.
        _ => {}
    }
    if http::text::is_url(rest) { http::text::parse(verb, rest) } else { file::text::parse(verb, rest) }
}

#[cfg(test)]
mod tests;
