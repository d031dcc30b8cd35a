//! A chunk of an answer, read by what is there: providers leave fields out, fill them with nulls, or use names of their own.

use super::super::refusal::Refusal;
use crate::models::chat::Finish;
use serde_json::Value;

/// What one message of a stream says; the one object of an answer that is not streamed is such a message too.
#[derive(Debug, Default, PartialEq)]
pub struct Chunk {
    /// New text.
    pub delta: String,
    /// Text so far or new, as the server pleases: a `message` beside or in place of a `delta`.
    pub message: String,
    /// Thinking aloud.
    pub reasoning: String,
    pub finish: Option<Finish>,
    pub model: Option<String>,
    pub prompt_tokens: Option<u32>,
    pub completion_tokens: Option<u32>,
    /// Whether any choice was in it.
    pub has_choice: bool,
}

impl Chunk {
    /// Err with the server's own words where it is an error instead.
    pub fn read(json: &Value) -> Result<Chunk, String> {
        if let Some(words) = error_words(json) {
            return Err(words);
        }
        let mut chunk = Chunk { model: some_text(&json["model"]).map(str::to_owned), ..Chunk::default() };
        let usage = &json["usage"];
        chunk.prompt_tokens = count(&usage["prompt_tokens"]);
        chunk.completion_tokens = count(&usage["completion_tokens"]);
        let choices = json["choices"].as_array().map_or(&[][..], Vec::as_slice);
        // Of several answers side by side the first is read.
        let is_first = |choice: &&Value| choice.is_object() && choice["index"].as_f64().unwrap_or(0.0) == 0.0;
        // Ollama's own form has no choices.
        let Some(choice) = choices.iter().find(is_first).or(Some(json).filter(|json| json["message"].is_object()))
        else {
            return Ok(chunk);
        };
        chunk.has_choice = true;
        chunk.delta = text(&choice["delta"]["content"]);
        chunk.message = text(&choice["message"]["content"]);
        if chunk.delta.is_empty() && chunk.message.is_empty() {
            chunk.delta = text(&choice["text"]);
        }
        for name in ["reasoning_content", "reasoning", "thinking"] {
            let said = [&choice["delta"], &choice["message"]].into_iter().map(|part| text(&part[name]));
            chunk.reasoning = said.into_iter().find(|said| !said.is_empty()).unwrap_or_default();
            if !chunk.reasoning.is_empty() {
                break;
            }
        }
        let reason = [&choice["finish_reason"], &choice["done_reason"]].into_iter().find_map(some_text);
        chunk.finish = reason.filter(|reason| *reason != "null").map(Finish::named);
        Ok(chunk)
    }
}

/// A string, or the text of a list of parts.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().map(|part| part.as_str().map_or_else(|| text(&part["text"]), String::from)).collect()
        }
        _ => String::new(),
    }
}

fn some_text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

/// Some servers count in decimals, some below zero.
fn count(value: &Value) -> Option<u32> {
    value.as_f64().filter(|count| (0.0..=f64::from(u32::MAX)).contains(count)).map(|count| count as u32)
}

/// `{"error": …}`, `{"object": "error", "message": …}`, `{"detail": …}`, `{"success": false, "message": …}`; an `error` that
/// says nothing is none.
fn error_words(json: &Value) -> Option<String> {
    let says_nothing = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Object(fields) => fields.values().all(|value| value.is_null() || value.as_str() == Some("")),
        Value::Array(items) => items.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Bool(true) => false,
    };
    let is_answer = json.get("choices").is_some_and(|choices| choices.as_array().is_some_and(|all| !all.is_empty()))
        || json["message"].is_object();
    let is_error = !says_nothing(&json["error"])
        || json["object"] == "error"
        || !is_answer && ["detail", "message", "msg", "error_msg"].iter().any(|name| !says_nothing(&json[*name]));
    is_error.then(|| {
        let words = Refusal::of_json(0, json).words;
        if words.is_empty() { super::super::refusal::clean(&json.to_string()) } else { words }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_found_where_servers_put_it() {
        let check = |json: Value, delta: &str, message: &str| {
            let chunk = Chunk::read(&json).unwrap();
            assert_eq!((chunk.delta.as_str(), chunk.message.as_str()), (delta, message), "{json}");
        };
        check(json!({"choices": [null, {"delta": {"content": "字"}}], "error": {}}), "字", "");
        check(json!({"choices": [{"index": 1, "delta": {"content": "x"}}, {"index": 0, "text": "字"}]}), "字", "");
        check(json!({"choices": [{"delta": {"content": [{"type": "text", "text": "一"}, "二"]}}]}), "一二", "");
        check(json!({"choices": [{"delta": {"content": ""}, "message": {"content": "全文"}}]}), "", "全文");
        check(json!({"message": {"role": "assistant", "content": "字"}, "done": false}), "", "字");
        check(json!({"choices": null, "usage": {"prompt_tokens": 1}}), "", "");
        check(json!({"choices": [{"delta": null, "finish_reason": ""}], "error": false}), "", "");
    }

    #[test]
    fn reasoning_has_three_names_and_counts_any_form() {
        let chunk = Chunk::read(&json!({
            "choices": [{"delta": {"reasoning": null, "thinking": "想"}, "finish_reason": "MAX_TOKENS"}],
            "usage": {"prompt_tokens": 10.0, "completion_tokens": -1}
        }));
        let chunk = chunk.unwrap();
        assert_eq!((chunk.reasoning.as_str(), chunk.finish), ("想", Some(Finish::Length)));
        assert_eq!((chunk.prompt_tokens, chunk.completion_tokens), (Some(10), None));
    }

    #[test]
    fn an_error_is_told_in_the_servers_words() {
        for (json, words) in [
            (json!({"error": "model runner crashed"}), "model runner crashed"),
            (json!({"error": {"code": 500, "message": "out of memory"}, "choices": []}), "out of memory"),
            (json!({"object": "error", "message": "too long", "choices": null}), "too long"),
            (json!({"detail": [{"msg": "no such field"}]}), "no such field"),
            (json!({"success": false, "message": "余额不足"}), "余额不足"),
            (json!({"error": {"code": 7}}), r#"{"error":{"code":7}}"#),
        ] {
            assert_eq!(Chunk::read(&json), Err(words.to_string()));
        }
    }
}
