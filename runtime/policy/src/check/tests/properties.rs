//! Properties of every policy and every action.

use super::{ASKER, check, policy};
use crate::{Decision, DecisionKind, Origin, Policy};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Grants {
    directories: Vec<String>,
    urls: Vec<String>,
}

impl Grants {
    fn policy(&self) -> Policy {
        policy(&format!("{}{}", self.directories.concat(), self.urls.concat()))
    }
}

prop_compose! {
    /// Directories that do not lie within each other, and URLs of names.
    fn any_grants()(
        directories in prop::collection::vec(
            (any::<bool>(), "(\\*\\*/)?[a-c](/\\*)?", 0usize..5, prop::option::of("[a-c](/\\*\\*)?")),
            0..4,
        ),
        urls in prop::collection::vec(("(\\*\\.)?[ab]", "/([ab*]|\\*\\*)(/[ab])?", any::<bool>()), 0..4),
    ) -> Grants {
        let directories = directories.iter().enumerate().map(|(index, (write, deny, ask, only))| {
            let access = if *write { "write" } else { "read" };
            let asked = ["read", "create", "modify", "delete", "rename"].get(..*ask).unwrap_or(&[]);
            let asked = if *write { asked } else { asked.get(..1).unwrap_or(&[]) };
            let only = only.as_ref().map_or(String::new(), |only| format!("only = [\".\", \"{only}\"]\n"));
            format!(
                "[[filesystem]]\nhost = \"h{index}\"\nguest = \"/{index}\"\naccess = \"{access}\"\n\
                 deny = [\"{deny}\"]\nask = {asked:?}\n{only}",
            )
        });
        let mut seen = std::collections::HashSet::new();
        let urls = urls
            .iter()
            .map(|(host, path, ask)| (format!("https://{host}.test{path}"), ask))
            .filter(|(url, _)| seen.insert(url.clone()))
            .map(|(url, ask)| format!("[[http]]\nurl = \"{url}\"\nmethods = [\"GET\", \"POST\"]\nask = {ask}\n"))
            .collect::<Vec<_>>();
        Grants { directories: directories.collect(), urls }
    }
}

fn any_action() -> impl Strategy<Value = String> {
    let path = "/[0-4](/[a-c]){0,2}";
    prop_oneof![
        ("(READ|CREATE|MODIFY|DELETE|CREATE-DIR|REMOVE-DIR)", path).prop_map(|(verb, path)| format!("{verb} {path}")),
        ("(RENAME|RENAME-DIR|LINK)", path, path).prop_map(|(verb, from, to)| format!("{verb} {from} -> {to}")),
        ("(GET|POST|PUT)", "(a|b|a\\.b)", "(/[ab]){1,2}")
            .prop_map(|(method, host, path)| { format!("{method} https://{host}.test{path}") }),
    ]
}

fn kind(policy: &Policy, action: &str) -> DecisionKind {
    policy.explain(action).unwrap().decision
}

proptest! {
    #[test]
    fn a_limit_never_allows_more(grants in any_grants(), action in any_action()) {
        let mut free = grants.clone();
        for directory in &mut free.directories {
            if let Some(at) = directory.find("only = ") {
                directory.truncate(at);
            }
        }
        if kind(&free.policy(), &action) == DecisionKind::Deny {
            prop_assert_eq!(kind(&grants.policy(), &action), DecisionKind::Deny);
        }
    }

    #[test]
    fn what_may_be_read_may_be_gone_through(grants in any_grants(), path in "/[0-4](/[a-c]){0,2}") {
        let policy = grants.policy();
        if kind(&policy, &format!("READ {path}")) != DecisionKind::Deny {
            prop_assert!(policy.may_go_through(&crate::GuestPath::parse(&path).unwrap()));
        }
    }

    #[test]
    fn fewer_grants_never_allow_more(
        grants in any_grants(),
        action in any_action(),
        at in any::<prop::sample::Index>(),
    ) {
        let count = grants.directories.len() + grants.urls.len();
        prop_assume!(count > 0);
        let mut fewer = grants.clone();
        let at = at.index(count);
        if at < grants.directories.len() {
            fewer.directories.remove(at);
        } else {
            fewer.urls.remove(at - grants.directories.len());
        }
        if kind(&grants.policy(), &action) == DecisionKind::Deny {
            prop_assert_eq!(kind(&fewer.policy(), &action), DecisionKind::Deny);
        }
    }

    /// Grants are indexed; looking at each of them must find the same.
    #[test]
    fn the_index_finds_what_looking_at_every_grant_finds(grants in any_grants(), action in any_action()) {
        let policy = grants.policy();
        let explanation = policy.explain(&action).unwrap();
        if let crate::Action::HttpRequest(request) = &explanation.action {
            let covers = |grant: &&crate::HttpGrant| {
                grant.url.matches(&request.url) && grant.methods().contains(&request.method)
            };
            let covering = policy.http().iter().filter(covers);
            let best = covering.clone().max_by_key(|grant| (grant.url.specificity(), grant.id));
            let asks = covering.clone().any(|grant| grant.asks(&request.method));
            let governing = policy.governing_http_grant(&request.method, &request.url);
            prop_assert_eq!(best.map(|grant| grant.id), governing.map(|grant| grant.id));
            let expected = match (best, asks) {
                (None, _) => DecisionKind::Deny,
                (Some(_), true) => DecisionKind::Ask,
                (Some(_), false) => DecisionKind::Allow,
            };
            prop_assert_eq!(explanation.decision, expected);
        }
    }

    #[test]
    fn creating_something_first_never_lifts_a_denial(grants in any_grants(), action in any_action()) {
        let policy = grants.policy();
        let action = policy.explain(&action).unwrap().action;
        let foreign = check(&policy, &action, Origin::Foreign).kind();
        let own = check(&policy, &action, Origin::CreatedByRun).kind();
        prop_assert_eq!(foreign == DecisionKind::Deny, own == DecisionKind::Deny);
    }

    #[test]
    fn what_is_pending_is_the_action_that_was_asked_about(grants in any_grants(), action in any_action()) {
        let policy = grants.policy();
        let action = policy.explain(&action).unwrap().action;
        if let Decision::Ask(pending) = check(&policy, &action, Origin::Foreign) {
            prop_assert_eq!(pending.action(), &action);
            prop_assert_eq!(pending.asker(), ASKER);
        }
    }

    /// The text of an action can be parsed again, and means the same action.
    #[test]
    fn what_is_displayed_is_understood(grants in any_grants(), action in any_action()) {
        let policy = grants.policy();
        let action = policy.explain(&action).unwrap().action;
        let again = policy.explain(&action.to_string()).unwrap();
        prop_assert_eq!(again.action, action);
        prop_assert_eq!(again.canonicalised, None);
    }

    /// A hint for an action that nothing covers is a snippet that covers it.
    #[test]
    fn a_hint_covers_what_was_denied(action in any_action(), odd in "[a\"\u{e9}\u{202e}]{1,3}") {
        for action in [action.clone(), format!("{action}{odd}")] {
            let Ok(explanation) = Policy::deny_all().explain(&action) else { continue };
            let hint = explanation.hint.unwrap();
            // A rename or link may need two grants, of which the hint is one.
            if !action.contains(" -> ") {
                prop_assert_ne!(kind(&policy(&hint), &action), DecisionKind::Deny);
            }
        }
    }
}
