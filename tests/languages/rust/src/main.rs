//! Files, environment, time, random numbers, standard input and requests, as a Rust program uses them.

use std::error::Error;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, first, second, url] = arguments.as_slice() else { return Ok(ExitCode::FAILURE) };
    let folder = PathBuf::from(folder);
    println!("arguments: {first} {second}");
    println!("environment: {}", std::env::var("GREETING")?);

    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    println!("input: {}", line.trim_end());

    let twice = fs::read_to_string(folder.join("in.txt"))?.repeat(2);
    fs::write(folder.join("out.txt"), &twice)?;
    println!("wrote: {} bytes", twice.len());

    fs::create_dir(folder.join("made"))?;
    fs::rename(folder.join("out.txt"), folder.join("made/out.txt"))?;
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    println!("names: {}", names.join(" "));
    if fs::metadata(folder.join("missing.txt")).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        println!("missing: not found");
    }

    let before = Instant::now();
    std::thread::sleep(Duration::from_millis(1));
    let year_2024 = SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_067_200);
    if before.elapsed() >= Duration::from_millis(1) && SystemTime::now() > year_2024 {
        println!("clock: ok");
    }
    // Not the keys of a `HashMap`: each is the one before, counted up.
    let random = waki::bindings::wasi::random::random::get_random_u64;
    if random() != random() {
        println!("random: ok");
    }

    let response = waki::Client::new().get(url).send()?;
    println!("response: {} {}", response.status_code(), String::from_utf8(response.body()?)?);
    Ok(ExitCode::from(3))
}
