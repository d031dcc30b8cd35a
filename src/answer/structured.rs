//! A structured answer: sentences with the sources they come from, in JSON that the server's own grammar enforces.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Sentences of an answer; without a bound small models go on for ever.
const SENTENCES_MAX: usize = 4;
const SENTENCE_CHARS_MAX: usize = 160;

/// What the answer must follow, where it may cite `passages` of them.
pub fn schema(passages: usize) -> Value {
    let source = json!({ "type": "integer", "minimum": 1, "maximum": passages.max(1) });
    let text = json!({ "type": "string", "minLength": 1, "maxLength": SENTENCE_CHARS_MAX });
    let sentence = json!({
        "type": "object",
        "properties": { "source": source, "text": text },
        "required": ["source", "text"],
        "additionalProperties": false,
    });
    let sentences = json!({ "type": "array", "items": sentence, "minItems": 1, "maxItems": SENTENCES_MAX });
    json!({
        "type": "object",
        "properties": { "sentences": sentences },
        "required": ["sentences"],
        "additionalProperties": false,
    })
}

/// An answer with markers as [`schema`] asks for it, cut at each marker. What stands behind the last is the first passage's.
pub fn as_json(answer: &str) -> String {
    let mut items: Vec<Item> = Vec::new();
    for piece in answer.split_inclusive(']') {
        let marked = piece.strip_suffix(']').and_then(|piece| piece.rsplit_once('['));
        let (text, source) = match marked.and_then(|(text, number)| Some((text, number.parse().ok()?))) {
            Some((text, source)) => (text, source),
            None => (piece, 1),
        };
        // `说法[1]。`: the full stop is the sentence's before.
        let rest = text.trim_start_matches(['。', '！', '？', '.', '!', '?']);
        if let Some(last) = items.last_mut() {
            last.text.push_str(&text[..text.len() - rest.len()]);
        }
        if !rest.trim().is_empty() {
            items.push(Item { source, text: rest.trim().into() });
        }
    }
    let items: Vec<String> = items.iter().map(|item| json!(item).to_string()).collect();
    format!("{{\"sentences\":[{}]}}", items.join(","))
}

#[derive(Debug, Serialize, Deserialize)]
struct Item {
    source: u32,
    text: String,
}

/// Reads the JSON as it comes, and gives it on as text with markers.
#[derive(Debug, Default)]
pub struct Reader {
    json: String,
    /// How much of `json` has been read.
    read: usize,
}

impl Reader {
    /// The sentences that `piece` completes, each with its marker behind it.
    pub fn push(&mut self, piece: &str) -> String {
        let before = self.json.len();
        self.json.push_str(piece);
        let mut text = String::new();
        if self.read == 0 {
            match piece.find('[') {
                Some(at) => self.read = before + at + 1,
                None => return text,
            }
        }
        // Nothing else completes one.
        if !piece.contains('}') {
            return text;
        }
        loop {
            let rest = &self.json[self.read..];
            let skipped = rest.len() - rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace()).len();
            let mut items = serde_json::Deserializer::from_str(&rest[skipped..]).into_iter::<Item>();
            let Some(Ok(item)) = items.next() else { return text };
            self.read += skipped + items.byte_offset();
            let sentence = item.text.trim();
            text.push_str(&format!("{sentence}[{}]", item.source));
            if !sentence.ends_with(['。', '！', '？', '.', '!', '?']) {
                text.push('\n');
            }
        }
    }

    /// Whether not a single sentence could be read.
    pub fn is_empty(&self) -> bool {
        self.read == 0 || !self.json[..self.read].contains('}')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str =
        r#"{"sentences": [{"source": 1, "text": "QLoRA 冻结 [底座]}。"}, {"source":2,"text":"k1 默认 1.2"} ]}"#;

    #[test]
    fn sentences_are_read_as_soon_as_they_are_whole_however_the_text_is_cut() {
        let whole = Reader::default().push(JSON);
        assert_eq!(whole, "QLoRA 冻结 [底座]}。[1]k1 默认 1.2[2]\n");
        for size in 1..20 {
            let chars: Vec<char> = JSON.chars().collect();
            let mut reader = Reader::default();
            let text: String = chars.chunks(size).map(|piece| reader.push(&String::from_iter(piece))).collect();
            assert_eq!(text, whole, "{size}");
            assert!(!reader.is_empty());
        }
    }

    #[test]
    fn an_answer_with_markers_reads_back_as_the_same_sentences() {
        for answer in ["甲是乙。[1]丙是丁。[2]", "甲是乙[1]。丙是丁[2]。"] {
            assert_eq!(Reader::default().push(&as_json(answer)), "甲是乙。[1]丙是丁。[2]", "{answer}");
        }
        assert_eq!(as_json("资料中没有相关内容。"), r#"{"sentences":[{"source":1,"text":"资料中没有相关内容。"}]}"#);
    }

    #[test]
    fn what_is_cut_off_keeps_its_whole_sentences_and_what_is_no_json_has_none() {
        let mut cut = Reader::default();
        assert_eq!(cut.push(&JSON[..JSON.find("k1").unwrap()]), "QLoRA 冻结 [底座]}。[1]");
        assert!(!cut.is_empty());
        let mut prose = Reader::default();
        assert_eq!(prose.push("QLoRA 冻结底座 [1]。"), "");
        assert!(prose.is_empty());
    }
}
