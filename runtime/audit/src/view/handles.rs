//! The handles that a tool holds, and what each of them refers to.

use std::collections::HashMap;

use wasm_agent_policy::{GuestPath, Method, Scheme, URL_BYTES_MAX, Url};

use super::activity::{ExchangeId, OpenedId, Position};
use crate::budget::{MOVE, WorkBudget};

/// Most handles followed at a time. A run has at most as many as its policy's limit `handles` allows, 1024 by default.
/// If a journal claims more, the rest are not followed.
pub(crate) const HANDLES_MAX: usize = 65_536;

/// Most bytes of names held for what is open: enough for 4096 of the longest names, or tens of thousands of common
/// ones.
const NAME_BYTES_MAX: usize = 16 << 20;

/// What a handle refers to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Handle {
    Descriptor(OpenedId),
    Entries(OpenedId),
    Reader { file: OpenedId, at: u64 },
    Writer { file: OpenedId, at: Position, last: u64 },
    Request(ExchangeId),
    RequestBody(ExchangeId),
    RequestStream(ExchangeId),
    Awaited(ExchangeId),
    Response(ExchangeId),
    ResponseBody(ExchangeId),
    ResponseStream(ExchangeId),
    Stdin,
    Stdout,
    Stderr,
}

/// A request, as the tool put it together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The call that handed it over. Its effect names the same call.
    pub call: Option<u64>,
    /// The URL, once the request was handed over.
    pub url: Option<Url>,
    /// The method; `None` if it is not valid.
    pub method: Option<Method>,
    pub(super) scheme: Option<Scheme>,
    authority: Option<String>,
    path: Option<String>,
}

/// Something that several handles can refer to.
#[derive(Debug)]
struct Shared<T> {
    handles: u32,
    value: T,
}

/// All handles of a run.
#[derive(Debug, Default)]
pub(super) struct Handles {
    numbers: HashMap<u32, Handle>,
    files: HashMap<OpenedId, Shared<Option<GuestPath>>>,
    requests: HashMap<ExchangeId, Shared<Request>>,
    next: u64,
    /// Bytes of names and requests.
    held: usize,
    pub(super) budget: WorkBudget,
    /// Names are no longer followed: renaming used up the budget.
    nameless: bool,
    /// How much was not followed, as there was no room.
    pub(super) lost: u64,
}

impl Handles {
    pub(super) fn get(&self, number: u32) -> Option<Handle> {
        self.numbers.get(&number).copied()
    }

    /// A handle, to update a stream's position.
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Handle> {
        self.numbers.get_mut(&number)
    }

    /// The current name of something that was opened.
    pub(super) fn path(&self, opened: OpenedId) -> Option<&GuestPath> {
        self.files.get(&opened)?.value.as_ref().filter(|_| !self.nameless)
    }

    pub(super) fn request(&self, exchange: ExchangeId) -> Option<&Request> {
        Some(&self.requests.get(&exchange)?.value)
    }

    pub(super) fn request_mut(&mut self, exchange: ExchangeId) -> Option<&mut Request> {
        Some(&mut self.requests.get_mut(&exchange)?.value)
    }

    pub(super) fn is_open(&self, opened: OpenedId) -> bool {
        self.files.contains_key(&opened)
    }

    /// Follows a new descriptor.
    pub(super) fn open(&mut self, number: u32, path: Option<GuestPath>) -> OpenedId {
        let opened = OpenedId(self.number());
        let path = path.filter(|path| !self.nameless && self.hold(path.as_str().len()));
        self.files.insert(opened, Shared { handles: 0, value: path });
        self.put(number, Handle::Descriptor(opened));
        opened
    }

    /// Follows a new request.
    pub(super) fn request_made(&mut self, number: u32) {
        let exchange = ExchangeId(self.number());
        let request = Request { method: Some(Method::GET), scheme: Some(Scheme::Https), ..Request::default() };
        self.requests.insert(exchange, Shared { handles: 0, value: request });
        self.put(number, Handle::Request(exchange));
    }

    /// Assigns a handle's number. If it referred to something else, that is closed: only then is a number reused.
    pub(super) fn put(&mut self, number: u32, handle: Handle) {
        if self.numbers.len() >= HANDLES_MAX && !self.numbers.contains_key(&number) {
            self.lost = self.lost.saturating_add(1);
            self.forget(handle);
            return;
        }
        // Counted first: both can refer to the same request.
        self.count(handle, 1);
        if let Some(before) = self.numbers.insert(number, handle) {
            self.count(before, -1);
            self.forget(before);
        }
    }

    /// Closes a handle. Returns what it referred to, if it was the last handle to it.
    pub(super) fn take(&mut self, number: u32) -> Option<OpenedId> {
        let handle = self.numbers.remove(&number)?;
        self.count(handle, -1);
        self.forget(handle)
    }

    /// Forgets what a handle referred to, if no other handle does.
    fn forget(&mut self, handle: Handle) -> Option<OpenedId> {
        if let Some(opened) = handle.opened() {
            let gone = self.files.get(&opened).is_some_and(|file| file.handles == 0);
            if !gone {
                return None;
            }
            let file = self.files.remove(&opened);
            let bytes = file.and_then(|file| file.value).map_or(0, |path| path.as_str().len());
            self.held = self.held.saturating_sub(bytes);
            return Some(opened);
        }
        if let Some(exchange) = handle.exchange()
            && self.requests.get(&exchange).is_some_and(|request| request.handles == 0)
        {
            let request = self.requests.remove(&exchange);
            self.held = self.held.saturating_sub(request.map_or(0, |request| request.value.bytes()));
        }
        None
    }

    fn count(&mut self, handle: Handle, by: i32) {
        let count = match (handle.opened(), handle.exchange()) {
            (Some(opened), _) => self.files.get_mut(&opened).map(|file| &mut file.handles),
            (None, Some(exchange)) => self.requests.get_mut(&exchange).map(|request| &mut request.handles),
            (None, None) => None,
        };
        if let Some(count) = count {
            *count = count.saturating_add_signed(by);
        }
    }

    /// Sets a text of a request, unless it is too long for a URL, or there is no room.
    pub(super) fn set_text(&mut self, exchange: ExchangeId, which: RequestText, text: Option<&str>) {
        let before = self.request(exchange).map_or(0, Request::bytes);
        self.held = self.held.saturating_sub(before);
        let text = text.filter(|text| text.len() <= URL_BYTES_MAX && self.held + text.len() <= NAME_BYTES_MAX);
        if let Some(request) = self.request_mut(exchange) {
            let text = text.map(str::to_owned);
            match which {
                RequestText::Authority => request.authority = text,
                RequestText::Path => request.path = text,
            }
            let after = request.bytes();
            self.held = self.held.saturating_add(after);
        }
    }

    /// Applies a rename to what is open at the old name and below it.
    pub(super) fn renamed(&mut self, from: &GuestPath, to: &GuestPath, replaces: bool) {
        if from == to {
            return;
        }
        if replaces {
            self.removed(to);
        }
        if !self.pay_for_scan() {
            return;
        }
        for file in self.files.values_mut() {
            if let Some(path) = file.value.as_ref().filter(|path| path.starts_with(from)) {
                if !self.budget.spend(MOVE) {
                    self.lost = self.lost.saturating_add(1);
                    self.nameless = true;
                    return;
                }
                let below = path.as_str().strip_prefix(from.as_str()).unwrap_or_default();
                self.held = self.held.saturating_sub(path.as_str().len());
                // If the new name is too long, nothing can be done by that name.
                let moved = GuestPath::parse(&format!("{}{below}", to.as_str())).ok();
                let moved = moved.filter(|path| self.held.saturating_add(path.as_str().len()) <= NAME_BYTES_MAX);
                self.held = self.held.saturating_add(moved.as_ref().map_or(0, |path| path.as_str().len()));
                file.value = moved;
            }
        }
    }

    /// Removes a name. What is open there stays open, without a name.
    pub(super) fn removed(&mut self, path: &GuestPath) {
        if !self.pay_for_scan() {
            return;
        }
        for file in self.files.values_mut() {
            if file.value.as_ref() == Some(path) {
                self.held = self.held.saturating_sub(path.as_str().len());
                file.value = None;
            }
        }
    }

    /// Pays for looking at everything that is open. If the budget does not allow it, names are no longer followed.
    fn pay_for_scan(&mut self) -> bool {
        if !self.nameless && !self.budget.spend(self.files.len()) {
            self.lost = self.lost.saturating_add(1);
            self.nameless = true;
        }
        !self.nameless
    }

    fn number(&mut self) -> u64 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        number
    }

    fn hold(&mut self, bytes: usize) -> bool {
        if self.held.saturating_add(bytes) > NAME_BYTES_MAX {
            self.lost = self.lost.saturating_add(1);
            return false;
        }
        self.held = self.held.saturating_add(bytes);
        true
    }
}

/// A part of a request that is text.
#[derive(Debug, Clone, Copy)]
pub(super) enum RequestText {
    Authority,
    Path,
}

impl Handle {
    fn opened(self) -> Option<OpenedId> {
        match self {
            Self::Descriptor(file) | Self::Entries(file) | Self::Reader { file, .. } | Self::Writer { file, .. } => {
                Some(file)
            }
            _ => None,
        }
    }

    fn exchange(self) -> Option<ExchangeId> {
        match self {
            Self::Request(exchange)
            | Self::RequestBody(exchange)
            | Self::RequestStream(exchange)
            | Self::Awaited(exchange)
            | Self::Response(exchange)
            | Self::ResponseBody(exchange)
            | Self::ResponseStream(exchange) => Some(exchange),
            _ => None,
        }
    }
}

impl Request {
    /// Builds the URL by the same rules as the gate.
    pub(super) fn handed_over(&mut self, call: u64) {
        self.call = Some(call);
        let authority = self.authority.as_deref().unwrap_or_default();
        let path = self.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/");
        self.url = self.scheme.and_then(|scheme| Url::parse(scheme, authority, path).ok());
    }

    fn bytes(&self) -> usize {
        self.authority.as_ref().map_or(0, String::len) + self.path.as_ref().map_or(0, String::len)
    }
}
