//! What a run's report says about a tool that lacked something: the first denials, and its folders.

use wasm_agent_tests::Server;

use crate::desk::{Desk, NOTES, Ran};

/// The text that a hint says to add.
fn to_add(ran: &Ran) -> String {
    let err = ran.err();
    let lines = err.lines().skip_while(|line| *line != "hint: to allow it, add").skip(1);
    lines.map_while(|line| line.strip_prefix("  ")).flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn a_denied_request_comes_with_the_grant_that_allows_it() {
    let server = Server::text("a page");
    let mut desk = Desk::new();
    desk.hide(server.address().to_string(), "127.0.0.1:PORT");
    desk.guest("fetch-page");
    let url = server.url("/pages/one");
    let fetch = |desk: &mut Desk, options: &str| {
        let ran = desk.quietly(&format!("run {options} fetch-page.wasm -- {url}"));
        desk.note(&format!("run {options} fetch-page.wasm -- URL"), &ran);
        ran
    };
    let ran = fetch(&mut desk, "-j a.journal");
    assert_eq!((ran.status, server.asked().len()), (1, 0));
    desk.write("policy.toml", format!("version = 1\n\n{}", to_add(&ran)));
    let ran = fetch(&mut desk, "-p policy.toml -j b.journal");
    assert_eq!((ran.status, server.asked().len()), (0, 1), "{}", ran.err());
    let ran = fetch(&mut desk, "--format json -j c.journal");
    let report: serde_json::Value = serde_json::from_str(ran.err().lines().last().unwrap()).unwrap();
    assert_eq!(report["denials"][0]["denial"], "no-grant");
    desk.matches("denials-requests");
}

#[test]
fn denials_on_files_say_what_in_the_policy_is_in_the_way() {
    let mut desk = Desk::with_notes();
    for note in ["a", "b"] {
        desk.write(&format!("notes/{note}.md"), "colour\n");
    }
    desk.write("read.toml", NOTES.replace("\"write\"", "\"read\""));
    let ran = desk.run("run -p read.toml -j a.journal edit-files.wasm -- /notes colour color");
    // Many files, one change to the policy.
    assert_eq!(ran.err().matches("deny: ").count(), 1, "{}", ran.err());
    desk.write("notes/private/c.md", "colour\n");
    desk.write("deny.toml", format!("{NOTES}deny = [\"private\"]\nask = []\n"));
    desk.guest("socket");
    desk.run("run -p deny.toml -j b.journal edit-files.wasm -- /notes/private colour color");
    // No grant allows sockets, so none is offered, with a policy or without one.
    for run in ["run -p read.toml -j c.journal socket.wasm", "run -j d.journal socket.wasm"] {
        let ran = desk.run(run);
        assert!(ran.err().contains("deny: socket.use"), "{}", ran.err());
        assert!(ran.err().contains("\nand 6 more\n") && !ran.err().contains("version = 1"), "{}", ran.err());
    }
    desk.matches("denials-files");
}

#[test]
fn a_tool_that_finds_nothing_shows_what_it_was_granted() {
    let mut desk = Desk::with_notes();
    desk.guest("search");
    desk.guest("fetch-page");
    desk.write("nothing.toml", "version = 1\n");
    desk.write("other.toml", NOTES.replace("\"/notes\"", "\"/other\""));
    let search = r#"--call 'search("/notes", "sky")' search.wasm"#;
    for (journal, policy, granted) in [
        ("a", "", "granted: nothing\n"),
        ("b", "-p nothing.toml", "granted: no folder\n"),
        ("c", "-p other.toml", "granted: /other (write)\n"),
        ("d", "-p policy.toml", ""),
    ] {
        let ran = desk.run(&format!("run {policy} -j {journal}.journal {search}"));
        let has_line = ran.err().contains("granted: ");
        assert!(ran.err().contains(granted) && has_line != granted.is_empty(), "{policy}: {}", ran.err());
    }
    let ran = desk.run(&format!("run --format json -p other.toml -j e.journal {search}"));
    assert_eq!(ran.err_objects()[0]["folders"]["use"], "listed");
    desk.matches("granted");
}

#[test]
fn a_name_of_this_machine_is_shown_as_the_tools() {
    let mut desk = Desk::with_notes();
    let absolute = desk.path("notes/today.md").display().to_string();
    let real = desk.path("notes").display().to_string();
    for (number, (argument, shown)) in [
        ("./notes", "`./notes` is `/notes` to the tool"),
        (real.as_str(), "is `/notes` to the tool"),
        (absolute.as_str(), "is `/notes/today.md` to the tool"),
        ("./other", "name files by these paths, not by those of this machine: `/notes/…`"),
        ("/nots", "name files by these paths, not by those of this machine: `/notes/…`"),
    ]
    .into_iter()
    .enumerate()
    {
        let ran = desk.quietly(&format!("run -p policy.toml -j {number}.journal edit-files.wasm -- {argument} a b"));
        desk.note("run -p policy.toml edit-files.wasm -- NAME a b", &ran);
        assert!(ran.err().contains(shown), "{}", ran.err());
    }
    desk.matches("host-names");
}
