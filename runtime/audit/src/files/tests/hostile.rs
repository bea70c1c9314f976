//! Journals that claim what no disk would do.

use wasm_agent_policy::Action;

use super::disk::Disk;
use super::*;

#[test]
fn a_write_at_an_absurd_offset_makes_no_file_of_that_size() {
    for offset in [1_u64 << 63, u64::MAX, u64::MAX - 1, 1 << 50] {
        let mut disk = Disk::new();
        let open = disk.open("a", false);
        let handle = disk.open[open].0;
        disk.value(
            "write",
            |out| {
                out.array(3).u64(handle.into()).bytes_inline(b"x").u64(offset);
            },
            |out| {
                out.u64(1);
            },
        );
        let mut folder = Lengths::default();
        let mut list = Vec::new();
        disk.files.restore(&mut folder, &mut NoBlobs, |restored| list.push(restored.completeness)).unwrap();
        assert!(folder.0.iter().all(|length| *length <= digest::FILE_BYTES_MAX), "{:?}", folder.0);
        assert!(list.iter().all(|left| !matches!(left, Completeness::Whole { .. })), "{list:?}");
        assert!(matches!(disk.files.changes(&mut NoBlobs).unwrap()[0].after, State::File { blake3: None, .. }));
    }
}

#[derive(Debug, Default)]
struct Lengths(Vec<u64>);

struct Nowhere;

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Nowhere {
    fn seek(&mut self, _: io::SeekFrom) -> io::Result<u64> {
        Ok(0)
    }
}

impl Folder for Lengths {
    type File = Nowhere;

    fn directory(&mut self, _: &GuestPath) -> io::Result<()> {
        Ok(())
    }

    fn file(&mut self, _: &GuestPath, length: u64) -> io::Result<Nowhere> {
        self.0.push(length);
        Ok(Nowhere)
    }
}

#[test]
fn a_journal_that_claims_files_without_end_is_followed_so_far() {
    let mut disk = Disk::new();
    for number in 0..70_000 {
        let path = path(&format!("/w/{number}"));
        disk.effect(&Action::DirCreate { path }, None, true);
        disk.value(
            "create-directory-at",
            |out| {
                out.array(2).u64(0).str("as it was asked for");
            },
            |out| {
                out.null();
            },
        );
    }
    assert!(disk.files.lost() > 0);
    assert!(disk.files.changes(&mut NoBlobs).unwrap().len() < 70_000);
}

/// Makes a file with a byte and as many zeroes that it is this long.
fn long(disk: &mut Disk, name: &str, length: u64) {
    let open = disk.open(name, false);
    let handle = disk.open[open].0;
    let write = |out: &mut wasm_agent_journal::Encoded| {
        out.array(3).u64(handle.into()).bytes_inline(b"x").u64(0);
    };
    disk.value("write", write, |out| {
        out.u64(1);
    });
    let resize = |out: &mut wasm_agent_journal::Encoded| {
        out.array(2).u64(handle.into()).u64(length);
    };
    disk.value("set-size", resize, |out| {
        out.null();
    });
}

fn digested(disk: &mut Disk) -> usize {
    let changes = disk.files.changes(&mut NoBlobs).unwrap();
    changes.iter().filter(|change| matches!(change.after, State::File { blake3: Some(_), .. })).count()
}

#[test]
fn files_that_no_disk_has_room_for_are_not_digested() {
    let mut disk = Disk::new();
    for number in 0..100 {
        long(&mut disk, &format!("long-{number}"), digest::FILE_BYTES_MAX + 1);
    }
    long(&mut disk, "short", 1000);
    assert_eq!((digested(&mut disk), disk.files.undigested()), (1, 100));
}

#[test]
fn a_journal_that_claims_many_files_is_digested_and_restored_so_far() {
    let mut disk = Disk::new();
    ["a", "b", "c"].into_iter().for_each(|name| long(&mut disk, name, 1000));
    disk.files.digest_left = 2500;
    assert_eq!((digested(&mut disk), disk.files.undigested()), (2, 1));
    disk.files.restore_left = 2;
    let (folder, list) = restored(&mut disk.files);
    assert_eq!(folder.contents().len(), 2);
    assert_eq!(list.values().filter(|left| matches!(left, Completeness::Failed { .. })).count(), 1, "{list:?}");
}

fn directory_with(names: u64) -> Disk {
    let mut disk = Disk::new();
    for number in 0..names {
        let path = path(&format!("/w/a/{number}"));
        disk.effect(&Action::DirCreate { path }, None, true);
        let arguments = |out: &mut wasm_agent_journal::Encoded| {
            out.array(2).u64(0).str("as it was asked for");
        };
        disk.value("create-directory-at", arguments, |out| {
            out.null();
        });
    }
    disk
}

/// Renames the directory and back again, so many times in all.
fn rename_directory(disk: &mut Disk, times: usize) {
    for time in 0..times {
        let (from, to) = if time % 2 == 0 { ("/w/a", "/w/b") } else { ("/w/b", "/w/a") };
        let action = Action::FileRename { from: path(from), to: path(to), replaces: false, directory: true };
        disk.effect(&action, None, true);
        let arguments = |out: &mut wasm_agent_journal::Encoded| {
            out.array(4).u64(0).str("from").u64(0).str("to");
        };
        disk.value("rename-at", arguments, |out| {
            out.null();
        });
    }
}

#[test]
fn renames_of_a_large_directory_take_steps_in_proportion_to_the_journal() {
    let mut disk = directory_with(400);
    rename_directory(&mut disk, 100);
    // As many as a real run has are followed.
    assert_eq!((disk.files.lost(), disk.files.changes(&mut NoBlobs).unwrap().len()), (0, 402));
    rename_directory(&mut disk, 3_000);
    assert!(disk.files.budget.spent <= WorkBudget::most(disk.files.calls()), "{:?}", disk.files.budget);
    // More are not, which is said: nothing is told of what stands at those names.
    assert!(disk.files.lost() > 0);
    let changes = disk.files.changes(&mut NoBlobs).unwrap();
    assert!(changes.iter().all(|change| (&change.after, change.kind) == (&State::Unknown, ChangeKind::Uncertain)));
    let taken = disk.files.budget.spent;
    rename_directory(&mut disk, 3_000);
    assert_eq!(disk.files.budget.spent, taken, "twice as many renames take no more");
}

#[test]
fn a_blob_counts_whole_however_little_of_it_a_piece_is() {
    let blob = |number: u8| BlobRef { digest: [number; 32], length: 1 << 20, offset: u64::from(number) };
    let piece = |number| (1, Source::Blob { blob: blob(number), skip: 7 });
    let whole = 1 << 20;
    for (pieces, expected) in [
        (vec![piece(1)], whole),
        // One after the other it is fetched once.
        (vec![piece(1), piece(1), piece(1)], whole + 2),
        (vec![piece(1), piece(2), piece(1), piece(2)], 4 * whole),
        (vec![piece(1), (5, Source::Zeroes), piece(1)], whole + 6),
    ] {
        assert_eq!(digest::cost(pieces.into_iter()), expected);
    }
}
