//! Lines: what of a passage can be quoted by itself, and what has to stand before it. A list item or a table row says
//! little without the line that leads to it: 「读 20 篇时的正确率：」, 「位置 | 正确率」, 「第 10 篇 | 53.8%」.

use crate::text::sentences;
use std::ops::Range;

/// Shorter sentences are headings and labels.
const CHARS_MIN: usize = 8;

/// A sentence, a list item's sentence, a table's row or a line of code, as a range of the passage's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub range: Range<usize>,
    /// The sentence with a colon that leads to the list or table, and the head of the table.
    pub leads: Vec<Range<usize>>,
}

/// The lines of `text`. Headings, rules, quotes and lines of links are none.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut reader = Reader { text, lines: Vec::new(), lead: None, head: None, is_code: false };
    let mut start = 0;
    let mut rows = text.split_inclusive('\n').peekable();
    while let Some(row) = rows.next() {
        let begin = start + (row.len() - row.trim_start().len());
        let is_head = rows.peek().is_some_and(|next| is_rule(next.trim()));
        reader.read(begin..begin + row.trim().len(), is_head);
        start += row.len();
    }
    reader.lines
}

struct Reader<'a> {
    text: &'a str,
    lines: Vec<Line>,
    lead: Option<Range<usize>>,
    head: Option<Range<usize>>,
    is_code: bool,
}

impl Reader<'_> {
    fn read(&mut self, range: Range<usize>, is_head: bool) {
        let row = &self.text[range.clone()];
        if row.starts_with("```") {
            self.is_code = !self.is_code;
        } else if row.is_empty() {
            self.head = None;
        } else if self.is_code {
            self.push(range);
        } else if row.starts_with('#') {
            (self.lead, self.head) = (None, None);
        } else if is_rule(row) {
            // Below the head of a table, or between two parts of a text: it says nothing.
        } else if row.starts_with('|') {
            let cells = self.trimmed(range, |c| c == '|' || c.is_whitespace());
            match is_head {
                true => self.head = Some(cells),
                false => self.push(cells),
            }
        } else if let Some(item) = item(row) {
            let offset = range.end - item.len();
            for part in sentences(item) {
                self.push_sentence(offset + part.start..offset + part.end);
            }
        } else if !row.starts_with('>') {
            self.lead = None;
            for part in sentences(row) {
                let part = range.start + part.start..range.start + part.end;
                match self.text[part.clone()].ends_with(['：', ':']) {
                    true => self.lead = Some(part),
                    false => self.push_sentence(part),
                }
            }
        }
    }

    fn push_sentence(&mut self, range: Range<usize>) {
        let sentence = &self.text[range.clone()];
        if sentence.chars().count() >= CHARS_MIN && !is_of_links(sentence) {
            self.push(range);
        }
    }

    fn push(&mut self, range: Range<usize>) {
        let leads = self.lead.iter().chain(&self.head).cloned().collect();
        self.lines.push(Line { range, leads });
    }

    fn trimmed(&self, range: Range<usize>, is_blank: impl Fn(char) -> bool + Copy) -> Range<usize> {
        let row = &self.text[range.clone()];
        let start = range.start + (row.len() - row.trim_start_matches(is_blank).len());
        start..start + row.trim_matches(is_blank).len()
    }
}

/// `|---|---|`, `---`.
fn is_rule(row: &str) -> bool {
    row.contains('-') && row.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

/// What stands behind the mark of a list.
fn item(row: &str) -> Option<&str> {
    let behind_number = row.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = ["．", ". ", "、", ") "].iter().find_map(|mark| behind_number.strip_prefix(mark));
    let numbered = numbered.filter(|_| behind_number.len() < row.len());
    ["- ", "* ", "+ "].iter().find_map(|mark| row.strip_prefix(mark)).or(numbered).map(str::trim_start)
}

/// 「另见：[甲](a.md)、[乙](b.md)。」: links to other places, and next to nothing else.
fn is_of_links(sentence: &str) -> bool {
    let mut rest = sentence;
    let mut linked = 0;
    while let Some((_, behind)) = rest.split_once('[') {
        let Some((inner, behind)) = behind.split_once("](") else { break };
        let Some((target, behind)) = behind.split_once(')') else { break };
        linked += inner.len() + target.len() + "[]()".len();
        rest = behind;
    }
    2 * linked > sentence.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, &[&str])]) {
        let found = lines(text);
        let found: Vec<(&str, Vec<&str>)> = found
            .iter()
            .map(|line| (&text[line.range.clone()], line.leads.iter().map(|lead| &text[lead.clone()]).collect()))
            .collect();
        let expect: Vec<(&str, Vec<&str>)> = expect.iter().map(|(line, leads)| (*line, leads.to_vec())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn sentences_stand_alone_and_what_follows_a_colon_does_not() {
        check(
            "# 题\n\n甲是一种很长的方法。乙是另一种方法。\n",
            &[("甲是一种很长的方法。", &[]), ("乙是另一种方法。", &[])],
        );
        check(
            "它有下面两种：\n\n- 第一种比较快一些。\n- 太短\n2. 第二种比较准一些。\n\n这一句与它无关了。",
            &[
                ("第一种比较快一些。", &["它有下面两种："]),
                ("第二种比较准一些。", &["它有下面两种："]),
                ("这一句与它无关了。", &[]),
            ],
        );
    }

    #[test]
    fn a_row_has_the_head_of_its_table_before_it() {
        check(
            "读 20 篇时：\n\n| 位置 | 正确率 |\n|---|---|\n| 第 10 篇 | 53.8% |\n\n就是这样了,没有别的。",
            &[("第 10 篇 | 53.8%", &["读 20 篇时：", "位置 | 正确率"]), ("就是这样了,没有别的。", &[])],
        );
    }

    #[test]
    fn code_is_taken_line_by_line_and_links_quotes_and_rules_are_left_out() {
        check(
            "启动：\n\n```sh\nrag ask x\n# 注释也算\n```\n",
            &[("rag ask x", &["启动："]), ("# 注释也算", &["启动："])],
        );
        check("> 引文里的一句话。\n\n------------\n\n另见：[甲乙丙](a.md)、[丁](b.md)。\n", &[]);
    }
}
