//! Secrets that can't be kept: the run is refused, and the refusal does not tell them either.

use wasm_agent_tests::{Folder, Scene};

use crate::forms::absent;
use crate::library::policy;

fn refused(secret: &str) -> String {
    let folder = Folder::new();
    let scene =
        Scene::guest(&folder, "fetch-page").policy(policy("http://127.0.0.1:9", "")).secret("API_TOKEN", secret);
    let error = scene.set_up().unwrap_err();
    absent(secret, format!("{error} {error:?}").as_bytes(), "the error");
    error.to_string()
}

#[test]
fn secret_that_is_too_short_to_be_told_from_other_text_is_refused() {
    let error = refused("s3cret7");
    assert!(
        error.ends_with(
            "line 8: secret `token` has 7 bytes; it needs at least 8 so that responses can be searched for it"
        ),
        "{error}"
    );
}

#[test]
fn secret_that_is_no_header_is_refused() {
    for secret in ["two lines\nof a secret", "with a\0byte in it", "gehütet wie ein Schatz"] {
        let error = refused(secret);
        assert!(error.ends_with("secret `token` can't be the value of a header"), "{error}");
    }
}

#[test]
fn secret_in_a_file_that_a_grant_covers_is_kept_from_the_tool() {
    let secret = "tok-3f9a77zzQx";
    let folder = Folder::with([("notes/private/a.txt", "a tok-en")]);
    folder.write("notes/private/token", format!("{secret}\n"));
    let policy = policy("http://127.0.0.1:9", "").replace("env = \"API_TOKEN\"", "file = \"notes/private/token\"");
    let files = "[[filesystem]]\nhost = \"notes\"\nguest = \"/notes\"\n";
    let run =
        Scene::guest(&folder, "search").policy(format!("{policy}{files}")).call(r#"search("/notes", "tok")"#).run();
    let found = run.json().to_string();
    assert!(found.contains("/notes/private/a.txt") && !found.contains("/notes/private/token"), "{found}");
    assert!(!String::from_utf8_lossy(&run.journal).contains(secret));
}
