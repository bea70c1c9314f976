//! Attacks through mounts below a granted folder, above all the kernel's file systems.

use wasm_agent_host::{GrantProblem, LoadError};
use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene};

const SECRET: &str = "supersecretvalue42";

fn probe() -> Probe {
    let mut probe = Probe::new();
    let root = probe.preopen();
    for path in [
        "proc/self/environ",
        "proc/self/mem",
        "proc/self/maps",
        "proc/self/fd/0",
        "proc/thread-self/environ",
        "proc/1/environ",
        "proc/sys/kernel/hostname",
        "sys/kernel/mm",
        "sys/class",
    ] {
        let file = probe.open(root, path, OpenMode::READ);
        probe.read(file, 4096);
        probe.open(root, path, OpenMode::WRITE);
        probe.open(root, path, OpenMode::DIR);
        probe.stat(root, path);
    }
    let proc = probe.open(root, "proc", OpenMode::DIR);
    probe.open(proc, "self/environ", OpenMode::READ);
    probe
}

fn run(folder: &Folder, grant: &str) -> Recorded {
    let policy = format!(
        "{grant}\n[[http]]\nurl = \"https://api.example.com/**\"\nsecrets = [\"key\"]\n\
         [secrets.key]\nenv = \"KEY\"\nheader = \"authorization\"\nvalue = \"Bearer {{}}\"\n"
    );
    Scene::tool(folder, probe().tool()).policy(policy).secret("KEY", SECRET).run()
}

#[test]
fn a_grant_of_everything_ends_where_the_kernel_begins() {
    let folder = Folder::new();
    for (mounts, reason) in [("", "mount"), ("mounts = true", "pseudo-file-system")] {
        let run = run(&folder, &format!("[[filesystem]]\nhost = \"/\"\nguest = \"/\"\n{mounts}\n"));
        let results = results(&run);
        assert!(results.iter().all(|result| !result.ends_with(" ok")), "{results:?}");
        assert_eq!(run.denials(), [reason]);
        assert!(!String::from_utf8_lossy(&run.journal).contains(SECRET));
    }
}

#[test]
fn a_folder_of_the_kernels_is_not_granted() {
    let folder = Folder::new();
    folder.link("innocent", "/proc/self");
    for host in ["/proc", "/proc/self", "/proc/self/task", "/sys", "/sys/kernel", "innocent"] {
        for access in ["read", "write"] {
            let policy = format!("[[filesystem]]\nhost = \"{host}\"\nguest = \"/p\"\naccess = \"{access}\"\n");
            let refused = Scene::tool(&folder, Probe::new().tool()).policy(policy).set_up().map(drop);
            let is_refused =
                matches!(&refused, Err(LoadError::Grant { line: 2, source: GrantProblem::Kernel { .. }, .. }));
            assert!(is_refused, "{host}: {refused:?}");
        }
    }
}
