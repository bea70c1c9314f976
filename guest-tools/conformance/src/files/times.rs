//! Times of files.

use super::{create, work};
use crate::answer::case;
use crate::wasi::clocks::wall_clock::Datetime;
use crate::wasi::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, ErrorCode, NewTimestamp, OpenFlags, PathFlags,
};

pub(super) fn run() {
    let dir = work();
    let file = create(&dir, "times.txt");
    let Ok(file) = file else { return case("create times.txt", file.map(drop)) };
    for seconds in [0, 1, 86_400, 1 << 31, 1 << 32, 1 << 34, 1 << 35, i64::MAX as u64, 1 << 63, u64::MAX] {
        for nanoseconds in [0, 999_999_999, 1_000_000_000, u32::MAX] {
            let time = NewTimestamp::Timestamp(Datetime { seconds, nanoseconds });
            let name = format!("set-times {seconds}.{nanoseconds}");
            case(name, file.set_times(time, time).and_then(|()| file.stat()).map(|stat| times(&stat)));
        }
    }
    let (early, late) = (at(100), at(200));
    case("set both", file.set_times(early, late).and_then(|()| file.stat()).map(|stat| times(&stat)));
    case("set the first", file.set_times(late, NewTimestamp::NoChange).and_then(|()| file.stat().map(|s| times(&s))));
    case("set the second", file.set_times(NewTimestamp::NoChange, early).and_then(|()| file.stat().map(|s| times(&s))));
    case("set none", {
        let set = file.set_times(NewTimestamp::NoChange, NewTimestamp::NoChange);
        set.and_then(|()| file.stat()).map(|stat| times(&stat))
    });
    case(
        "set to now",
        file.set_times(NewTimestamp::Now, NewTimestamp::Now)
            .and_then(|()| file.stat())
            .map(|stat| times(&stat).map(|time| time.is_some_and(|(seconds, _)| seconds > 1_600_000_000))),
    );
    by_handle(&dir);
    by_path(&dir);
}

fn at(seconds: u64) -> NewTimestamp {
    NewTimestamp::Timestamp(Datetime { seconds, nanoseconds: 7 })
}

/// When it was read and written last.
fn times(stat: &DescriptorStat) -> [Option<(u64, u32)>; 2] {
    [stat.data_access_timestamp, stat.data_modification_timestamp]
        .map(|time| time.map(|time| (time.seconds, time.nanoseconds)))
}

/// When something was changed, if that is one of the moments that were set here.
fn modified(dir: &Descriptor, follow: PathFlags, path: &str) -> Result<Option<u64>, ErrorCode> {
    let time = dir.stat_at(follow, path)?.data_modification_timestamp;
    Ok(time.map(|time| time.seconds).filter(|seconds| *seconds < 1000))
}

fn by_handle(dir: &Descriptor) {
    for (path, flags) in [
        ("file.txt", DescriptorFlags::READ),
        ("file.txt", DescriptorFlags::WRITE),
        ("dir", DescriptorFlags::READ),
        ("dir", DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY),
    ] {
        let opened = dir.open_at(PathFlags::empty(), path, OpenFlags::empty(), flags);
        let set = opened.and_then(|opened| opened.set_times(at(300), at(400)));
        case(format_args!("set-times of {path} for {flags:?}"), set);
        case(format_args!("{path} after set-times for {flags:?}"), modified(dir, PathFlags::empty(), path));
    }
    case("set-times of the preopen", dir.set_times(at(500), at(600)));
    case("the preopen after set-times", modified(dir, PathFlags::empty(), "."));
}

fn by_path(dir: &Descriptor) {
    for path in ["file.txt", "dir", "dir/inner.txt", "link", "link-dir", "dangling", "missing", "loop-a"] {
        for follow in [PathFlags::empty(), PathFlags::SYMLINK_FOLLOW] {
            let set = dir.set_times_at(follow, path, at(700), at(800));
            case(format_args!("set-times-at {path} {follow:?}"), set);
            case(format_args!("{path} after set-times-at {follow:?}"), modified(dir, follow, path));
        }
    }
    case("the target of link", modified(dir, PathFlags::empty(), "file.txt"));
}
