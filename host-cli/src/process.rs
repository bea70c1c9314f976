//! What the kernel says of a process: who started it, and which group and session it is in.

/// Most ancestors that are looked at to find the shell: more than there are.
const ANCESTORS_MAX: usize = 256;

/// A line of `/proc/PID/stat`, proc_pid_stat(5).
///
/// A number is 0 where the process, the group's leader or the session's leader is outside of this process's PID
/// namespace, as in a container. The functions of `rustix` for groups and sessions don't expect that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    parent: i32,
    group: i32,
    session: i32,
}

impl Process {
    /// This process. None if the kernel does not say.
    pub(crate) fn own() -> Option<Self> {
        Self::named("self")
    }

    /// Whether no shell could continue this process: the kernel does not stop such a process at a terminal's key
    /// either.
    ///
    /// A shell with jobs is the first ancestor outside of the process's group, and in its session. `sh -c` is in the
    /// group.
    pub(crate) fn is_orphaned(self) -> bool {
        let mut ancestor = self.above();
        for _ in 0..ANCESTORS_MAX {
            let Some(process) = ancestor else { return true };
            if process.session != self.session {
                return true;
            }
            if process.group != self.group {
                return false;
            }
            ancestor = process.above();
        }
        true
    }

    /// The process that started this one. None if it is outside of the namespace, or the kernel does not say.
    fn above(self) -> Option<Self> {
        (self.parent != 0).then(|| Self::named(&self.parent.to_string()))?
    }

    fn named(name: &str) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{name}/stat")).ok()?)
    }

    /// The number, the name in parentheses, which can contain any character, a letter for the state, then the numbers.
    fn parse(stat: &str) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(')')?;
        let mut numbers = rest.split_whitespace().skip(1).map_while(|number| number.parse().ok());
        Some(Self { parent: numbers.next()?, group: numbers.next()?, session: numbers.next()? })
    }
}

/// The process group of this process, by its number in this PID namespace: 0 if it is another namespace's. None if the
/// kernel does not say.
pub(crate) fn own_group() -> Option<i32> {
    group_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// The numbers in each namespace, from that of `/proc` to that of the process.
fn group_in(status: &str) -> Option<i32> {
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpgid:"))?;
    numbers.split_whitespace().next_back()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_its_number_of_the_innermost_namespace() {
        assert_eq!(group_in("Name:\tx\nNSpgid:\t4711\t12\nNSsid:\t1\t0\n"), Some(12));
        assert_eq!(group_in("NSpgid:\t0\n"), Some(0));
        assert_eq!(group_in("Name:\tx\n"), None);
    }

    #[test]
    fn a_process_is_known_whatever_its_name() {
        let expected = Process { parent: 42, group: 8, session: 9 };
        assert_eq!(Process::parse("7 (a) S 9 (b)) R 42 8 9 0"), Some(expected));
        assert_eq!(Process::parse(""), None);
        assert_eq!(Process::parse("7 (a) R 42 8"), None);
    }

    #[test]
    fn leaders_outside_of_the_namespace_have_no_number() {
        let expected = Process { parent: 0, group: 0, session: 0 };
        assert_eq!(Process::parse("1 (sh) S 0 0 0 0 -1"), Some(expected));
        assert!(expected.is_orphaned());
    }
}
