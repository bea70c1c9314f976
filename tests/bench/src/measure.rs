//! Measures a row: both sides take turns, so that other load on the machine falls on both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use xtask::project::Project;
use xtask::{process, python};

use crate::contender::{Baseline, Fsync, Guest, GuestKind, WasmAgent};
use crate::pieces::Pieces;
use crate::rows::{Job, Pair, Row, Target};
use crate::run_many;
use crate::statistics::{median, median_duration};

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Quantity {
    /// In seconds.
    Seconds(f64),
    Bytes(f64),
    PerSecond(f64),
}

/// The result of a row.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) target: Target,
    /// The first column, where there is something to compare with.
    pub(crate) base: Option<Quantity>,
    pub(crate) own: Quantity,
    /// The median of the ratios, one for each pair, with the lowest and the highest.
    pub(crate) ratio: Option<(f64, f64, f64)>,
    /// The same ratio by the guest's clock, without the start of the process, and the nanoseconds added per call.
    pub(crate) inside: Option<(f64, f64)>,
    /// Whether it allocates, where that is known.
    pub(crate) allocates: Option<bool>,
}

impl Measured {
    /// Whether the target is met, if there is one.
    pub(crate) fn is_met(&self) -> Option<bool> {
        match (self.target, self.own) {
            (Target::Report, _) => None,
            (Target::Ratio(most), _) => Some(self.judged()? <= most),
            (Target::Nanoseconds { most, may_allocate }, Quantity::Seconds(own)) => {
                Some(own * 1e9 <= most && (may_allocate || self.allocates == Some(false)))
            }
            (Target::PerSecond(least), Quantity::PerSecond(own)) => Some(own >= least),
            _ => Some(false),
        }
    }

    /// The ratio that is compared with the target: per call if the guest makes many, otherwise of the whole process.
    fn judged(&self) -> Option<f64> {
        self.inside.map(|(ratio, _)| ratio).or(self.ratio.map(|(median, ..)| median))
    }
}

/// Everything that is needed to measure rows.
pub(crate) struct Bench<'a> {
    pub(crate) project: &'a Project,
    pub(crate) baseline: Baseline,
    pub(crate) ours: WasmAgent,
    /// The build in the first column, if it is not the bare engine.
    pub(crate) earlier: Option<WasmAgent>,
    pub(crate) small: Guest,
    /// Made only if a row needs it.
    pub(crate) large: Option<Guest>,
    pub(crate) pieces: Pieces,
    pub(crate) pairs: usize,
}

/// How long one run took.
#[derive(Debug, Clone, Copy)]
struct Time {
    /// From the start of the process to its end.
    process: Duration,
    /// By the guest's own clock, without the start.
    inside: Duration,
}

impl Bench<'_> {
    /// Measures one row.
    ///
    /// # Errors
    /// When a program fails.
    pub(crate) fn measure(&mut self, row: &Row) -> Result<Measured> {
        let plain = |base, own| Measured {
            name: row.name,
            about: row.about,
            target: row.target,
            base,
            own,
            ratio: None,
            inside: None,
            allocates: None,
        };
        match &row.job {
            Job::Pair(pair) => {
                let guest = self.guest(pair.guest)?;
                let times = turns(
                    self.pairs_of(pair),
                    || match &self.earlier {
                        Some(earlier) => Self::own_time(earlier, guest, pair),
                        None => self.base_time(guest, pair),
                    },
                    || Self::own_time(&self.ours, guest, pair),
                )?;
                Ok(Measured { inside: pair.calls.map(|calls| inside(&times, calls)), ..compare(plain, &times) })
            }
            Job::Memory(arguments) => {
                let base = match &self.earlier {
                    Some(earlier) => self.own_peak(earlier, arguments)?,
                    None => self.peak(|| (self.baseline.command(&self.small, arguments, true, &[]), None))?,
                };
                Ok(sizes(plain, base, self.own_peak(&self.ours, arguments)?))
            }
            Job::Growth { few, many } => {
                let base = match &self.earlier {
                    Some(earlier) => self.own_peak(earlier, many)?,
                    None => self.own_peak(&self.ours, few)?,
                };
                Ok(sizes(plain, base, self.own_peak(&self.ours, many)?))
            }
            Job::Replay(arguments) => Ok(compare(plain, &self.replays(arguments)?)),
            Job::Guard { pair, guard } => {
                let guest = self.guest(pair.guest)?;
                let guarded = if pair.is_compiled {
                    self.baseline.compile(&guest.component, guard.compile)?
                } else {
                    Guest::uncompiled(guest.component.clone())
                };
                let run =
                    |guest, flags| time(&mut self.baseline.command(guest, &pair.arguments, pair.is_compiled, flags));
                let times = turns(self.pairs_of(pair), || run(guest, &[]), || run(&guarded, guard.run))?;
                Ok(compare(plain, &times))
            }
            Job::Piece(name) => {
                let piece = self.pieces.find(self.project, name)?;
                let own = match row.target {
                    Target::PerSecond(_) => Quantity::PerSecond(piece.bytes_per_second.unwrap_or_default()),
                    _ => Quantity::Seconds(piece.nanoseconds / 1e9),
                };
                Ok(Measured { allocates: Some(piece.allocates), ..plain(None, own) })
            }
            Job::PieceRatio { of, to } => {
                let to = self.pieces.find(self.project, to)?.nanoseconds;
                let of = self.pieces.find(self.project, of)?.nanoseconds;
                let seconds = |nanoseconds: f64| Quantity::Seconds(nanoseconds / 1e9);
                Ok(Measured { ratio: Some(alone(of / to)), ..plain(Some(seconds(to)), seconds(of)) })
            }
            Job::RunMany => Ok(plain(None, Quantity::PerSecond(run_many::measure(self.project)?))),
        }
    }

    /// Compiling takes so long that a few pairs are enough: noise is a small part of it.
    fn pairs_of(&self, pair: &Pair) -> usize {
        if pair.is_compiled { self.pairs } else { self.pairs.min(FEW) }
    }

    fn guest(&self, kind: GuestKind) -> Result<&Guest> {
        match kind {
            GuestKind::Small => Ok(&self.small),
            GuestKind::Large => self.large.as_ref().context("the large component was not made"),
        }
    }

    fn base_time(&self, guest: &Guest, pair: &Pair) -> Result<Time> {
        let mut total = time(&mut self.baseline.command(guest, &pair.arguments, pair.is_compiled, &[]))?;
        if pair.with_copy {
            let (mut command, copy) = self.baseline.copy();
            let start = Instant::now();
            process::capture(&mut command)?;
            total.process += start.elapsed();
            remove(&copy)?;
        }
        Ok(total)
    }

    fn own_time(ours: &WasmAgent, guest: &Guest, pair: &Pair) -> Result<Time> {
        if !pair.is_compiled {
            ours.forget()?;
        }
        let journal = ours.journal();
        let time = time(&mut ours.command(guest, &pair.arguments, pair.fsync, &journal))?;
        remove(&journal)?;
        Ok(time)
    }

    /// Live runs, each with the replay of its journal; or replays by both builds.
    fn replays(&self, arguments: &[String]) -> Result<Vec<(Time, Time)>> {
        let live_and_replay = |ours: &WasmAgent| {
            let journal = ours.journal();
            let live = time(&mut ours.command(&self.small, arguments, Fsync::Effects, &journal))?;
            let replay = time(&mut ours.replay(&self.small, &journal))?;
            remove(&journal).map(|()| (live, replay))
        };
        let mut times = Vec::with_capacity(self.pairs);
        for round in 0..=self.pairs {
            let (live, replay) = live_and_replay(&self.ours)?;
            let base = match &self.earlier {
                Some(earlier) => live_and_replay(earlier)?.1,
                None => live,
            };
            if round > 0 {
                times.push((base, replay));
            }
        }
        Ok(times)
    }

    fn own_peak(&self, ours: &WasmAgent, arguments: &[String]) -> Result<f64> {
        let command = |journal: &Path| ours.command(&self.small, arguments, Fsync::Effects, journal);
        // Compiles the guest, unless an earlier row did.
        let journal = ours.journal();
        time(&mut command(&journal))?;
        remove(&journal)?;
        self.peak(|| {
            let journal = ours.journal();
            (command(&journal), Some(journal))
        })
    }

    /// The largest resident set of a command, in bytes: the median of some runs.
    fn peak(&self, command: impl Fn() -> (Command, Option<PathBuf>)) -> Result<f64> {
        // The kernel reports this for a child that has ended, but the standard library does not pass it on.
        const SCRIPT: &str = "import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
        let mut peaks = Vec::new();
        for _ in 0..self.pairs.min(FEW) {
            let (command, journal) = command();
            let mut wrapped = Command::new(python::environment(&self.project.cache()).join("bin/python"));
            wrapped.arg("-c").arg(SCRIPT).arg(command.get_program()).args(command.get_args());
            wrapped.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
            let printed = process::capture(&mut wrapped)?;
            let kibibytes: f64 = printed.parse().with_context(|| format!("`{printed}` is not a size"))?;
            peaks.push(kibibytes * 1024.0);
            journal.as_deref().map_or(Ok(()), remove)?;
        }
        Ok(median(&peaks))
    }
}

/// How often to run what varies little or takes long.
const FEW: usize = 3;

/// Runs both in turns (A B, B A, …). The first pair only fills the caches and is not counted.
fn turns(pairs: usize, base: impl Fn() -> Result<Time>, own: impl Fn() -> Result<Time>) -> Result<Vec<(Time, Time)>> {
    let mut times = Vec::with_capacity(pairs);
    for round in 0..=pairs {
        let pair = if round % 2 == 0 {
            let base = base()?;
            (base, own()?)
        } else {
            let own = own()?;
            (base()?, own)
        };
        if round > 0 {
            times.push(pair);
        }
    }
    Ok(times)
}

fn remove(path: &Path) -> Result<()> {
    fs::remove_file(path).with_context(|| format!("could not remove `{}`", path.display()))
}

fn alone(ratio: f64) -> (f64, f64, f64) {
    (ratio, ratio, ratio)
}

fn sizes(plain: impl Fn(Option<Quantity>, Quantity) -> Measured, base: f64, own: f64) -> Measured {
    Measured { ratio: Some(alone(own / base)), ..plain(Some(Quantity::Bytes(base)), Quantity::Bytes(own)) }
}

fn quotient(base: Duration, own: Duration) -> f64 {
    own.as_secs_f64() / base.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// The medians of both sides, and of the ratios.
fn compare(plain: impl Fn(Option<Quantity>, Quantity) -> Measured, times: &[(Time, Time)]) -> Measured {
    let ratios: Vec<f64> = times.iter().map(|(base, own)| quotient(base.process, own.process)).collect();
    let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = ratios.iter().copied().fold(0.0, f64::max);
    let base = median_duration(times.iter().map(|(base, _)| base.process));
    let own = median_duration(times.iter().map(|(_, own)| own.process));
    let seconds = |time: Duration| Quantity::Seconds(time.as_secs_f64());
    Measured { ratio: Some((median(&ratios), lowest, highest)), ..plain(Some(seconds(base)), seconds(own)) }
}

/// The ratio by the guest's clock, and the nanoseconds added per call.
fn inside(times: &[(Time, Time)], calls: u32) -> (f64, f64) {
    let ratios: Vec<f64> = times.iter().map(|(base, own)| quotient(base.inside, own.inside)).collect();
    let added: Vec<f64> =
        times.iter().map(|(base, own)| own.inside.as_secs_f64() - base.inside.as_secs_f64()).collect();
    (median(&ratios), median(&added) * 1e9 / f64::from(calls))
}

fn time(command: &mut Command) -> Result<Time> {
    let start = Instant::now();
    let printed = process::capture(command)?;
    let process = start.elapsed();
    let inside = printed
        .parse()
        .map(Duration::from_nanos)
        .with_context(|| format!("the guest printed `{printed}` instead of its time"))?;
    Ok(Time { process, inside })
}
