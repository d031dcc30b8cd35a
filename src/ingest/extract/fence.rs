//! A fence that is never closed: its code ends where prose begins again.

use crate::language::is_han;
use std::ops::Range;

/// So many Han characters in a line are a sentence, not a comment.
const HAN_MIN: usize = 8;

/// Where the prose below the fence at `range` begins, if the fence is never closed and there is any.
///
/// Prose begins after a blank line with a heading of the second level or deeper, an item of a list with Chinese in it or a
/// sentence. By the letter of Markdown all of it is code; so it is taken for code where nothing looks like prose.
pub fn open_until(text: &str, range: &Range<usize>) -> Option<usize> {
    let fenced = &text[range.clone()];
    if !text[range.end..].trim().is_empty() || is_closed(fenced) {
        return None;
    }
    let mut at = range.start;
    let mut is_after_blank = false;
    for line in fenced.split_inclusive('\n') {
        if is_after_blank && is_prose(line) {
            return Some(at);
        }
        is_after_blank = line.trim().is_empty();
        at += line.len();
    }
    None
}

fn is_closed(fenced: &str) -> bool {
    let mark = fenced.trim_start().chars().next().unwrap_or('`');
    let width = |line: &str| line.trim().chars().take_while(|c| *c == mark).count();
    let mut lines = fenced.trim_end().lines();
    let opening = lines.next().map_or(0, width);
    lines.next_back().is_some_and(|last| width(last) >= opening && last.trim().chars().all(|c| c == mark))
}

fn is_prose(line: &str) -> bool {
    if line.starts_with([' ', '\t']) {
        return false;
    }
    let line = line.trim();
    let han = line.chars().filter(|c| is_han(*c)).count();
    let hashes = line.chars().take_while(|c| *c == '#').count();
    if hashes > 0 {
        return (2..=6).contains(&hashes) && line[hashes..].starts_with(' ');
    }
    let is_comment =
        line.starts_with("//") || line.starts_with("--") || line.starts_with("/*") || line.starts_with(';');
    let is_item = (line.starts_with("- ") || line.starts_with("* ")) && han > 0;
    let is_sentence = line.ends_with(['.', '。', '！', '？', '；', ':', '：']) && line.split_whitespace().count() >= 5;
    let is_code = line.contains(['{', '}', '=', '<', '>', '|', '\\', '$']);
    !is_comment && (is_item || han >= HAN_MIN || (is_sentence && !is_code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<&str>) {
        let range = text.find("```").unwrap()..text.len();
        assert_eq!(open_until(text, &range).map(|at| &text[at..]), expect, "{text}");
    }

    #[test]
    fn code_ends_where_prose_begins() {
        check("```sh\nstop app\n\n## 回滚\n\n文。\n", Some("## 回滚\n\n文。\n"));
        check("```\na\n\n回滚时把软链接指回紫藤目录。\n", Some("回滚时把软链接指回紫藤目录。\n"));
        check("```\na\n\nThen restart the service by hand.\n", Some("Then restart the service by hand.\n"));
        check("```\na\n\n# 注释\nb = 1;\n", None);
        check("```\na\n\n## b\n```\n", None);
        check("~~~\n```sh\nx\n", None);
    }
}
