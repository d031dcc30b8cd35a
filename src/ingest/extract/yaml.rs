//! YAML as note-taking programs write it: a tree of scalars as they are written, with the line of every key.

use granit_parser::{Event, Parser, ScalarStyle};
use std::collections::HashMap;

/// Deeper trees are no front matter.
const DEPTH_MAX: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Null,
    /// As written, `007` included; only `True` is `true`.
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    /// Counted from 1 in the YAML.
    pub line: usize,
    pub value: Node,
}

/// What is no YAML, and in which line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub reason: String,
}

/// The entries of a mapping, the last of several with one key; none where it is something else.
pub fn mapping(yaml: &str) -> Result<Option<Vec<Entry>>, Fault> {
    Ok(match tree(yaml)? {
        Node::Map(entries) => Some(entries),
        _ => None,
    })
}

/// A list or a map that is not at its end, with the anchor it is known by.
struct Open {
    node: Node,
    anchor: usize,
    /// The key that waits for its value.
    key: Option<(String, usize)>,
}

fn tree(yaml: &str) -> Result<Node, Fault> {
    let mut open: Vec<Open> = Vec::new();
    let mut anchored: HashMap<usize, Node> = HashMap::new();
    for event in Parser::new_from_str(yaml) {
        let (event, span) = event.map_err(|error| Fault {
            line: error.marker().line(),
            reason: error.to_string().lines().next().unwrap_or_default().to_string(),
        })?;
        let line = span.start.line();
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => (scalar(&text, style == ScalarStyle::Plain), anchor),
            Event::Alias(of) => (anchored.get(&of).cloned().unwrap_or(Node::Null), 0),
            Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => {
                if open.len() >= DEPTH_MAX {
                    return Err(Fault { line, reason: format!("nested more than {DEPTH_MAX} deep") });
                }
                let is_list = matches!(event, Event::SequenceStart(..));
                let node = if is_list { Node::List(Vec::new()) } else { Node::Map(Vec::new()) };
                open.push(Open { node, anchor, key: None });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(ended) => (ended.node, ended.anchor),
                None => continue,
            },
            _ => continue,
        };
        // A tree that names itself again and again is not written out: only scalars are.
        if anchor > 0 && matches!(node, Node::Scalar(_)) {
            anchored.insert(anchor, node.clone());
        }
        match open.last_mut() {
            Some(around) => around.take(node, line),
            None => return Ok(node),
        }
    }
    Ok(Node::Null)
}

impl Open {
    fn take(&mut self, node: Node, line: usize) {
        match &mut self.node {
            Node::List(nodes) => nodes.push(node),
            Node::Map(entries) => match self.key.take() {
                None => self.key = Some((text_of(&node), line)),
                Some((key, line)) => {
                    entries.retain(|entry| entry.key != key);
                    entries.push(Entry { key, line, value: node });
                }
            },
            _ => {}
        }
    }
}

fn text_of(node: &Node) -> String {
    match node {
        Node::Scalar(text) => text.clone(),
        _ => String::new(),
    }
}

fn scalar(text: &str, is_plain: bool) -> Node {
    match text {
        "" | "~" | "null" | "Null" | "NULL" if is_plain => Node::Null,
        "True" | "TRUE" if is_plain => Node::Scalar("true".into()),
        "False" | "FALSE" if is_plain => Node::Scalar("false".into()),
        text => Node::Scalar(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_as_written_and_keys_have_lines() {
        let entries = mapping("id: 007\n# x\nb: [1.10, ~, {c: 'd'}]\nid: 8\n").unwrap().unwrap();
        assert_eq!(entries[0].key, "b");
        let Node::List(list) = &entries[0].value else { panic!() };
        assert_eq!(list[..2], [Node::Scalar("1.10".into()), Node::Null]);
        assert_eq!((entries[1].line, &entries[1].value), (4, &Node::Scalar("8".into())));
        assert_eq!(mapping("只是一句话"), Ok(None));
        assert_eq!(mapping("a: 1\nb: c: d\n").unwrap_err().line, 2);
        assert!(mapping(&"[".repeat(100)).is_err());
    }
}
