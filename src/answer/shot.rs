//! A shot: a question, passages and the answer to wish for, shown to a model as an example; or such an answer alone.

use super::format::Format;
use super::template::{Filling, Template};
use super::{AnswerProblem, structured};
use crate::document::{ChunkId, DocId, Passage};
use crate::language::Lang;
use crate::models::chat::{Message, Role};
use serde::{Deserialize, Serialize};

/// A line of `shots.zh.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shot {
    /// What kind of question it is, by the names that evaluation suites give theirs; may be empty.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Missing where the answer alone is the example.
    pub question: Option<String>,
    #[serde(default)]
    pub passages: Vec<ShotPassage>,
    /// With markers, or the refusal.
    pub answer: String,
    /// What is to be thought before the answer, for `--cot`.
    #[serde(default)]
    pub steps: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShotPassage {
    pub title: String,
    pub text: String,
}

impl ShotPassage {
    pub fn passage(&self) -> Passage {
        Passage {
            id: ChunkId { doc: DocId(self.title.clone()), ordinal: 0 },
            title: self.title.clone(),
            headings: Vec::new(),
            path: String::new(),
            source: String::new(),
            date: String::new(),
            lines: (1, 1),
            text: self.text.clone(),
            lead: String::new(),
            sections: Vec::new(),
            plain: None,
        }
    }
}

/// Reads a file of shots. The error says what is wrong with which line.
pub fn read(text: &str) -> Result<Vec<Shot>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let shots = lines.map(|(index, line)| {
        let at = |reason: String| format!("line {}: {reason}", index + 1);
        let shot: Shot = serde_json::from_str(line).map_err(|error| at(error.to_string()))?;
        match (shot.question.is_some(), shot.passages.is_empty(), shot.answer.trim().is_empty()) {
            (_, _, true) => Err(at("an empty answer".into())),
            (true, true, _) => Err(at("a question without passages".into())),
            (false, false, _) => Err(at("passages without a question".into())),
            _ => Ok(shot),
        }
    });
    shots.collect()
}

/// How the answer of a shot is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Plain,
    /// Steps first, then a line with this mark.
    AfterSteps(&'static str),
    Json,
}

/// Shots as they stand in a prompt, all before the passages: what does not change from question to question, so that a
/// server's prefix cache reads it once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Turns of user and assistant, in the words of the template.
    pub turns: Vec<Message>,
    /// Answers alone, for the system's message; may be empty.
    pub examples: String,
}

impl Shown {
    /// An error where there are answers alone and the template has no place for them.
    pub fn of(
        shots: &[Shot],
        template: &Template,
        lang: Lang,
        format: Format,
        written: Written,
    ) -> Result<Shown, AnswerProblem> {
        let mut shown = Shown::default();
        for shot in shots {
            let answer = written.answer(shot);
            let Some(question) = &shot.question else {
                shown.examples.push_str(&format!("- {}\n", answer.trim()));
                continue;
            };
            let passages: Vec<Passage> = shot.passages.iter().map(ShotPassage::passage).collect();
            let documents: Vec<String> =
                passages.iter().enumerate().map(|(index, one)| format.document(&[(index + 1, one)], true)).collect();
            let filling = Filling { lang, question, passages: &documents.join("\n"), examples: "", is_grouped: false };
            let [_, user] = template.render(filling)?;
            shown.turns.extend([user, Message { role: Role::Assistant, content: answer }]);
        }
        shown.examples.truncate(shown.examples.trim_end().len());
        if !shown.examples.is_empty() && !template.takes_examples() {
            let reason = "shots without a question need {{ examples }} in it".into();
            return Err(AnswerProblem::Template { place: template.id(), reason });
        }
        Ok(shown)
    }
}

impl Written {
    fn answer(self, shot: &Shot) -> String {
        match self {
            Written::Plain => shot.answer.clone(),
            Written::AfterSteps(mark) => format!("{}\n{mark}{}", shot.steps.trim(), shot.answer).trim().to_string(),
            Written::Json => structured::as_json(&shot.answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::library::Library;
    use crate::answer::support::Support;
    use crate::answer::template::refusal;
    use crate::text::Analyzer;
    use serde_json::Value;

    #[test]
    fn a_line_is_a_question_with_passages_and_answer_or_an_answer_alone() {
        let whole =
            r#"{"type":"D","question":"甲?","passages":[{"title":"甲","text":"甲是乙。"}],"answer":"甲是乙。[1]"}"#;
        let shots = read(&format!("{whole}\n\n{{\"answer\":\"丙是丁。[1]\"}}\n")).unwrap();
        assert_eq!((shots.len(), shots[0].kind.as_str(), &shots[1].question), (2, "D", &None));
        for (line, reason) in [
            (r#"{"question":"甲?"}"#, "line 1: missing field `answer`"),
            (r#"{"question":"甲?","answer":"乙"}"#, "line 1: a question without passages"),
            (r#"{"answer":" "}"#, "line 1: an empty answer"),
            (r#"{"answer":"a","anwser":"b"}"#, "line 1: unknown field"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.starts_with(reason), "{error}");
        }
    }

    #[test]
    fn every_built_in_shot_answers_from_its_own_passages() {
        let analyzer = Analyzer::new(None).unwrap();
        for lang in [Lang::Zh, Lang::En] {
            let shots = Library::default().all_shots(lang).unwrap();
            assert!(shots.len() >= 10, "{}", shots.len());
            for Shot { question, passages, answer, steps, .. } in shots {
                assert!(question.is_some() && !steps.is_empty());
                if answer == refusal(lang) {
                    continue;
                }
                let passages: Vec<Passage> = passages.iter().map(ShotPassage::passage).collect();
                let support = Support::new(&passages, &analyzer);
                let sentences: Value = serde_json::from_str(&structured::as_json(&answer)).unwrap();
                let sentences = sentences["sentences"].as_array().unwrap();
                assert_eq!(answer.matches('[').count(), sentences.len(), "a marker behind each sentence of {answer}");
                for sentence in sentences {
                    let (number, text) = (sentence["source"].as_u64().unwrap(), sentence["text"].as_str().unwrap());
                    assert!(support.by(number as usize - 1, text).is_some(), "[{number}] does not support {text}");
                }
            }
        }
    }

    #[test]
    fn shots_become_turns_and_answers_alone_become_examples() {
        let line = r#"{"question":"甲?","passages":[{"title":"甲","text":"甲是乙。"}],"answer":"甲是乙。[1]","steps":"相关:[1]"}"#;
        let shots = read(&format!("{line}\n{{\"answer\":\"丙是丁。[2]\"}}")).unwrap();
        let template = Library::default().template("ask", Lang::Zh).unwrap();
        let shown = |written| Shown::of(&shots, &template, Lang::Zh, Format::Xml, written).unwrap();
        let plain = shown(Written::Plain);
        assert_eq!((plain.turns.len(), plain.examples.as_str()), (2, "- 丙是丁。[2]"));
        assert!(
            plain.turns[0].content.contains("<passage id=\"1\" title=\"甲\">")
                && plain.turns[0].content.ends_with("甲?")
        );
        assert_eq!(plain.turns[1], Message { role: Role::Assistant, content: "甲是乙。[1]".into() });
        assert_eq!(shown(Written::AfterSteps("答案:")).turns[1].content, "相关:[1]\n答案:甲是乙。[1]");
        assert_eq!(shown(Written::Json).turns[1].content, r#"{"sentences":[{"source":1,"text":"甲是乙。"}]}"#);
        let bare = "[system]\n[user]\n{{ passages }}{{ question }}";
        let bare = Template::parse("custom", bare, &crate::answer::template::ANSWERING).unwrap();
        assert!(Shown::of(&shots, &bare, Lang::Zh, Format::Xml, Written::Plain).is_err());
    }
}
