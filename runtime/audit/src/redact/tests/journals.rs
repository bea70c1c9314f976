//! Journals with names and contents that are to be taken out.

use wasm_agent_journal::{Answer, CallEvent, EffectResult, Encoded, Keep, Options, Writer};

pub(super) use wasm_agent_journal::testing::Memory;

use crate::hand_made::{HandMade, fine, header, item, modify};

/// Contents that no redaction of bodies has, short and long.
pub(super) const SHORT: &str = "short-body-4711";
pub(super) fn long() -> Vec<u8> {
    "long-body-0815 ".repeat(40).into_bytes()
}

/// Names that no redaction of paths has.
pub(super) const NAMES: [&str; 5] =
    ["secret-plan.md", "hidden-folder", "notes-of-mara", "link-target.txt", "replaced.md"];

/// An item that `write` makes.
pub(super) fn made(write: impl FnOnce(&mut Encoded) -> &mut Encoded) -> Encoded {
    item(|out| {
        write(out);
    })
}

pub(super) fn original() -> Vec<u8> {
    recorded(str::to_owned)
}

/// The same, with the parameters' names as WIT has them.
pub(super) fn original_by_wit() -> Vec<u8> {
    recorded(|name| name.replace("fd", "self").replace('_', "-"))
}

fn recorded(parameter: fn(&str) -> String) -> Vec<u8> {
    let [name, folder, root, ..] = NAMES;
    let mut header = header();
    header.policy_text = format!("version = 1\n[[filesystem]]\nguest = \"/{root}\"\n");
    header.arguments = vec!["edit-files".to_owned(), format!("/{root}/{folder}"), name.to_owned()];
    header.environment.push(("NOTES".to_owned(), format!("/{root}")));
    let store = Memory::default();
    let writer = Writer::create(store.clone(), &header, Options { seal_interval: None, ..Options::default() }).unwrap();
    let mut at_ns = 0;
    let mut call = |name: &str, parameters: &[&str], arguments: Encoded, outcome: Encoded| {
        at_ns += 1000;
        let parameters: Vec<String> = parameters.iter().map(|name| parameter(name)).collect();
        let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
        let function = writer.intern(name, &parameters).unwrap();
        let (arguments, outcome) = (&arguments, &outcome);
        let event = CallEvent { function, at_ns, duration_ns: 5, fuel: at_ns * 3, arguments, outcome, decision: None };
        writer.call(&event).unwrap();
    };
    looks(&mut call);
    contents(&mut call);
    drop(writer);
    store.bytes()
}

/// Takes a call: name, parameters, arguments, outcome.
type Call<'a> = &'a mut dyn FnMut(&str, &[&str], Encoded, Encoded);

fn types(name: &str) -> String {
    format!("wasi:filesystem/types#{name}")
}

fn looks(call: Call<'_>) {
    let [name, folder, root, target, _] = NAMES;
    let none = || made(|out| out.array(0));
    call(
        "wasi:filesystem/preopens#get-directories",
        &[],
        none(),
        item(|out| {
            out.array(2).u64(0).array(1).array(2).u64(0).str(&format!("/{root}"));
        }),
    );
    call(
        "wasi:cli/environment#get-arguments",
        &[],
        none(),
        item(|out| {
            out.array(2).u64(0).array(3).str("edit-files").str(&format!("/{root}/{folder}")).str(name);
        }),
    );
    let open = ["fd", "path_flags", "path", "open_flags", "flags"];
    call(
        &types("[method]descriptor.open-at"),
        &open,
        item(|out| {
            out.array(5).u64(0).u64(1).str(&format!("{folder}/{name}")).u64(0).u64(3);
        }),
        fine(),
    );
    call(
        &types("[method]directory-entry-stream.read-directory-entry"),
        &["stream"],
        item(|out| {
            out.array(1).u64(2);
        }),
        item(|out| {
            out.array(2).u64(0).array(1).array(2).str("regular-file").str(name);
        }),
    );
    call(
        &types("[method]descriptor.readlink-at"),
        &["fd", "path"],
        item(|out| {
            out.array(2).u64(0).str(name);
        }),
        item(|out| {
            out.array(2).u64(0).str(target);
        }),
    );
    call(
        &types("[method]descriptor.readlink-at"),
        &["fd", "path"],
        item(|out| {
            out.array(2).u64(0).str(name);
        }),
        item(|out| {
            out.array(2).u64(1).str("no-entry");
        }),
    );
}

fn contents(call: Call<'_>) {
    let [name, .., replaced] = NAMES;
    for contents in [SHORT.as_bytes().to_vec(), long(), long()] {
        call(
            &types("[method]descriptor.read"),
            &["fd", "length", "offset"],
            item(|out| {
                out.array(3).u64(3).u64(4096).u64(0);
            }),
            item(|out| {
                out.array(2).u64(0).array(2).payload(contents.clone(), Keep::Contents).bool(true);
            }),
        );
    }
    call(
        &types("[method]descriptor.rename-at"),
        &["fd", "old_path", "new_descriptor", "new_path"],
        item(|out| {
            out.array(4).u64(0).str(name).u64(0).str(replaced);
        }),
        fine(),
    );
    call("wasm-agent:host/intent#declare", &["why"], made(|out| out.array(1).str(&format!("read {name}"))), fine());
}

/// A journal with effects, approvals and notes.
pub(super) fn effects() -> Vec<u8> {
    let [name, folder, root, ..] = NAMES;
    let mut journal = HandMade::new();
    journal.note("intent", &format!("tidy {name}"));
    let action = modify(&format!("/{root}/{folder}/{name}"));
    let approval = journal.ask(&action, Answer::Approved, 1000);
    let effect = journal.intent(&action, Some(approval));
    journal.outcome(effect, EffectResult::Failed, None);
    journal.call(
        "wasi:io/streams#[method]output-stream.write",
        10,
        &item(|out| {
            out.array(2).u64(1).payload(long(), Keep::DigestOnly);
        }),
        &fine(),
    );
    journal.finish()
}
