//! Where a run takes place: a server, a tool for each story, a fresh folder each time.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use wasm_agent_host::journal::Fsync;
use wasm_agent_host::{StateDir, Tool};
use wasm_agent_tests::folder::Entry;
use wasm_agent_tests::server::ReceivedRequest;
use wasm_agent_tests::{Folder, Server, guests};

use crate::point::Point;
use crate::story::{Story, respond};

pub const JOURNAL: &str = "run.journal";
pub const POLICY: &str = "policy.toml";
pub const STATE: &str = "state";

/// The settings under which runs are ended, by their names.
pub const FSYNCS: [(&str, Fsync); 3] = [("effects", Fsync::Effects), ("none", Fsync::None), ("all", Fsync::All)];

/// Signals 9 and what a run's own end is.
const KILLED: i32 = 9;

/// What a run left.
pub struct Left {
    pub folder: Folder,
    /// What was below `work` when it began.
    pub before: BTreeMap<PathBuf, Entry>,
    /// The journal as it is on the disk, if it was begun.
    pub journal: Vec<u8>,
    /// How much of it was synced, where power was lost.
    pub synced: Option<usize>,
    /// What arrived at the server.
    pub requests: Vec<ReceivedRequest>,
    /// Whether it was killed. Otherwise it reached its end before its point.
    pub killed: bool,
    pub tool: Tool,
}

/// A server and the tools that know its address.
pub struct Stage {
    server: Server,
    trap: Arc<Trap>,
    tools: Vec<(Story, PathBuf, Tool)>,
}

/// Kills a run when one of its requests arrives.
#[derive(Default)]
struct Trap {
    state: Mutex<Set>,
    /// The process to kill is known.
    armed: Condvar,
}

#[derive(Default)]
struct Set {
    /// The request to kill at.
    at: Option<u64>,
    seen: u64,
    process: Option<Pid>,
}

impl Stage {
    pub fn new(folder: &Path) -> Self {
        let trap = Arc::new(Trap::default());
        let seen = Arc::clone(&trap);
        let server = Server::http(move |asked| {
            seen.request();
            respond(asked)
        });
        let state = StateDir::open(&folder.join(STATE)).unwrap();
        let tools = Story::ALL.map(|story| {
            let path = folder.join(format!("{}-{}.wasm", story.name(), server.port()));
            std::fs::write(&path, story.component(&server)).unwrap();
            let tool = Tool::load(guests::engine(), &path, Some(&state)).unwrap();
            (story, path, tool)
        });
        Self { server, trap, tools: tools.into() }
    }

    /// Makes a run that ends at a point.
    pub fn run(&self, story: Story, fsync: Fsync, point: &Point) -> Result<Left, String> {
        let folder = story.folder(&self.server.url(""));
        let before = folder.snapshot("work");
        let requests_before = self.server.asked().len();
        let (_, path, tool) = self.tools.iter().find(|(of, _, _)| *of == story).unwrap();
        let (fsync, _) = FSYNCS.iter().find(|(_, value)| *value == fsync).unwrap();
        self.trap.set(if let Point::Requested(number) = point { Some(*number) } else { None });
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", story.name()])
            .arg(path)
            .arg(folder.path(""))
            .args([*fsync, &point.to_string()])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        self.trap.arm(&child);
        if let Point::Seen(path) = point {
            watch(&mut child, &folder, &before, path);
        }
        let output = child.wait_with_output().unwrap();
        let killed = ended(output.status, &output.stderr)?;
        Ok(Left {
            before,
            journal: std::fs::read(folder.path(JOURNAL)).unwrap_or_default(),
            synced: std::fs::read_to_string(folder.path("run.synced")).ok().map(|text| text.parse().unwrap()),
            requests: self.server.asked().split_off(requests_before),
            killed,
            tool: tool.clone(),
            folder,
        })
    }
}

/// Whether a run was killed; how else it may end is in order.
fn ended(status: ExitStatus, stderr: &[u8]) -> Result<bool, String> {
    match (status.signal(), status.code()) {
        (Some(KILLED), _) => Ok(true),
        (None, Some(0)) => Ok(false),
        _ => Err(format!("the run ended with {status}: {}", String::from_utf8_lossy(stderr).trim_end())),
    }
}

/// Kills a run as soon as something under this name is not as it was.
fn watch(child: &mut Child, folder: &Folder, before: &BTreeMap<PathBuf, Entry>, path: &str) {
    let file = folder.path("work").join(path);
    let was = before.get(Path::new(path));
    while child.try_wait().unwrap().is_none() {
        let is_changed = match (was, std::fs::symlink_metadata(&file)) {
            (Some(Entry::File(contents)), Ok(now)) => now.len() != u64::try_from(contents.len()).unwrap(),
            (Some(_), Ok(_)) | (None, Err(_)) => false,
            (Some(_), Err(_)) | (None, Ok(_)) => true,
        };
        if is_changed {
            child.kill().unwrap();
            return;
        }
        std::thread::yield_now();
    }
}

impl Trap {
    fn set(&self, at: Option<u64>) {
        *self.state.lock().unwrap() = Set { at, seen: 0, process: None };
    }

    fn arm(&self, child: &Child) {
        let process = Pid::from_child(child);
        self.state.lock().unwrap().process = Some(process);
        self.armed.notify_all();
    }

    fn request(&self) {
        let mut set = self.state.lock().unwrap();
        set.seen += 1;
        if set.at != Some(set.seen - 1) {
            return;
        }
        let set = self.armed.wait_while(set, |set| set.process.is_none()).unwrap();
        // A run that is gone already was not waiting for its answer.
        let _ = kill_process(set.process.unwrap(), Signal::KILL);
    }
}
