//! Arguments, environment, terminals, standard streams, and the ways to end.

use crate::answer::{Code, case, is};
use crate::wasi::cli::{environment, exit, stderr, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout};
use crate::wasi::io::streams::InputStream;

/// Runs one part; false if there is none of this name. Most parts end the program.
pub(crate) fn run(part: &str) -> bool {
    match part {
        "given" => given(),
        "stdin" => read_stdin(),
        "stdin-skip" => skip_stdin(),
        "stdin-twice" => twice(),
        "outputs" => outputs(),
        "copy" => copy(),
        "exit-ok" => exit::exit(Ok(())),
        "exit-error" => exit::exit(Err(())),
        "exit-0" => exit::exit_with_code(0),
        "exit-1" => exit::exit_with_code(1),
        "exit-33" => exit::exit_with_code(33),
        "exit-255" => exit::exit_with_code(255),
        "exit-with-output" => {
            print!("without a line end");
            exit::exit_with_code(7);
        }
        "process-exit" => std::process::exit(3),
        #[expect(clippy::unreachable, reason = "the trap is the case")]
        "panic" => unreachable!("as asked"),
        _ => return false,
    }
    true
}

fn given() {
    let mut variables = environment::get_environment();
    variables.sort();
    is("environment", variables);
    is("arguments after the first", environment::get_arguments().get(1..));
    is("arguments by std", std::env::args().skip(1).collect::<Vec<_>>());
    is("initial-cwd", environment::initial_cwd());
    is("terminal-stdin", terminal_stdin::get_terminal_stdin().is_some());
    is("terminal-stdout", terminal_stdout::get_terminal_stdout().is_some());
    is("terminal-stderr", terminal_stderr::get_terminal_stderr().is_some());
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn read_stdin() {
    let input = stdin::get_stdin();
    case("blocking-read of nothing", input.blocking_read(0).map(|bytes| text(&bytes)));
    case("blocking-read 3", input.blocking_read(3).map(|bytes| text(&bytes)));
    case("blocking-skip 2", input.blocking_skip(2));
    case("blocking-skip 0", input.blocking_skip(0));
    is("the rest", rest(&input));
    case("blocking-read at the end", input.blocking_read(3).map(|bytes| text(&bytes)));
    case("read at the end", input.read(3).map(|bytes| text(&bytes)));
    case("skip at the end", input.skip(3));
    let ready = input.subscribe();
    ready.block();
    is("ready at the end", ready.ready());
}

fn rest(input: &InputStream) -> (String, String) {
    let mut all = Vec::new();
    loop {
        match input.blocking_read(1000) {
            Ok(bytes) => all.extend(bytes),
            Err(error) => return (text(&all), error.code()),
        }
    }
}

fn skip_stdin() {
    let input = stdin::get_stdin();
    let mut skipped = 0;
    let end = loop {
        match input.blocking_skip(1000) {
            Ok(some) => skipped += some,
            Err(error) => break error.code(),
        }
    };
    is("skipped", (skipped, end));
}

fn twice() {
    let (one, two) = (stdin::get_stdin(), stdin::get_stdin());
    case("one", one.blocking_read(4).map(|bytes| text(&bytes)));
    case("two", two.blocking_read(4).map(|bytes| text(&bytes)));
    drop(one);
    case("the other, when one is dropped", two.blocking_read(4).map(|bytes| text(&bytes)));
}

fn outputs() {
    let (out, err) = (stdout::get_stdout(), stderr::get_stderr());
    for (name, stream) in [("stdout", out), ("stderr", err)] {
        case(format_args!("{name}: a line"), stream.blocking_write_and_flush(b"a line\n"));
        case(format_args!("{name}: nothing"), stream.blocking_write_and_flush(b""));
        case(format_args!("{name}: bytes that are not text"), stream.blocking_write_and_flush(b"\xff\x00\n"));
        case(format_args!("{name}: can be written"), stream.check_write().map(|bytes| bytes > 0));
        case(format_args!("{name}: write"), stream.write(b"unflushed\n"));
        case(format_args!("{name}: flush"), stream.flush());
        case(format_args!("{name}: blocking-flush"), stream.blocking_flush());
        case(format_args!("{name}: zeroes"), stream.blocking_write_zeroes_and_flush(3));
        case(format_args!("{name}: 4096 bytes"), stream.blocking_write_and_flush(&[b'x'; 4096]));
        let ready = stream.subscribe();
        ready.block();
        is(format_args!("{name}: ready"), ready.ready());
    }
    let again = stdout::get_stdout();
    case("stdout, once more", again.blocking_write_and_flush(b"once more\n"));
}

/// Copies standard input to both outputs by `splice`.
fn copy() {
    let (input, out, err) = (stdin::get_stdin(), stdout::get_stdout(), stderr::get_stderr());
    let answers = [
        ("splice of nothing", out.blocking_splice(&input, 0)),
        ("splice to stdout", out.blocking_splice(&input, 5)),
        ("splice to stderr", err.blocking_splice(&input, 5)),
        ("splice of the rest", out.blocking_splice(&input, 1000)),
        ("splice at the end", out.blocking_splice(&input, 1)),
    ];
    let flushed = out.blocking_flush();
    // What was copied is a line of its own.
    println!();
    for (name, answer) in answers {
        case(name, answer);
    }
    case("flush", flushed);
}
