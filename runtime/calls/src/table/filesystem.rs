//! `wasi:filesystem`. Made by `tests/table`, which says how.

#[allow(unused_imports, reason = "a package need not use each kind of type")]
use crate::Type::*;
use crate::table::macros::interface;

/// `error-code`.
pub const ERROR_CODE: crate::Enum = crate::Enum {
    name: "error-code",
    cases: &[
        "access", "would-block", "already", "bad-descriptor", "busy", "deadlock", "quota", "exist", "file-too-large",
        "illegal-byte-sequence", "in-progress", "interrupted", "invalid", "io", "is-directory", "loop",
        "too-many-links", "message-size", "name-too-long", "no-device", "no-entry", "no-lock", "insufficient-memory",
        "insufficient-space", "not-directory", "not-empty", "not-recoverable", "unsupported", "no-tty",
        "no-such-device", "overflow", "not-permitted", "pipe", "read-only", "invalid-seek", "text-file-busy",
        "cross-device",
    ],
};

/// `advice`.
pub const ADVICE: crate::Enum = crate::Enum {
    name: "advice",
    cases: &[
        "normal", "sequential", "random", "will-need", "dont-need", "no-reuse",
    ],
};

/// `descriptor-flags`.
pub const DESCRIPTOR_FLAGS: crate::Flags = crate::Flags {
    name: "descriptor-flags",
    flags: &[
        "read", "write", "file-integrity-sync", "data-integrity-sync", "requested-write-sync", "mutate-directory",
    ],
};

/// `descriptor-type`.
pub const DESCRIPTOR_TYPE: crate::Enum = crate::Enum {
    name: "descriptor-type",
    cases: &[
        "unknown", "block-device", "character-device", "directory", "fifo", "symbolic-link", "regular-file", "socket",
    ],
};

/// `new-timestamp`.
pub const NEW_TIMESTAMP: crate::Variant = crate::Variant {
    name: "new-timestamp",
    cases: &[
        ("no-change", None), ("now", None), ("timestamp", Some(Record(&crate::clocks::DATETIME))),
    ],
};

/// `descriptor-stat`.
pub const DESCRIPTOR_STAT: crate::Record = crate::Record {
    name: "descriptor-stat",
    fields: &[
        crate::Named::new("type", Enum(&DESCRIPTOR_TYPE)),
        crate::Named::new("link-count", U64),
        crate::Named::new("size", U64),
        crate::Named::new("data-access-timestamp", Option(&Record(&crate::clocks::DATETIME))),
        crate::Named::new("data-modification-timestamp", Option(&Record(&crate::clocks::DATETIME))),
        crate::Named::new("status-change-timestamp", Option(&Record(&crate::clocks::DATETIME))),
    ],
};

/// `path-flags`.
pub const PATH_FLAGS: crate::Flags = crate::Flags {
    name: "path-flags",
    flags: &[
        "symlink-follow",
    ],
};

/// `open-flags`.
pub const OPEN_FLAGS: crate::Flags = crate::Flags {
    name: "open-flags",
    flags: &[
        "create", "directory", "exclusive", "truncate",
    ],
};

/// `metadata-hash-value`.
pub const METADATA_HASH_VALUE: crate::Record = crate::Record {
    name: "metadata-hash-value",
    fields: &[
        crate::Named::new("lower", U64),
        crate::Named::new("upper", U64),
    ],
};

/// `directory-entry`.
pub const DIRECTORY_ENTRY: crate::Record = crate::Record {
    name: "directory-entry",
    fields: &[
        crate::Named::new("type", Enum(&DESCRIPTOR_TYPE)),
        crate::Named::new("name", String),
    ],
};

interface! {
    /// Functions of `wasi:filesystem/preopens`.
    preopens "wasi:filesystem/preopens" {
        GET_DIRECTORIES Pure "get-directories" () -> List(&Tuple(&[Own("descriptor"), String]));
    }
}

interface! {
    /// Functions of `wasi:filesystem/types`.
    types "wasi:filesystem/types" {
        DESCRIPTOR_ADVISE Handle "[method]descriptor.advise"
            ("self": Borrow("descriptor"), "offset": U64, "length": U64, "advice": Enum(&super::ADVICE))
            -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_APPEND_VIA_STREAM Handle "[method]descriptor.append-via-stream"
            ("self": Borrow("descriptor")) -> Result(Some(&Own("output-stream")), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_CREATE_DIRECTORY_AT Effect "[method]descriptor.create-directory-at"
            ("self": Borrow("descriptor"), "path": String) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_GET_FLAGS Handle "[method]descriptor.get-flags"
            ("self": Borrow("descriptor"))
            -> Result(Some(&Flags(&super::DESCRIPTOR_FLAGS)), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_GET_TYPE Handle "[method]descriptor.get-type"
            ("self": Borrow("descriptor"))
            -> Result(Some(&Enum(&super::DESCRIPTOR_TYPE)), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_IS_SAME_OBJECT Handle "[method]descriptor.is-same-object"
            ("self": Borrow("descriptor"), "other": Borrow("descriptor")) -> Bool;
        DESCRIPTOR_LINK_AT Effect "[method]descriptor.link-at"
            ("self": Borrow("descriptor"),
             "old-path-flags": Flags(&super::PATH_FLAGS),
             "old-path": String,
             "new-descriptor": Borrow("descriptor"),
             "new-path": String)
            -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_METADATA_HASH Handle "[method]descriptor.metadata-hash"
            ("self": Borrow("descriptor"))
            -> Result(Some(&Record(&super::METADATA_HASH_VALUE)), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_METADATA_HASH_AT Look "[method]descriptor.metadata-hash-at"
            ("self": Borrow("descriptor"), "path-flags": Flags(&super::PATH_FLAGS), "path": String)
            -> Result(Some(&Record(&super::METADATA_HASH_VALUE)), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_OPEN_AT Effect "[method]descriptor.open-at"
            ("self": Borrow("descriptor"),
             "path-flags": Flags(&super::PATH_FLAGS),
             "path": String,
             "open-flags": Flags(&super::OPEN_FLAGS),
             "flags": Flags(&super::DESCRIPTOR_FLAGS))
            -> Result(Some(&Own("descriptor")), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_READ Handle "[method]descriptor.read"
            ("self": Borrow("descriptor"), "length": U64, "offset": U64)
            -> Result(Some(&Tuple(&[Bytes, Bool])), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_READ_DIRECTORY Look "[method]descriptor.read-directory"
            ("self": Borrow("descriptor"))
            -> Result(Some(&Own("directory-entry-stream")), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_READ_VIA_STREAM Handle "[method]descriptor.read-via-stream"
            ("self": Borrow("descriptor"), "offset": U64)
            -> Result(Some(&Own("input-stream")), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_READLINK_AT Look "[method]descriptor.readlink-at"
            ("self": Borrow("descriptor"), "path": String) -> Result(Some(&String), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_REMOVE_DIRECTORY_AT Effect "[method]descriptor.remove-directory-at"
            ("self": Borrow("descriptor"), "path": String) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_RENAME_AT Effect "[method]descriptor.rename-at"
            ("self": Borrow("descriptor"),
             "old-path": String,
             "new-descriptor": Borrow("descriptor"),
             "new-path": String)
            -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_SET_SIZE Handle "[method]descriptor.set-size"
            ("self": Borrow("descriptor"), "size": U64) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_SET_TIMES Effect "[method]descriptor.set-times"
            ("self": Borrow("descriptor"),
             "data-access-timestamp": Variant(&super::NEW_TIMESTAMP),
             "data-modification-timestamp": Variant(&super::NEW_TIMESTAMP))
            -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_SET_TIMES_AT Effect "[method]descriptor.set-times-at"
            ("self": Borrow("descriptor"),
             "path-flags": Flags(&super::PATH_FLAGS),
             "path": String,
             "data-access-timestamp": Variant(&super::NEW_TIMESTAMP),
             "data-modification-timestamp": Variant(&super::NEW_TIMESTAMP))
            -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_STAT Handle "[method]descriptor.stat"
            ("self": Borrow("descriptor"))
            -> Result(Some(&Record(&super::DESCRIPTOR_STAT)), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_STAT_AT Look "[method]descriptor.stat-at"
            ("self": Borrow("descriptor"), "path-flags": Flags(&super::PATH_FLAGS), "path": String)
            -> Result(Some(&Record(&super::DESCRIPTOR_STAT)), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_SYMLINK_AT Effect "[method]descriptor.symlink-at"
            ("self": Borrow("descriptor"), "old-path": String, "new-path": String)
            -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_SYNC Handle "[method]descriptor.sync"
            ("self": Borrow("descriptor")) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_SYNC_DATA Handle "[method]descriptor.sync-data"
            ("self": Borrow("descriptor")) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_UNLINK_FILE_AT Effect "[method]descriptor.unlink-file-at"
            ("self": Borrow("descriptor"), "path": String) -> Result(None, Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_WRITE Handle "[method]descriptor.write"
            ("self": Borrow("descriptor"), "buffer": Bytes, "offset": U64)
            -> Result(Some(&U64), Some(&Enum(&super::ERROR_CODE)));
        DESCRIPTOR_WRITE_VIA_STREAM Handle "[method]descriptor.write-via-stream"
            ("self": Borrow("descriptor"), "offset": U64)
            -> Result(Some(&Own("output-stream")), Some(&Enum(&super::ERROR_CODE)));
        DIRECTORY_ENTRY_STREAM_READ_DIRECTORY_ENTRY Handle "[method]directory-entry-stream.read-directory-entry"
            ("self": Borrow("directory-entry-stream"))
            -> Result(Some(&Option(&Record(&super::DIRECTORY_ENTRY))), Some(&Enum(&super::ERROR_CODE)));
        DROP_DESCRIPTOR Handle "[resource-drop]descriptor" ("self": Own("descriptor"));
        DROP_DIRECTORY_ENTRY_STREAM Handle "[resource-drop]directory-entry-stream"
            ("self": Own("directory-entry-stream"));
        FILESYSTEM_ERROR_CODE Pure "filesystem-error-code"
            ("err": Borrow("error")) -> Option(&Enum(&super::ERROR_CODE));
    }
}
