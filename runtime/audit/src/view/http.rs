//! `wasi:http`: which request a call is about.

use wasm_agent_calls::Function;
use wasm_agent_calls::http::types;
use wasm_agent_journal::Call;
use wasm_agent_policy::{Method, Scheme};

use super::View;
use super::activity::{Activity, ExchangeId};
use super::handles::{Handle, RequestText};
use super::items::{Arguments, CallOutcome, Items};

impl View {
    /// A request is handed over. Its handle is gone, even if the call failed.
    pub(super) fn handle<'r>(&mut self, function: &'static Function, call: &'r Call) -> Option<Activity<'r>> {
        let number = Arguments::of(function, call)?.handle()?;
        let exchange = match self.handles.get(number) {
            Some(Handle::Request(exchange)) => exchange,
            _ => return Some(Activity::Other),
        };
        if let Some(request) = self.handles.request_mut(exchange) {
            request.handed_over(call.seq.0);
        }
        let given = CallOutcome::of(call)?.handle();
        if let Some(awaited) = given {
            self.handles.put(awaited, Handle::Awaited(exchange));
        }
        if given != Some(number) {
            self.handles.take(number);
        }
        Some(if given.is_some() { Activity::Requested { exchange } } else { Activity::Failed { place: None } })
    }

    pub(super) fn http<'r>(&mut self, function: &'static Function, call: &'r Call) -> Option<Activity<'r>> {
        if function.id == types::NEW_OUTGOING_REQUEST {
            if let Some(number) = CallOutcome::of(call)?.handle() {
                self.handles.request_made(number);
            }
            return Some(Activity::Other);
        }
        let arguments = Arguments::of(function, call)?;
        let Some(number) = arguments.handle() else { return Some(Activity::Other) };
        if function.is_drop() {
            if self.exchange(number).is_some() {
                self.handles.take(number);
            }
            return Some(Activity::Other);
        }
        let Some(exchange) = self.exchange(number) else { return Some(Activity::Other) };
        match function.id {
            types::OUTGOING_REQUEST_BODY => self.derived(call, Handle::RequestBody(exchange)),
            types::OUTGOING_BODY_WRITE => self.derived(call, Handle::RequestStream(exchange)),
            types::INCOMING_RESPONSE_CONSUME => self.derived(call, Handle::ResponseBody(exchange)),
            types::INCOMING_BODY_STREAM => self.derived(call, Handle::ResponseStream(exchange)),
            types::OUTGOING_BODY_FINISH | types::INCOMING_BODY_FINISH => {
                self.handles.take(number);
                Some(Activity::Other)
            }
            types::FUTURE_INCOMING_RESPONSE_GET => self.answered(exchange, call),
            types::INCOMING_RESPONSE_STATUS | types::INCOMING_RESPONSE_HEADERS => {
                Some(Activity::LookedAtResponse { exchange })
            }
            _ => self.set(function, exchange, &arguments, call),
        }
    }

    /// The request behind a handle.
    fn exchange(&self, number: u32) -> Option<ExchangeId> {
        match self.handles.get(number)? {
            Handle::Request(exchange)
            | Handle::RequestBody(exchange)
            | Handle::Awaited(exchange)
            | Handle::Response(exchange)
            | Handle::ResponseBody(exchange) => Some(exchange),
            _ => None,
        }
    }

    /// Stores the handle in the `result` that a function returned.
    fn derived<'r>(&mut self, call: &'r Call, handle: Handle) -> Option<Activity<'r>> {
        if let Some(number) = CallOutcome::of(call)?.inner_handle() {
            self.handles.put(number, handle);
        }
        Some(Activity::Other)
    }

    /// A response or an error: an option of a result of a result.
    fn answered<'r>(&mut self, exchange: ExchangeId, call: &'r Call) -> Option<Activity<'r>> {
        let CallOutcome::Value(mut value) = CallOutcome::of(call)? else {
            return Some(Activity::Failed { place: None });
        };
        let answer = value.option(|value| {
            if !value.result()? {
                return Some(None);
            }
            if !value.result()? {
                return Some(Some(None));
            }
            value.handle().map(|number| Some(Some(number)))
        })?;
        Some(match answer.flatten() {
            // Not there yet, or already taken.
            None => Activity::Other,
            Some(None) => Activity::Answered { exchange, response: false },
            Some(Some(number)) => {
                self.handles.put(number, Handle::Response(exchange));
                Activity::Answered { exchange, response: true }
            }
        })
    }

    /// Stores a part of a request that the tool sets. A part that can't be read is left unset.
    fn set<'r>(
        &mut self,
        function: &'static Function,
        exchange: ExchangeId,
        arguments: &Arguments<'r>,
        call: &'r Call,
    ) -> Option<Activity<'r>> {
        let done = match CallOutcome::of(call)? {
            CallOutcome::Value(mut value) => value.result() == Some(true),
            CallOutcome::Error(_) | CallOutcome::Trap => false,
        };
        if !done {
            return Some(Activity::Other);
        }
        match function.id {
            types::OUTGOING_REQUEST_SET_METHOD => {
                let method = method(&mut arguments.at("method")?);
                self.handles.request_mut(exchange)?.method = method;
            }
            types::OUTGOING_REQUEST_SET_SCHEME => {
                let scheme = arguments.at("scheme")?.option(|scheme| scheme_of(scheme))?;
                self.handles.request_mut(exchange)?.scheme = scheme.unwrap_or(Some(Scheme::Https));
            }
            types::OUTGOING_REQUEST_SET_AUTHORITY => {
                let text = arguments.at("authority")?.option(Items::text)?;
                self.handles.set_text(exchange, RequestText::Authority, text);
            }
            types::OUTGOING_REQUEST_SET_PATH_WITH_QUERY => {
                let text = arguments.at("path-with-query")?.option(Items::text)?;
                self.handles.set_text(exchange, RequestText::Path, text);
            }
            _ => {}
        }
        Some(Activity::Other)
    }
}

fn method(arguments: &mut Items<'_>) -> Option<Method> {
    let (case, other) = arguments.case()?;
    if other { Method::parse(arguments.text()?).ok() } else { Method::parse(&case.to_ascii_uppercase()).ok() }
}

/// A scheme. `Some(None)` is one that no policy grants: neither HTTP nor HTTPS.
fn scheme_of(arguments: &mut Items<'_>) -> Option<Option<Scheme>> {
    let (case, other) = arguments.case()?;
    Some(Scheme::parse(if other { arguments.text()? } else { case }))
}
