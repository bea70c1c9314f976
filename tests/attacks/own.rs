//! Attacks on the host's own things, wherever a grant covers them.

use std::fs::hard_link;
use std::path::Path;

use wasm_agent_host::{Grants, LoadError, OwnThings};
use wasm_agent_tests::approver::ApproveAfter;
use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene, Script};

use crate::fixture::CANARY;

/// Everything below the folder that the policy is in.
const ALL: &str = "[[filesystem]]\nhost = \".\"\nguest = \"/work\"\naccess = \"write\"\nask = []\n";

/// A folder in which the host's own things lie beside files that a tool may use.
fn home() -> (Folder, OwnThings) {
    let folder = Folder::with([
        ("notes.txt", "notes"),
        ("audit.key", CANARY),
        ("token", CANARY),
        ("state/wasm-agent/code/one.cwasm", CANARY),
        ("state/wasm-agent/journals/old.journal", CANARY),
        ("real/approve.sh", CANARY),
    ]);
    folder.link("current", "real");
    let own = OwnThings::new()
        .with("signing key", folder.path("audit.key"))
        .with("file of a secret", folder.path("token"))
        .with("state directory", folder.path("state/wasm-agent"))
        .with("approver", folder.path("current/approve.sh"))
        .with("journal", folder.path("runs/new.journal"))
        .with("configuration", folder.path("config/wasm-agent/config.toml"));
    (folder, own)
}

/// Runs the guest on the folder and asserts that none of the host's own things was seen or changed.
fn attack(folder: &Folder, own: &OwnThings, policy: &str, names: &[&str]) -> Recorded {
    folder.write("policy.toml", format!("version = 1\n{policy}"));
    let before = folder.snapshot("");
    let run = Scene::guest(folder, "own-things").policy(policy).keeping(own).arguments(names.iter().copied()).run();
    assert!(!run.stdout.contains("broken:") && !run.stdout.contains("vain:"), "{}", run.stdout);
    run.exited(0);
    assert_eq!(folder.snapshot(""), before);
    assert!(!String::from_utf8_lossy(&run.journal).contains(CANARY));
    assert!(run.denials().contains(&"own-thing".to_owned()), "{:?}", run.denials());
    run
}

#[test]
fn no_verb_reaches_what_is_the_hosts() {
    let (folder, own) = home();
    let names = [
        "policy.toml",
        "audit.key",
        "token",
        "state/wasm-agent",
        "state/wasm-agent/code/one.cwasm",
        "state/wasm-agent/code/new.cwasm",
        "state/wasm-agent/journals",
        "real/approve.sh",
        "current/approve.sh",
    ];
    attack(&folder, &own, ALL, &names);
}

#[test]
fn a_name_that_the_host_will_use_is_kept_before_there_is_anything() {
    let (folder, own) = home();
    folder.dir("runs");
    attack(&folder, &own, ALL, &["runs/new.journal"]);
    assert!(!folder.has("runs/new.journal"));
}

#[test]
fn what_leads_to_it_stays_what_it_is() {
    let (folder, own) = home();
    attack(&folder, &own, ALL, &["way:state", "way:real", "way:current", "way:config", "way:runs"]);
}

#[test]
fn what_leads_to_it_may_be_used() {
    let (folder, own) = home();
    folder.write("state/other/file.txt", "mine");
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "state", OpenMode::DIR);
    let file = probe.open(work, "state/other/file.txt", OpenMode::READ);
    probe.read(file, 10);
    probe.open(work, "current/new.txt", OpenMode::CREATE_NEW);
    let run = Scene::tool(&folder, probe.tool()).policy(ALL).keeping(&own).run();
    assert_eq!(results(&run), ["open-at ok", "open-at ok", "read ok", "open-at ok"]);
}

#[test]
fn another_name_of_the_same_file_is_the_same_file() {
    let (folder, own) = home();
    for (file, name) in [
        ("audit.key", "linked-key"),
        ("token", "linked-token"),
        ("policy.toml", "linked-policy"),
        ("state/wasm-agent/journals/old.journal", "linked-journal"),
    ] {
        folder.write("policy.toml", format!("version = 1\n{ALL}"));
        hard_link(folder.path(file), folder.path(name)).unwrap();
    }
    folder.link("to-key", "audit.key");
    folder.link("to-code", "state/wasm-agent/code");
    let before = folder.snapshot("");
    let mut probe = Probe::new();
    let work = probe.preopen();
    for name in ["linked-key", "linked-token", "linked-policy", "linked-journal", "to-key", "to-code/one.cwasm"] {
        for how in [OpenMode::READ, OpenMode::WRITE, OpenMode::TRUNCATE] {
            probe.open(work, name, how);
        }
        probe.link(work, name, "again");
        probe.rename(work, name, "moved");
        probe.touch(work, name);
    }
    probe.open(work, "to-code", OpenMode::DIR);
    let run = Scene::tool(&folder, probe.tool()).policy(ALL).keeping(&own).run();
    let open = results(&run).into_iter().filter(|result| result.starts_with("open-at")).collect::<Vec<_>>();
    assert!(open.iter().all(|result| result == "open-at access"), "{open:?}");
    assert!(!String::from_utf8_lossy(&run.journal).contains(CANARY));
    for name in ["audit.key", "token", "policy.toml", "state/wasm-agent/journals/old.journal"] {
        let name = Path::new(name);
        assert_eq!(folder.snapshot("").get(name), before.get(name), "{}", name.display());
    }
}

#[test]
fn a_file_that_other_hard_links_have_elsewhere_is_the_tools() {
    let (folder, own) = home();
    hard_link(folder.path("notes.txt"), folder.path("linked.txt")).unwrap();
    let mut probe = Probe::new();
    let work = probe.preopen();
    let file = probe.open(work, "linked.txt", OpenMode::READ);
    probe.read(file, 10);
    let run = Scene::tool(&folder, probe.tool()).policy(ALL).keeping(&own).run();
    assert_eq!(results(&run), ["open-at ok", "read ok"]);
}

#[test]
fn a_folder_handle_leads_to_it_no_more_than_a_path() {
    let (folder, own) = home();
    let mut probe = Probe::new();
    let work = probe.preopen();
    let state = probe.open(work, "state", OpenMode::DIR);
    let inside = probe.open(state, "wasm-agent", OpenMode::DIR);
    probe.open(inside, "code", OpenMode::DIR);
    probe.open(state, "wasm-agent/code/one.cwasm", OpenMode::READ);
    probe.rename(state, "wasm-agent", "moved");
    probe.create_dir(state, "wasm-agent/code/new");
    let run = Scene::tool(&folder, probe.tool()).policy(ALL).keeping(&own).run();
    let results = results(&run);
    assert_eq!(results[0], "open-at ok");
    assert!(results[1..].iter().all(|result| result.ends_with(" access")), "{results:?}");
}

#[test]
fn nobody_is_asked_about_what_is_the_hosts() {
    let (folder, own) = home();
    let asking = ALL.replace("ask = []", "ask = [\"read\", \"create\", \"modify\", \"delete\", \"rename\"]");
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "audit.key", OpenMode::READ);
    probe.open(work, "policy.toml", OpenMode::TRUNCATE);
    probe.unlink(work, "state/wasm-agent/journals/old.journal");
    probe.rename(work, "state", "moved");
    let approver = Script::refuse();
    Scene::tool(&folder, probe.tool()).policy(asking).keeping(&own).approver(approver.clone()).run();
    assert!(approver.asked().is_empty(), "{:?}", approver.summaries());
}

#[test]
fn what_takes_the_place_of_a_key_while_somebody_is_asked_is_the_hosts_too() {
    let (folder, own) = home();
    let (key, new) = (folder.path("audit.key"), folder.path("replacement"));
    std::fs::write(&new, CANARY).unwrap();
    let notes = folder.path("notes.txt");
    let approver = ApproveAfter::new(move |_| {
        if new.exists() {
            std::fs::rename(&new, &key).unwrap();
            std::fs::write(&notes, "changed").unwrap();
        }
    });
    let asking = ALL.replace("ask = []", "ask = [\"modify\"]");
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "notes.txt", OpenMode::WRITE);
    probe.open(work, "audit.key", OpenMode::READ);
    let run = Scene::tool(&folder, probe.tool()).policy(asking).keeping(&own).approver(approver).run();
    assert_eq!(results(&run), ["open-at ok", "open-at access"]);
}

#[test]
fn a_folder_of_the_hosts_is_not_granted() {
    let (folder, own) = home();
    for host in ["state/wasm-agent", "state/wasm-agent/journals"] {
        let policy = format!("[[filesystem]]\nhost = \"{host}\"\nguest = \"/work\"\n");
        let refused = Scene::guest(&folder, "own-things").policy(policy).keeping(&own).set_up().map(drop);
        assert!(matches!(refused, Err(LoadError::GrantOfOwnThing { line: 2, .. })), "{refused:?}");
    }
}

#[test]
fn a_secret_may_lie_in_a_granted_folder_and_is_not_there_for_the_tool() {
    let (folder, _) = home();
    let policy = format!(
        "{ALL}[[http]]\nurl = \"https://api.example.com/**\"\nsecrets = [\"token\"]\n\
         [secrets.token]\nfile = \"token\"\nheader = \"authorization\"\nvalue = \"Bearer {{}}\"\n"
    );
    let run = attack(&folder, &OwnThings::new(), &policy, &["token", "policy.toml"]);
    assert!(run.denied_calls() > 30);
}

#[test]
fn code_is_mapped_only_from_where_no_grant_reaches() {
    let (folder, _) = home();
    folder.dir("state/other");
    let state = folder.path("state/wasm-agent");
    let reach = |host: &str, mounts: &str| {
        folder.write(
            "policy.toml",
            format!("version = 1\n[[filesystem]]\nhost = \"{host}\"\nguest = \"/w\"\n{mounts}\n"),
        );
        Grants::load(&folder.path("policy.toml"), &|_| None).unwrap().reach(&state).unwrap()
    };
    assert!(reach(".", "") && reach("state", "") && reach("state/wasm-agent", ""));
    assert!(!reach("real", "") && !reach("state/other", ""));
    // Anything may be mounted there.
    assert!(reach("real", "mounts = true"));
    assert!(!Grants::none().reach(&state).unwrap());
}

#[test]
fn whoever_learns_which_file_it_is_may_not_read_it_for_that() {
    let (folder, own) = home();
    hard_link(folder.path("audit.key"), folder.path("innocent")).unwrap();
    let mut probe = Probe::new();
    let work = probe.preopen();
    for how in [OpenMode::READ, OpenMode::WRITE, OpenMode::DIR] {
        probe.metadata_hash(work, "innocent");
        let file = probe.open(work, "innocent", how);
        probe.read(file, 100);
    }
    probe.metadata_hash(work, "innocent");
    probe.stat(work, "innocent");
    let run = Scene::tool(&folder, probe.tool()).policy(ALL).keeping(&own).run();
    let results = results(&run);
    assert!(
        results.iter().all(|result| result.starts_with("metadata-hash-at ok") || result.ends_with(" access")),
        "{results:?}"
    );
    assert!(!String::from_utf8_lossy(&run.journal).contains(CANARY));
}

#[test]
fn what_links_in_a_folder_of_the_hosts_lead_to_is_the_hosts() {
    let (folder, own) = home();
    folder.write("big/code/two.cwasm", CANARY);
    folder.write("dotfiles/config.toml", CANARY);
    folder.link("state/wasm-agent/more", "../../big/code");
    folder.link("state/wasm-agent/config.toml", "../../dotfiles/config.toml");
    let state = folder.path("state/wasm-agent");
    attack(&folder, &own, ALL, &["big/code/two.cwasm", "big/code/new.cwasm", "dotfiles/config.toml", "way:big"]);
    folder.write("policy.toml", "version = 1\n[[filesystem]]\nhost = \"big\"\nguest = \"/w\"\n");
    assert!(Grants::load(&folder.path("policy.toml"), &|_| None).unwrap().reach(&state).unwrap());
}

#[test]
fn a_link_to_what_is_the_hosts_is_not_made() {
    let (folder, own) = home();
    let mut probe = Probe::new();
    let work = probe.preopen();
    for target in ["audit.key", "./token", "state/wasm-agent", "state/wasm-agent/code/one.cwasm", "current/approve.sh"]
    {
        probe.symlink(work, target, "mine");
    }
    let run = Scene::tool(&folder, probe.tool()).policy(ALL).keeping(&own).run();
    assert!(results(&run).iter().all(|result| result == "symlink-at access"), "{:?}", results(&run));
    assert!(!folder.has("mine"));
}
