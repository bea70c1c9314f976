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
