//! What the runs do: files read, made, changed, renamed and deleted, requests sent, questions asked.

use wasm_agent_host::{Invocation, LoadError, Tool};
use wasm_agent_tests::server::{Answer, ReceivedRequest, answer};
use wasm_agent_tests::{Folder, OpenMode, Probe, Sent, Server, guests};

/// A tool with what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Story {
    /// Every kind of effect, with reads between them whose contents go into blobs.
    Everything,
    /// The tool `edit-files`, which asks before each change.
    EditFiles,
    /// The tool `open-issue`, which sends a request that nobody can take back.
    OpenIssue,
}

impl Story {
    pub const ALL: [Self; 3] = [Self::Everything, Self::EditFiles, Self::OpenIssue];

    pub fn name(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::EditFiles => "edit-files",
            Self::OpenIssue => "open-issue",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|story| story.name() == name)
    }

    /// The tool's component. One that is made here knows the server by its address.
    pub fn component(self, server: &Server) -> Vec<u8> {
        match self {
            Self::Everything => everything(&server.address().to_string()).component(),
            Self::EditFiles | Self::OpenIssue => std::fs::read(guests::path(self.name())).unwrap(),
        }
    }

    pub fn arguments(self) -> Vec<String> {
        let arguments: &[&str] = match self {
            Self::EditFiles => &["/work", "colour", "color"],
            Self::Everything | Self::OpenIssue => &[],
        };
        arguments.iter().map(|argument| (*argument).to_owned()).collect()
    }

    pub fn invocation(self, tool: &Tool) -> Result<Invocation, LoadError> {
        match self {
            Self::Everything | Self::EditFiles => Invocation::command(tool),
            Self::OpenIssue => {
                let issue =
                    r#"{repository: "acme/site", title: "Broken link", body: "On the front page.", labels: []}"#;
                Invocation::parse(tool, &format!("open-issue({issue})"))
            }
        }
    }

    /// The folder that a run begins with. The policy names the server.
    pub fn folder(self, server: &str) -> Folder {
        let folder = Folder::with([
            ("work/a.txt", "colour one\n"),
            ("work/b.txt", "colour two\n"),
            ("work/c.txt", "no such word\n"),
            ("work/old.txt", "old\n"),
            ("work/over.txt", "over\n"),
            ("work/gone.txt", "gone\n"),
        ]);
        if self == Self::Everything {
            // One that goes into a blob, and one that is written past the buffer.
            folder.write("work/long.txt", "long\n".repeat(200));
            folder.write("work/longer.txt", "longer\n".repeat(12_000));
        }
        let http = format!("url = \"{server}/**\"\nnetworks = [\"127.0.0.0/8\"]\n");
        let policy = format!(
            "version = 1\n\
             [[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\n\
             [[http]]\n{http}\n[[http]]\n{http}methods = [\"POST\", \"DELETE\"]\n\
             [environment]\nset = {{ ISSUES_URL = \"{server}\" }}\n"
        );
        folder.write("policy.toml", policy);
        folder
    }
}

/// What the server answers, in every story.
pub fn respond(_: &ReceivedRequest) -> Answer {
    answer(201, r#"{"number": 7, "html_url": "https://example.test/7"}"#)
}

/// Every kind of effect, once or more.
fn everything(server: &str) -> Probe {
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.stat(work, "a.txt");
    let long = probe.open(work, "long.txt", OpenMode::READ);
    probe.read(long, 1000);
    probe.create_dir(work, "dir");
    let new = probe.open(work, "dir/new.txt", OpenMode::CREATE_NEW);
    for text in ["one", "two", "three"] {
        probe.write(new, text);
    }
    let longer = probe.open(work, "longer.txt", OpenMode::READ);
    probe.read(longer, 80_000);
    probe.open(work, "a.txt", OpenMode::TRUNCATE);
    let changed = probe.open(work, "b.txt", OpenMode::WRITE);
    probe.write(changed, "changed");
    probe.set_size(changed, 4);
    probe.request(request("GET", server, "/look"));
    probe.rename(work, "old.txt", "renamed.txt");
    probe.rename(work, "renamed.txt", "over.txt");
    probe.unlink(work, "gone.txt");
    probe.request(request("POST", server, "/change"));
    probe.symlink(work, "a.txt", "link");
    probe.link(work, "c.txt", "hard.txt");
    probe.touch(work, "b.txt");
    probe.read(long, 1000);
    probe.unlink(work, "dir/new.txt");
    probe.remove_dir(work, "dir");
    probe.request(request("DELETE", server, "/change"));
    probe
}

fn request<'a>(method: &'a str, authority: &'a str, path: &'a str) -> Sent<'a> {
    Sent { method, authority, path, headers: &[] }
}
