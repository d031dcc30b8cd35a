//! A probe: what the configured endpoints can do, found out by asking for one short answer and one vector.

use super::Engine;
use super::doctor::{Finding, Grade, found};
use crate::error::Result;
use crate::language::Lang;
use crate::models::chat::{ChatModel, ChatRequest, Message, Piece, Role};
use crate::models::embedder::PassageInput;
use crate::models::openai::Offer;

/// Enough for one short sentence, and for a model that thinks first to be seen thinking.
const ANSWER_TOKENS: u32 = 64;

impl Engine {
    /// One finding for the chat endpoint's answer, one for what it offers, and one for the embedding endpoint where there is
    /// one. Costs one request for each, and what they charge for it.
    pub fn probe(&self, lang: Lang) -> Vec<Finding> {
        let answer = self.probe_chat(lang);
        let is_answering = answer.is_ok();
        let mut findings = vec![found("answer", answer, Grade::Bad, lang)];
        if is_answering {
            findings.push(found("offers", self.offers(lang), Grade::Bad, lang));
        }
        if self.config.optional("embed.base_url").is_some() {
            findings.push(found("embedding", self.probe_embedder(lang), Grade::Bad, lang));
        }
        findings
    }

    fn probe_chat(&self, lang: Lang) -> Result<String> {
        let model = self.chat_model()?;
        let content = lang.pick("只回答两个字:你好", "Answer with one word: hello").to_owned();
        let request = ChatRequest {
            messages: vec![Message { role: Role::User, content }],
            max_tokens: ANSWER_TOKENS,
            temperature: 0.0,
            seed: 1,
            schema: None,
        };
        let mut has_thought = false;
        let answer = model.chat(&request, &mut |piece| has_thought |= !matches!(piece, Piece::Text(_)))?;
        let (first, total) = (answer.first_token.as_secs_f32(), answer.total.as_secs_f32());
        let thinks = if has_thought { lang.pick(",先思考再作答", ", thinks before it answers") } else { "" };
        Ok(lang.pick(
            format!("{}:{:?},首字 {first:.1} 秒,共 {total:.1} 秒{thinks}", answer.model, answer.text.trim()),
            format!(
                "{}: {:?}, first token {first:.1} s, {total:.1} s in all{thinks}",
                answer.model,
                answer.text.trim()
            ),
        ))
    }

    fn offers(&self, lang: Lang) -> Result<String> {
        let Offer { window, counts_tokens, honours_schema, refused } = self.chat_model()?.offer()?;
        let yes = |is: bool| if is { lang.pick("是", "yes") } else { lang.pick("否", "no") };
        let configured = self.config.get::<usize>("chat.context");
        let window = match window {
            Some(window) => lang.pick(format!("{window} 词元"), format!("{window} tokens")),
            None if configured > 0 => lang.pick(
                format!("没有说,按 chat.context 取 {configured}"),
                format!("not said; chat.context has {configured}"),
            ),
            None => lang
                .pick("没有说,按 4096 算(chat.context 可改)".into(), "not said, taken as 4096 (chat.context)".into()),
        };
        let refused = match refused.as_slice() {
            [] => lang.pick("无", "none").to_owned(),
            names => names.join(", "),
        };
        let (counts, schema) = (yes(counts_tokens), yes(honours_schema));
        Ok(lang.pick(
            format!("窗口 {window};数词元 {counts};按模式作答 {schema};不收的参数 {refused}"),
            format!(
                "window {window}; counts tokens {counts}; honours a schema {schema}; parameters it refuses {refused}"
            ),
        ))
    }

    fn probe_embedder(&self, lang: Lang) -> Result<String> {
        let embedder = self.embedder()?;
        let vectors = embedder.embed_passages(&[PassageInput { title: "", body: lang.pick("你好", "hello") }])?;
        let (name, dim) = (&embedder.id().name, vectors.first().map_or(0, |vector| vector.dim()));
        Ok(lang.pick(format!("{name}:{dim} 维"), format!("{name}: {dim} dimensions")))
    }
}
