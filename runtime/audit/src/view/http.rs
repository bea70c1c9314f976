//! `wasi:http`: which request a call was about.

use wasm_agent_journal::Call;
use wasm_agent_policy::{Method, Scheme};

use super::View;
use super::handles::{Handle, Text};
use super::items::{Answer, Items};
use super::what::{Exchange, What};

impl View {
    /// A request is handed over. Its handle is gone, whatever came of it.
    pub(super) fn handle<'r>(&mut self, call: &'r Call) -> Option<What<'r>> {
        let number = Items::arguments(call)?.handle()?;
        let exchange = match self.handles.get(number) {
            Some(Handle::Request(exchange)) => exchange,
            _ => return Some(What::Other),
        };
        if let Some(request) = self.handles.request_mut(exchange) {
            request.handed_over(call.seq);
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

    pub(super) fn http<'r>(&mut self, function: &str, call: &'r Call) -> Option<What<'r>> {
        if function == "[constructor]outgoing-request" {
            if let Some(number) = Answer::of(call)?.handle() {
                self.handles.request_made(number);
            }
            return Some(What::Other);
        }
        let mut arguments = Items::arguments(call)?;
        let Some(number) = arguments.handle() else { return Some(What::Other) };
        if function.starts_with("[resource-drop]") {
            if self.exchange(number).is_some() {
                self.handles.take(number);
            }
            return Some(What::Other);
        }
        let Some(exchange) = self.exchange(number) else { return Some(What::Other) };
        match function {
            "[method]outgoing-request.body" => self.derived(call, Handle::RequestBody(exchange)),
            "[method]outgoing-body.write" => self.derived(call, Handle::RequestStream(exchange)),
            "[method]incoming-response.consume" => self.derived(call, Handle::ResponseBody(exchange)),
            "[method]incoming-body.stream" => self.derived(call, Handle::ResponseStream(exchange)),
            "[static]outgoing-body.finish" | "[static]incoming-body.finish" => {
                self.handles.take(number);
                Some(What::Other)
            }
            "[method]future-incoming-response.get" => self.answered(exchange, call),
            "[method]incoming-response.status" | "[method]incoming-response.headers" => {
                Some(What::LookedAtResponse { exchange })
            }
            _ => self.set(function, exchange, arguments, call),
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
        function: &str,
        exchange: Exchange,
        mut arguments: Items<'r>,
        call: &'r Call,
    ) -> Option<What<'r>> {
        let done = match Answer::of(call)? {
            Answer::Value(mut value) => value.result() == Some(true),
            Answer::Error(_) | Answer::Trap => false,
        };
        if !done {
            return Some(What::Other);
        }
        match function {
            "[method]outgoing-request.set-method" => {
                let method = method(&mut arguments);
                self.handles.request_mut(exchange)?.method = method;
            }
            "[method]outgoing-request.set-scheme" => {
                let scheme = arguments.option(|scheme| scheme_of(scheme))?;
                self.handles.request_mut(exchange)?.scheme = scheme.unwrap_or(Some(Scheme::Https));
            }
            "[method]outgoing-request.set-authority" => {
                let text = arguments.option(Items::text)?;
                self.handles.set_text(exchange, Text::Authority, text);
            }
            "[method]outgoing-request.set-path-with-query" => {
                let text = arguments.option(Items::text)?;
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
