//! What the hostile guests share: the score, and the folder that they attack.
//!
//! Each guest in `src/bin` makes the attempts of one attack and asserts, from inside the sandbox, that none
//! worked. It prints `held: …` or `broken: …` for each and ends with
//!
//! | exit status | |
//! | --- | --- |
//! | 0 | every attempt was held |
//! | 1 | an attempt worked |
//! | 2 | the arguments are wrong |
//! | 3 | something that must work did not, so the attempts prove nothing |
//!
//! The attempts use the WASI interfaces directly where `std` or the C library would refuse first: the host is what is
//! tested.
//!
//! # The folder
//!
//! The attacks on files expect `/work` to be granted for writing without questions, with
//! `deny = ["**/.env", "secret/**"]`, on a folder made like this:
//!
//! ```text
//! outside.txt                  beside the folder, not in it
//! escaped/                     beside the folder, empty, and empty afterwards
//! work/notes.txt               an ordinary file
//! work/sub/                    an ordinary folder
//! work/.env                    denied
//! work/holding/.env            denied, in a folder that is not
//! work/secret/key.txt          denied, with its folder
//! work/link-out      -> ../outside.txt
//! work/link-dir      -> ..
//! work/link-abs      -> /etc/passwd
//! work/link-env      -> .env
//! work/link-secret   -> secret
//! work/link-new      -> ../escaped/new.txt
//! ```

#![deny(unsafe_code)]

pub mod files;
pub mod requests;

use std::fmt::Debug;
use std::process::ExitCode;

/// The WASI interfaces, without `std` in between.
#[expect(missing_docs, reason = "generated from the WIT, which has the documentation")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package wasm-agent:hostile;
            world hostile {
                include wasm-agent:host/tool@0.1.0;
            }
        ",
        world: "wasm-agent:hostile/hostile",
        generate_all,
    });
}

pub use bindings::wasi;

/// The score of one attack.
#[derive(Debug, Default)]
pub struct Attack {
    held: usize,
    broken: usize,
    vain: usize,
}

impl Attack {
    /// Starts an attack with nothing tried.
    #[must_use]
    pub fn start() -> Self {
        Self::default()
    }

    /// Records an action that must work. If it does not, failed attempts prove nothing.
    pub fn control<T, E: Debug>(&mut self, what: &str, outcome: Result<T, E>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                println!("vain: {what}: {error:?}");
                self.vain += 1;
                None
            }
        }
    }

    /// Records an attempt, which was held if it failed.
    pub fn attempt<T, E: Debug>(&mut self, what: &str, outcome: Result<T, E>) {
        match outcome {
            Ok(_) => self.broken(what),
            Err(error) => self.held(&format!("{what}: {error:?}")),
        }
    }

    /// Records an attempt that failed.
    pub fn held(&mut self, what: &str) {
        println!("held: {what}");
        self.held += 1;
    }

    /// Records an attempt that worked.
    pub fn broken(&mut self, what: &str) {
        println!("broken: {what}");
        self.broken += 1;
    }

    /// Ends the attack with the exit status for its score.
    #[must_use]
    pub fn finish(self) -> ExitCode {
        println!("{} held, {} broken, {} vain", self.held, self.broken, self.vain);
        if self.broken > 0 {
            ExitCode::from(1)
        } else if self.vain > 0 || self.held == 0 {
            ExitCode::from(3)
        } else {
            ExitCode::SUCCESS
        }
    }
}

/// The arguments, if there are exactly as many as `names`; otherwise prints the usage.
#[must_use]
pub fn arguments<const N: usize>(names: [&str; N]) -> Option<[String; N]> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let arguments = given.try_into().ok();
    if arguments.is_none() {
        eprintln!("usage: {}", names.join(" "));
    }
    arguments
}

/// The exit status for wrong arguments.
#[must_use]
pub fn usage() -> ExitCode {
    ExitCode::from(2)
}
