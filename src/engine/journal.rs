//! The journal, as the commands use it: questions are written down with what came of them, and answers that passed their
//! check are given again.

use super::ask::{AskEvent, Outcome};
use super::{Engine, Planned};
use crate::answer::{Grounded, Options, Prepared};
use crate::error::{Error, Io, Result};
use crate::journal::{
    Entry, Feedback, Journal, JournalProblem, Kept, Limits, Logged, Ranked, Rating, Redactor, Sampling, Stats, Tokens,
    stats,
};
use crate::models::openai::OpenAi;
use crate::search::Hit;
use std::io::ErrorKind;

/// An answer, and what became of writing it down.
#[derive(Debug)]
pub struct Recorded {
    pub outcome: Outcome,
    /// Its number in the journal, if one is kept.
    pub id: Option<i64>,
    /// Why it could not be written down, or no kept answer be looked for.
    pub trouble: Option<Error>,
}

impl Engine {
    /// As [`Engine::ask`], with the journal: an answer kept for the same question over the same passages is given again, and
    /// what came of the question is written down.
    pub fn ask_and_record(
        &self,
        question: &str,
        history: &[String],
        on: &mut dyn FnMut(AskEvent<'_>),
    ) -> Result<Recorded> {
        if !self.config.is_on("journal.enabled") {
            return Ok(Recorded { outcome: self.ask(question, history, on)?, id: None, trouble: None });
        }
        let journal = match self.journal() {
            Ok(journal) => journal,
            Err(trouble) => {
                let trouble = unless_read_only(trouble);
                return Ok(Recorded { outcome: self.ask(question, history, on)?, id: None, trouble });
            }
        };
        let memory = Some(&journal).filter(|_| self.config.is_on("journal.cache"));
        let outcome = match self.ask_with(question, history, memory, on) {
            Ok(outcome) => outcome,
            Err(error) => {
                self.record_failure(&journal, question, history, &error);
                return Err(error);
            }
        };
        Ok(match journal.record(&self.entry(question, history, &outcome)?) {
            Ok(id) => Recorded { outcome, id: Some(id), trouble: None },
            Err(trouble) => Recorded { outcome, id: None, trouble: unless_read_only(trouble) },
        })
    }

    /// A question that was asked of a collection and came to nothing is written down, too. The error itself is what the
    /// user is told.
    fn record_failure(&self, journal: &Journal, question: &str, history: &[String], error: &Error) {
        if self.snapshot().is_err() || question.trim().is_empty() {
            return;
        }
        let failed = Entry {
            question: question.into(),
            history: history.to_vec(),
            collection: self.collection.clone(),
            mode: self.config.text("search.mode").into(),
            reason: Some("failed".into()),
            error: Some(error.to_string()),
            ..Entry::default()
        };
        if let Err(trouble) = journal.record(&failed) {
            tracing::warn!(%trouble, "the question is not written down");
        }
    }

    /// An entry of the journal by its number, or the `last`.
    pub fn logged(&self, which: &str) -> Result<Logged> {
        let id = match which {
            "last" => None,
            given => Some(given.parse().map_err(|_| JournalProblem::BadId { given: given.into() })?),
        };
        self.journal()?.get(id)
    }

    /// The last `count` entries, the oldest first.
    pub fn log_last(&self, count: usize) -> Result<Vec<Logged>> {
        self.journal()?.last(count)
    }

    /// Entries of the last days, the oldest first.
    pub fn log(&self, days: Option<u64>) -> Result<Vec<Logged>> {
        self.journal()?.all(days)
    }

    pub fn log_stats(&self, days: Option<u64>) -> Result<Stats> {
        Ok(stats(&self.log(days)?))
    }

    pub fn clear_log(&self) -> Result<usize> {
        self.journal()?.clear()
    }

    /// Notes what a reader thinks of an answer; the entry as it is then.
    pub fn rate(&self, which: &str, rating: Rating, fix: Option<String>) -> Result<Logged> {
        let logged = self.logged(which)?;
        let journal = self.journal()?;
        journal.rate(logged.id, &Feedback { rating, fix })?;
        journal.get(Some(logged.id))
    }

    fn journal(&self) -> Result<Journal> {
        let days: u64 = self.config.get("journal.days_max");
        let bytes_max = self.config.get::<u64>("journal.mib_max") << 20;
        let limits = Limits { bytes_max, days_max: Some(days).filter(|days| *days > 0) };
        Journal::open(self.config.home(), limits, Redactor::new(self.config.secrets()))
    }

    fn entry(&self, question: &str, history: &[String], outcome: &Outcome) -> Result<Entry> {
        let report = outcome.report(question);
        let Outcome { planned: Planned { plan, queries, .. }, found, prepared, .. } = outcome;
        let completion = outcome.answer.completion();
        let ranked = |hit: &Hit| Ranked {
            chunk: hit.chunk.to_string(),
            heading: hit.heading(),
            path: hit.path.clone(),
            lines: hit.lines,
            rank: hit.rank,
            score: hit.score,
            relevance: hit.relevance,
        };
        let value = |value: std::result::Result<serde_json::Value, serde_json::Error>| value.unwrap_or_default();
        Ok(Entry {
            question: question.into(),
            history: history.to_vec(),
            kind: plan.kind.name().into(),
            queries: queries.clone(),
            misspelt: found.corrections.iter().map(|correction| correction.typed.clone()).collect(),
            collection: self.collection.clone(),
            generation: found.generation.0,
            mode: self.config.text("search.mode").into(),
            hits: found.hits.iter().map(ranked).collect(),
            answerable: found.evidence.answerable,
            template: prepared.as_ref().map_or_else(String::new, |prepared| prepared.template.clone()),
            prompt: prepared.as_ref().map_or_else(String::new, Prepared::hash),
            endpoint: self.chat_model()?.endpoint().address(),
            model: report.model.unwrap_or_default().into(),
            sampling: prepared.as_ref().map_or_else(Sampling::default, |_| self.sampling()),
            finish: completion.map(|completion| completion.finish.name().into()),
            answer: report.answer.map(String::from),
            abstained: report.abstained,
            extracted: report.extracted,
            cached: report.cached,
            reason: report.reason.map(String::from),
            error: report.error.clone(),
            sentences: value(serde_json::to_value(report.sentences)),
            citations: value(serde_json::to_value(report.citations)),
            retrieve_ms: report.timings_ms.retrieve,
            first_token_ms: report.timings_ms.first_token,
            total_ms: report.timings_ms.total,
            tokens: Tokens {
                prompt: completion.and_then(|completion| completion.prompt_tokens),
                completion: completion.and_then(|completion| completion.completion_tokens),
            },
        })
    }

    fn sampling(&self) -> Sampling {
        Sampling {
            temperature: self.config.get("chat.temperature"),
            seed: self.config.get("chat.seed"),
            max_tokens: self.config.get("chat.max_tokens"),
        }
    }

    /// Where an answer to `prepared` is kept. Answers that chance had a part in are not.
    pub(super) fn memory<'j>(
        &self,
        journal: &'j Journal,
        prepared: &Prepared,
        options: &Options,
        model: &OpenAi,
    ) -> Option<Memory<'j>> {
        if options.temperature > 0.0 {
            return None;
        }
        // Of a model that has no name it cannot be told whether it still is the same.
        let name = model.name().ok()??;
        // All that an answer depends on. The basis holds the passages as the model is told of them; an answer is checked by
        // their headings, too, whether or not the model is told those.
        let mut parts = vec![
            env!("CARGO_PKG_VERSION").to_string(),
            self.analyzer().ok()?.id(),
            self.collection.clone(),
            prepared.basis.clone(),
            prepared.template.clone(),
            model.endpoint().address(),
            name.to_string(),
            options.seed.to_string(),
            prepared.context.tokens.answer.to_string(),
            options.strict.to_string(),
            prepared.structured.to_string(),
            options.cot.to_string(),
            format!("{:?}", prepared.lang),
        ];
        parts.extend(prepared.context.passages.iter().flat_map(|passage| [passage.heading(), passage.text.clone()]));
        let key = blake3::hash(parts.join("\u{1f}").as_bytes()).to_hex().to_string();
        Some(Memory { journal, key })
    }
}

/// None where nothing can be written there by us: whoever made it so knows, and is told only with `-v`.
fn unless_read_only(trouble: Error) -> Option<Error> {
    let is_read_only = trouble
        .downcast_ref::<Io>()
        .is_some_and(|io| matches!(io.source.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem));
    if is_read_only {
        tracing::info!(%trouble, "the question is not written down");
        return None;
    }
    Some(trouble)
}

/// A place in the journal for one answer.
pub(super) struct Memory<'j> {
    journal: &'j Journal,
    key: String,
}

/// What goes wrong here costs the answer nothing but time.
impl Memory<'_> {
    pub(super) fn recall(&self, prepared: &Prepared) -> Option<Grounded> {
        let kept = self.journal.recall(&self.key).unwrap_or_else(|error| {
            tracing::warn!(%error, "no kept answer can be looked for");
            None
        });
        let Kept { text, sentences, quotes } = kept?;
        // Sentences in the form of another version are none.
        let sentences = serde_json::from_value(sentences).ok()?;
        Grounded::recalled(text, sentences, &quotes, &prepared.context)
    }

    pub(super) fn keep(&self, grounded: &Grounded) {
        if !grounded.is_keepable() {
            return;
        }
        let quotes = grounded.citations.iter().map(|citation| (citation.marker, citation.quote.clone()));
        let sentences = serde_json::to_value(&grounded.sentences).unwrap_or_default();
        let kept = Kept { text: grounded.text.clone(), sentences, quotes: quotes.collect() };
        if let Err(error) = self.journal.keep(&self.key, &kept) {
            tracing::warn!(%error, "the answer is not kept");
        }
    }
}
