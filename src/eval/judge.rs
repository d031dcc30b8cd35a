//! Pairs of answers judged: two recorded runs compared question by question, by the chat model.
//!
//! What it says is worth as much as it agrees with people, so their labels go beside it; and where one answer is much
//! longer, a preference may be for length, so the pairs of like length are told apart (Dubois et al., "Length-Controlled
//! AlpacaEval", 2024).

use super::EvalProblem;
use super::agreement::nominal_kappa;
use super::asked::Asked;
use super::compare::{Comparison, compare};
use super::files::read_lines;
use super::measure::Share;
use super::record::{Head, Record, read_record};
use crate::engine::{Engine, Preference, Winner, without_markers};
use crate::error::Result;
use crate::language::Lang;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One answer this many times as long as the other is longer.
const LENGTH_RATIO_MAX: f64 = 1.3;
/// Fewer labels say little about the judge.
pub const LABELS_MIN: usize = 50;

/// One pair and what the judge makes of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub id: String,
    pub question: String,
    pub a: String,
    pub b: String,
    #[serde(flatten)]
    pub preference: Preference,
    /// Whether one is much longer than the other.
    pub lengths_differ: bool,
}

/// A set of pairs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdicts {
    pub pairs: usize,
    pub a: Share,
    pub b: Share,
    pub tie: Share,
    /// A win counts 1, a tie ½: `delta` is how far a is ahead, −1 to 1.
    pub comparison: Comparison,
}

/// How far people agree with the judge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HumanAgreement {
    /// Pairs that both judged.
    pub labels: usize,
    pub same: Share,
    /// Cohen's κ (1960), ties a category of their own.
    pub kappa: f64,
}

/// Serialized as `rag eval judge --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgeReport {
    pub judge: Option<String>,
    pub all: Verdicts,
    /// Pairs of like length only.
    pub length_matched: Verdicts,
    /// Pairs that were the same text twice, and were not shown to the judge.
    pub identical: usize,
    /// Of those shown: the order decided, so that nobody won.
    pub inconsistent: Share,
    /// Of those shown: a verdict was missing.
    pub unreadable: Share,
    /// `null` where nobody labelled any.
    pub agreement: Option<HumanAgreement>,
    pub judged: Vec<Judged>,
}

/// A line of a file of labels.
#[derive(Deserialize)]
struct Label {
    id: String,
    winner: Winner,
}

/// Judges the pairs of two records of `rag eval answers`, and keeps each in the record at `path` as it is done; what that
/// holds already is not judged again. `labels` are people's. `on` hears how many of how many are done.
pub fn judge(
    a: &Path,
    b: &Path,
    labels: Option<&Path>,
    engine: &Engine,
    path: Option<&Path>,
    on: &mut dyn FnMut(usize, usize),
) -> Result<JudgeReport> {
    let (_, asked_a) = read_record::<Asked>(a, "answers")?;
    let (_, asked_b) = read_record::<Asked>(b, "answers")?;
    let labels: Vec<Label> = match labels {
        Some(path) => read_lines(path, "{\"id\":…,\"winner\":\"a|b|tie\"}")?,
        None => Vec::new(),
    };
    let pairs = pairs(&asked_a, &asked_b);
    if pairs.is_empty() {
        return Err(EvalProblem::NoPairs { a: a.into(), b: b.into() }.into());
    }
    let on_what = format!("{} against {}", fingerprint(&asked_a), fingerprint(&asked_b));
    let head = Head::of("judge", on_what, engine)?;
    let mut record: Record<Judged> = Record::open(path, &head)?;
    let known: BTreeSet<String> = record.done.iter().map(|judged| judged.id.clone()).collect();
    for (index, (a, b)) in pairs.iter().enumerate() {
        on(index, pairs.len());
        if !known.contains(&a.id) {
            record.push(judged(a, b, engine)?)?;
        }
    }
    Ok(report(head.model, record.done, &labels))
}

/// Questions that both were asked, the first time of each, in A's order.
fn pairs<'a>(a: &'a [Asked], b: &'a [Asked]) -> Vec<(&'a Asked, &'a Asked)> {
    let of_b: BTreeMap<&str, &Asked> =
        b.iter().filter(|asked| asked.repeat == 1).map(|asked| (asked.id.as_str(), asked)).collect();
    a.iter()
        .filter(|asked| asked.repeat == 1)
        .filter_map(|asked| Some((asked, *of_b.get(asked.id.as_str())?)))
        .collect()
}

/// What tells the answers of one run from those of another.
fn fingerprint(all: &[Asked]) -> String {
    let mut hasher = blake3::Hasher::new();
    for asked in all.iter().filter(|asked| asked.repeat == 1) {
        let answer = asked.answer.as_deref().unwrap_or_default();
        hasher.update(format!("{}\n{}\n{answer}\n", asked.id, answer.len()).as_bytes());
    }
    hasher.finalize().to_hex()[..16].into()
}

fn judged(a: &Asked, b: &Asked, engine: &Engine) -> Result<Judged> {
    let (text_a, text_b) = (shown(a), shown(b));
    let preference = engine.judge(&a.question, &text_a, &text_b)?;
    Ok(Judged {
        id: a.id.clone(),
        question: a.question.clone(),
        lengths_differ: lengths_differ(&text_a, &text_b),
        a: text_a,
        b: text_b,
        preference,
    })
}

/// An answer as the judge sees it, without marks that say nothing of its content; one that is not there is a refusal,
/// whatever the reason.
fn shown(asked: &Asked) -> String {
    let refusal = Lang::of_text(&asked.question).pick("资料中没有相关内容。", "The sources do not say.");
    asked.answer.as_deref().map_or(refusal.into(), without_markers)
}

fn lengths_differ(a: &str, b: &str) -> bool {
    let (a, b) = (a.chars().count() as f64, b.chars().count() as f64);
    a.max(b) > LENGTH_RATIO_MAX * a.min(b)
}

fn report(judge: Option<String>, judged: Vec<Judged>, labels: &[Label]) -> JudgeReport {
    let all: Vec<&Judged> = judged.iter().collect();
    let matched: Vec<&Judged> = judged.iter().filter(|one| !one.lengths_differ).collect();
    let was_shown = |one: &&Judged| !one.preference.verdicts.is_empty();
    let of_shown =
        |is_so: fn(&Preference) -> bool| Share::of(judged.iter().filter(was_shown).map(|one| is_so(&one.preference)));
    JudgeReport {
        judge,
        all: verdicts("", &all),
        length_matched: verdicts("length_matched", &matched),
        identical: judged.iter().filter(|one| !was_shown(one)).count(),
        inconsistent: of_shown(Preference::is_inconsistent),
        unreadable: of_shown(Preference::is_unreadable),
        agreement: agreement(&judged, labels),
        judged,
    }
}

fn verdicts(slice: &str, of: &[&Judged]) -> Verdicts {
    let share = |winner| Share::of(of.iter().map(|one| one.preference.winner == winner));
    let points = |winner: Winner| -> Vec<f64> {
        let value = |one: &&Judged| match one.preference.winner {
            Winner::Tie => 0.5,
            won if won == winner => 1.0,
            _ => 0.0,
        };
        of.iter().map(value).collect()
    };
    let (a, b) = (points(Winner::A), points(Winner::B));
    Verdicts {
        pairs: of.len(),
        a: share(Winner::A),
        b: share(Winner::B),
        tie: share(Winner::Tie),
        comparison: compare(("A", &a), ("B", &b), "preference", slice),
    }
}

/// None where no pair was labelled.
fn agreement(judged: &[Judged], labels: &[Label]) -> Option<HumanAgreement> {
    let labels: BTreeMap<&str, Winner> = labels.iter().map(|label| (label.id.as_str(), label.winner)).collect();
    let both: Vec<(Winner, Winner)> =
        judged.iter().filter_map(|one| Some((one.preference.winner, *labels.get(one.id.as_str())?))).collect();
    let category = |winner: Winner| match winner {
        Winner::A => 0,
        Winner::B => 1,
        Winner::Tie => 2,
    };
    (!both.is_empty()).then(|| HumanAgreement {
        labels: both.len(),
        same: Share::of(both.iter().map(|(judge, person)| judge == person)),
        kappa: nominal_kappa(both.iter().map(|(judge, person)| (category(*judge), category(*person)))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::fixture::asked;

    fn judged(id: &str, verdicts: &[Option<Winner>], winner: Winner, a: &str, b: &str) -> Judged {
        Judged {
            id: id.into(),
            question: "问".into(),
            a: a.into(),
            b: b.into(),
            preference: Preference { winner, verdicts: verdicts.to_vec(), reasons: Vec::new() },
            lengths_differ: lengths_differ(a, b),
        }
    }

    #[test]
    fn lengths_orders_and_labels_are_told_apart() {
        use Winner::{A, B, Tie};
        let all = vec![
            judged("1", &[Some(A), Some(A)], A, "十个字的回答在这里", "十个字的回答在那里"),
            judged("2", &[Some(A), Some(A)], A, "很长很长很长很长的回答", "短"),
            judged("3", &[Some(A), Some(B)], Tie, "甲", "乙"),
            judged("4", &[], Tie, "同", "同"),
            judged("5", &[Some(B), None], Tie, "丙", "丁"),
        ];
        let label = |id: &str, winner| Label { id: id.into(), winner };
        let labels = [label("1", A), label("2", B), label("3", Tie), label("9", A)];
        let report = report(None, all, &labels);
        assert_eq!((report.all.pairs, report.length_matched.pairs, report.identical), (5, 4, 1));
        assert_eq!((report.all.a.value, report.all.comparison.delta), (0.4, 0.4));
        assert_eq!((report.length_matched.a.value, report.length_matched.comparison.wins), (0.25, 1));
        assert_eq!((report.inconsistent.value, report.unreadable.value, report.inconsistent.of), (0.25, 0.25, 4));
        let agreement = report.agreement.unwrap();
        // Of three: the same twice; by chance (2·1 + 0·1 + 1·1) / 9 = 1/3, so κ = (2/3 − 1/3) / (1 − 1/3) = 1/2.
        assert_eq!((agreement.labels, agreement.same.of), (3, 3));
        assert!((agreement.kappa - 0.5).abs() < 1e-12, "{agreement:?}");
    }

    #[test]
    fn pairs_are_the_questions_that_both_were_asked() {
        let again = Asked { repeat: 2, ..asked("q1", false, Some("z"), true) };
        let a = [asked("q1", false, Some("x"), true), again.clone(), asked("q2", false, None, false)];
        let b = [asked("q3", false, Some("x"), true), asked("q1", false, Some("y"), true), again];
        let pairs = pairs(&a, &b);
        assert_eq!(pairs.len(), 1);
        assert_eq!((pairs[0].0.answer.as_deref(), pairs[0].1.answer.as_deref()), (Some("x"), Some("y")));
        assert_eq!(shown(&a[2]), "资料中没有相关内容。");
        assert_ne!(fingerprint(&a), fingerprint(&b));
    }
}
