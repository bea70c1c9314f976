//! `--approve`: who is asked, and how a run ends whose approver fails.

use crate::desk::{Desk, Ran, YES};

/// Runs an edit with an approver, and shows what the journal says about it.
fn edit_with(desk: &mut Desk, journal: &str, approve: &str) -> i32 {
    let arguments = "edit-files.wasm -- /notes colour color";
    let ran = desk.run(&format!("run -p policy.toml -j {journal}.journal --approve {approve} {arguments}"));
    let show = format!("journal show {journal}.journal");
    let shown = desk.quietly(&show);
    // The columns before the decision are times and numbers.
    let out = shown.out();
    let decision = out.lines().find(|line| line.contains("file.modify")).unwrap();
    let decision = decision.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).to_owned();
    desk.note(&format!("{show} | grep file.modify"), &Ran { stdout: decision.into_bytes(), ..shown });
    ran.status
}

#[test]
fn an_approver_that_fails_refuses() {
    let mut desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.script(
        "no.sh",
        "#!/bin/sh\ncat > /dev/null\necho '{\"decision\": \"refuse\", \"reason\": \"not \\u001b[2J today\"}'\n",
    );
    desk.script("stop.sh", "#!/bin/sh\ncat > /dev/null\necho '{\"decision\": \"refuse\", \"stop\": true}'\n");
    desk.script(
        "done.sh",
        "#!/bin/sh\ncat > /dev/null\n\
         echo '{\"decision\": \"refuse\", \"stop\": true, \"reason\": \"no \\u001b[2J more\"}'\n",
    );
    desk.script("garbage.sh", "#!/bin/sh\ncat > /dev/null\nprintf 'yes \\033[2J please'\n");
    desk.script("maybe.sh", "#!/bin/sh\ncat > /dev/null\necho '{\"decision\": \"maybe\"}'\n");
    desk.script(
        "twice.sh",
        "#!/bin/sh\ncat > /dev/null\necho '{\"decision\": \"approve\"} {\"decision\": \"approve\"}'\n",
    );
    desk.script("silent.sh", "#!/bin/sh\ncat > /dev/null\n");
    desk.script("fails.sh", "#!/bin/sh\ncat > /dev/null\necho '{\"decision\": \"approve\"}'\nexit 1\n");
    desk.script("no-shell.sh", "#!/no/such/shell\n");
    for (name, status) in [
        ("no", 1),
        ("garbage", 1),
        ("maybe", 1),
        ("twice", 1),
        ("silent", 1),
        ("fails", 1),
        ("no-shell", 1),
        ("stop", 3),
        ("done", 3),
    ] {
        assert_eq!(edit_with(&mut desk, name, &format!("exec:./{name}.sh")), status, "{name}");
        assert_eq!(desk.read("notes/today.md"), b"The colour of the sky.\n", "{name}");
    }
    let ended = "stopped: the approver refused `file.modify (truncate) /notes/today.md` and ended the run: no ";
    let run = "run -q -p policy.toml -j quiet.journal --approve exec:./done.sh edit-files.wasm -- /notes colour color";
    assert!(desk.run(run).err().contains(ended));
    // A program that is not there is said to be so before anything runs.
    let unknown = desk.run("run -p policy.toml -j unknown.journal --approve exec:no-such-program edit-files.wasm");
    unknown.fails_in_one_line(&[2]);
    assert!(!desk.path("unknown.journal").exists());
    assert_eq!(desk.read("notes/today.md"), b"The colour of the sky.\n");
    assert_eq!(edit_with(&mut desk, "yes", "exec:./yes.sh"), 0);
    assert_eq!(desk.read("notes/today.md"), b"The color of the sky.\n");
    desk.matches("approve");
}

#[test]
fn a_broken_approver_shows_in_a_quiet_run() {
    let mut desk = Desk::with_notes();
    desk.script("garbage.sh", "#!/bin/sh\necho yes\n");
    desk.script("fails.sh", "#!/bin/sh\necho '{\"decision\": \"approve\"}'\nexit 4\n");
    desk.script("no-shell.sh", "#!/no/such/shell\n");
    for name in ["garbage", "fails", "no-shell"] {
        let approve = format!("--approve exec:./{name}.sh");
        let ran = desk
            .run(&format!("run -q -p policy.toml -j {name}.journal {approve} edit-files.wasm -- /notes colour color"));
        assert_eq!(ran.err().matches("warning: no answer, which refuses: ").count(), 1, "{}", ran.err());
    }
    let options = "-q --format json -p policy.toml -j json.journal --approve exec:./garbage.sh";
    let ran = desk.run(&format!("run {options} edit-files.wasm -- /notes colour color"));
    assert!(ran.err().lines().any(|line| line.starts_with("{\"event\":\"warning\"")), "{}", ran.err());
    desk.matches("approve-quiet");
}

#[test]
fn refuses_an_approver_that_can_not_be_executed() {
    let mut desk = Desk::with_notes();
    desk.write("not-run.sh", YES);
    desk.write("not run.sh", YES);
    for approve in ["exec:./not-run.sh", "'exec:./not run.sh'"] {
        let run = format!("run -q -p policy.toml -j a.journal --approve {approve} edit-files.wasm -- /notes a b");
        let ran = desk.run(&run);
        ran.fails_in_one_line(&[2]);
        assert!(ran.err().contains("hint: `chmod +x "), "{}", ran.err());
    }
    assert!(!desk.path("a.journal").exists());
    desk.matches("approve-not-executable");
}

#[test]
fn says_at_once_that_an_approver_is_not_there() {
    let mut desk = Desk::with_notes();
    let arguments = "edit-files.wasm -- /notes colour color";
    desk.run(&format!("run -p policy.toml -j a.journal --approve exec:./nobody.sh {arguments}"))
        .fails_in_one_line(&[2]);
    desk.run(&format!("run -p policy.toml -j a.journal --approve exec:. {arguments}"));
    desk.script("approve.sh", YES);
    for approve in ["exec:approve.sh", "exec:no-such-program", "'exec:./approve.sh --yes'", "'exec:approve.sh --yes'"] {
        let ran = desk.run(&format!("run -p policy.toml -j a.journal --approve {approve} {arguments}"));
        ran.fails_in_one_line(&[2]);
        assert!(ran.err().contains("\nhint: "), "{}", ran.err());
    }
    desk.run_without_terminal(&format!("run -p policy.toml -j b.journal --approve terminal {arguments}"))
        .fails_in_one_line(&[2]);
    assert!(!desk.path("b.journal").exists());
    desk.matches("approve-nobody");
}

#[test]
fn an_approver_gets_the_variables_that_are_named_and_no_secret() {
    let mut desk = Desk::with_notes();
    desk.script("yes.sh", &format!("{YES}env | cut -d= -f1 | grep -vE '^(PWD|SHLVL|_|OLDPWD)$' | sort > variables\n"));
    desk.write(
        "secret.toml",
        format!(
            "{}\n[[http]]\nurl = \"https://example.com/x?\"\nsecrets = [\"a\"]\n\n[secrets.a]\nenv = \"API_TOKEN\"\n\
             header = \"x-a\"\nvalue = \"{{}}\"\n",
            crate::desk::NOTES
        ),
    );
    let edit = |options: &str| format!("run -p secret.toml -q {options} edit-files.wasm -- /notes colour color");
    let mut number = 0;
    let mut run = |desk: &mut Desk, options: &str| {
        number += 1;
        desk.run_as(&edit(&format!("-j {number}.journal {options}")), |command| {
            command.envs([("API_TOKEN", "long-enough"), ("CHAT_TOKEN", "c"), ("OTHER", "o"), ("LANG", "C")]);
        })
    };
    let program = "--approve exec:./yes.sh";
    assert_eq!(run(&mut desk, program).status, 0);
    assert_eq!(String::from_utf8(desk.read("variables")).unwrap(), "HOME\nLANG\nPATH\n");
    desk.write("notes/today.md", "colour\n");
    assert_eq!(run(&mut desk, &format!("{program} --approver-env CHAT_TOKEN --approver-env OTHER")).status, 0);
    assert_eq!(String::from_utf8(desk.read("variables")).unwrap(), "CHAT_TOKEN\nHOME\nLANG\nOTHER\nPATH\n");
    for options in [
        format!("{program} --approver-env API_TOKEN"),
        format!("{program} --approver-env UNSET"),
        format!("{program} --approver-env OTHER=x"),
        "--approve refuse --approver-env OTHER".to_owned(),
    ] {
        run(&mut desk, &options).fails_in_one_line(&[2]);
    }
    desk.matches("approver-variables");
}
