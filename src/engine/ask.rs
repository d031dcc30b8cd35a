//! Asking: retrieval, then the answer from what was found.

use super::{Engine, SearchRequest};
use crate::answer::{self, Answer, Asked, Checked, Nearest, Prepared, Template};
use crate::document::{ChunkId, Document, Passage};
use crate::error::{IoContext, Result};
use crate::models::chat::ChatModel;
use crate::models::openai::{Endpoint, OpenAi};
use crate::search::Found;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Passages named in a refusal.
const NEAREST: usize = 3;

/// What happens while a question is answered, in this order.
#[derive(Debug)]
pub enum AskEvent<'a> {
    Retrieved(&'a Found),
    /// A piece of the answer.
    Text(&'a str),
}

/// An answer with the passages it was given.
#[derive(Debug)]
pub struct Outcome {
    pub found: Found,
    pub answer: Answer,
    /// Time spent on retrieval.
    pub retrieve: Duration,
    /// Time spent in all.
    pub total: Duration,
}

impl Outcome {
    /// As `rag ask --json` prints it.
    pub fn report<'a>(&'a self, question: &'a str) -> Asked<'a> {
        self.answer.report(question, self.nearest(), self.retrieve, self.total)
    }

    /// The passages to name where there is no answer.
    pub fn nearest(&self) -> Vec<Nearest> {
        self.found.hits.iter().take(NEAREST).map(|hit| Nearest::of(&hit.passage())).collect()
    }
}

impl Engine {
    /// Finds passages, then has the model answer from them; with `chat.extractive` quotes them instead.
    pub fn ask(&self, question: &str, on: &mut dyn FnMut(AskEvent<'_>)) -> Result<Outcome> {
        let begin = Instant::now();
        let found = self.search(question, &self.passages_request()?)?;
        let retrieve = begin.elapsed();
        on(AskEvent::Retrieved(&found));
        let passages = passages(&found);
        if let Some(reason) = answer::refuse(question, &passages, found.evidence.answerable, self.relevance()?.floor) {
            let answer = Answer::Abstained { reason, sentences: Vec::new(), completion: None };
            return Ok(Outcome { found, answer, retrieve, total: begin.elapsed() });
        }
        if self.config.is_on("chat.extractive") {
            let answer = answer::extract(question.trim(), &passages, self.analyzer()?);
            if let Answer::Grounded(grounded) = &answer {
                on(AskEvent::Text(&grounded.text));
            }
            return Ok(Outcome { found, answer, retrieve, total: begin.elapsed() });
        }
        let options = self.answer_options()?;
        let on_text = &mut |text: &str| on(AskEvent::Text(text));
        let (model, analyzer) = (self.chat_model()?, self.analyzer()?);
        let answer = answer::answer(question.trim(), &passages, &model, analyzer, &options, on_text)?;
        Ok(Outcome { found, answer, retrieve, total: begin.elapsed() })
    }

    /// The exact messages that `ask` would send, without asking for an answer. The endpoint is asked for its
    /// tokenizer and window where it answers; where it does not, both are estimated.
    pub fn prepare(&self, question: &str) -> Result<(Found, Prepared)> {
        let found = self.search(question, &self.passages_request()?)?;
        let options = self.answer_options()?;
        let model = self.chat_model()?;
        let reachable = model.context_window().is_ok();
        let model = reachable.then_some(&model as &dyn ChatModel);
        let prepared = answer::prepare(question.trim(), &passages(&found), model, &options)?;
        Ok((found, prepared))
    }

    /// Whether a passage supports a sentence: what an answer is checked by.
    pub fn check(&self, sentence: &str, heading: &str, passage: &str) -> Result<Checked> {
        let analyzer = self.analyzer()?;
        Ok(answer::Source::new(heading, passage, analyzer).check(sentence, analyzer))
    }

    /// Passages of `count` documents of the collection, drawn with the configured seed, each with a question that it
    /// answers, drafted by the chat model. A document for which the model writes none is left out.
    pub fn draft_questions(&self, count: usize, on: &mut dyn FnMut(usize)) -> Result<Vec<(Passage, String)>> {
        let roots = self.about()?.roots.iter().map(PathBuf::from).collect();
        let passages = self.sample(roots, count)?;
        let (model, seed) = (self.chat_model()?, self.config.get("chat.seed"));
        let mut drafted = Vec::new();
        for (index, passage) in passages.into_iter().enumerate() {
            if let Some(question) = answer::question_for(&passage, &model, seed)? {
                drafted.push((passage, question));
            }
            on(index + 1);
        }
        Ok(drafted)
    }

    /// One chunk of each of `count` documents, or of all there are.
    fn sample(&self, roots: Vec<PathBuf>, count: usize) -> Result<Vec<Passage>> {
        let snapshot = self.snapshot()?;
        let mut documents = Vec::new();
        for document in self.documents(roots)? {
            // What has come since the last run is not to be had yet.
            if snapshot.has_document(&document.id.0)? {
                documents.push(document);
            }
        }
        let mut rng = fastrand::Rng::with_seed(self.config.get("chat.seed"));
        rng.shuffle(&mut documents);
        documents.truncate(count);
        let first = |document: &Document| ChunkId { doc: document.id.clone(), ordinal: 0 };
        snapshot.fetch(&documents.iter().map(first).collect::<Vec<_>>())
    }

    fn passages_request(&self) -> Result<SearchRequest> {
        let (limit, rerank) = (self.config.get("chat.passages"), self.config.text("chat.rerank").parse()?);
        Ok(SearchRequest { limit: Some(limit), rerank: Some(rerank), ..SearchRequest::default() })
    }

    fn chat_model(&self) -> Result<OpenAi> {
        let endpoint = Endpoint::new(self.config.text("chat.base_url"), self.api_key(), self.timeouts())?;
        Ok(OpenAi::new(endpoint, self.config.optional("chat.model").map(String::from)))
    }

    fn answer_options(&self) -> Result<answer::Options> {
        let template = match self.config.optional("chat.prompt") {
            Some(path) => Some(Template::parse(&std::fs::read_to_string(path).at("read", path)?)?),
            None => None,
        };
        Ok(answer::Options {
            max_tokens: self.config.get("chat.max_tokens"),
            temperature: self.config.get("chat.temperature"),
            seed: self.config.get("chat.seed"),
            window: Some(self.config.get("chat.context")).filter(|window| *window > 0),
            template,
            strict: self.config.is_on("chat.strict"),
        })
    }
}

fn passages(found: &Found) -> Vec<Passage> {
    found.hits.iter().map(|hit| hit.passage()).collect()
}
