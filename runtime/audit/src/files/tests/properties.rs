//! Whatever a tool does to its files, they are restored as the disk has them.

use proptest::prelude::*;

use super::disk::Disk;
use super::*;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// One step: what, on which names or open files, where, with how many bytes.
type Step = (u8, usize, usize, usize, usize);

fn step(disk: &mut Disk, (what, one, other, offset, length): Step) {
    let bytes: Vec<u8> = (0..length).map(|at| u8::try_from((at * 7 + offset + 1) % 251).unwrap()).collect();
    let open = if disk.open.is_empty() { None } else { Some(one % disk.open.len()) };
    match (what, open) {
        (0 | 1, _) => {
            disk.open(NAMES[one], what == 1);
        }
        (2, _) => disk.rename(NAMES[one], NAMES[other]),
        (3, _) => disk.delete(NAMES[one]),
        (4, _) => disk.link(NAMES[one], NAMES[other]),
        (5 | 6, Some(open)) => disk.write(open, offset, &bytes),
        (7, Some(open)) => disk.append(open, &bytes),
        (8, Some(open)) => disk.resize(open, offset),
        (9, Some(open)) => disk.read(open, offset, length),
        (10, Some(open)) => disk.close(open),
        _ => {}
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0..11_u8, 0..4_usize, 0..4_usize, 0..300_usize, 0..200_usize), 1..60)
}

proptest! {
    #[test]
    fn files_that_a_run_made_are_restored_whole(steps in steps()) {
        let mut disk = Disk::new();
        for it in steps {
            step(&mut disk, it);
        }
        let (folder, list) = restored(&mut disk.files);
        prop_assert_eq!(folder.contents(), disk.all());
        prop_assert!(list.values().all(|left| matches!(left, Completeness::Whole { .. })), "{:?}", list);
    }

    #[test]
    fn what_is_listed_is_the_difference_of_before_and_after(steps in steps(), keep in any::<bool>()) {
        let mut disk = Disk::new();
        disk.keep = keep;
        disk.was_there("a", b"as it was");
        disk.was_there("b", &[b'x'; 1000]);
        let before = disk.all();
        for it in steps {
            step(&mut disk, it);
        }
        let after = disk.all();
        let changes = disk.files.changes(&mut NoBlobs).unwrap();
        let state = |contents: Option<&Vec<u8>>| contents.map(|bytes| *blake3::hash(bytes).as_bytes());
        for change in &changes {
            let path = change.path.as_str();
            for (said, is) in [(&change.before, state(before.get(path))), (&change.after, state(after.get(path)))] {
                match said {
                    State::Absent => prop_assert_eq!(is, None, "{:?}", change),
                    // What is said is so; not everything can be said.
                    State::File { blake3: Some(blake3), .. } => prop_assert_eq!(Some(*blake3), is, "{:?}", change),
                    State::File { blake3: None, .. } => prop_assert!(is.is_some(), "{:?}", change),
                    other => prop_assert!(matches!(other, State::Unknown), "{:?}", change),
                }
            }
        }
        for path in before.keys().chain(after.keys()) {
            // A file that was made by a second name may have been changed by the first.
            let listed = changes.iter().any(|change| change.path.as_str() == path);
            prop_assert!(listed || before.get(path) == after.get(path), "{} is not listed", path);
        }
    }
}
