//! A frame: all of a prompt but the passages, and how those are laid out in it.

use super::AnswerProblem;
use super::format::Format;
use super::profile::Instructions;
use super::shot::Shown;
use super::template::{Filling, Template};
use crate::document::Passage;
use crate::language::Lang;
use crate::models::chat::{Message, Role};
use std::collections::BTreeMap;
use std::str::FromStr;

/// In which order passages stand. Their numbers are their ranks in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As they were found, the best first.
    #[default]
    Ranked,
    /// Those of a document together and as they stand in it; the best document first and the second best last, since
    /// what is in the middle is read worst (Liu et al., "Lost in the Middle", 2023).
    Grouped,
}

impl FromStr for Order {
    type Err = AnswerProblem;

    fn from_str(name: &str) -> Result<Order, AnswerProblem> {
        match name {
            "ranked" => Ok(Order::Ranked),
            "grouped" => Ok(Order::Grouped),
            _ => Err(AnswerProblem::Unknown { what: "chat.order", name: name.into(), known: "ranked, grouped" }),
        }
    }
}

impl Order {
    /// Numbers of `passages`, counted from 1: a group a document, in the order they stand in.
    pub fn groups(self, passages: &[Passage]) -> Vec<Vec<usize>> {
        if self == Order::Ranked {
            return (1..=passages.len()).map(|number| vec![number]).collect();
        }
        let mut ranked: Vec<Vec<usize>> = Vec::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, passage) in passages.iter().enumerate() {
            let group = *known.entry(&passage.id.doc.0).or_insert(ranked.len());
            match ranked.get_mut(group) {
                Some(group) => group.push(index + 1),
                None => ranked.push(vec![index + 1]),
            }
        }
        for group in &mut ranked {
            group.sort_by_key(|number| passages[number - 1].id.ordinal);
        }
        if ranked.len() > 2 {
            let second = ranked.remove(1);
            ranked.push(second);
        }
        ranked
    }
}

/// What a question is asked with.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    pub template: Template,
    pub lang: Lang,
    pub question: &'a str,
    pub shots: Shown,
    pub format: Format,
    pub order: Order,
    /// Whether title, section, source and date of a passage are told.
    pub metadata: bool,
    pub instructions: Instructions,
}

impl Frame<'_> {
    /// `passages` as they stand in the prompt, a group of numbers a document.
    pub fn context(&self, passages: &[Passage], groups: &[Vec<usize>]) -> String {
        let document = |group: &Vec<usize>| {
            let numbered: Vec<_> = group.iter().map(|number| (*number, &passages[number - 1])).collect();
            self.format.document(&numbered, self.metadata)
        };
        groups.iter().map(document).collect::<Vec<_>>().join("\n")
    }

    /// Instructions and question without shots and passages, each a message of its own.
    pub fn bare(&self) -> Result<[Message; 2], AnswerProblem> {
        self.template.render(self.filling("", ""))
    }

    /// All messages, in the order they are sent.
    pub fn messages(&self, context: &str) -> Result<Vec<Message>, AnswerProblem> {
        let [system, user] = self.template.render(self.filling(context, &self.shots.examples))?;
        let mut messages = vec![system];
        messages.extend(self.shots.turns.iter().cloned());
        messages.push(user);
        if self.instructions == Instructions::User {
            let system = messages.remove(0);
            let first = messages.iter_mut().find(|message| message.role == Role::User).expect("one was pushed");
            first.content = format!("{}\n\n{}", system.content, first.content);
        }
        Ok(messages)
    }

    fn filling<'b>(&'b self, passages: &'b str, examples: &'b str) -> Filling<'b> {
        let is_grouped = self.order == Order::Grouped;
        Filling { lang: self.lang, question: self.question, passages, examples, is_grouped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::fixture::{frame, passage};
    use crate::document::{ChunkId, DocId};

    fn chunk(doc: &str, ordinal: u32) -> Passage {
        Passage { id: ChunkId { doc: DocId(doc.into()), ordinal }, ..passage(doc, &format!("{doc}{ordinal}。")) }
    }

    #[test]
    fn grouped_is_by_document_in_its_order_the_best_first_and_the_second_best_last() {
        let found = [chunk("a", 3), chunk("b", 0), chunk("c", 1), chunk("a", 2), chunk("d", 0), chunk("b", 7)];
        assert_eq!(Order::Grouped.groups(&found), [vec![4, 1], vec![3], vec![5], vec![2, 6]]);
        assert_eq!(Order::Ranked.groups(&found[..2]), [[1], [2]]);
        assert_eq!(Order::Grouped.groups(&found[..2]), [[1], [2]]);
        assert!(Order::Grouped.groups(&[]).is_empty());
    }

    #[test]
    fn numbers_are_ranks_wherever_a_passage_stands() {
        let found = [chunk("a", 3), chunk("b", 0), chunk("a", 2)];
        let frame = Frame { order: Order::Grouped, ..frame("问") };
        let context = frame.context(&found, &frame.order.groups(&found));
        insta::assert_snapshot!(context, @r#"
        <document title="a">
        <passage id="3">
        a2。
        </passage>
        <passage id="1">
        a3。
        </passage>
        </document>
        <passage id="2" title="b">
        b0。
        </passage>
        "#);
    }

    #[test]
    fn without_a_role_for_the_system_its_message_begins_the_users() {
        let own = frame("问").messages("P").unwrap();
        let merged = Frame { instructions: Instructions::User, ..frame("问") }.messages("P").unwrap();
        assert_eq!((own.len(), merged.len(), merged[0].role), (2, 1, Role::User));
        assert_eq!(merged[0].content, format!("{}\n\n{}", own[0].content, own[1].content));
    }
}
