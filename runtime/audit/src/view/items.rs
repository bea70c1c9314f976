//! Reading a call's arguments and outcome. Each reader returns `None` if the next item is of another kind.

use minicbor::Decoder;
use minicbor::data::Type;
use wasm_agent_calls::{Function, Record};
use wasm_agent_journal::{Call, PayloadRef};

/// The items of an array, read one after the other.
pub(super) struct Items<'r>(Decoder<'r>);

/// A call's arguments, by their names in WIT.
pub(super) struct Arguments<'r> {
    function: &'static Function,
    items: Decoder<'r>,
}

impl<'r> Arguments<'r> {
    /// The arguments of a call of this function.
    pub(super) fn of(function: &'static Function, call: &'r Call) -> Option<Self> {
        let mut items = Decoder::new(&call.arguments);
        items.array().ok()?.map(|_| Self { function, items })
    }

    /// Finds an argument. `None` if the function has no parameter of that name.
    pub(super) fn at(&self, parameter: &str) -> Option<Items<'r>> {
        let mut items = Items(self.items.clone());
        for _ in 0..self.function.position(parameter)? {
            items.skip()?;
        }
        Some(items)
    }

    /// The handle that a function acts on: its first argument.
    pub(super) fn handle(&self) -> Option<u32> {
        Items(self.items.clone()).handle()
    }
}

/// What a host function returned.
pub(super) enum CallOutcome<'r> {
    /// A value.
    Value(Items<'r>),
    /// An error that the tool handles.
    Error(Items<'r>),
    /// The end of the tool.
    Trap,
}

impl<'r> Items<'r> {
    /// Reads the head of an array: how many items follow.
    pub(super) fn array(&mut self) -> Option<u64> {
        self.0.array().ok()?
    }

    pub(super) fn uint(&mut self) -> Option<u64> {
        self.0.u64().ok()
    }

    /// Reads a handle's number.
    pub(super) fn handle(&mut self) -> Option<u32> {
        self.0.u32().ok()
    }

    pub(super) fn bool(&mut self) -> Option<bool> {
        self.0.bool().ok()
    }

    pub(super) fn text(&mut self) -> Option<&'r str> {
        self.0.str().ok()
    }

    pub(super) fn payload(&mut self) -> Option<PayloadRef<'r>> {
        self.0.decode().ok()
    }

    /// Steps over an item.
    pub(super) fn skip(&mut self) -> Option<()> {
        self.0.skip().ok()
    }

    /// A field of the record that comes next.
    pub(super) fn field(&self, record: &Record, name: &str) -> Option<Self> {
        let mut items = Self(self.0.clone());
        let fields = u64::try_from(record.fields.len()).ok()?;
        let place = record.fields.iter().position(|field| field.name == name)?;
        (items.array()? == fields).then_some(())?;
        for _ in 0..place {
            items.skip()?;
        }
        Some(items)
    }

    /// Whether `null` comes next.
    pub(super) fn is_null(&self) -> bool {
        matches!(self.0.datatype(), Ok(Type::Null))
    }

    /// Whether a byte list comes next.
    pub(super) fn is_payload(&self) -> bool {
        matches!(self.0.datatype(), Ok(Type::Bytes | Type::Tag))
    }

    /// Reads an option: `Some(None)` if it is empty, `None` if it is not an option.
    pub(super) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.is_null() {
            return self.skip().map(|()| None);
        }
        (self.array()? == 1).then(|| read(self))?.map(Some)
    }

    /// Steps into a result: `true` if its value follows, `false` if its error does.
    pub(super) fn result(&mut self) -> Option<bool> {
        match (self.array()?, self.uint()?) {
            (2, 0) => Some(true),
            (2, 1) => Some(false),
            _ => None,
        }
    }

    /// Reads a variant's case: its name, and whether a value follows.
    pub(super) fn case(&mut self) -> Option<(&'r str, bool)> {
        match self.0.datatype() {
            Ok(Type::String) => Some((self.text()?, false)),
            Ok(_) if self.array()? == 2 => Some((self.text()?, true)),
            _ => None,
        }
    }
}

impl<'r> CallOutcome<'r> {
    /// A call's outcome.
    pub(super) fn of(call: &'r Call) -> Option<Self> {
        let mut items = Items(Decoder::new(&call.outcome));
        match (items.array()?, items.uint()?) {
            (2, 0) => Some(Self::Value(items)),
            (2, 1) => Some(Self::Error(items)),
            (2, 2) => Some(Self::Trap),
            _ => None,
        }
    }

    /// The handle that a function returned, if it returned one.
    pub(super) fn handle(self) -> Option<u32> {
        match self {
            Self::Value(mut value) => value.handle(),
            Self::Error(_) | Self::Trap => None,
        }
    }

    /// The handle in a `result` that a function returned.
    pub(super) fn inner_handle(self) -> Option<u32> {
        match self {
            Self::Value(mut value) => value.result()?.then(|| value.handle())?,
            Self::Error(_) | Self::Trap => None,
        }
    }
}
