//! The handles that a tool holds, and what is behind each of them.

use std::collections::HashMap;

use wasm_agent_policy::{GuestPath, Method, Scheme, URL_BYTES_MAX, Url};

use super::what::{At, Exchange, Opened};
use crate::steps::{MOVE, Steps};

/// Most handles that are followed at a time. A run has at most as many as its policy's limit `handles` says, 1024
/// unless it says otherwise; a journal that claims more is not followed further.
pub(crate) const HANDLES_MAX: usize = 65_536;

/// Most bytes of names that are held for what is open: 4096 of the longest there are, tens of thousands of common ones.
const NAME_BYTES_MAX: usize = 16 << 20;

/// What a handle's number stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Handle {
    Descriptor(Opened),
    Entries(Opened),
    Reader { file: Opened, at: u64 },
    Writer { file: Opened, at: At, last: u64 },
    Request(Exchange),
    RequestBody(Exchange),
    RequestStream(Exchange),
    Awaited(Exchange),
    Response(Exchange),
    ResponseBody(Exchange),
    ResponseStream(Exchange),
    Stdin,
    Stdout,
    Stderr,
}

/// A request, as it was put together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The call that handed it over; its effect has the same.
    pub call: Option<u64>,
    /// The URL, once it was handed over.
    pub url: Option<Url>,
    /// The method; nothing where it is not one.
    pub method: Option<Method>,
    pub(super) scheme: Option<Scheme>,
    authority: Option<String>,
    path: Option<String>,
}

/// Something that several handles may refer to.
#[derive(Debug)]
struct Shared<T> {
    handles: u32,
    value: T,
}

/// All handles of a run.
#[derive(Debug, Default)]
pub(super) struct Handles {
    numbers: HashMap<u32, Handle>,
    files: HashMap<Opened, Shared<Option<GuestPath>>>,
    requests: HashMap<Exchange, Shared<Request>>,
    next: u64,
    /// Bytes of names and requests that are held.
    held: usize,
    pub(super) steps: Steps,
    /// Names are followed no longer: there were too many renames of too much.
    nameless: bool,
    /// What was not followed for want of room.
    pub(super) lost: u64,
}

impl Handles {
    pub(super) fn get(&self, number: u32) -> Option<Handle> {
        self.numbers.get(&number).copied()
    }

    /// Changes what a stream remembers of its position.
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Handle> {
        self.numbers.get_mut(&number)
    }

    /// The name of what was opened, as it is now.
    pub(super) fn path(&self, opened: Opened) -> Option<&GuestPath> {
        self.files.get(&opened)?.value.as_ref().filter(|_| !self.nameless)
    }

    pub(super) fn request(&self, exchange: Exchange) -> Option<&Request> {
        Some(&self.requests.get(&exchange)?.value)
    }

    pub(super) fn request_mut(&mut self, exchange: Exchange) -> Option<&mut Request> {
        Some(&mut self.requests.get_mut(&exchange)?.value)
    }

    pub(super) fn is_open(&self, opened: Opened) -> bool {
        self.files.contains_key(&opened)
    }

    /// Follows something new that was opened.
    pub(super) fn open(&mut self, number: u32, path: Option<GuestPath>) -> Opened {
        let opened = Opened(self.number());
        let path = path.filter(|path| !self.nameless && self.hold(path.as_str().len()));
        self.files.insert(opened, Shared { handles: 0, value: path });
        self.put(number, Handle::Descriptor(opened));
        opened
    }

    /// Follows a new request.
    pub(super) fn request_made(&mut self, number: u32) {
        let exchange = Exchange(self.number());
        let request = Request { method: Some(Method::GET), scheme: Some(Scheme::Https), ..Request::default() };
        self.requests.insert(exchange, Shared { handles: 0, value: request });
        self.put(number, Handle::Request(exchange));
    }

    /// Lets a number stand for something. What it stood for before is closed: a number is given again only then.
    pub(super) fn put(&mut self, number: u32, handle: Handle) {
        if self.numbers.len() >= HANDLES_MAX && !self.numbers.contains_key(&number) {
            self.lost = self.lost.saturating_add(1);
            self.forget(handle);
            return;
        }
        // Counted first: the same request may be behind both.
        self.count(handle, 1);
        if let Some(before) = self.numbers.insert(number, handle) {
            self.count(before, -1);
            self.forget(before);
        }
    }

    /// Closes a handle. Gives what it was the last one of.
    pub(super) fn take(&mut self, number: u32) -> Option<Opened> {
        let handle = self.numbers.remove(&number)?;
        self.count(handle, -1);
        self.forget(handle)
    }

    /// Forgets what is behind a handle if no other refers to it any more.
    fn forget(&mut self, handle: Handle) -> Option<Opened> {
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

    /// Sets a text of a request, unless it is too long for a URL or there is no room.
    pub(super) fn set_text(&mut self, exchange: Exchange, which: Text, text: Option<&str>) {
        let before = self.request(exchange).map_or(0, Request::bytes);
        self.held = self.held.saturating_sub(before);
        let text = text.filter(|text| text.len() <= URL_BYTES_MAX && self.held + text.len() <= NAME_BYTES_MAX);
        if let Some(request) = self.request_mut(exchange) {
            let text = text.map(str::to_owned);
            match which {
                Text::Authority => request.authority = text,
                Text::Path => request.path = text,
            }
            let after = request.bytes();
            self.held = self.held.saturating_add(after);
        }
    }

    /// Follows a name to another: what is open there or below it has that name now.
    pub(super) fn renamed(&mut self, from: &GuestPath, to: &GuestPath, replaces: bool) {
        if from == to {
            return;
        }
        if replaces {
            self.removed(to);
        }
        if !self.look() {
            return;
        }
        for file in self.files.values_mut() {
            if let Some(path) = file.value.as_ref().filter(|path| path.starts_with(from)) {
                if !self.steps.take(MOVE) {
                    self.lost = self.lost.saturating_add(1);
                    self.nameless = true;
                    return;
                }
                let below = path.as_str().strip_prefix(from.as_str()).unwrap_or_default();
                self.held = self.held.saturating_sub(path.as_str().len());
                // A name that is too long by now is none that anything could be done by.
                let moved = GuestPath::parse(&format!("{}{below}", to.as_str())).ok();
                let moved = moved.filter(|path| self.held.saturating_add(path.as_str().len()) <= NAME_BYTES_MAX);
                self.held = self.held.saturating_add(moved.as_ref().map_or(0, |path| path.as_str().len()));
                file.value = moved;
            }
        }
    }

    /// Takes a name away: what is open there goes on without one.
    pub(super) fn removed(&mut self, path: &GuestPath) {
        if !self.look() {
            return;
        }
        for file in self.files.values_mut() {
            if file.value.as_ref() == Some(path) {
                self.held = self.held.saturating_sub(path.as_str().len());
                file.value = None;
            }
        }
    }

    /// Whether all that is open may be looked at. Where that was done too often, names are followed no longer.
    fn look(&mut self) -> bool {
        if !self.nameless && !self.steps.take(self.files.len()) {
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

/// Which text of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Text {
    Authority,
    Path,
}

impl Handle {
    fn opened(self) -> Option<Opened> {
        match self {
            Self::Descriptor(file) | Self::Entries(file) | Self::Reader { file, .. } | Self::Writer { file, .. } => {
                Some(file)
            }
            _ => None,
        }
    }

    fn exchange(self) -> Option<Exchange> {
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
    /// Settles what the request is, by the rules that the gate goes by.
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
