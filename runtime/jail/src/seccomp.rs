//! seccomp: allows the system calls that computing needs, and no others.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use crate::Enforcement;

/// Standard input, output and error.
const DESCRIPTORS: u64 = 3;

/// Calls that are allowed if their first argument is one of those descriptors.
const ALLOWED_ON_DESCRIPTORS: &[i64] =
    &[libc::SYS_read, libc::SYS_readv, libc::SYS_write, libc::SYS_writev, libc::SYS_fstat];

/// Memory, threads and their signals, time, and exiting. Code on a page that was made executable can still make only
/// these calls.
const ALLOWED: &[i64] = &[
    libc::SYS_close,
    libc::SYS_brk,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Answers every other system call as a kernel that lacks it would. The C library and Rust's cope with that: they start
/// threads by `clone` where there is no `clone3`, whose flags a filter can't see.
pub(crate) fn restrict() -> Enforcement {
    let applied = filter().map_err(seccompiler::Error::from).and_then(|filter| {
        let program: seccompiler::BpfProgram = filter.try_into()?;
        seccompiler::apply_filter(&program)
    });
    if applied.is_ok() { Enforcement::Full } else { Enforcement::None }
}

fn filter() -> Result<SeccompFilter, BackendError> {
    let architecture: TargetArch = std::env::consts::ARCH.try_into()?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    for call in ALLOWED_ON_DESCRIPTORS {
        let open = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Lt, DESCRIPTORS)?;
        rules.insert(*call, vec![SeccompRule::new(vec![open])?]);
    }
    // Anonymous memory only: no file is mapped.
    rules.insert(libc::SYS_mmap, vec![SeccompRule::new(vec![with_all(3, flags(libc::MAP_ANONYMOUS))?])?]);
    // A thread is created with shared memory and signal handlers, a process without.
    let thread = flags(libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_SIGHAND);
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![with_all(0, thread)?])?]);
    // Names of threads, and of memory: Rust and the C library give them.
    let named = |option: i32| SeccompRule::new(vec![equal(0, flags(option))?]);
    rules.insert(libc::SYS_prctl, vec![named(libc::PR_SET_NAME)?, named(libc::PR_SET_VMA)?]);
    // A process that aborts sends a signal to itself, and to no other.
    let own = rustix::process::getpid().as_raw_nonzero().get();
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![equal(0, flags(own))?])?]);
    let not_there = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    SeccompFilter::new(rules, not_there, SeccompAction::Allow, architecture)
}

fn flags(value: i32) -> u64 {
    u64::from(value.unsigned_abs())
}

fn equal(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

fn with_all(argument: u8, bits: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(bits), bits)
}
