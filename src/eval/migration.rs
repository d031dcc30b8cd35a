//! A migration: the same questions answered by two models or under two settings, metric by metric, question by question.
//!
//! Prompts do not carry over from model to model; whether one may replace the other is for the differences to say.

use super::answers::{Selection, ask_all};
use super::asked::Asked;
use super::bench::Progress;
use super::card::ReportCard;
use super::compare::{Comparison, compare};
use super::measure::{MEASURES, QUANTITIES, by_question};
use super::record::{Head, read_record};
use crate::engine::Engine;
use crate::error::Result;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A model as it is named on the command line: `name`, `name@url`, or a URL alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contender {
    pub model: Option<String>,
    pub base_url: Option<String>,
    /// For an endpoint that the configured key is not for.
    pub api_key: Option<String>,
}

impl std::str::FromStr for Contender {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Contender, Self::Err> {
        let is_url = |text: &str| text.starts_with("http://") || text.starts_with("https://");
        Ok(match text.split_once('@') {
            _ if is_url(text) => Contender { model: None, base_url: Some(text.into()), api_key: None },
            Some((model, url)) if is_url(url) => {
                Contender { model: Some(model.into()), base_url: Some(url.into()), api_key: None }
            }
            _ => Contender { model: Some(text.into()), base_url: None, api_key: None },
        })
    }
}

/// One system's answers.
#[derive(Debug, Clone)]
pub struct Answers {
    /// How reports call it.
    pub name: String,
    pub on: String,
    pub model: Option<String>,
    pub all: Vec<Asked>,
}

impl Answers {
    /// What a record of `rag eval answers` holds.
    pub fn read(path: &Path) -> Result<Answers> {
        let (Head { on, model, .. }, all) = read_record(path, "answers")?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Answers { name: stem, on, model, all })
    }

    /// The suite's questions put to `contender`, recorded at `path`.
    pub fn ask(
        contender: &Contender,
        folder: &Path,
        selection: &Selection,
        engine: &Engine,
        path: Option<&Path>,
        on: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Answers> {
        let Contender { model, base_url, api_key } = contender;
        let given = [("chat.model", model), ("chat.base_url", base_url), ("chat.api_key", api_key)];
        let settings = given.into_iter().filter_map(|(name, value)| Some((name.to_string(), value.clone()?)));
        let engine = engine.with_settings(&settings.collect::<Vec<_>>())?;
        let (all, card) = ask_all(folder, selection, &engine, path, on)?;
        let name = contender.model.clone().or(card.model.clone()).unwrap_or_else(|| "-".into());
        Ok(Answers { name, on: card.on, model: card.model, all })
    }
}

/// A question that one passed and the other did not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flip {
    pub id: String,
    pub question: String,
    /// What failed the one that did not pass.
    pub failures: Vec<String>,
    pub a: Option<String>,
    pub b: Option<String>,
}

/// Serialized as `rag eval models --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Migration {
    pub a: ReportCard,
    pub b: ReportCard,
    /// Questions that both were asked; what follows is of these.
    pub questions: usize,
    /// By metric: b − a. Of shares, and of milliseconds and tokens.
    pub differences: BTreeMap<&'static str, Comparison>,
    /// Passed by a only, and by b only; of questions asked again and again, by most of the times.
    pub lost: Vec<Flip>,
    pub won: Vec<Flip>,
}

/// Compares the answers of `b` with those of `a`, which b is to replace.
pub fn migration(a: &Answers, b: &Answers) -> Migration {
    let (of_a, of_b) = (by_question(&a.all), by_question(&b.all));
    let places: BTreeMap<&str, usize> = of_b.iter().enumerate().map(|(at, times)| (times[0].id.as_str(), at)).collect();
    let pairs: Vec<(&[&Asked], &[&Asked])> = of_a
        .iter()
        .filter_map(|times| Some((times.as_slice(), of_b[*places.get(times[0].id.as_str())?].as_slice())))
        .collect();
    let names = if a.name == b.name { ("a", "b") } else { (a.name.as_str(), b.name.as_str()) };
    let passes = |times: &[&Asked]| 2 * times.iter().filter(|asked| asked.passed).count() > times.len();
    let lost = pairs.iter().filter(|(a, b)| passes(a) && !passes(b)).map(|(a, b)| flip(a, b, b)).collect();
    let won = pairs.iter().filter(|(a, b)| !passes(a) && passes(b)).map(|(a, b)| flip(a, b, a)).collect();
    Migration {
        a: ReportCard::of(a.on.clone(), a.model.clone(), &a.all),
        b: ReportCard::of(b.on.clone(), b.model.clone(), &b.all),
        questions: pairs.len(),
        differences: differences(&pairs, names),
        lost,
        won,
    }
}

fn flip(a: &[&Asked], b: &[&Asked], failed: &[&Asked]) -> Flip {
    let failed = failed.iter().find(|asked| !asked.passed).unwrap_or(&failed[0]);
    Flip {
        id: a[0].id.clone(),
        question: a[0].question.clone(),
        failures: failed.failures.clone(),
        a: a[0].answer.clone(),
        b: b[0].answer.clone(),
    }
}

/// Of every metric that is about the same questions for both.
pub fn differences(pairs: &[(&[&Asked], &[&Asked])], (a, b): (&str, &str)) -> BTreeMap<&'static str, Comparison> {
    let paired = |value: &dyn Fn(&[&Asked]) -> Option<f64>| -> (Vec<f64>, Vec<f64>) {
        pairs.iter().filter_map(|(a, b)| Some((value(a)?, value(b)?))).unzip()
    };
    let measures = MEASURES.iter().filter(|measure| measure.is_paired);
    let measures = measures.map(|measure| (measure.name, paired(&|times| measure.value(times))));
    let quantities = QUANTITIES.iter().map(|quantity| (quantity.name, paired(&|times| quantity.value(times))));
    measures
        .chain(quantities)
        .filter(|(_, (of_a, _))| !of_a.is_empty())
        .map(|(name, (of_a, of_b))| (name, compare((b, &of_b), (a, &of_a), name, "")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::compare::Conclusion;
    use crate::eval::fixture::asked;

    fn answers(name: &str, all: Vec<Asked>) -> Answers {
        Answers { name: name.into(), on: "s".into(), model: None, all }
    }

    #[test]
    fn only_questions_of_both_are_compared_and_flips_go_both_ways() {
        let a = answers(
            "old",
            vec![
                asked("q1", false, Some("x"), true),
                asked("q2", false, Some("x"), false),
                asked("q3", false, Some("x"), true),
                asked("q4", true, None, true),
            ],
        );
        let b = answers(
            "new",
            vec![
                asked("q4", true, Some("x"), false),
                asked("q2", false, Some("y"), true),
                asked("q1", false, None, false),
            ],
        );
        let migration = migration(&a, &b);
        let ids = |flips: &[Flip]| flips.iter().map(|flip| flip.id.clone()).collect::<Vec<_>>();
        assert_eq!((ids(&migration.lost), ids(&migration.won)), (vec!["q1".into(), "q4".into()], vec!["q2".into()]));
        let pass = &migration.differences["pass"];
        assert_eq!((migration.questions, pass.delta, pass.wins, pass.losses), (3, 0.0, 1, 1));
        assert_eq!((migration.differences["refusal_recall"].delta, pass.conclusion()), (-1.0, Conclusion::Open));
        assert!(!migration.differences.contains_key("refusal_precision"), "its questions are not the same for both");
        assert_eq!((pass.a.as_str(), pass.b.as_str()), ("new", "old"));
    }

    #[test]
    fn a_contender_is_a_name_an_address_or_both() {
        let check = |text: &str, model: Option<&str>, url: Option<&str>| {
            let contender: Contender = text.parse().unwrap();
            assert_eq!((contender.model.as_deref(), contender.base_url.as_deref()), (model, url), "{text}");
        };
        check("qwen", Some("qwen"), None);
        check("qwen@http://127.0.0.1:8081/v1", Some("qwen"), Some("http://127.0.0.1:8081/v1"));
        check("http://127.0.0.1:8081/v1", None, Some("http://127.0.0.1:8081/v1"));
        check("org/model@v2", Some("org/model@v2"), None);
    }
}
