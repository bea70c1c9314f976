//! What is kept of a request body, and how it is sent again.

use super::*;

/// A body of these frames, whose length is not known.
struct Frames<I>(I);

impl<I: Iterator<Item = &'static [u8]> + Unpin> Body for Frames<I> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.next().map(|data| Ok(Frame::data(Bytes::from_static(data)))))
    }
}

fn streamed(frames: impl Iterator<Item = &'static [u8]> + Send + Unpin + 'static) -> RequestBody {
    Frames(frames).boxed_unsync()
}

async fn send(outgoing: &mut OutgoingBody) -> Vec<Bytes> {
    let mut sent = Vec::new();
    while let Some(frame) = outgoing.frame().await {
        sent.push(frame.unwrap().into_data().unwrap());
    }
    sent
}

#[tokio::test]
async fn frames_that_carry_nothing_are_neither_sent_nor_kept() {
    let body = streamed((0..100_000).map(|at| if at % 1_000 == 999 { &b"a"[..] } else { b"" }));
    let mut outgoing = OutgoingBody::new(body, None, 1_000, None);
    outgoing.keep();
    let upload = outgoing.upload().unwrap();
    assert_eq!(send(&mut outgoing).await, ["a"; 100]);
    assert_eq!(upload.lock().kept.as_ref().unwrap().contents.len(), 100);
}

#[tokio::test]
async fn short_frames_cost_no_more_than_their_bytes() {
    let bytes = KEPT_BYTES_MAX;
    let frames = std::iter::repeat_n(&b"a"[..], bytes);
    let mut outgoing = OutgoingBody::new(streamed(frames), None, u64::MAX, None);
    outgoing.keep();
    let upload = outgoing.upload().unwrap();
    assert_eq!(send(&mut outgoing).await.len(), bytes);
    assert!(upload.lock().kept.as_ref().unwrap().contents.capacity() <= 2 * bytes);
    let mut again = OutgoingBody::new(upload.take_back().unwrap(), None, u64::MAX, None);
    let sent = send(&mut again).await;
    assert_eq!(sent.iter().map(Bytes::len).collect::<Vec<_>>(), [bytes], "one frame");
}

#[tokio::test]
async fn nothing_is_kept_once_the_response_is_there() {
    let mut outgoing = OutgoingBody::new(streamed([&b"a"[..]; 2].into_iter()), None, 8, None);
    outgoing.keep();
    let upload = outgoing.upload().unwrap();
    outgoing.frame().await.unwrap().unwrap();
    upload.keep_no_longer();
    assert!(upload.lock().kept.is_none());
    assert_eq!(send(&mut outgoing).await, ["a"]);
    assert!(upload.lock().kept.is_none());
    assert!(upload.take_back().is_none());
}

#[tokio::test]
async fn another_attempt_declares_a_length_only_if_the_first_did() {
    const BODIES: [&[&[u8]]; 3] = [&[], &[b"ab"], &[b"ab", b"cd"]];
    for frames in BODIES {
        for sent in 0..=frames.len() + 1 {
            let known = frames.concat();
            let known = http_body_util::Full::new(Bytes::from(known)).map_err(|never| match never {});
            let bodies = [known.boxed_unsync(), streamed(frames.iter().copied())];
            for (body, has_length) in bodies.into_iter().zip([true, false]) {
                let first = body.size_hint().exact();
                assert_eq!(first.is_some(), has_length);
                let mut outgoing = OutgoingBody::new(body, None, 8, None);
                outgoing.keep();
                for _ in 0..sent {
                    outgoing.frame().await;
                }
                let Some(upload) = outgoing.upload() else { continue };
                let again = OutgoingBody::new(upload.take_back().unwrap(), None, 8, None);
                assert_eq!(again.size_hint().exact(), first, "{frames:?}, {sent}");
            }
        }
    }
}
