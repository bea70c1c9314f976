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
        error.ends_with("line 8: secret `token` has 7 bytes; one with fewer than 8 could not be kept from coming back"),
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
fn secret_in_a_file_that_the_tool_may_read_is_refused() {
    let folder = Folder::with([("notes/private/token", "tok-3f9a77zzQx\n"), ("notes/a.txt", "a")]);
    let set_up = |deny: &str| {
        let policy = policy("http://127.0.0.1:9", "").replace("env = \"API_TOKEN\"", "file = \"notes/private/token\"");
        let files = format!("[[filesystem]]\nhost = \"notes\"\nguest = \"/notes\"\n{deny}");
        Scene::guest(&folder, "fetch-page").policy(format!("{policy}{files}")).set_up()
    };
    let error = set_up("").unwrap_err().to_string();
    let expected = "secret `token`: the tool could read `notes/private/token`, which lies in `notes` (line 12); keep it \
                    elsewhere, or `deny` it there";
    assert!(error.ends_with(expected), "{error}");
    set_up("deny = [\"private/**\"]\n").unwrap();
}
