//! Asking: retrieval, then the answer from what was found.

use super::{Engine, SearchRequest};
use crate::answer::{self, Answer, Asked, Checked, Kind, Nearest, Plan, Prepared, Template};
use crate::document::{ChunkId, DocId, Passage};
use crate::error::Result;
use crate::journal::Journal;
use crate::language::Lang;
use crate::models::chat::{ChatModel, Piece};
use crate::models::openai::{Endpoint, Lack, OpenAi};
use crate::search::{self, Found, RerankKind};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Passages named in a refusal.
const NEAREST: usize = 3;

/// What happens while a question is answered, in this order.
#[derive(Debug)]
pub enum AskEvent<'a> {
    Planned(&'a Planned),
    Retrieved(&'a Found),
    /// What goes to the model; not there where none is asked.
    Prepared(&'a Prepared),
    /// A piece of the answer, or of what the model thinks aloud.
    Written(Piece<'a>),
}

/// A question as it is worked on.
#[derive(Debug, Clone, Serialize)]
pub struct Planned {
    /// As it can be understood alone: a follow-up is rewritten.
    pub question: String,
    pub plan: Plan,
    /// What is searched for: the question, the same as it was typed, the sides of a comparison.
    pub queries: Vec<String>,
}

/// An answer with the passages it was given.
#[derive(Debug)]
pub struct Outcome {
    pub planned: Planned,
    pub found: Found,
    /// What was sent, where a model was asked.
    pub prepared: Option<Prepared>,
    pub answer: Answer,
    /// Whether the answer was kept from before.
    pub cached: bool,
    /// Time spent before the model was asked.
    pub retrieve: Duration,
    /// Time spent in all.
    pub total: Duration,
}

impl Outcome {
    /// As `rag ask --json` prints it.
    pub fn report<'a>(&'a self, question: &'a str) -> Asked<'a> {
        let report = self.answer.report(question, self.nearest(), self.retrieve, self.total);
        Asked { cached: self.cached, ..report }
    }

    /// The passages to name where there is no answer.
    pub fn nearest(&self) -> Vec<Nearest> {
        self.found.hits.iter().take(NEAREST).map(|hit| Nearest::of(&hit.passage())).collect()
    }
}

/// What came of the passages.
pub(super) struct Answered {
    pub answer: Answer,
    pub prepared: Option<Prepared>,
    pub cached: bool,
}

impl Engine {
    /// Finds passages, then has the model answer from them; with `chat.extractive` quotes them instead. `history` are the
    /// questions before, the last one last, that this one may follow up. Nothing is written down, and no kept answer given:
    /// for that, see [`Engine::ask_and_record`].
    pub fn ask(&self, question: &str, history: &[String], on: &mut dyn FnMut(AskEvent<'_>)) -> Result<Outcome> {
        self.ask_with(question, history, None, on)
    }

    pub(super) fn ask_with(
        &self,
        question: &str,
        history: &[String],
        memory: Option<&Journal>,
        on: &mut dyn FnMut(AskEvent<'_>),
    ) -> Result<Outcome> {
        let begin = Instant::now();
        search::require_words(question, self.analyzer()?)?;
        let planned = self.plan(question.trim(), history)?;
        on(AskEvent::Planned(&planned));
        let found = self.gather(&planned)?;
        let retrieve = begin.elapsed();
        on(AskEvent::Retrieved(&found));
        let Answered { answer, prepared, cached } = self.answer(&planned, &found, memory, on)?;
        Ok(Outcome { planned, found, prepared, answer, cached, retrieve, total: begin.elapsed() })
    }

    fn answer(
        &self,
        Planned { question, plan, .. }: &Planned,
        found: &Found,
        memory: Option<&Journal>,
        on: &mut dyn FnMut(AskEvent<'_>),
    ) -> Result<Answered> {
        let (passages, answerable) = (passages(found), found.evidence.answerable);
        if let Some(reason) = answer::refuse(question, &passages, answerable, self.relevance()?.floor) {
            let answer = Answer::Abstained { reason, sentences: Vec::new(), completion: None };
            return Ok(Answered { answer, prepared: None, cached: false });
        }
        self.answer_over(question, plan.kind, (&passages, answerable), memory, on)
    }

    /// The answer from `passages`, of which there is at least one; `answerable` is what retrieval makes of them, 0 to 1.
    pub(super) fn answer_over(
        &self,
        question: &str,
        kind: Kind,
        (passages, answerable): (&[Passage], f32),
        memory: Option<&Journal>,
        on: &mut dyn FnMut(AskEvent<'_>),
    ) -> Result<Answered> {
        let analyzer = self.analyzer()?;
        let without_model = |answer| Ok(Answered { answer, prepared: None, cached: false });
        if self.config.is_on("chat.extractive") {
            let grounded = answer::extract(question, kind, passages, analyzer);
            on(AskEvent::Written(Piece::Text(&grounded.text)));
            return without_model(Answer::Grounded(grounded));
        }
        let (options, model) = (self.answer_options()?, self.chat_model()?);
        let prepared = match answer::prepare(question, passages, Some(&*model), &options) {
            Ok(prepared) => prepared,
            Err(error) => return without_model(answer::missing(error, None)?),
        };
        on(AskEvent::Prepared(&prepared));
        let memory = memory.and_then(|journal| self.memory(journal, &prepared, &options, &model));
        if let Some(grounded) = memory.as_ref().and_then(|memory| memory.recall(&prepared)) {
            on(AskEvent::Written(Piece::Text(&grounded.text)));
            return Ok(Answered { answer: Answer::Grounded(grounded), prepared: Some(prepared), cached: true });
        }
        let written = &mut |piece: Piece<'_>| on(AskEvent::Written(piece));
        let mut answer = answer::answer(question, &prepared, &*model, analyzer, &options, written)?;
        if answer::may_quote_instead(&answer, answerable) {
            let extract = answer::extract(question, kind, passages, analyzer);
            on(AskEvent::Written(Piece::Text(&extract.text)));
            answer = answer.quoting(extract);
        }
        if let (Some(memory), Answer::Grounded(grounded)) = (memory, &answer) {
            memory.keep(grounded);
        }
        Ok(Answered { answer, prepared: Some(prepared), cached: false })
    }

    /// What to search for. A follow-up is searched for as typed, too: a rewrite may lose what matters.
    pub(super) fn plan(&self, question: &str, history: &[String]) -> Result<Planned> {
        let alone = self.alone(question, history)?;
        let plan = Plan::of(&alone);
        let mut queries = vec![alone.clone()];
        for query in [question].into_iter().chain(plan.sides.iter().map(String::as_str)) {
            if !queries.iter().any(|other| other == query) && self.analyzer()?.has_words(query) {
                queries.push(query.into());
            }
        }
        Ok(Planned { question: alone, plan, queries })
    }

    fn alone(&self, question: &str, history: &[String]) -> Result<String> {
        if history.is_empty() {
            return Ok(question.into());
        }
        if self.config.is_on("chat.extractive") {
            return Ok(answer::joined(question, history));
        }
        let (library, model) = (self.library(), self.chat_model()?);
        let rewritten = answer::rewrite(question, history, &library, &*model, self.config.get("chat.seed"));
        match rewritten {
            // Whoever answers next will say what is wrong.
            Err(error) if Lack::of(&error).is_some() => Ok(answer::joined(question, history)),
            rewritten => rewritten,
        }
    }

    /// What the queries of a plan find, as one list. What the question has in quotes is preferred, not required: passages
    /// that hold it word by word take turns with what is found without, where there are any.
    pub(super) fn gather(&self, planned: &Planned) -> Result<Found> {
        let request = self.passages_request()?;
        // Reranking reads passages, which is what costs; the question itself is worth it.
        let beside = SearchRequest { rerank: Some(RerankKind::None), ..request };
        let requests = std::iter::once(&request).chain(std::iter::repeat(&beside));
        let founds = planned.queries.iter().zip(requests).map(|(query, request)| self.search(query, request));
        let mut founds: Vec<Found> = founds.collect::<Result<_>>()?;
        if search::has_phrases(&planned.question, self.analyzer()?) {
            let literal = self.search(&planned.question, &SearchRequest { operators: true, ..beside })?;
            founds.push(literal);
        }
        let limit = request.limit.unwrap_or_default();
        let mut found = search::merge(founds, limit).expect("the question itself is always among the queries");
        shuffle(&mut found, self.config.get("chat.shuffle"));
        Ok(found)
    }

    /// The exact messages that `ask` would send, without asking for an answer. The endpoint is asked for its
    /// tokenizer and window where it answers; where it does not, both are estimated.
    pub fn prepare(&self, question: &str) -> Result<(Found, Prepared)> {
        let planned = self.plan(question.trim(), &[])?;
        let found = self.gather(&planned)?;
        let options = self.answer_options()?;
        let model = self.chat_model()?;
        let reachable = model.context_window().is_ok();
        let model = reachable.then_some(&*model as &dyn ChatModel);
        let prepared = answer::prepare(&planned.question, &passages(&found), model, &options)?;
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
        let passages = self.sample(count)?;
        let (library, model, seed) = (self.library(), self.chat_model()?, self.config.get("chat.seed"));
        let mut drafted = Vec::new();
        for (index, passage) in passages.into_iter().enumerate() {
            if let Some(question) = answer::question_for(&passage, &library, &*model, seed)? {
                drafted.push((passage, question));
            }
            on(index + 1);
        }
        Ok(drafted)
    }

    /// One chunk of each of `count` documents, or of all there are.
    fn sample(&self, count: usize) -> Result<Vec<Passage>> {
        let snapshot = self.snapshot()?;
        let mut documents = snapshot.documents()?;
        let mut rng = fastrand::Rng::with_seed(self.config.get("chat.seed"));
        rng.shuffle(&mut documents);
        documents.truncate(count);
        let first = |doc: DocId| ChunkId { doc, ordinal: 0 };
        snapshot.fetch(&documents.into_iter().map(first).collect::<Vec<_>>())
    }

    pub(super) fn passages_request(&self) -> Result<SearchRequest> {
        // More than any window takes: what does not fit is left out when the prompt is packed.
        let limit = self.config.get(if self.config.is_on("chat.stuff_all") { "search.depth" } else { "chat.passages" });
        let rerank = self.config.text("chat.rerank").parse()?;
        Ok(SearchRequest { limit: Some(limit), rerank: Some(rerank), ..SearchRequest::default() })
    }

    pub(super) fn chat_model(&self) -> Result<Arc<OpenAi>> {
        if let Some(chat) = self.chat.get() {
            return Ok(chat.clone());
        }
        let extra = self.config.object("chat.extra_body");
        let model = self.config.optional("chat.model").map(String::from);
        let chat = Arc::new(OpenAi::new(self.chat_endpoint()?, model).with_extra_body(extra));
        Ok(self.chat.get_or_init(|| chat).clone())
    }

    fn chat_endpoint(&self) -> Result<Endpoint> {
        let endpoint = Endpoint::new(self.config.text("chat.base_url"), self.api_key(), self.timeouts())?;
        endpoint.with_headers(self.config.object("chat.headers"))
    }

    pub(super) fn answer_options(&self) -> Result<answer::Options> {
        let template = match self.config.optional("chat.prompt") {
            Some(path) => Some(Template::of_file(path)?),
            None => None,
        };
        let format = match self.config.text("chat.context_format") {
            "auto" => None,
            name => Some(name.parse()?),
        };
        Ok(answer::Options {
            max_tokens: self.config.get("chat.max_tokens"),
            temperature: self.config.get("chat.temperature"),
            seed: self.config.get("chat.seed"),
            window: Some(self.config.get("chat.context")).filter(|window| *window > 0),
            library: self.library(),
            template,
            lang: match self.config.text("chat.language") {
                "zh" => Some(Lang::Zh),
                "en" => Some(Lang::En),
                _ => None,
            },
            model: self.config.optional("chat.model").map(String::from),
            format,
            order: self.config.text("chat.order").parse()?,
            without_metadata: !self.config.is_on("chat.metadata"),
            shots: self.config.get("chat.shots"),
            cot: self.config.is_on("chat.cot"),
            strict: self.config.is_on("chat.strict"),
            structured: self.config.is_on("chat.structured"),
        })
    }
}

/// Puts the hits into an order that `seed` draws, and numbers them by it; 0 leaves them as they were ranked.
fn shuffle(found: &mut Found, seed: u64) {
    if seed == 0 {
        return;
    }
    fastrand::Rng::with_seed(seed).shuffle(&mut found.hits);
    for (index, hit) in found.hits.iter_mut().enumerate() {
        hit.rank = index as u32 + 1;
    }
}

fn passages(found: &Found) -> Vec<Passage> {
    found.hits.iter().map(|hit| hit.passage()).collect()
}
