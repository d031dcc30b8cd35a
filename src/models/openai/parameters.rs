//! The parameters of a request, of which providers refuse now this one, now that.

use super::refusal::{Kind, Refusal};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What an answer can be had without. `max_tokens` has a second name, which newer models of OpenAI ask for.
const OPTIONAL: [&str; 6] =
    ["max_completion_tokens", "max_tokens", "temperature", "seed", "stream_options", "response_format"];

/// What an endpoint does not take, as far as it has said so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Refused(BTreeSet<&'static str>);

impl Refused {
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.0.iter().copied().collect()
    }

    /// `body` as this endpoint takes it.
    pub(super) fn fit(&self, body: &mut Map<String, Value>) {
        for name in &self.0 {
            let value = body.remove(*name);
            if *name == "max_tokens"
                && !self.0.contains("max_completion_tokens")
                && let Some(value) = value
            {
                body.insert("max_completion_tokens".into(), value);
            }
        }
    }

    /// Whether `refusal` names parameters of `body` that can be left out; from now on they are.
    pub(super) fn learn(&mut self, refusal: &Refusal, body: &Map<String, Value>) -> bool {
        if refusal.kind() != Kind::Rejected || !matches!(refusal.status, 400 | 422) {
            return false;
        }
        let before = self.0.len();
        self.0.extend(OPTIONAL.iter().filter(|name| body.contains_key(**name) && names(&refusal.body, name)));
        self.0.len() > before
    }
}

/// Whether `text` has `name` as a word.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body() -> Map<String, Value> {
        let body = json!({"messages": [], "max_tokens": 9, "temperature": 0, "seed": 1, "stream_options": {}});
        body.as_object().unwrap().clone()
    }

    fn check(said: &str, expect: &[&str]) {
        let mut refused = Refused::default();
        let mut sent = body();
        while refused.learn(&Refusal::read(400, said), &sent) {
            refused.fit(&mut sent);
        }
        assert_eq!(sent.keys().collect::<Vec<_>>(), expect, "{said}");
    }

    #[test]
    fn what_is_named_is_left_out_or_goes_by_its_other_name() {
        check(
            r#"{"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.","param":"max_tokens"}}"#,
            &["messages", "seed", "stream_options", "temperature"],
        );
        check(
            r#"[{"error":{"message":"Unknown name \"seed\": Cannot find field."}}]"#,
            &["max_tokens", "messages", "stream_options", "temperature"],
        );
        check(
            r#"{"message":{"detail":[{"loc":["body","seed"]},{"loc":["body","stream_options"]}]}}"#,
            &["max_tokens", "messages", "temperature"],
        );
        check(
            r#"{"error":{"message":"max_tokens_total is wrong"}}"#,
            &["max_tokens", "messages", "seed", "stream_options", "temperature"],
        );
    }

    #[test]
    fn one_refusal_gives_the_limit_its_other_name() {
        let mut refused = Refused::default();
        assert!(refused.learn(&Refusal::read(400, "max_tokens is not supported"), &body()));
        let mut sent = body();
        refused.fit(&mut sent);
        assert_eq!((sent.get("max_tokens"), sent.get("max_completion_tokens")), (None, Some(&json!(9))));
    }

    #[test]
    fn what_is_refused_for_another_reason_stays() {
        for (status, said) in
            [(401, "max_tokens"), (400, "maximum context length is 4096 tokens, reduce max_tokens"), (429, "seed")]
        {
            assert!(!Refused::default().learn(&Refusal::read(status, said), &body()), "{said}");
        }
    }
}
