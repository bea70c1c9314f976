//! The effect that sends a request, and the response for the tool.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Empty, Full};
use tokio::time::Instant;
use wasm_agent_approval::{Detail, PREVIEW_BYTES_MAX, Permit, Preview};
use wasm_agent_egress::readable::{self, Unreadable};
use wasm_agent_egress::redact::{Needles, shortened};
use wasm_agent_egress::{Client, ExchangeError, Provision, Reply, SendError, Timeouts};
use wasm_agent_ids::Hex;
use wasm_agent_journal::{DecisionRecord, EffectResult};
use wasm_agent_policy::{Act, Action, Asker, BodyDigest, HttpAction, Method, Origin, Pending, Url, kind};
use wasmtime_wasi_http::{Error, WasiBody};

use super::Begun;
use super::errors::{to_wasi_error, unreadable_to_wasi_error};
use super::outcome::{failed_fields, fields};
use super::response::{Response, note_limit, respond};
use crate::gate::{Effect, Extra, Gate, NotDone};

/// A request to be sent.
pub(crate) struct Sending {
    pub(crate) gate: Arc<Gate>,
    pub(crate) client: Client,
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The secrets that the server may have received.
    pub(crate) needles: Arc<Needles>,
    pub(crate) body: Option<WasiBody>,
    /// The beginning of the body, once it is needed for a question.
    pub(crate) preview: Option<Preview>,
    pub(crate) timeouts: Timeouts,
}

/// A server's response.
pub(crate) struct Answered {
    reply: Reply,
    /// Why the tool does not get the response: it can't be searched for secrets.
    unreadable: Option<Unreadable>,
}

/// Why there is no response.
pub(crate) struct Unanswered {
    error: Error,
    result: EffectResult,
    extra: Extra,
}

/// Sends a request, if the policy allows it or a person does. `begun` has its place among those in flight.
///
/// `decided` gets the decision for the record of the call. Nothing more happens until the future that it returns has
/// completed.
pub(crate) async fn send<F: Future<Output = ()> + Send>(
    sending: Sending,
    asker: Asker,
    request: HttpAction,
    begun: Arc<Begun>,
    decided: impl FnOnce(DecisionRecord) -> F + Send,
) -> Result<Response, Error> {
    let (gate, needles) = (Arc::clone(&sending.gate), Arc::clone(&sending.needles));
    let (method, watch) = (sending.method.clone(), Arc::downgrade(&gate));
    let answered = gate.effect(asker, Act::request(request), Origin::Foreign, sending, decided).await;
    match answered {
        Ok(Answered { unreadable: Some(unreadable), .. }) => Err(unreadable_to_wasi_error(unreadable)),
        Ok(Answered { reply, unreadable: None }) => Ok(respond(reply, needles, &method, begun, watch)),
        Err(NotDone::Denied | NotDone::Refused(_)) => Err(Error::HttpRequestDenied),
        // The run is ending, and with it this answer.
        Err(NotDone::Over(_)) => Err(Error::InternalError(None)),
        Err(NotDone::Failed(unanswered)) => Err(unanswered.error),
    }
}

impl Effect for Sending {
    type Kind = kind::Request;
    type Done = Answered;
    type Failed = Unanswered;

    /// Reads the whole body, so that the approved body is the one that is sent.
    async fn complete(&mut self, pending: Pending<kind::Request>) -> Result<Pending<kind::Request>, Unanswered> {
        let Some(body) = self.body.take() else { return Ok(pending) };
        // Boxed: few requests are asked about, and the futures of the others need not have room for it.
        let limit = self.gate.grants.policy().limits().request_body_bytes;
        let contents = Box::pin(collect(body, limit)).await;
        let contents = contents.inspect_err(|error| {
            if matches!(error, Error::HttpRequestBodySize(_)) {
                note_limit(&self.gate, &ExchangeError::RequestBodyTooLarge { limit });
            }
        });
        let contents = contents.map_err(Unanswered::unsent)?;
        let length = u64::try_from(contents.len()).unwrap_or(u64::MAX);
        let digest = BodyDigest { len: length, blake3: *blake3::hash(&contents).as_bytes() };
        let head = contents.get(..contents.len().min(PREVIEW_BYTES_MAX)).unwrap_or_default();
        self.preview = Some(Preview::new(head, length));
        self.body = Some(Full::new(contents).map_err(|never| match never {}).boxed_unsync());
        Ok(pending.with_body(digest))
    }

    fn detail(&self, action: &Action) -> Detail {
        match action {
            Action::HttpRequest(request) => detail(request, self.preview.clone()),
            other => Detail::Checkpoint { title: other.to_string(), detail: String::new() },
        }
    }

    async fn perform(mut self, permit: Permit<kind::Request>) -> Result<Answered, Unanswered> {
        let provision = self.provision(permit.action());
        match wasm_agent_egress::send(&self.client, permit, self.gate.grants.policy(), provision).await {
            Ok(reply) => {
                // Nobody asked for a response in this form.
                let check = || readable::check(self.method.as_str(), &reply.response).err();
                let unreadable = if self.needles.is_empty() { None } else { check() };
                Ok(Answered { reply, unreadable })
            }
            Err(error) => Err(self.unanswered(&error)),
        }
    }

    fn outcome(result: &Result<Answered, Unanswered>) -> (EffectResult, Extra) {
        match result {
            Ok(Answered { reply, unreadable }) => {
                let detail = unreadable.as_ref().map(ToString::to_string);
                (EffectResult::Done, Extra { detail, fields: Some(fields(reply)) })
            }
            Err(Unanswered { result, extra, .. }) => (*result, extra.clone()),
        }
    }
}

impl Sending {
    /// The parts that the operator adds: secrets and limits, and the body.
    fn provision(&mut self, action: &Action) -> Provision {
        let grants = &self.gate.grants;
        let limits = grants.policy().limits();
        let mut secrets = Vec::new();
        if let Action::HttpRequest(request) = action {
            secrets.extend(grants.secret_headers(&request.secrets));
        }
        Provision {
            secrets,
            body: self.body.take().map_or_else(
                || Empty::<Bytes>::new().map_err(|never| match never {}).boxed_unsync(),
                |body| body.map_err(|error| Box::new(error).into()).boxed_unsync(),
            ),
            request_body_max: limits.request_body_bytes,
            response_body_max: limits.response_body_bytes,
            deadline: Instant::now().checked_add(self.gate.session.clock.left().unwrap_or(Duration::ZERO)),
            timeouts: self.timeouts,
        }
    }

    fn unanswered(&self, error: &SendError) -> Unanswered {
        if matches!(error.error, ExchangeError::AddressDenied { .. }) {
            self.gate.denied_address(HttpAction::new(self.method.clone(), self.url.clone()));
        }
        note_limit(&self.gate, &error.error);
        // Some errors quote the server: the names in a certificate, the reason in a GOAWAY frame.
        let detail = Some(shortened(self.needles.masked(&crate::error::chain(&error.error))));
        let result = if error.request_sent { EffectResult::Failed } else { EffectResult::Denied };
        Unanswered { error: to_wasi_error(&error.error), result, extra: Extra { detail, fields: failed_fields(error) } }
    }
}

impl Unanswered {
    /// The error of a request that was not sent.
    fn unsent(error: Error) -> Self {
        Self { error, result: EffectResult::Denied, extra: Extra::default() }
    }
}

/// The whole body, of at most `limit` bytes.
async fn collect(mut body: WasiBody, limit: u64) -> Result<Bytes, Error> {
    let mut contents = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            let length = contents.len().saturating_add(data.len());
            if u64::try_from(length).unwrap_or(u64::MAX) > limit {
                return Err(Error::HttpRequestBodySize(Some(limit)));
            }
            contents.extend_from_slice(&data);
        }
    }
    Ok(contents.freeze())
}

fn detail(request: &HttpAction, body: Option<Preview>) -> Detail {
    Detail::Http {
        method: request.method.as_str().to_owned(),
        url: request.url.as_str().to_owned(),
        sent: request.url.spelling().map(str::to_owned),
        headers: request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
            .collect(),
        secrets: request.secrets.clone(),
        body,
        body_bytes: request.body.map(|body| body.len),
        body_blake3: request.body.map(|body| Hex(&body.blake3).to_string()),
    }
}
