use wasm_agent_journal::Before;
use wasm_agent_policy::Action;

use super::disk::Disk;
use super::*;

fn of(bytes: &[u8]) -> State {
    let length = Some(u64::try_from(bytes.len()).unwrap());
    State::File { length, blake3: Some(*blake3::hash(bytes).as_bytes()) }
}

fn changes(disk: &mut Disk) -> Vec<(String, ChangeKind, State, State)> {
    let changes = disk.files.changes(&mut NoBlobs).unwrap();
    changes
        .into_iter()
        .map(|change| (change.path.as_str().to_owned(), change.kind, change.before, change.after))
        .collect()
}

#[test]
fn a_file_written_at_once_has_the_digest_of_what_was_written() {
    let mut disk = Disk::new();
    disk.keep = false;
    disk.was_there("a", b"old");
    let open = disk.open("a", true);
    let text = vec![b'n'; 1000];
    disk.write(open, 0, &text);
    assert_eq!(changes(&mut disk), [("/w/a".to_owned(), ChangeKind::Changed, of(b"old"), of(&text))]);
    // Its bytes are not in the journal.
    let (folder, list) = restored(&mut disk.files);
    assert_eq!((folder.files.len(), &list["/w/a"]), (0, &Completeness::Unknown { length: Some(1000) }));
    disk.write(open, 1000, b"more");
    assert_eq!(changes(&mut disk)[0].3, State::File { length: Some(1004), blake3: None });
    let (folder, list) = restored(&mut disk.files);
    assert_eq!(list["/w/a"], Completeness::Partial { length: Some(1004), known: 4, cut: false });
    assert_eq!(folder.contents()["/w/a"], [vec![0; 1000], b"more".to_vec()].concat());
}

#[test]
fn a_file_replaced_by_a_new_one_is_changed_and_its_other_name_temporary() {
    let mut disk = Disk::new();
    disk.was_there("a", b"old");
    let open = disk.open("a.new", false);
    disk.write(open, 0, b"new");
    disk.rename("a.new", "a");
    let expected = [
        ("/w/a".to_owned(), ChangeKind::Changed, of(b"old"), of(b"new")),
        ("/w/a.new".to_owned(), ChangeKind::Temporary, State::Absent, State::Absent),
    ];
    assert_eq!(changes(&mut disk), expected);
    let listed = disk.files.changes(&mut NoBlobs).unwrap();
    assert_eq!(listed[0].from, Some(path("/w/a.new")));
    assert_eq!(listed[1].to, Some(path("/w/a")));
}

#[test]
fn a_file_moved_keeps_what_is_known_of_it() {
    let mut disk = Disk::new();
    disk.was_there("a", b"text");
    let open = disk.open("a", false);
    disk.read(open, 0, 100);
    disk.read(open, 4, 100);
    disk.rename("a", "b");
    let expected = [
        ("/w/a".to_owned(), ChangeKind::Removed, of(b"text"), State::Absent),
        ("/w/b".to_owned(), ChangeKind::Renamed, State::Absent, of(b"text")),
    ];
    assert_eq!(changes(&mut disk), expected);
}

#[test]
fn a_file_that_was_only_read_is_restored_and_not_listed() {
    let mut disk = Disk::new();
    disk.was_there("a", b"0123456789");
    let open = disk.open("a", false);
    disk.read(open, 2, 3);
    let (folder, list) = restored(&mut disk.files);
    assert_eq!(folder.contents()["/w/a"], b"\0\x00234\0\0\0\0\0");
    assert_eq!(list["/w/a"], Completeness::Partial { length: Some(10), known: 3, cut: false });
    assert_eq!(changes(&mut disk), []);
}

#[test]
fn what_is_written_without_a_name_changes_no_other_file() {
    let mut disk = Disk::new();
    let open = disk.open("a", false);
    disk.write(open, 0, b"first");
    disk.delete("a");
    disk.open("a", false);
    disk.write(open, 0, b"nobody sees this");
    assert_eq!(changes(&mut disk), [("/w/a".to_owned(), ChangeKind::Created, State::Absent, of(b""))]);
}

#[test]
fn an_effect_without_an_outcome_may_have_happened() {
    let mut disk = Disk::new();
    disk.was_there("a", b"text");
    let before = Before { length: 4, blake3: Some(*blake3::hash(b"text").as_bytes()) };
    disk.effect(&Action::FileDelete { path: path("/w/a") }, Some(before), false);
    assert_eq!(changes(&mut disk), [("/w/a".to_owned(), ChangeKind::Uncertain, of(b"text"), State::Unknown)]);
}

#[test]
fn a_directory_that_is_renamed_takes_its_files_along() {
    let mut disk = Disk::new();
    disk.effect(&Action::DirCreate { path: path("/w/d") }, None, true);
    disk.value(
        "create-directory-at",
        |out| {
            out.array(2).u64(0).str("d");
        },
        |out| {
            out.null();
        },
    );
    let open = disk.open("d/x", false);
    disk.write(open, 0, b"one");
    let action = Action::FileRename { from: path("/w/d"), to: path("/w/e"), replaces: false, directory: true };
    disk.effect(&action, None, true);
    disk.value(
        "rename-at",
        |out| {
            out.array(4).u64(0).str("d").u64(0).str("e");
        },
        |out| {
            out.null();
        },
    );
    disk.write(open, 3, b"two");
    let (folder, _) = restored(&mut disk.files);
    assert_eq!(folder.directories, ["/w/e"]);
    assert_eq!(folder.contents()["/w/e/x"], b"onetwo");
}

#[test]
fn bytes_of_a_write_that_failed_are_not_known() {
    let mut disk = Disk::new();
    let open = disk.open("a", false);
    disk.write(open, 0, b"sure");
    let (stream, handle) = (disk.handle(), disk.open[open].0);
    disk.value(
        "write-via-stream",
        |out| {
            out.array(2).u64(handle.into()).u64(4);
        },
        |out| {
            out.u64(stream.into());
        },
    );
    disk.value(
        "wasi:io/streams#[method]output-stream.write",
        |out| {
            out.array(2).u64(stream.into()).bytes_inline(b"lost?");
        },
        |out| {
            out.null();
        },
    );
    assert_eq!(changes(&mut disk)[0].3, of(b"surelost?"));
    disk.error("wasi:io/streams#[method]output-stream.blocking-flush", stream);
    assert_eq!(changes(&mut disk)[0].3, State::File { length: None, blake3: None });
    let (_, list) = restored(&mut disk.files);
    assert_eq!(list["/w/a"], Completeness::Partial { length: None, known: 4, cut: false });
}
