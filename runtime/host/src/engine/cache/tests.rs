use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::engine::Build;
use crate::engine::compile::{Compiler, Task};
use crate::state::StateDir;

const COMPONENT: [u8; 32] = [7; 32];

/// A state directory with the code of an empty component.
struct KeptCode {
    folder: tempfile::TempDir,
    engine: crate::engine::Engine,
    key: CodeKey,
    path: PathBuf,
}

impl KeptCode {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(&folder.path().join("state")).unwrap();
        let engine = crate::engine::Engine::new(Compiler::in_process()).unwrap();
        let path = folder.path().join("state/code/entry.cwasm");
        let kept = Self { folder, engine, key: CodeKey::open(&state).unwrap(), path };
        keep(&kept.path, &kept.key, &kept.entry(), kept.code("(component)")).unwrap();
        kept
    }

    fn code(&self, text: &str) -> Vec<u8> {
        let bytes = wat::parse_str(text).unwrap();
        let task = Task::Code(Build::Single);
        self.engine.compiler().make(&self.engine, task, Path::new("tool.wasm"), &bytes).unwrap()
    }

    fn entry(&self) -> Entry<'_> {
        Entry { sha256: &COMPONENT, engine: self.engine.fingerprint() }
    }

    /// Whether the code is used. Both ways to load it must agree.
    fn is_used(&self) -> bool {
        self.is_used_as(&self.key, &self.entry())
    }

    fn is_used_as(&self, key: &CodeKey, entry: &Entry<'_>) -> bool {
        let engine = self.engine.wasmtime(Build::Single).unwrap();
        let [mapped, copied] = [CodeSource::Mapped, CodeSource::Copied]
            .map(|source| load(engine, &self.path, source, key, entry).is_some());
        assert_eq!(mapped, copied);
        mapped
    }

    fn contents(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }

    fn write(&self, contents: &[u8]) {
        std::fs::remove_file(&self.path).unwrap();
        crate::state::write_whole(&self.path, contents).unwrap();
    }
}

#[test]
fn stored_code_is_used() {
    assert!(KeptCode::new().is_used());
}

#[test]
fn no_changed_byte_is_used() {
    let kept = KeptCode::new();
    let whole = kept.contents();
    let last = whole.len() - TRAILER_BYTES - 1;
    let places = (0..whole.len()).step_by(whole.len() / 64).chain(last..whole.len());
    for place in places {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        kept.write(&changed);
        assert!(!kept.is_used(), "byte {place} of {}", whole.len());
    }
    kept.write(&whole);
    assert!(kept.is_used());
}

#[test]
fn no_other_length_is_used() {
    let kept = KeptCode::new();
    let whole = kept.contents();
    let (code, trailer) = whole.split_at(whole.len() - TRAILER_BYTES);
    for contents in [
        &[][..],
        &trailer[1..],
        trailer,
        code,
        &whole[..whole.len() - 1],
        &whole[1..],
        &[&[0], &whole[..]].concat(),
        &[&whole[..], &[0]].concat(),
        &[code, &[0], trailer].concat(),
        &[&whole[..], trailer].concat(),
    ] {
        kept.write(contents);
        assert!(!kept.is_used(), "{} bytes", contents.len());
    }
}

#[test]
fn code_of_another_component_or_engine_is_not_used() {
    let kept = KeptCode::new();
    let other = Entry { sha256: &[8; 32], ..kept.entry() };
    assert!(!kept.is_used_as(&kept.key, &other));
    // The same bytes, divided differently.
    let shorter = kept.engine.fingerprint().trim_start_matches('w');
    assert!(!kept.is_used_as(&kept.key, &Entry { engine: shorter, ..kept.entry() }));
}

#[test]
fn code_of_another_state_directory_is_not_used() {
    let kept = KeptCode::new();
    let other = StateDir::open(&kept.folder.path().join("other")).unwrap();
    assert!(!kept.is_used_as(&CodeKey::open(&other).unwrap(), &kept.entry()));
}

#[test]
fn only_private_files_are_used() {
    let kept = KeptCode::new();
    let mode = |mode| std::fs::set_permissions(&kept.path, PermissionsExt::from_mode(mode)).unwrap();
    for open in [0o620, 0o602, 0o666] {
        mode(open);
        assert!(!kept.is_used(), "{open:o}");
    }
    mode(0o600);
    assert!(kept.is_used());
    let elsewhere = kept.folder.path().join("elsewhere");
    std::fs::rename(&kept.path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &kept.path).unwrap();
    assert!(!kept.is_used());
    std::fs::remove_file(&kept.path).unwrap();
    std::fs::create_dir(&kept.path).unwrap();
    assert!(!kept.is_used());
}

#[test]
fn copied_code_does_not_change_with_its_file() {
    let kept = KeptCode::new();
    let Ok(Code::Bytes(code)) = checked(&kept.path, CodeSource::Copied, &kept.key, &kept.entry()) else { panic!() };
    let before = code.to_vec();
    std::fs::write(&kept.path, vec![0; before.len()]).unwrap();
    assert_eq!(code, before);
}

#[test]
fn the_checked_file_is_mapped_and_not_the_one_with_its_name_now() {
    let kept = KeptCode::new();
    let Ok(code @ Code::Mapped { .. }) = checked(&kept.path, CodeSource::Mapped, &kept.key, &kept.entry()) else {
        panic!()
    };
    kept.write(b"something else");
    assert!(deserialize(kept.engine.wasmtime(Build::Single).unwrap(), &code).is_ok());
}
