//! An examination: what evaluations ask for beyond an answer. From given passages, checked once more, compared.

use super::{AskOutcome, Engine, SearchRequest};
use crate::answer::{self, Abstention, Answer, Grounded, Plan, Preference, Prepared};
use crate::document::Passage;
use crate::error::Result;
use crate::language::Lang;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// An answer from passages that were given instead of found.
#[derive(Debug)]
pub struct GivenOutcome {
    pub answer: Answer,
    /// What was sent, where a model was asked.
    pub prepared: Option<Prepared>,
    pub total: Duration,
}

/// What decides how questions are answered, so that two runs can be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answering {
    /// Settings that are not the default, `name=value` each.
    pub settings: Vec<String>,
    /// Names and hashes of the templates.
    pub prompts: Vec<String>,
}

impl AskOutcome {
    /// The passages that the markers of the answer number.
    pub fn cited_from(&self) -> Vec<Passage> {
        let found = || self.found.hits.iter().map(|hit| hit.passage()).collect();
        match (&self.prepared, self.shown()) {
            (Some(prepared), Some(Grounded { is_extract: false, .. }) | None) => prepared.context.passages.clone(),
            _ => found(),
        }
    }

    /// What a reader gets to see of an answer, whole or not.
    pub fn shown(&self) -> Option<&Grounded> {
        match &self.answer {
            Answer::Grounded(grounded) => Some(grounded),
            Answer::Abstained { .. } => None,
            Answer::Missing { partial, .. } => partial.as_ref(),
        }
    }

    /// The language that the question is to be answered in.
    pub fn language(&self) -> Lang {
        let of_sources = || answer::language(&self.planned.question, &self.cited_from());
        self.prepared.as_ref().map_or_else(of_sources, |prepared| prepared.lang)
    }

    /// Figures shown as if they stood in the sources, and that do not.
    pub fn stray_figures(&self) -> Vec<String> {
        let question = [self.planned.question.as_str(), self.planned.queries.first().map_or("", String::as_str)];
        let stray = |grounded| answer::stray_figures(grounded, &self.cited_from(), &question.join("\n"));
        self.shown().map(stray).unwrap_or_default()
    }
}

impl Engine {
    /// As `ask`, from `passages` instead of what retrieval finds: best first, none of them looked for. What retrieval
    /// decides, as whether the question is off topic, is left out; all that comes after it is the same.
    pub fn answer_from(&self, question: &str, passages: &[Passage]) -> Result<GivenOutcome> {
        let begin = Instant::now();
        let question = question.trim();
        let (answer, prepared) = if passages.is_empty() {
            let (reason, sentences, completion) = (Abstention::NothingFound, Vec::new(), None);
            (Answer::Abstained { reason, sentences, completion }, None)
        } else {
            // Nothing says how well the passages answer the question.
            let answered = self.answer_over(question, Plan::of(question).kind, (passages, 0.0), None, &mut |_| ())?;
            (answered.answer, answered.prepared)
        };
        Ok(GivenOutcome { answer, prepared, total: begin.elapsed() })
    }

    /// The search that a question is answered by; with more hits than it would take, to see what was left out.
    pub fn asking(&self, limit: Option<usize>) -> Result<SearchRequest> {
        let request = self.passages_request()?;
        Ok(SearchRequest { limit: limit.or(request.limit), ..request })
    }

    /// Loads all that retrieval needs, so that the first question is not the one that waits for it.
    pub fn warm_up(&self, question: &str) -> Result<()> {
        self.gather(&self.plan(question, &[])?)?;
        if self.config.text("chat.rerank") != "none" {
            // Asked for only where the legs disagree; whoever has none of it is none the worse.
            let _ = self.reread(question);
        }
        Ok(())
    }

    /// Whether a passage supports a sentence, as the chat model sees it; `None` where it does not say.
    pub fn entails(&self, passage: &str, sentence: &str) -> Result<Option<bool>> {
        let (library, model) = (self.library(), self.chat_model()?);
        answer::entails(passage, sentence, &library, &*model, self.config.get("chat.seed"))
    }

    /// Which of two answers the chat model thinks better.
    pub fn judge(&self, question: &str, a: &str, b: &str) -> Result<Preference> {
        let (library, model) = (self.library(), self.chat_model()?);
        answer::judge(question, a, b, &library, &*model, self.config.get("chat.seed"))
    }

    /// What decides how questions are answered, but for the model.
    pub fn answering(&self) -> Result<Answering> {
        let rooms = ["text.", "index.", "embed.", "search.", "rerank.", "chat."];
        let mut settings: Vec<String> = rooms.iter().flat_map(|room| self.config.changed(room)).collect();
        // Says how long to wait, and what was indexed before; neither changes an answer.
        settings.retain(|setting| !["chat.timeout_s=", "index.paths="].iter().any(|name| setting.starts_with(name)));
        let options = self.answer_options()?;
        let prompts = match &options.template {
            Some(own) => vec![own.id()],
            None => {
                let id = |lang| Ok(options.library.template(options.prompt(options.structured), lang)?.id());
                [Lang::Zh, Lang::En].into_iter().map(id).collect::<Result<_>>()?
            }
        };
        Ok(Answering { settings, prompts })
    }

    /// Name of the model that answers; none where sentences are quoted instead, or the endpoint names none.
    pub fn answering_model(&self) -> Result<Option<String>> {
        if self.config.is_on("chat.extractive") { Ok(None) } else { Ok(self.chat_model()?.name()?.map(String::from)) }
    }

    /// The same engine with another sampling seed; what is loaded is shared.
    pub fn with_seed(&self, seed: u64) -> Result<Engine> {
        let config = self.config.with(&[("chat.seed".into(), seed.to_string())])?;
        Ok(Engine {
            config,
            collections: self.collections.clone(),
            collection: self.collection.clone(),
            queries: self.queries.clone(),
            analyzer: self.analyzer.clone(),
            embedder: self.embedder.clone(),
            max_sim: self.max_sim.clone(),
            remote_reranker: self.remote_reranker.clone(),
            chat: self.chat.clone(),
            snapshot: self.snapshot.clone(),
            filter: self.filter.clone(),
            calibration: self.calibration.clone(),
        })
    }
}
