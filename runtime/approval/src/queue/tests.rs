#![expect(clippy::disallowed_methods, reason = "looks at the queue from outside")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use super::answer::answer_name;
use super::*;
use crate::request::samples::{checkpoint, delete_file, post_issue};
use crate::{Answer, ApprovalRequest, Approver as _, ApproverError, Detail, Remember, Settled};

/// A run that asks in a queue, as far as the queue can tell.
async fn asked<T>(
    queue: &Path,
    request: ApprovalRequest,
    answer: impl FnOnce(Queue) -> T + Send + 'static,
) -> (Result<Settled, ApproverError>, T)
where
    T: Send + 'static,
{
    let approver = QueueApprover::new(Queue::to_ask(queue).unwrap());
    let other = Queue::to_answer(queue).unwrap();
    let answering = tokio::task::spawn_blocking(move || {
        while other.entries().unwrap().is_empty() {
            std::thread::yield_now();
        }
        answer(other)
    });
    let settled = approver.ask(&request).await;
    (settled, answering.await.unwrap())
}

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let queue = folder.path().join("queue");
    (folder, queue)
}

fn only(queue: &Queue) -> Found {
    match queue.entries().unwrap().pop() {
        Some(Entry::Question(found)) => *found,
        other => panic!("{other:?}"),
    }
}

fn reply(answer: Answer) -> Reply {
    Reply { answer, reason: Some("because".to_owned()) }
}

const APPROVED: Answer = Answer::Approve { remember: Remember::Once };

/// The files of a queue, by their endings.
fn files(queue: &Path) -> usize {
    fs::read_dir(queue).unwrap().count()
}

#[tokio::test]
async fn an_answer_reaches_the_run_and_leaves_nothing() {
    for answer in [
        APPROVED,
        Answer::Approve { remember: Remember::Run },
        Answer::Refuse { stop: false },
        Answer::Refuse { stop: true },
    ] {
        let (_folder, path) = folder();
        let (settled, shown) = asked(&path, post_issue(), move |queue| {
            let found = only(&queue);
            assert!(found.is_awaited && found.answered_by.is_none());
            queue.answer(&found.waiting, &reply(answer)).unwrap();
            found.waiting.request
        })
        .await;
        let settled = settled.unwrap();
        assert_eq!((settled.answer, settled.reason.as_deref()), (answer, Some("because")));
        assert_eq!(settled.approver, format!("queue, user {}", rustix::process::geteuid().as_raw()));
        assert_eq!((shown, files(&path)), (post_issue(), 0));
    }
}

#[tokio::test]
async fn the_first_of_two_answers_counts() {
    let (_folder, path) = folder();
    let (settled, second) = asked(&path, post_issue(), |queue| {
        let found = only(&queue);
        // As two people who both see the question unanswered.
        let first = queue.put(&answer_name(&found.waiting.id), b"{}", |_| Ok(())).unwrap();
        (first, queue.answer(&found.waiting, &reply(APPROVED)).unwrap_err())
    })
    .await;
    assert!(settled.is_err(), "it takes the first one, which is not in the form of an answer");
    let (first, second) = second;
    assert!(first.is_some());
    assert!(matches!(second, QueueError::Answered { .. } | QueueError::NoQuestion { .. }), "{second}");
}

#[tokio::test]
async fn an_answer_to_anything_else_is_refused() {
    let changes: [fn(&mut serde_json::Value); 5] = [
        |answer| answer["question"] = "0".repeat(32).into(),
        |answer| answer["run"] = "00".repeat(16).into(),
        |answer| answer["action"] = "00".repeat(32).into(),
        |answer| answer["shown"] = "00".repeat(32).into(),
        |answer| answer["decision"] = "perhaps".into(),
    ];
    for change in changes {
        let (_folder, path) = folder();
        let (settled, ()) = asked(&path, post_issue(), move |queue| forge(&queue, change)).await;
        assert!(matches!(settled, Err(ApproverError::Io { doing: "read the answer", .. })), "{settled:?}");
        assert_eq!(files(&path), 0);
    }
    // Unchanged, it holds.
    let (_folder, path) = folder();
    let (settled, ()) = asked(&path, post_issue(), |queue| forge(&queue, |_| {})).await;
    assert_eq!(settled.unwrap().answer, APPROVED);
}

/// Puts a changed answer into the queue.
fn forge(queue: &Queue, change: impl FnOnce(&mut serde_json::Value)) {
    let waiting = only(queue).waiting;
    let mut answer = answer_to(&waiting, "approve");
    change(&mut answer);
    queue.put(&answer_name(&waiting.id), answer.to_string().as_bytes(), |_| Ok(())).unwrap().unwrap();
}

/// An answer as the published schema has it, and as the queue wants it bound.
fn answer_to(waiting: &Waiting, decision: &str) -> serde_json::Value {
    serde_json::json!({
        "question": waiting.id, "run": waiting.request.run, "action": waiting.request.action.digest,
        "shown": waiting.shown, "decision": decision,
    })
}

#[tokio::test]
async fn an_answer_that_is_cut_anywhere_is_refused() {
    for length in 0.. {
        let (_folder, path) = folder();
        let (settled, whole) = asked(&path, post_issue(), move |queue| {
            let waiting = only(&queue).waiting;
            let answer = answer_to(&waiting, "approve").to_string();
            let part = answer.as_bytes().get(..length).unwrap_or(answer.as_bytes());
            queue.put(&answer_name(&waiting.id), part, |_| Ok(())).unwrap().unwrap();
            answer.len()
        })
        .await;
        assert_eq!(settled.is_ok(), length == whole, "{length} of {whole}");
        if length == whole {
            break;
        }
    }
}

#[tokio::test]
async fn a_question_of_a_run_that_is_gone_is_not_answered() {
    let (_folder, path) = folder();
    let approver = QueueApprover::new(Queue::to_ask(&path).unwrap());
    let request = delete_file();
    // As a killed process leaves it: the file without the lock.
    let left = {
        let mut asking = approver.ask(&request);
        assert!(tokio::time::timeout(Duration::ZERO, &mut asking).await.is_err());
        let queue = Queue::to_answer(&path).unwrap();
        let name = queue.names(".question").unwrap().remove(0);
        (name.clone(), fs::read(path.join(name)).unwrap())
    };
    assert_eq!(files(&path), 0, "a run that gives up takes its question away");
    fs::write(path.join(left.0), left.1).unwrap();
    let queue = Queue::to_answer(&path).unwrap();
    let found = only(&queue);
    assert!(!found.is_awaited);
    let refused = queue.answer(&found.waiting, &reply(APPROVED)).unwrap_err();
    assert!(matches!(refused, QueueError::Gone { .. }), "{refused}");
    assert_eq!(files(&path), 1);
}

#[test]
fn a_queue_is_private_or_of_one_group() {
    let (_folder, path) = folder();
    Queue::to_ask(&path).unwrap();
    for mode in 0..0o10000 {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let opened = Queue::to_answer(&path);
        match mode {
            0o700 | 0o2700 | 0o3770 => assert!(opened.is_ok(), "{mode:o}"),
            _ => assert!(opened.is_err(), "{mode:o}"),
        }
    }
}

#[test]
fn a_file_that_holds_no_question_is_named() {
    let (_folder, path) = folder();
    let queue = Queue::to_ask(&path).unwrap();
    fs::write(path.join("a.question"), "{}").unwrap();
    symlink("a.question", path.join("b.question")).unwrap();
    fs::create_dir(path.join("c.question")).unwrap();
    fs::write(path.join("d.question"), vec![b' '; usize::try_from(QUESTION_BYTES_MAX).unwrap() + 1]).unwrap();
    fs::write(path.join("beside"), "{}").unwrap();
    let entries = queue.entries().unwrap();
    assert!(entries.iter().all(|entry| matches!(entry, Entry::Problem(_))) && entries.len() == 4, "{entries:?}");
    for name in ["", "a", "../a", "zz"] {
        assert!(queue.find(name).is_err(), "{name}");
    }
}

#[tokio::test]
async fn a_question_whose_text_was_changed_is_not_taken_for_one() {
    let (_folder, path) = folder();
    let ((), entry) = {
        let (settled, entry) = asked(&path, post_issue(), |queue| {
            let waiting = only(&queue).waiting;
            let name = format!("{}.question", waiting.id);
            let text = fs::read_to_string(queue.path().join(&name)).unwrap();
            let changed = text.replace("https://api.example.com", "https://api.example.org");
            // In the place of the file that the run has open.
            fs::remove_file(queue.path().join(&name)).unwrap();
            fs::write(queue.path().join(&name), changed).unwrap();
            let entry = queue.entries().unwrap().remove(0);
            let refusal = answer_to(&waiting, "refuse").to_string();
            queue.put(&answer_name(&waiting.id), refusal.as_bytes(), |_| Ok(())).unwrap().unwrap();
            entry
        })
        .await;
        assert_eq!(settled.unwrap().answer, Answer::Refuse { stop: false });
        ((), entry)
    };
    assert!(matches!(entry, Entry::Problem(QueueError::NotAQuestion { .. })), "{entry:?}");
}

#[tokio::test]
async fn a_queue_that_is_gone_takes_no_question() {
    let (_folder, path) = folder();
    let approver = QueueApprover::new(Queue::to_ask(&path).unwrap());
    fs::remove_dir(&path).unwrap();
    let asked = approver.ask(&post_issue()).await;
    assert!(matches!(asked, Err(ApproverError::Io { .. })), "{asked:?}");
    // Another directory in its place is not the one that was checked.
    fs::create_dir(&path).unwrap();
    let asked = approver.ask(&post_issue()).await;
    assert!(matches!(asked, Err(ApproverError::Io { doing: "put the question into the queue", .. })), "{asked:?}");
    assert_eq!(files(&path), 0);
}

#[tokio::test]
async fn a_question_that_nobody_could_read_is_not_put() {
    let (_folder, path) = folder();
    let approver = QueueApprover::new(Queue::to_ask(&path).unwrap());
    let mut request = checkpoint();
    let long = "x".repeat(usize::try_from(QUESTION_BYTES_MAX).unwrap());
    request.action.detail = Detail::Checkpoint { title: "long".to_owned(), detail: long };
    let asked = approver.ask(&request).await;
    assert!(matches!(asked, Err(ApproverError::Unavailable { .. })), "{asked:?}");
    assert_eq!(files(&path), 0);
}
