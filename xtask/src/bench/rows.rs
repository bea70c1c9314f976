//! What is measured: the start of a large guest, and the sub-commands of the guest `bench`, with how often each
//! does its one thing.

/// The folder that the guest is granted, as it sees it.
pub(crate) const GUEST_DIR: &str = "/bench";

/// A file that fits one read.
pub(crate) const SMALL_FILE: &str = "small.txt";

/// Its size, in bytes.
pub(crate) const SMALL_FILE_BYTES: usize = 1024;

/// The file that `read` reads.
pub(crate) const LARGE_FILE: &str = "large.bin";

/// Its size, in bytes.
pub(crate) const LARGE_FILE_BYTES: usize = 256 << 20;

/// Size of a response body, in bytes.
pub(crate) const BODY_BYTES: usize = 1024;

/// One measured job.
#[derive(Debug)]
pub(crate) struct Row {
    /// What it is called, in the arguments and in the table.
    pub(crate) name: &'static str,
    /// Whether it is the large guest that is run.
    pub(crate) is_large: bool,
    /// The arguments of the guest.
    pub(crate) arguments: Vec<String>,
    /// How often the one thing is done, where one time makes sense.
    pub(crate) calls: Option<u32>,
}

/// All rows. The counts make each run take some tens of milliseconds at least, so that it is more than noise.
pub(crate) fn all(server: &str) -> Vec<Row> {
    let small = format!("{GUEST_DIR}/{SMALL_FILE}");
    vec![
        Row { name: "start", is_large: false, arguments: vec!["noop".to_owned()], calls: None },
        Row { name: "start-18-mb", is_large: true, arguments: Vec::new(), calls: None },
        times("clock", "clock", 200_000, None),
        times("random", "random", 200_000, None),
        times("stat", "stat", 20_000, Some(&small)),
        times("open-read-close", "open-read-close", 5_000, Some(&small)),
        times("create-remove", "create-remove", 2_000, Some(GUEST_DIR)),
        Row {
            name: "read-256-mib",
            is_large: false,
            arguments: vec!["read".to_owned(), format!("{GUEST_DIR}/{LARGE_FILE}")],
            calls: None,
        },
        Row {
            name: "write-256-mib",
            is_large: false,
            arguments: vec!["write".to_owned(), format!("{GUEST_DIR}/written.bin"), "256".to_owned()],
            calls: None,
        },
        times("http-get", "http-get", 500, Some(&format!("{server}/"))),
    ]
}

fn times(name: &'static str, command: &str, calls: u32, operand: Option<&str>) -> Row {
    let mut arguments = vec![command.to_owned(), calls.to_string()];
    arguments.extend(operand.map(str::to_owned));
    Row { name, is_large: false, arguments, calls: Some(calls) }
}
