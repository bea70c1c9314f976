//! What holds for every suggestion.

use proptest::prelude::*;

use super::*;

/// `/a` may be read but for what is denied, `/a/b` less, `/a/b/c` may be written.
const NESTED: &str = "[[filesystem]]\nhost = \"a\"\nguest = \"/a\"\ndeny = [\"b/c/secret\"]\n\
    [[filesystem]]\nhost = \"a/b\"\nguest = \"/a/b\"\nask = [\"read\"]\n\
    [[filesystem]]\nhost = \"a/b/c\"\nguest = \"/a/b/c\"\naccess = \"write\"\n";

#[test]
fn what_holds_below_a_directory_goes_on_to_hold() {
    let used = |actions: &[&str], paths| {
        Policy::parse(&suggest(&[&acted(NESTED, actions)], paths).unwrap()).unwrap_or_else(|errors| panic!("{errors}"))
    };
    let decide = |policy: &Policy, action: &str| policy.explain(action).unwrap().decision;
    let inner = used(&["CREATE /a/b/c/new"], Paths::Dir);
    assert_eq!(decide(&inner, "READ /a/b/c/secret/x"), DecisionKind::Deny);
    assert_eq!(decide(&inner, "CREATE /a/b/c/newer"), DecisionKind::Allow);
    assert_eq!(decide(&inner, "READ /a/b/x"), DecisionKind::Deny);
    let outer = used(&["READ /a/x"], Paths::Dir);
    assert_eq!(decide(&outer, "READ /a/y"), DecisionKind::Allow);
    assert_eq!(decide(&outer, "READ /a/b/x"), DecisionKind::Deny);
    let both = used(&["READ /a/x", "CREATE /a/b/c/new"], Paths::Dir);
    assert_eq!(decide(&both, "READ /a/b/x"), DecisionKind::Deny);
}

proptest! {
    #[test]
    fn a_suggestion_allows_what_was_done_and_no_more(
        text in any_policy(),
        actions in prop::collection::vec((any_action(), any::<bool>(), any::<bool>()), 0..20),
        other in any_action(),
    ) {
        let mut run = Scripted::new(&text);
        for (action, own, refuse) in &actions {
            let action = run.policy.explain(action).unwrap().action;
            run.answer = if *refuse { Answer::Refused } else { Answer::Approved };
            run.act_on(&action, if *own { Origin::CreatedByRun } else { Origin::Foreign });
        }
        for paths in [Paths::Exact, Paths::Dir, Paths::Glob] {
            let text = suggest(&[&run], paths).unwrap();
            let policy = Policy::parse(&text).map_err(|errors| TestCaseError::fail(format!("{errors}\n{text}")))?;
            let judged = judged(&run, &policy);
            // A directory that a grant hangs on is not removed by a host; the made-up run may have done so.
            let hung_on = actions.iter().any(|(action, ..)| action.starts_with("REMOVE-DIR"));
            prop_assert!(judged.counts.lost == 0 || hung_on, "{text}\n{:?}", judged.changes);
            let decide = |policy: &Policy| policy.explain(&other).unwrap();
            let (was, now) = (decide(&run.policy), decide(&policy));
            let irreversible = !now.action.reversible(Origin::Foreign);
            prop_assert!(!irreversible || now.decision != DecisionKind::Allow, "{other}\n{text}");
            let is_request = matches!(now.action, Action::HttpRequest(_));
            if was.decision == DecisionKind::Deny && (paths == Paths::Exact || !is_request) {
                prop_assert_eq!(now.decision, DecisionKind::Deny, "{}\n{}", other, text);
            }
            if paths == Paths::Exact && !text.contains("**\"") {
                for untouched in
                    ["READ /0/z", "CREATE /1/a/z", "DELETE /2/z", "GET https://a.test/z", "GET https://a.test/a?z"]
                {
                    let decision = policy.explain(untouched).unwrap().decision;
                    prop_assert_eq!(decision, DecisionKind::Deny, "{}\n{}", untouched, text);
                }
            }
        }
    }
}
