//! Tries to reach a denied file under another name: hard links, renames, folders around it, spellings.

use std::process::ExitCode;

use hostile::wasi::filesystem::types::{Descriptor, PathFlags};
use hostile::{Attack, files};

fn main() -> ExitCode {
    let mut attack = Attack::start();
    let Some(work) = attack.control("take the folder", files::work()) else {
        return attack.finish();
    };
    attack.control("read an ordinary file", files::read(&work, "notes.txt"));
    attack.control("create a file", files::create(&work, "mine.txt"));

    for path in [
        ".env",
        "./.env",
        ".env/",
        ".env/.",
        ".//.env",
        "sub/../.env",
        "holding/.env",
        "holding//.env",
        "sub/../holding/./.env",
        "secret/key.txt",
        "secret/./key.txt",
        "secret//key.txt",
        "secret/../secret/key.txt",
    ] {
        attack.attempt(&format!("read {path:?}"), files::read(&work, path));
        attack.attempt(&format!("write {path:?}"), files::create(&work, path));
    }
    link(&mut attack, &work);
    rename(&mut attack, &work);
    attack.attempt("delete a denied file", work.unlink_file_at(".env"));
    attack.attempt("replace a denied file", work.rename_at("mine.txt", &work, ".env"));
    attack.attempt("delete below a denied folder", work.unlink_file_at("secret/key.txt"));
    if let Ok(secret) = files::open_dir(&work, "secret") {
        attack.attempt("read by the descriptor of a denied folder", files::read(&secret, "key.txt"));
    }
    match files::open_dir(&work, "holding") {
        Ok(holding) => attack.attempt("read by the descriptor of its folder", files::read(&holding, ".env")),
        Err(error) => attack.held(&format!("open the folder around a denied file: {error:?}")),
    }
    attack.finish()
}

fn link(attack: &mut Attack, work: &Descriptor) {
    for (from, to) in [
        (".env", "copy-1.txt"),
        ("./sub/../.env", "copy-2.txt"),
        ("holding/.env", "copy-3.txt"),
        ("secret/key.txt", "copy-4.txt"),
        ("secret", "copy-5"),
    ] {
        // A host may refuse to follow links here, wherever they lead: that alone would prove nothing.
        for flags in [PathFlags::empty(), PathFlags::SYMLINK_FOLLOW] {
            attack.attempt(&format!("link {from:?}, {flags:?}"), work.link_at(flags, from, work, to));
        }
        attack.attempt(&format!("read the link to {from:?}"), files::read(work, to));
    }
    attack.attempt("link over a denied name", work.link_at(PathFlags::empty(), "mine.txt", work, "secret/mine.txt"));
}

/// After each rename it looks for the file under its new name: a rename may be allowed where it is harmless.
fn rename(attack: &mut Attack, work: &Descriptor) {
    for (from, to, reached) in [
        (".env", "plain.txt", "plain.txt"),
        ("holding/.env", "holding/plain.txt", "holding/plain.txt"),
        ("secret", "public", "public/key.txt"),
        ("secret/", "public-2", "public-2/key.txt"),
        ("sub/../secret", "public-3", "public-3/key.txt"),
        ("secret/key.txt", "key.txt", "key.txt"),
        ("holding", "sub/held", "sub/held/.env"),
    ] {
        let renamed = work.rename_at(from, work, to);
        attack.attempt(&format!("read {from:?} as {reached:?}, renamed: {renamed:?}"), files::read(work, reached));
        if renamed.is_ok() {
            // Back to where the other attempts expect it.
            let _ = work.rename_at(to, work, from);
        }
    }
}
