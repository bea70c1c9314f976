//! Confines processes, and has each try one thing.

#![expect(clippy::disallowed_methods, reason = "tries what is forbidden, and looks at what came of it")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
#![expect(clippy::print_stdout, reason = "a process says what it got")]

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use rustix::io::{FdFlags, fcntl_setfd};
use wasm_agent_jail::{Enforcement, Limits, enter, pass_nothing_on};

const LIMITS: Limits = Limits { memory_bytes: 256 << 20, cpu_seconds: 1 };

fn main() {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("try"), Some(what)) => attempt(&what),
        _ => {
            everything_else_is_refused();
            what_is_needed_works();
            limits_end_it();
            limits_and_walls_stand();
            nothing_is_passed_on();
            it_does_not_start_without_its_parent();
            println!("ok");
        }
    }
}

fn everything_else_is_refused() {
    for what in ["read", "write", "program", "tcp", "udp", "signal", "process-files", "left-open"] {
        let (said, status) = run(what, std::process::id());
        assert!(status.success() && said.starts_with("refused: "), "{what}: {status}: {said}");
    }
}

fn what_is_needed_works() {
    for what in ["threads", "memory", "panic"] {
        let (said, status) = run(what, std::process::id());
        assert!(status.success() && said == "fine", "{what}: {status}: {said}");
    }
}

fn limits_end_it() {
    assert_eq!(run("much-memory", std::process::id()).1.signal(), Some(libc::SIGABRT));
    assert_eq!(run("much-time", std::process::id()).1.signal(), Some(libc::SIGXCPU));
}

fn nothing_is_passed_on() {
    // Left open for any program that is started, as this program's parent could have left it.
    let open = File::open("/dev/zero").unwrap();
    fcntl_setfd(&open, FdFlags::empty()).unwrap();
    pass_nothing_on();
    let (said, _) = run("descriptors", std::process::id());
    assert_eq!(said, "0 1 2");
}

fn limits_and_walls_stand() {
    let mut child = Guard(command("wait", std::process::id()).spawn().unwrap());
    let mut ready = [0; 1];
    child.0.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    let process = format!("/proc/{}", child.0.id());
    let limits = std::fs::read_to_string(format!("{process}/limits")).unwrap();
    for line in [
        "Max cpu time              1                    2 ",
        "Max file size             0                    0 ",
        "Max data size             268435456            268435456 ",
        "Max core file size        0                    0 ",
        "Max open files            3                    3 ",
    ] {
        assert!(limits.contains(line), "`{line}` is not in\n{limits}");
    }
    let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
    assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
    let stat = std::fs::read_to_string(format!("{process}/stat")).unwrap();
    let session = stat.rsplit(')').next().unwrap().split_whitespace().nth(3).unwrap();
    assert_eq!(session, child.0.id().to_string());
}

fn it_does_not_start_without_its_parent() {
    // Another process than the one that started it, as if that one had ended.
    let (said, status) = run("memory", 1);
    assert_eq!((said.as_str(), status.code()), ("", Some(101)));
}

/// What a process does once it is confined.
fn attempt(what: &str) {
    let parent = std::env::args().nth(3).unwrap().parse().unwrap();
    let descriptors = descriptors();
    // As if the parent had left the file open by mistake.
    let mut left_open = File::open("/dev/zero").unwrap();
    let confinement = enter(parent, &LIMITS).unwrap();
    assert_eq!(confinement.seccomp, Enforcement::Full);
    let refused = |result: std::io::Result<()>| match result {
        Ok(()) => "done".to_owned(),
        Err(error) => format!("refused: {error}"),
    };
    let said = match what {
        "read" => refused(File::open("/etc/passwd").map(drop)),
        "write" => refused(File::create(std::env::temp_dir().join("shut-in")).map(drop)),
        "program" => refused(Command::new("/bin/true").status().map(drop)),
        "tcp" => refused(TcpStream::connect("127.0.0.1:9").map(drop)),
        "udp" => refused(UdpSocket::bind("127.0.0.1:0").map(drop)),
        "signal" => {
            let pid = rustix::process::Pid::from_raw(i32::try_from(parent).unwrap()).unwrap();
            refused(rustix::process::kill_process(pid, rustix::process::Signal::CONT).map_err(Into::into))
        }
        "process-files" => refused(std::fs::read_dir("/proc/self/fd").map(drop)),
        "left-open" => refused(left_open.read_exact(&mut [0])),
        "descriptors" => descriptors.join(" "),
        "threads" => {
            let sums: Vec<_> =
                (0..4_u64).map(|n| std::thread::spawn(move || vec![n; 1 << 10].iter().sum::<u64>())).collect();
            assert_eq!(sums.into_iter().map(|sum| sum.join().unwrap()).sum::<u64>(), 6 << 10);
            "fine".to_owned()
        }
        "memory" => {
            let bytes = vec![1_u8; 128 << 20];
            assert_eq!(bytes.iter().step_by(4096).map(|byte| usize::from(*byte)).sum::<usize>(), 128 << 8);
            "fine".to_owned()
        }
        "panic" => {
            assert!(std::thread::spawn(|| panic!("in a thread")).join().is_err());
            "fine".to_owned()
        }
        "much-memory" => vec![1_u8; 300 << 20].len().to_string(),
        "much-time" => loop {
            std::hint::spin_loop();
        },
        "wait" => {
            println!("r");
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
            String::new()
        }
        other => panic!("cannot try `{other}`"),
    };
    print!("{said}");
    std::io::stdout().flush().unwrap();
}

/// The descriptors of this process, without the one that lists them: its link is gone once the listing is done.
fn descriptors() -> Vec<String> {
    let entries = std::fs::read_dir("/proc/self/fd").unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| std::fs::read_link(format!("/proc/self/fd/{name}")).is_ok());
    names.sort();
    names
}

fn command(what: &str, parent: u32) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["try", what, &parent.to_string()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(what: &str, parent: u32) -> (String, ExitStatus) {
    let output = command(what, parent).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status)
}

/// Ends a process with the test, however that ends.
struct Guard(std::process::Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
