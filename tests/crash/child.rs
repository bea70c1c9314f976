//! The process that is ended: a run of the host, as any program that uses it would make one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_agent_host::approval::{Answer, AnswerFuture, ApprovalRequest, Approver, Remember, Settled};
use wasm_agent_host::journal::Fsync;
use wasm_agent_host::{Compiler, Engine, Grants, OutputSink, Run, StateDir, Stream, Tool};

use crate::point::Point;
use crate::stage::{FSYNCS, JOURNAL, POLICY, STATE};
use crate::store::{Store, die};
use crate::story::Story;

/// What the process is told: the story, its tool, the folder to work in, when to sync, where to end.
pub fn run(words: &[&str]) -> ExitCode {
    let [story, tool, folder, fsync, point] = words else { panic!("`child` takes five words, not {words:?}") };
    let story = Story::named(story).unwrap();
    let (_, fsync) = *FSYNCS.iter().find(|(name, _)| name == fsync).unwrap();
    let point: Point = point.parse().unwrap();
    match execute(story, Path::new(tool), &PathBuf::from(folder), fsync, &point) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(5)
        }
    }
}

fn execute(
    story: Story,
    tool: &Path,
    folder: &Path,
    fsync: Fsync,
    point: &Point,
) -> Result<(), Box<dyn std::error::Error>> {
    let state = StateDir::open(&tool.parent().unwrap().join(STATE))?;
    let tool = Tool::load(&Engine::new(Compiler::in_process())?, tool, Some(&state))?;
    let grants = Grants::load(&folder.join(POLICY), &|_| None)?;
    let answers = Arc::new(Yes { point: point.clone(), asked: AtomicU64::new(0) });
    let printer = Arc::new(Printer { point: point.clone(), printed: AtomicU64::new(0) });
    let run = Run::new(&tool, Arc::new(grants), story.invocation(&tool)?)?
        .arguments(story.arguments())
        .approver(answers)
        .output(printer)
        .fsync(fsync);
    run.execute_blocking(Store::create(&folder.join(JOURNAL), point.clone())?)?;
    Ok(())
}

/// Approves everything, or ends while it should.
struct Yes {
    point: Point,
    asked: AtomicU64,
}

impl Approver for Yes {
    fn name(&self) -> String {
        "yes".to_owned()
    }

    fn ask<'a>(&'a self, _: &'a ApprovalRequest) -> AnswerFuture<'a> {
        if self.point == Point::Asked(self.asked.fetch_add(1, Ordering::Relaxed)) {
            die();
        }
        let answer = Answer::Approve { remember: Remember::Once };
        Box::pin(std::future::ready(Ok(Settled { answer, approver: "yes".to_owned(), reason: None })))
    }
}

/// Throws away what the tool prints, or ends instead.
struct Printer {
    point: Point,
    printed: AtomicU64,
}

impl OutputSink for Printer {
    fn write(&self, _: Stream, _: &[u8]) -> std::io::Result<()> {
        if self.point == Point::Printed(self.printed.fetch_add(1, Ordering::Relaxed)) {
            die();
        }
        Ok(())
    }
}
