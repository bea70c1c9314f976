//! seccomp: system calls that computing needs, and no others.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use crate::Wall;

/// Standard input, output and error.
const DESCRIPTORS: u64 = 3;

/// Calls whose first argument is a descriptor, and may be one of those.
const ALLOWED_ON_DESCRIPTORS: &[i64] =
    &[libc::SYS_read, libc::SYS_readv, libc::SYS_write, libc::SYS_writev, libc::SYS_fstat];

/// Memory, threads and their signals, time, and the end. A page that is made executable gives code that runs what is
/// listed here.
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

/// Answers every other system call as a kernel does that does not have it, for which the C library and Rust's have an
/// answer: they start threads by `clone` where there is no `clone3`, whose flags a filter can't see.
pub(crate) fn restrict() -> Wall {
    let applied = filter().map_err(seccompiler::Error::from).and_then(|filter| {
        let program: seccompiler::BpfProgram = filter.try_into()?;
        seccompiler::apply_filter(&program)
    });
    if applied.is_ok() { Wall::Whole } else { Wall::Missing }
}

fn filter() -> Result<SeccompFilter, BackendError> {
    let architecture: TargetArch = std::env::consts::ARCH.try_into()?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    for call in ALLOWED_ON_DESCRIPTORS {
        let open = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Lt, DESCRIPTORS)?;
        rules.insert(*call, vec![SeccompRule::new(vec![open])?]);
    }
    // Memory alone: no file is mapped.
    rules.insert(libc::SYS_mmap, vec![SeccompRule::new(vec![with_all(3, flags(libc::MAP_ANONYMOUS))?])?]);
    // A thread is made with memory and signal handlers in common, a process without.
    let thread = flags(libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_SIGHAND);
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![with_all(0, thread)?])?]);
    // Names of threads, and of memory: Rust and the C library give them.
    let named = |option: i32| SeccompRule::new(vec![equal(0, flags(option))?]);
    rules.insert(libc::SYS_prctl, vec![named(libc::PR_SET_NAME)?, named(libc::PR_SET_VMA)?]);
    // A process that aborts signals itself, and no other.
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
