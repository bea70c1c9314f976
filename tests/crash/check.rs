//! What must hold of a run that was ended, wherever that was.
//!
//! - The journal reads and verifies, and what is behind its last seal is told apart from what it covers.
//! - What is seen to have happened, in the folder and at the server, has its intent in the journal.
//! - What the journal says was done is there.
//! - Effects without an outcome are listed.
//! - A replay goes as far as the record does and no further.
//! - Recovering it adds nothing: see [`recovery`].

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use wasm_agent_host::journal::{EffectId, Fsync, ReadError, Reader, Verification, to_json, verify};
use wasm_agent_host::{Discard, Recording, ReplayError, ReplayFailure};
use wasm_agent_tests::Folder;
use wasm_agent_tests::folder::Entry;

use crate::frames;
use crate::plan::Trial;
use crate::point::{Point, Remains};
use crate::recovery;
use crate::stage::Left;

/// What was found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// The run was ended there. Otherwise it was over before.
    pub killed: bool,
    /// Not even a header is there.
    pub headless: bool,
    /// Something stands behind the last seal.
    pub tail: bool,
    /// Part of a record stands at the end.
    pub torn: bool,
    /// Effects that may have happened.
    pub open: u64,
    /// There was something to recover, and it was.
    pub recovered: bool,
}

/// Checks what a run left.
pub fn check(trial: &Trial, left: &Left) -> Result<Found, String> {
    let events = events(&left.journal)?;
    let mut found = Found { killed: left.killed, ..Found::default() };
    nothing_unannounced(trial, left, &events)?;
    let verified = match verify(Cursor::new(&left.journal)) {
        Ok(verified) => verified,
        Err(ReadError::NoHeader { .. } | ReadError::NotAJournal { .. }) if events.is_empty() => {
            found.headless = true;
            return Ok(found);
        }
        Err(error) => return Err(format!("it does not verify: {error}")),
    };
    found.tail = verified.tail.is_some();
    found.torn = verified.tail.is_some_and(|tail| tail.torn_bytes > 0);
    found.open = verified.open_effects.count();
    ends_where_it_was_ended(trial, left, &verified, events.len())?;
    open_effects_are_listed(&events, &verified)?;
    if !trial.point.is_power_loss() {
        what_was_done_is_there(left, &events)?;
    }
    replays(&left.journal, left, has_end(&events))?;
    found.recovered = recovery::check(left, &verified)?;
    Ok(found)
}

/// The whole records of a journal as JSON.
pub fn events(journal: &[u8]) -> Result<Vec<Value>, String> {
    let Ok(mut reader) = Reader::open(Cursor::new(journal)) else { return Ok(Vec::new()) };
    let mut events = Vec::new();
    while let Some(record) = reader.next().map_err(|error| format!("it does not read: {error}"))? {
        events.push(to_json(&record));
    }
    Ok(events)
}

/// The intents of a journal.
pub fn announced(journal: &[u8]) -> Vec<Value> {
    let events = events(journal).unwrap();
    events.into_iter().filter(|event| event["event"] == "intent").collect()
}

/// The paths that an intent is about, as seen from `work`.
pub fn paths(intent: &Value) -> Vec<String> {
    let action = &intent["action"];
    let paths = ["path", "from", "to"].iter().filter_map(|key| action[*key].as_str());
    paths.map(|path| path.trim_start_matches("/work/").to_owned()).collect()
}

/// The request that an intent is about.
pub fn request(intent: &Value) -> String {
    let url = intent["action"]["url"].as_str().unwrap_or_default();
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    format!("{} /{path}", intent["action"]["method"].as_str().unwrap_or_default())
}

/// Names below `work` that are not as they were.
pub fn changed(folder: &Folder, before: &BTreeMap<PathBuf, Entry>) -> BTreeSet<String> {
    let after = folder.snapshot("work");
    let names = before.keys().chain(after.keys());
    let changed = names.filter(|name| before.get(*name) != after.get(*name));
    changed.map(|name| name.to_str().unwrap().to_owned()).collect()
}

/// No effect took place whose intent is not in the file.
fn nothing_unannounced(trial: &Trial, left: &Left, events: &[Value]) -> Result<(), String> {
    let intents: Vec<&Value> = events.iter().filter(|event| event["event"] == "intent").collect();
    let announced: BTreeSet<String> = intents.iter().flat_map(|intent| paths(intent)).collect();
    // What can be undone may be forgotten when the power fails: that is the bargain of `effects`.
    let bargain = trial.point.is_power_loss() && matches!(trial.fsync, Fsync::Effects);
    let owed = |path: &String| !bargain || trial.whole.irreversible.contains(path);
    for path in changed(&left.folder, &left.before) {
        if owed(&path) && !announced.contains(&path) {
            return Err(format!("`{path}` changed, and nothing in the journal announces it"));
        }
    }
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for asked in &left.requests {
        *sent.entry(format!("{} {}", asked.method, asked.target)).or_default() += 1;
    }
    for (request, count) in sent {
        let intents = intents.iter().filter(|intent| self::request(intent) == request).count();
        let owed = !bargain || trial.whole.irreversible_requests.contains(&request);
        if owed && count > intents {
            return Err(format!("the server got `{request}` {count} times, the journal announces it {intents} times"));
        }
    }
    Ok(())
}

/// The journal holds what was written, reads to the end of it, and says what is behind.
fn ends_where_it_was_ended(trial: &Trial, left: &Left, verified: &Verification, events: usize) -> Result<(), String> {
    let journal = match trial.point {
        Point::Power(_, _, Remains::Zeros) => &left.journal[..left.synced.unwrap_or(left.journal.len())],
        _ => &left.journal[..],
    };
    let whole = frames::whole(journal);
    let end = whole.last().map_or(0, |frame| frame.end);
    let torn = u64::try_from(left.journal.len() - end).unwrap();
    let told = verified.tail.map_or(0, |tail| tail.torn_bytes);
    let records = u64::try_from(whole.len()).unwrap();
    if (verified.records, events) != (records, whole.len()) {
        let read = verified.records;
        return Err(format!("{records} records were written; {read} verify and {events} are read"));
    }
    if told != torn {
        return Err(format!("{torn} bytes are left of a record; it says {told}"));
    }
    if left.killed && verified.complete && !matches!(trial.point, Point::Sync(..) | Point::Record(..) | Point::Seen(_))
    {
        return Err("the run was ended, and its journal is complete".to_owned());
    }
    if !left.killed && !verified.complete {
        return Err("the run came to its end, and its journal did not".to_owned());
    }
    Ok(())
}

/// What may have happened is what has an intent and no outcome.
fn open_effects_are_listed(events: &[Value], verified: &Verification) -> Result<(), String> {
    let effects = |name: &str| -> BTreeSet<EffectId> {
        let events = events.iter().filter(|event| event["event"] == name);
        events.map(|event| EffectId(event["effect"].as_u64().unwrap())).collect()
    };
    let open: BTreeSet<EffectId> = effects("intent").difference(&effects("outcome")).copied().collect();
    if open == verified.open_effects.effects {
        Ok(())
    } else {
        Err(format!("effects {open:?} have no outcome; it says {:?}", verified.open_effects))
    }
}

/// The last thing that was done to each file is what is there, and the server got each request that was answered.
fn what_was_done_is_there(left: &Left, events: &[Value]) -> Result<(), String> {
    let done = |effect: &Value| {
        events.iter().any(|event| {
            event["event"] == "outcome" && event["effect"] == effect["effect"] && event["result"] == "done"
        })
    };
    let mut last: BTreeMap<String, (bool, Option<bool>)> = BTreeMap::new();
    for intent in events.iter().filter(|event| event["event"] == "intent") {
        let kind = intent["action"]["kind"].as_str().unwrap_or_default();
        if kind == "http.request" {
            let got = left.requests.iter().any(|asked| format!("{} {}", asked.method, asked.target) == request(intent));
            if done(intent) && !got {
                return Err(format!("`{}` is recorded as done, and the server did not get it", request(intent)));
            }
            continue;
        }
        let paths = paths(intent);
        for (index, path) in paths.iter().enumerate() {
            let there = match kind {
                "file.create" | "dir.create" | "link.create" => Some(index + 1 == paths.len()).filter(|there| *there),
                "file.delete" | "dir.remove" => Some(false),
                "file.rename" => Some(index > 0),
                _ => None,
            };
            last.insert(path.clone(), (done(intent), there));
        }
    }
    for (path, (done, there)) in last {
        let found = left.folder.has(&format!("work/{path}"));
        if done && there.is_some_and(|there| there != found) {
            return Err(format!("`{path}` is not as the journal's last effect on it left it"));
        }
    }
    Ok(())
}

/// Whether the run's end is recorded, with a seal behind it or without one.
pub fn has_end(events: &[Value]) -> bool {
    events.iter().any(|event| event["event"] == "end")
}

/// A replay goes through what is recorded, and then comes to the recorded end or says that there is none.
pub fn replays(journal: &[u8], left: &Left, has_end: bool) -> Result<(), String> {
    let recording = Recording::open(Cursor::new(journal.to_vec())).map_err(|error| error.to_string())?;
    match recording.replay_blocking(&left.tool, Arc::new(Discard)) {
        Ok(_) if has_end => Ok(()),
        Err(ReplayFailure::Replay(ReplayError::Incomplete { .. })) if !has_end => Ok(()),
        Ok(_) => Err("a replay of half a run came to an end".to_owned()),
        Err(error) => Err(format!("a replay went another way: {error:?}")),
    }
}
