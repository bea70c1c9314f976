//! Does one thing many times, so that `cargo xtask bench` can measure it from outside.
//!
//! ```text
//! bench noop
//! bench clock N                    read the monotonic clock
//! bench random N                   take eight random bytes
//! bench stat N PATH                look at a file
//! bench open-read-close N PATH     read up to 4 KiB of a file
//! bench create-remove N DIR        create and remove an empty file
//! bench read PATH                  read a file, 64 KiB at a time
//! bench write PATH MIB             write a file, 64 KiB at a time
//! bench http-get N URL             make a GET request
//! bench http-body URL              read a response body as it comes
//! bench branchy N                  compute, with an unpredictable branch at every step
//! bench straight N                 compute in one long line of arithmetic
//! ```
//!
//! Prints how long that took inside the guest, in nanoseconds, without the start of the process.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use wasm_agent_sdk::http::Request;

/// Size of one read or write of the large files, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// Largest response body of `http-get`, in bytes.
const BODY_BYTES_MAX: usize = 1 << 20;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let start = Instant::now();
    match run(&arguments) {
        Ok(()) => {
            println!("{}", start.elapsed().as_nanos());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Outcome {
    match *arguments {
        ["noop"] => Ok(()),
        ["clock", n] => times(n, || {
            black_box(Instant::now());
            Ok(())
        }),
        // The keys of a new map are drawn once per thread, so the source itself is asked.
        ["random", n] => times(n, || {
            black_box(wasm_agent_sdk::random::u64());
            Ok(())
        }),
        ["stat", n, path] => times(n, || {
            black_box(fs::metadata(path)?.len());
            Ok(())
        }),
        ["open-read-close", n, path] => {
            let mut buffer = [0; 4096];
            times(n, || {
                black_box(File::open(path)?.read(&mut buffer)?);
                Ok(())
            })
        }
        ["create-remove", n, dir] => {
            let path = Path::new(dir).join("bench.tmp");
            times(n, || {
                File::create_new(&path)?;
                fs::remove_file(&path)?;
                Ok(())
            })
        }
        ["read", path] => read(path),
        ["write", path, mib] => write(path, mib),
        ["http-get", n, url] => times(n, || {
            let response = Request::get(url)?.send(BODY_BYTES_MAX)?;
            if response.status == 200 { Ok(()) } else { Err(format!("the server answered {}", response.status).into()) }
        }),
        ["http-body", url] => {
            let mut bytes = 0;
            let response = Request::get(url)?.send_each(|piece| {
                bytes += black_box(piece).len();
                Ok(())
            })?;
            if response.status == 200 && bytes > 0 { Ok(()) } else { Err("the server gave no body".into()) }
        }
        ["branchy", n] => {
            black_box(branchy(n.parse()?));
            Ok(())
        }
        ["straight", n] => {
            black_box(straight(n.parse()?));
            Ok(())
        }
        _ => Err("unknown arguments: the top of this tool's source lists the known ones".into()),
    }
}

fn times(n: &str, mut once: impl FnMut() -> Outcome) -> Outcome {
    for _ in 0..n.parse::<u64>()? {
        once()?;
    }
    Ok(())
}

fn read(path: &str) -> Outcome {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => {
                black_box(read);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn write(path: &str, mib: &str) -> Outcome {
    let mut file = File::create(path)?;
    let piece = vec![0x5a; PIECE_BYTES];
    for _ in 0..mib.parse::<usize>()? * (1 << 20) / PIECE_BYTES {
        file.write_all(&piece)?;
    }
    Ok(())
}

/// Steps of the Collatz sequences of the first `n` numbers: a short loop with a branch that no processor can predict.
fn branchy(n: u64) -> u64 {
    let mut steps = 0;
    for start in 1..=n {
        let mut value = black_box(start);
        while value > 1 {
            value = if value.is_multiple_of(2) { value / 2 } else { value * 3 + 1 };
            steps += 1;
        }
    }
    steps
}

/// Rounds of mixing in long basic blocks: what a digest or a codec does.
fn straight(n: u64) -> u64 {
    let mut state = [black_box(1_u64), 2, 3, 4];
    for _ in 0..n {
        let [mut a, mut b, mut c, mut d] = state;
        macro_rules! mix {
            ($($turn:literal)*) => {$(
                a = a.wrapping_add(b).rotate_left($turn);
                d ^= a;
                c = c.wrapping_add(d).rotate_left(64 - $turn);
                b ^= c;
            )*};
        }
        mix!(7 11 13 17 19 23 29 31);
        state = [a, b, c, d];
    }
    state.iter().fold(0, |all, word| all ^ word)
}
