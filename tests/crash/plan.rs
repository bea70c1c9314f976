//! Which points there are, counted in runs that nothing ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use wasm_agent_host::journal::{Event, Fsync};
use wasm_agent_tests::recorded::records;

use crate::check::{announced, changed, paths};
use crate::frames::{self, MAGIC_BYTES};
use crate::point::{CUTS, Cut, Point, Remains, Side};
use crate::stage::{FSYNCS, Left, Stage};
use crate::story::Story;

/// One run to be ended.
pub struct Trial {
    pub story: Story,
    pub fsync: Fsync,
    pub point: Point,
    pub whole: Arc<Whole>,
}

/// What the story does when nothing ends it.
pub struct Whole {
    /// Paths that are changed in no way but such that can't be undone.
    pub irreversible: BTreeSet<String>,
    /// Requests by methods that change something.
    pub irreversible_requests: BTreeSet<String>,
}

/// All points of all stories, under each setting.
pub fn all(stage: &Stage) -> Vec<Trial> {
    let mut trials = Vec::new();
    for story in Story::ALL {
        for (name, fsync) in FSYNCS {
            let left = stage.run(story, fsync, &Point::Never).unwrap();
            assert!(!left.killed);
            let whole = Arc::new(whole(&left));
            for point in points(&left, fsync) {
                trials.push(Trial { story, fsync, point, whole: Arc::clone(&whole) });
            }
            assert!(trials.len() > 100, "{} under {name} has few points", story.name());
        }
    }
    trials
}

fn whole(left: &Left) -> Whole {
    let intents = announced(&left.journal);
    let (irreversible, reversible): (Vec<&Value>, Vec<&Value>) =
        intents.iter().partition(|intent| intent["irreversible"] == true);
    let (requests, files): (Vec<&Value>, Vec<&Value>) =
        irreversible.into_iter().partition(|intent| intent["action"]["kind"] == "http.request");
    // What was changed in both ways may have been changed in the one that can be undone.
    let reversible: BTreeSet<String> = reversible.into_iter().flat_map(paths).collect();
    Whole {
        irreversible: files.into_iter().flat_map(paths).filter(|path| !reversible.contains(path)).collect(),
        irreversible_requests: requests.into_iter().map(crate::check::request).collect(),
    }
}

fn points(left: &Left, fsync: Fsync) -> Vec<Point> {
    let count = u64::try_from(frames::whole(&left.journal).len()).unwrap();
    let mut points: Vec<Point> = (0..MAGIC_BYTES).map(Point::Magic).collect();
    let places = || (0..count).flat_map(|index| CUTS.into_iter().map(move |cut| (index, cut)));
    points.extend(places().map(|(index, cut)| Point::Record(index, cut)));
    if !matches!(fsync, Fsync::None) {
        // Inside of a record nothing is synced, so there it makes no difference where the power fails.
        let borders = places().filter(|(_, cut)| matches!(cut, Cut::Bytes(0) | Cut::Middle | Cut::After));
        for (index, cut) in borders {
            points.push(Point::Power(index, cut, Remains::Nothing));
            points.push(Point::Power(index, cut, Remains::Zeros));
        }
    }
    let records = records(&left.journal);
    let questions = records.iter().filter(|record| matches!(record.event, Event::ApprovalAsked(_))).count();
    // One sync an effect that can't be undone, and one at the end; with `all` more. Some of these are not reached.
    let syncs = match fsync {
        Fsync::None => 0,
        Fsync::Effects => announced(&left.journal).iter().filter(|intent| intent["irreversible"] == true).count() + 1,
        Fsync::All => 2 * announced(&left.journal).len() + questions + 2,
    };
    let syncs = u64::try_from(syncs).unwrap();
    points.extend((0..syncs).flat_map(|index| [Side::Before, Side::After].map(|side| Point::Sync(index, side))));
    points.extend((0..u64::try_from(questions).unwrap()).map(Point::Asked));
    points.extend((0..u64::try_from(left.requests.len()).unwrap()).map(Point::Requested));
    let printed = records.iter().filter(|record| prints(&record.event)).count();
    points.extend((0..u64::try_from(printed).unwrap()).map(Point::Printed));
    points.extend(changed(&left.folder, &left.before).into_iter().map(Point::Seen));
    points
}

fn prints(event: &Event) -> bool {
    let Event::Call(call) = event else { return false };
    call.function.name.contains("output-stream") && call.function.name.contains("write")
}

/// So many of them, spread over each kind in proportion, with a few of each.
pub fn spread(all: Vec<Trial>, wanted: Option<usize>) -> Vec<Trial> {
    /// Points of a kind that are tried however few are wanted.
    const OF_A_KIND_MIN: usize = 4;
    let Some(wanted) = wanted else { return all };
    let total = all.len();
    let kinds: BTreeSet<&'static str> = all.iter().map(|trial| trial.point.kind()).collect();
    let mut left = all;
    let mut chosen = Vec::new();
    for kind in kinds {
        let (of_kind, others): (Vec<Trial>, Vec<Trial>) =
            left.into_iter().partition(|trial| trial.point.kind() == kind);
        left = others;
        let count = of_kind.len();
        let share = (wanted * count / total).max(OF_A_KIND_MIN).min(count);
        // Whole steps of count/share, begun in the middle of the first.
        let is_chosen = |index: &usize| (0..share).any(|step| (2 * step + 1) * count / (2 * share) == *index);
        chosen.extend(of_kind.into_iter().enumerate().filter(|(index, _)| is_chosen(index)).map(|(_, trial)| trial));
    }
    chosen
}
