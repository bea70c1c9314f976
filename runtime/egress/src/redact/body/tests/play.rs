//! Plays a server against the masker, and writes down all that the tool can observe.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame, SizeHint};

use super::super::{Framing, MaskedBody, Search};
use crate::client::ExchangeError;
use crate::redact::Needles;

/// What the server does next.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Piece(Vec<u8>),
    /// It sends nothing for now.
    Wait,
    Trailers(HeaderMap),
    /// A reset, a timeout, or the body's size limit.
    Fail,
}

struct Served {
    steps: VecDeque<Step>,
    /// Bytes that are still to be sent.
    left: usize,
}

impl Served {
    fn new(steps: Vec<Step>) -> Self {
        let sizes = steps.iter().map(|step| if let Step::Piece(piece) = step { piece.len() } else { 0 });
        Self { left: sizes.sum(), steps: steps.into() }
    }
}

impl Body for Served {
    type Data = Bytes;
    type Error = ExchangeError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ExchangeError>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Wait) => Poll::Pending,
            Some(Step::Piece(piece)) => {
                self.left -= piece.len();
                Poll::Ready(Some(Ok(Frame::data(piece.into()))))
            }
            Some(Step::Trailers(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Some(Step::Fail) => Poll::Ready(Some(Err(ExchangeError::ResponseBodyTooLarge { limit: 1 }))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.try_into().unwrap())
    }
}

/// All that can be observed of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transcript {
    pub(super) seen: Vec<(Seen, Option<u64>, bool)>,
    pub(super) steps: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Data(String),
    Trailers(String),
    Nothing,
    Failed(String),
    End,
}

pub(super) fn play(secrets: &[&str], framing: Framing, steps: Vec<Step>) -> Transcript {
    let needles = Arc::new(Needles::new(11, secrets.iter().map(|secret| secret.as_bytes())));
    let mut body = MaskedBody::new(Served::new(steps), framing, Search::new(needles));
    let mut seen = Vec::new();
    loop {
        let now = match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => Seen::Nothing,
            Poll::Ready(None) => Seen::End,
            Poll::Ready(Some(Err(error))) => Seen::Failed(format!("{error:?}")),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Seen::Data(String::from_utf8_lossy(&data).into_owned()),
                Err(frame) => Seen::Trailers(format!("{:?}", frame.trailers_ref())),
            },
        };
        let is_last = now == Seen::End;
        seen.push((now, body.size_hint().exact(), body.is_end_stream()));
        if is_last {
            return Transcript { seen, steps: body.steps() };
        }
    }
}

impl Transcript {
    pub(super) fn text(&self) -> String {
        let data = self.seen.iter().map(|(seen, ..)| if let Seen::Data(data) = seen { data.as_str() } else { "" });
        data.collect()
    }
}

pub(super) fn piece(text: &str) -> Step {
    Step::Piece(text.as_bytes().to_vec())
}

/// A text in pieces of these sizes, repeated.
pub(super) fn pieces(text: &str, sizes: &[usize]) -> Vec<Step> {
    let mut rest = text.as_bytes();
    let mut steps = Vec::new();
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at((*size).min(rest.len()));
        steps.push(Step::Piece(now.to_vec()));
        if size % 2 == 1 {
            steps.push(Step::Wait);
        }
        rest = later;
    }
    steps
}

/// A text whose server pauses after each line end, and sends each line in pieces of this size.
fn paused(text: &str, size: usize) -> Vec<Step> {
    let line = |line: &str| {
        let pieces = line.as_bytes().chunks(size).map(|piece| Step::Piece(piece.to_vec()));
        pieces.chain([Step::Wait, Step::Wait]).collect::<Vec<_>>()
    };
    text.split_inclusive(['\r', '\n']).flat_map(line).collect()
}

/// The ways in which a server may send a text.
pub(super) fn behaviours(text: &str) -> Vec<Vec<Step>> {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-end", HeaderValue::from_str(&text.replace(['\r', '\n'], " ")).unwrap());
    let middle = text.len() / 2;
    let (first, second) = text.split_at(middle);
    vec![
        pieces(text, &[text.len().max(1)]),
        pieces(text, &[1]),
        pieces(text, &[3, 8, 1, 17, 2]),
        [pieces(text, &[5]), vec![Step::Trailers(trailers)]].concat(),
        vec![piece(first), Step::Wait, piece(second), Step::Fail],
        vec![piece(first), Step::Fail, piece(second)],
        [pieces(text, &[1]), vec![Step::Fail]].concat(),
        paused(text, usize::MAX),
        [paused(text, 3), vec![Step::Wait, Step::Fail]].concat(),
    ]
}
