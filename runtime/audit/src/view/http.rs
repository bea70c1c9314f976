//! `wasi:http`: which request a call was about.

use wasm_agent_calls::Function;
use wasm_agent_calls::http::types;
use wasm_agent_journal::Call;
use wasm_agent_policy::{Method, Scheme};

use super::View;
use super::handles::{Handle, Text};
use super::items::{Answer, Arguments, Items};
use super::what::{Exchange, What};

impl View {
    /// A request is handed over. Its handle is gone, whatever came of it.
    pub(super) fn handle<'r>(&mut self, function: &'static Function, call: &'r Call) -> Option<What<'r>> {
        let number = Arguments::of(function, call)?.handle()?;
        let exchange = match self.handles.get(number) {
            Some(Handle::Request(exchange)) => exchange,
            _ => return Some(What::Other),
        };
        if let Some(request) = self.handles.request_mut(exchange) {
            request.handed_over(call.seq.0);
        }
        let given = Answer::of(call)?.handle();
        if let Some(awaited) = given {
            self.handles.put(awaited, Handle::Awaited(exchange));
        }
        if given != Some(number) {
            self.handles.take(number);
        }
        Some(if given.is_some() { What::Requested { exchange } } else { What::Failed { place: None } })
    }

    pub(super) fn http<'r>(&mut self, function: &'static Function, call: &'r Call) -> Option<What<'r>> {
        if function.id == types::NEW_OUTGOING_REQUEST {
            if let Some(number) = Answer::of(call)?.handle() {
                self.handles.request_made(number);
            }
            return Some(What::Other);
        }
        let arguments = Arguments::of(function, call)?;
        let Some(number) = arguments.handle() else { return Some(What::Other) };
        if function.is_drop() {
            if self.exchange(number).is_some() {
                self.handles.take(number);
            }
            return Some(What::Other);
        }
        let Some(exchange) = self.exchange(number) else { return Some(What::Other) };
        match function.id {
            types::OUTGOING_REQUEST_BODY => self.derived(call, Handle::RequestBody(exchange)),
            types::OUTGOING_BODY_WRITE => self.derived(call, Handle::RequestStream(exchange)),
            types::INCOMING_RESPONSE_CONSUME => self.derived(call, Handle::ResponseBody(exchange)),
            types::INCOMING_BODY_STREAM => self.derived(call, Handle::ResponseStream(exchange)),
            types::OUTGOING_BODY_FINISH | types::INCOMING_BODY_FINISH => {
                self.handles.take(number);
                Some(What::Other)
            }
            types::FUTURE_INCOMING_RESPONSE_GET => self.answered(exchange, call),
            types::INCOMING_RESPONSE_STATUS | types::INCOMING_RESPONSE_HEADERS => {
                Some(What::LookedAtResponse { exchange })
            }
            _ => self.set(function, exchange, &arguments, call),
        }
    }

    /// The request behind a handle.
    fn exchange(&self, number: u32) -> Option<Exchange> {
        match self.handles.get(number)? {
            Handle::Request(exchange)
            | Handle::RequestBody(exchange)
            | Handle::Awaited(exchange)
            | Handle::Response(exchange)
            | Handle::ResponseBody(exchange) => Some(exchange),
            _ => None,
        }
    }

    /// Takes a handle out of the result that a function gave.
    fn derived<'r>(&mut self, call: &'r Call, handle: Handle) -> Option<What<'r>> {
        if let Some(number) = Answer::of(call)?.inner_handle() {
            self.handles.put(number, handle);
        }
        Some(What::Other)
    }

    /// A response, or why there is none: an option of a result of a result.
    fn answered<'r>(&mut self, exchange: Exchange, call: &'r Call) -> Option<What<'r>> {
        let Answer::Value(mut value) = Answer::of(call)? else { return Some(What::Failed { place: None }) };
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
            // Not there yet, or taken before.
            None => What::Other,
            Some(None) => What::Answered { exchange, response: false },
            Some(Some(number)) => {
                self.handles.put(number, Handle::Response(exchange));
                What::Answered { exchange, response: true }
            }
        })
    }

    /// Takes in what a request is set to. What can't be read leaves the request without it.
    fn set<'r>(
        &mut self,
        function: &'static Function,
        exchange: Exchange,
        arguments: &Arguments<'r>,
        call: &'r Call,
    ) -> Option<What<'r>> {
        let done = match Answer::of(call)? {
            Answer::Value(mut value) => value.result() == Some(true),
            Answer::Error(_) | Answer::Trap => false,
        };
        if !done {
            return Some(What::Other);
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
                self.handles.set_text(exchange, Text::Authority, text);
            }
            types::OUTGOING_REQUEST_SET_PATH_WITH_QUERY => {
                let text = arguments.at("path-with-query")?.option(Items::text)?;
                self.handles.set_text(exchange, Text::Path, text);
            }
            _ => {}
        }
        Some(What::Other)
    }
}

fn method(arguments: &mut Items<'_>) -> Option<Method> {
    let (case, other) = arguments.case()?;
    if other { Method::parse(arguments.text()?).ok() } else { Method::parse(&case.to_ascii_uppercase()).ok() }
}

/// A scheme: nothing is granted but HTTP and HTTPS, whatever their spelling.
fn scheme_of(arguments: &mut Items<'_>) -> Option<Option<Scheme>> {
    let (case, other) = arguments.case()?;
    Some(Scheme::parse(if other { arguments.text()? } else { case }))
}
