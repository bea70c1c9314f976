use super::super::handles::HANDLES_MAX;
use super::*;

#[test]
fn an_effect_without_an_outcome_stays_open() {
    let mut view = View::new();
    let record = |event| Record { index: 0, offset: 0, event };
    let action = Action::FileDelete { path: path("/notes/a") };
    view.record(&record(Event::Intent(Box::new(intent(0, 3, &action)))));
    view.record(&record(Event::Intent(Box::new(intent(1, 4, &action)))));
    let ended = Outcome { effect: EffectId(0), at_ns: 0, result: EffectResult::Done, detail: None, extra: None };
    let ended = record(Event::Outcome(ended));
    let seen = view.record(&ended);
    assert_eq!(seen.effect.and_then(|effect| effect.result), Some(EffectResult::Done));
    assert_eq!(view.open_effects().iter().map(|effect| effect.intent.effect).collect::<Vec<_>>(), [EffectId(1)]);
}

#[test]
fn a_journal_that_claims_anything_costs_no_more_than_the_bounds() {
    let mut run = Run::with_notes();
    let more = 100;
    for number in 0..u64::try_from(HANDLES_MAX).unwrap() + more {
        run.open(0, &"n".repeat(200), number + 10);
    }
    // Some names were not held, some handles not followed.
    assert!(run.view.lost() >= more);
    for garbage in [
        vec![],
        vec![0xff],
        vec![0x81],
        item(|out| {
            out.array(0);
        }),
        item(|out| {
            out.str("x");
        }),
    ] {
        for function in ["open-at", "rename-at", "write", "read", "set-size", "stat"] {
            let name = format!("{FILES}[method]descriptor.{function}");
            let call = run.made(&name, garbage.clone(), garbage.clone());
            assert_eq!(run.view.call(&call).activity, Activity::Unreadable);
        }
    }
    let call = run.made("no interface", Vec::new(), Vec::new());
    assert_eq!(run.view.call(&call).activity, Activity::Unreadable);
    let absurd = item(|out| {
        out.array(3).u64(u64::MAX).bytes_inline(b"x").u64(u64::MAX);
    });
    let outcome = item(|out| {
        out.array(2).u64(0).u64(u64::MAX);
    });
    let call = run.made(&format!("{FILES}[method]descriptor.write"), absurd, outcome);
    assert_eq!(run.view.call(&call).activity, Activity::Unreadable);
}

#[test]
fn renames_with_much_that_is_open_take_steps_in_proportion_to_the_journal() {
    let mut run = Run::with_notes();
    for number in 0..1_000 {
        run.open(0, &format!("a/{number}"), number + 10);
    }
    let rename = |view: &mut View, times: usize| {
        for time in 0..times {
            let (from, to) = if time % 2 == 0 { ("/notes/a", "/notes/b") } else { ("/notes/b", "/notes/a") };
            view.handles.budget.add_call();
            view.handles.renamed(&path(from), &path(to), true);
            view.handles.removed(&path("/notes/nothing"));
        }
    };
    rename(&mut run.view, 101);
    let named = |view: &View| view.place(10).path.map(|path| path.as_str().to_owned());
    assert_eq!((named(&run.view).as_deref(), run.view.lost()), (Some("/notes/b/0"), 0));
    rename(&mut run.view, 2_000);
    let taken = run.view.handles.budget.spent;
    assert!(taken <= crate::budget::WorkBudget::most(run.calls + 2_101), "{taken}");
    assert_eq!((named(&run.view), run.view.lost()), (None, 1));
    rename(&mut run.view, 4_000);
    assert_eq!(run.view.handles.budget.spent, taken, "twice as many renames take no more");
}
