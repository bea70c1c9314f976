use super::*;

#[test]
fn a_stream_is_read_where_its_file_is() {
    let mut run = Run::with_notes();
    assert!(run.open(0, "sub/../a.md", 1).contains("\"/notes/a.md\""));
    run.call(
        &format!("{FILES}[method]descriptor.read-via-stream"),
        |out| {
            out.u64(1).u64(10);
        },
        2,
        |out| {
            out.u64(2);
        },
    );
    assert_eq!(run.drop(&format!("{FILES}[resource-drop]descriptor"), 1), "Other");
    for offset in [10, 13] {
        let read = run.call(
            &format!("{STREAMS}[method]input-stream.blocking-read"),
            |out| {
                out.u64(2).u64(3);
            },
            2,
            |out| {
                out.payload(&b"abc"[..], Keep::Contents);
            },
        );
        assert!(read.contains("\"/notes/a.md\"") && read.contains(&format!("offset: {offset},")), "{read}");
    }
    let closed = run.drop(&format!("{STREAMS}[resource-drop]input-stream"), 2);
    assert!(closed.starts_with("Closed"), "{closed}");
}

#[test]
fn a_write_stream_knows_its_position_and_what_is_in_doubt() {
    let mut run = Run::with_notes();
    run.open(0, "a.md", 1);
    run.call(
        &format!("{FILES}[method]descriptor.write-via-stream"),
        |out| {
            out.u64(1).u64(5);
        },
        2,
        |out| {
            out.u64(2);
        },
    );
    for offset in [5, 9] {
        let wrote = run.call(
            &format!("{STREAMS}[method]output-stream.write"),
            |out| {
                out.u64(2).payload(&b"abcd"[..], Keep::DigestOnly);
            },
            2,
            |out| {
                out.null();
            },
        );
        assert!(wrote.contains(&format!("at: Offset({offset}), length: 4")), "{wrote}");
    }
    let arguments = item(|out| {
        out.array(1).u64(2);
    });
    for (error, expected) in [(Some(7), "InDoubt"), (Some(7), "InDoubt"), (None, "Failed")] {
        let outcome = item(|out| {
            out.array(2).u64(1);
            match error {
                Some(number) => out.u64(number),
                None => out.null(),
            };
        });
        let call = run.made(&format!("{STREAMS}[method]output-stream.check-write"), arguments.clone(), outcome);
        let what = format!("{:?}", run.view.call(&call).activity);
        assert!(what.starts_with(expected), "{what}");
    }
}

#[test]
fn what_is_open_follows_its_names() {
    let mut run = Run::with_notes();
    run.open(0, "d/a", 1);
    run.open(0, "d", 2);
    run.open(0, "e", 3);
    run.open(0, "dd", 4);
    let moved = run.effect("descriptor.rename-at", &rename("/notes/d", "/notes/e"), EffectResult::Done, true);
    assert!(moved.starts_with("Renamed"), "{moved}");
    let names: Vec<_> = (1..=4).map(|handle| run.stat(handle)).collect();
    let expected = [Some("/notes/e/a"), Some("/notes/e"), None, Some("/notes/dd")];
    assert_eq!(names, expected.map(|name| name.map(str::to_owned)));
    let delete = Action::FileDelete { path: path("/notes/dd") };
    run.effect("descriptor.unlink-file-at", &delete, EffectResult::Done, true);
    assert_eq!(run.stat(4), None);
    assert!(run.open(2, "b", 5).contains("\"/notes/e/b\""));
}

#[test]
fn a_failed_call_changes_nothing() {
    let mut run = Run::with_notes();
    run.open(0, "a", 1);
    let what = run.effect("descriptor.rename-at", &rename("/notes/a", "/notes/b"), EffectResult::Failed, false);
    assert!(what.starts_with("Failed"), "{what}");
    assert_eq!(run.stat(1).as_deref(), Some("/notes/a"));
    let arguments = item(|out| {
        out.array(5).u64(0).u64(1).str("x").u64(0).u64(1);
    });
    let outcome = item(|out| {
        out.array(2).u64(1).str("no-entry");
    });
    let mut call = run.made(&format!("{FILES}[method]descriptor.open-at"), arguments, outcome);
    call.decision = Some(decision(Verdict::Allow, None));
    let seen = run.view.call(&call);
    assert_eq!(
        seen.activity,
        Activity::Failed { place: Some(Place { path: Some(path("/notes/x")), ..run.view.here(0) }) }
    );
    assert_eq!(seen.action, Some(Action::FileRead { path: path("/notes/x") }));
}

impl View {
    fn here(&self, number: u32) -> Place {
        match self.handles.get(number) {
            Some(handles::Handle::Descriptor(opened)) => Place { path: None, opened: Some(opened) },
            _ => Place::default(),
        }
    }
}

#[test]
fn a_link_is_a_name_of_what_was_decided_about() {
    let mut run = Run::with_notes();
    let arguments = item(|out| {
        out.array(3).u64(0).u64(1).str("link");
    });
    let outcome = item(|out| {
        out.array(2).u64(0).array(6).str("regular-file").u64(1).u64(7).null().null().null();
    });
    let mut call = run.made(&format!("{FILES}[method]descriptor.stat-at"), arguments, outcome);
    let read = Action::FileRead { path: path("/notes/real") };
    call.decision = Some(decision(Verdict::Allow, Some(&read)));
    let seen = run.view.call(&call);
    assert_eq!(
        seen.activity,
        Activity::Looked { place: Place { path: Some(path("/notes/real")), opened: None }, size: Some(7) }
    );
    assert_eq!(seen.action, Some(read));
    let link = Action::LinkCreate { kind: LinkKind::Hard, path: path("/notes/l"), target: "/notes/real".to_owned() };
    let what = run.effect("descriptor.link-at", &link, EffectResult::Done, true);
    assert!(what.starts_with("Linked"), "{what}");
}

#[test]
fn a_hash_of_a_name_is_decided_about_by_its_directory() {
    for (name, expected) in [("a/b", "/notes/a"), ("a", "/notes"), (".", "/notes"), ("a/.", "/notes/a")] {
        let mut run = Run::with_notes();
        let arguments = item(|out| {
            out.array(3).u64(0).u64(0).str(name);
        });
        let outcome = item(|out| {
            out.array(2).u64(0).null();
        });
        let mut call = run.made(&format!("{FILES}[method]descriptor.metadata-hash-at"), arguments, outcome);
        call.decision = Some(decision(Verdict::Allow, None));
        assert_eq!(run.view.call(&call).action, Some(Action::FileRead { path: path(expected) }), "{name}");
    }
}
