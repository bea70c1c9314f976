//! Where a run ends.

use std::fmt;
use std::str::FromStr;

/// A moment of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Point {
    /// Nowhere: the run that the others are counted in.
    Never,
    /// After so many bytes of the journal's first eight.
    Magic(u64),
    /// In the middle of the journal, at a place in a record.
    Record(u64, Cut),
    /// The power fails there: only what was synced is in the file, and nothing or zeros behind it.
    Power(u64, Cut, Remains),
    /// Before or after a sync of the journal.
    Sync(u64, Side),
    /// While this question stands.
    Asked(u64),
    /// When the tool prints this piece.
    Printed(u64),
    /// When this request has arrived at the server.
    Requested(u64),
    /// As soon as somebody who watches this file sees it change.
    Seen(String),
}

/// A place in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// So many bytes of it are there. With none, the run went on after the record before it.
    Bytes(u64),
    /// Half of the payload.
    Middle,
    /// All but the last byte.
    Last,
    /// All of it, and the run did not get to know.
    After,
}

/// What a power failure leaves of bytes that were not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Nothing.
    Nothing,
    /// The length of the file, without the contents.
    Zeros,
}

/// Before something or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

/// The places that are tried in every record: its border, its head, its payload, its end.
pub const CUTS: [Cut; 9] = [
    Cut::Bytes(0),
    Cut::Bytes(1),
    Cut::Bytes(4),
    Cut::Bytes(7),
    Cut::Bytes(8),
    Cut::Bytes(9),
    Cut::Middle,
    Cut::Last,
    Cut::After,
];

impl Point {
    /// What points of this sort are called.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Magic(_) => "killed in the journal's first bytes",
            Self::Record(_, Cut::Bytes(0) | Cut::After) => "killed between records",
            Self::Record(..) => "killed inside a record",
            Self::Power(_, _, Remains::Nothing) => "power lost, rest gone",
            Self::Power(_, _, Remains::Zeros) => "power lost, rest zeros",
            Self::Sync(..) => "killed at a sync",
            Self::Asked(_) => "killed while it asks",
            Self::Printed(_) => "killed while it prints",
            Self::Requested(_) => "killed by the server",
            Self::Seen(_) => "killed when a file changes",
        }
    }

    /// Whether only what was synced is left.
    pub fn is_power_loss(&self) -> bool {
        matches!(self, Self::Power(..))
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => write!(f, "never"),
            Self::Magic(bytes) => write!(f, "magic:{bytes}"),
            Self::Record(index, cut) => write!(f, "record:{index}:{cut}"),
            Self::Power(index, cut, Remains::Nothing) => write!(f, "power:{index}:{cut}"),
            Self::Power(index, cut, Remains::Zeros) => write!(f, "zeros:{index}:{cut}"),
            Self::Sync(index, Side::Before) => write!(f, "before-sync:{index}"),
            Self::Sync(index, Side::After) => write!(f, "after-sync:{index}"),
            Self::Asked(number) => write!(f, "asked:{number}"),
            Self::Printed(number) => write!(f, "printed:{number}"),
            Self::Requested(number) => write!(f, "requested:{number}"),
            Self::Seen(path) => write!(f, "seen:{path}"),
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{bytes}"),
            Self::Middle => write!(f, "middle"),
            Self::Last => write!(f, "last"),
            Self::After => write!(f, "after"),
        }
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("no such point: `{text}`");
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let number = || rest.parse::<u64>().map_err(|_| unknown());
        let place = || {
            let (index, cut) = rest.split_once(':').ok_or_else(unknown)?;
            Ok::<_, String>((index.parse().map_err(|_| unknown())?, cut.parse()?))
        };
        Ok(match kind {
            "never" => Self::Never,
            "magic" => Self::Magic(number()?),
            "record" => place().map(|(index, cut)| Self::Record(index, cut))?,
            "power" => place().map(|(index, cut)| Self::Power(index, cut, Remains::Nothing))?,
            "zeros" => place().map(|(index, cut)| Self::Power(index, cut, Remains::Zeros))?,
            "before-sync" => Self::Sync(number()?, Side::Before),
            "after-sync" => Self::Sync(number()?, Side::After),
            "asked" => Self::Asked(number()?),
            "printed" => Self::Printed(number()?),
            "requested" => Self::Requested(number()?),
            "seen" => Self::Seen(rest.to_owned()),
            _ => return Err(unknown()),
        })
    }
}

impl FromStr for Cut {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "middle" => Self::Middle,
            "last" => Self::Last,
            "after" => Self::After,
            bytes => Self::Bytes(bytes.parse().map_err(|_| format!("no such place: `{bytes}`"))?),
        })
    }
}
