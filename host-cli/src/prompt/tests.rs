//! The conversation, with a terminal that is played by a script.

use std::collections::VecDeque;

use super::layout::tests::request;
use super::*;

/// A terminal whose lines are known beforehand.
#[derive(Default)]
struct Script {
    shown: String,
    /// Typed before the next question; thrown away by a flush.
    typed_ahead: Vec<&'static str>,
    /// Typed in answer to each question.
    answers: VecDeque<Line>,
    flushes: usize,
    flush_fails: bool,
    columns: usize,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = &'static str>) -> Self {
        let answers = answers.into_iter().map(|answer| Line::Text(answer.to_owned()));
        Self { answers: answers.collect(), columns: 80, ..Self::default() }
    }

    fn ask(&mut self) -> Result<Settled, ApproverError> {
        ask_at(self, &request(), false)
    }
}

impl Tty for Script {
    fn write(&mut self, text: &str) -> io::Result<()> {
        self.shown.push_str(text);
        Ok(())
    }

    fn flush_input(&mut self) -> io::Result<()> {
        if self.flush_fails {
            return Err(io::Error::other("no such thing"));
        }
        self.flushes += 1;
        self.typed_ahead.clear();
        Ok(())
    }

    fn read_line(&mut self) -> io::Result<Line> {
        if let Some(line) = self.typed_ahead.pop() {
            return Ok(Line::Text(line.to_owned()));
        }
        Ok(self.answers.pop_front().unwrap_or(Line::End))
    }

    fn width(&self) -> io::Result<usize> {
        Ok(self.columns)
    }
}

fn answer(text: &'static str) -> Answer {
    Script::new([text]).ask().unwrap().answer
}

const REFUSE: Answer = Answer::Refuse { stop: false };

#[test]
fn takes_each_of_the_four_answers() {
    assert_eq!(answer("y"), Answer::Approve { remember: Remember::Once });
    assert_eq!(answer(" Yes \r"), Answer::Approve { remember: Remember::Once });
    assert_eq!(answer("a"), Answer::Approve { remember: Remember::Run });
    assert_eq!(answer("n"), REFUSE);
    assert_eq!(answer("NO"), REFUSE);
    assert_eq!(answer("s"), Answer::Refuse { stop: true });
}

#[test]
fn keeps_the_reason_of_a_refusal() {
    let settled = Script::new(["n  wrong repository "]).ask().unwrap();
    assert_eq!(settled.answer, REFUSE);
    assert_eq!(settled.reason.as_deref(), Some("wrong repository"));
}

#[test]
fn approves_only_on_the_word_alone() {
    for line in ["yy", "y not", "yes but", "a lot", "ja", "approve", "y\u{200b}", "y,", "ｙ", "[200~y"] {
        let mut script = Script::new([line, "n"]);
        assert_eq!(script.ask().unwrap().answer, REFUSE, "{line}");
        assert_eq!(script.shown.matches(QUESTION).count(), 2, "{line}");
    }
}

#[test]
fn asks_again_when_only_the_line_was_ended() {
    let mut script = Script::new(["", "y"]);
    assert_eq!(script.ask().unwrap().answer, Answer::Approve { remember: Remember::Once });
    assert_eq!(script.shown.matches(QUESTION).count(), 2);
}

#[test]
fn refuses_after_three_answers_that_are_none() {
    let mut script = Script::new(["", "what", "hm", "y"]);
    let settled = script.ask().unwrap();
    assert_eq!(settled.answer, REFUSE);
    assert_eq!(settled.reason.as_deref(), Some("no clear answer"));
    assert_eq!(script.shown.matches(QUESTION).count(), 3);
    assert!(script.shown.ends_with("refused\n\n"));
}

#[test]
fn refuses_when_the_input_ends() {
    assert_eq!(Script::new([]).ask().unwrap().answer, REFUSE);
}

#[test]
fn counts_a_line_that_cannot_be_read_as_no_answer() {
    let mut script = Script::new([]);
    script.answers.push_back(Line::Unreadable);
    script.answers.push_back(Line::Text("y".to_owned()));
    assert_eq!(script.ask().unwrap().answer, Answer::Approve { remember: Remember::Once });
}

#[test]
fn throws_away_what_was_typed_before_each_question() {
    let mut script = Script::new(["", "n"]);
    script.typed_ahead = vec!["y", "y"];
    assert_eq!(script.ask().unwrap().answer, REFUSE);
    assert_eq!(script.flushes, 2);
}

#[test]
fn does_not_ask_when_nothing_can_be_thrown_away() {
    let mut script = Script::new(["y"]);
    script.flush_fails = true;
    let error = script.ask().unwrap_err();
    assert_eq!(error.to_string(), "cannot throw away what was typed before the question");
    assert!(!script.shown.contains(QUESTION));
}

#[test]
fn does_not_approve_when_nobody_waits_any_more() {
    let mut script = Script::new([]);
    script.answers.push_back(Line::Cancelled);
    script.answers.push_back(Line::Text("y".to_owned()));
    script.ask().unwrap_err();
    assert!(script.shown.ends_with("not approved\n\n"));
    assert_eq!(script.flushes, 2, "half an answer is thrown away");
}

#[test]
fn does_not_ask_at_a_terminal_that_is_too_narrow() {
    let mut script = Script::new(["y"]);
    script.columns = 39;
    script.ask().unwrap_err();
    assert_eq!(script.shown, "");
}

#[test]
fn keeps_no_more_of_a_reason_than_the_journal_does() {
    let settled = parse(&format!("n {}", "ö".repeat(REASON_CHARS_MAX + 1))).unwrap();
    assert_eq!(settled.reason.unwrap().chars().count(), REASON_CHARS_MAX);
}

#[test]
fn the_end_of_the_input_answers_no_question_of_another_process() {
    assert_eq!(answered_at(&mut Script::new([]), &request(), false).unwrap(), None);
    let settled = answered_at(&mut Script::new(["y"]), &request(), false).unwrap();
    assert_eq!(settled.unwrap().answer, Answer::Approve { remember: Remember::Once });
}
