use super::*;

#[test]
fn a_body_belongs_to_its_request() {
    let mut run = Run::default();
    put_together(&mut run);
    let sent = run.call(
        &format!("{STREAMS}[method]output-stream.blocking-write-and-flush"),
        |out| {
            out.u64(3).payload(&b"body"[..], Keep::DigestOnly);
        },
        2,
        |out| {
            out.null();
        },
    );
    assert!(sent.starts_with("SentBody"), "{sent}");
    // The request's number is free by then, and the future gets it.
    let arguments = item(|out| {
        out.array(2).u64(1).null();
    });
    let outcome = item(|out| {
        out.array(2).u64(0).u64(1);
    });
    let call = run.made("wasi:http/outgoing-handler#handle", arguments, outcome);
    let Activity::Requested { exchange } = run.view.call(&call).activity else { panic!("not a request") };
    let request = run.view.request(exchange).unwrap();
    assert_eq!(request.url.as_ref().map(|url| url.as_str()), Some("https://example.com/b?c"));
    assert_eq!(request.method.as_ref().map(|method| method.as_str()), Some("POST"));
    assert_eq!(request.call, Some(call.seq.0));
    let future = format!("{HTTP}[method]future-incoming-response.get");
    assert_eq!(
        run.on(&future, 1, |out| {
            out.null();
        }),
        "Other"
    );
    let answered = run.on(&future, 1, |out| {
        out.array(1).array(2).u64(0).array(2).u64(0).u64(4);
    });
    assert!(answered.contains("response: true"), "{answered}");
    for (function, from, to) in [("incoming-response.consume", 4, 5), ("incoming-body.stream", 5, 6)] {
        run.on(&format!("{HTTP}[method]{function}"), from, |out| {
            out.array(2).u64(0).u64(to);
        });
    }
    let received = run.call(
        &format!("{STREAMS}[method]input-stream.blocking-read"),
        |out| {
            out.u64(6).u64(100);
        },
        2,
        |out| {
            out.payload(&b"answer"[..], Keep::Contents);
        },
    );
    assert!(received.starts_with("Received"), "{received}");
    for number in 1..=6 {
        run.drop(&format!("{HTTP}[resource-drop]incoming-response"), number);
        run.drop(&format!("{STREAMS}[resource-drop]input-stream"), number);
    }
    assert!(run.view.request(exchange).is_none(), "forgotten with its last handle");
}

/// A request as handle 1, its body as 2, the stream into that as 3.
fn put_together(run: &mut Run) {
    let ok = |out: &mut Encoded| {
        out.array(2).u64(0).null();
    };
    run.on(&format!("{HTTP}[constructor]outgoing-request"), 9, |out| {
        out.u64(1);
    });
    run.call(
        &format!("{HTTP}[method]outgoing-request.set-method"),
        |out| {
            out.u64(1).str("post");
        },
        2,
        ok,
    );
    for (function, text) in [("set-authority", "EXAMPLE.com:443"), ("set-path-with-query", "/a/../b?c")] {
        run.call(
            &format!("{HTTP}[method]outgoing-request.{function}"),
            |out| {
                out.u64(1).array(1).str(text);
            },
            2,
            ok,
        );
    }
    for (function, from, to) in [("outgoing-request.body", 1, 2), ("outgoing-body.write", 2, 3)] {
        run.on(&format!("{HTTP}[method]{function}"), from, |out| {
            out.array(2).u64(0).u64(to);
        });
    }
}
