//! Definitions: lines that say where a link leads which stands elsewhere, `[1]: https://… "title"`; and whatever else
//! stands between blocks.

use super::Kind;
use super::address;
use super::reader::Reader;
use std::ops::Range;

/// Reads what stands in `range`, between two blocks.
pub(super) fn read(reader: &mut Reader<'_>, range: Range<usize>) {
    let text = reader.text;
    if text[range.clone()].trim().is_empty() {
        return;
    }
    reader.close();
    reader.open(Kind::Definitions, range.clone());
    let mut at = range.start;
    let mut all = true;
    for line in text[range.clone()].split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        if !line.trim().is_empty() {
            all &= self::line(reader, start..at + line.trim_end().len());
            reader.unit = true;
            reader.flush();
        }
        at += line.len();
    }
    if let Some(open) = reader.open.as_mut().filter(|_| !all) {
        open.kind = Kind::Prose;
        open.pieces.iter_mut().for_each(|piece| piece.weight = super::Weight::Body);
    }
    reader.close();
}

/// Whether the line is a definition, or goes on with one.
fn line(reader: &mut Reader<'_>, range: Range<usize>) -> bool {
    let line = &reader.text[range.clone()];
    let Some((label, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]:")) else {
        let is_address = line.starts_with('<') || line.contains("://") || address::is_data(line);
        match is_address {
            true => reader.address(range.start, line.trim_matches(['<', '>'])),
            false => reader.put(line, range.clone()),
        }
        if address::is_data(line) {
            reader.content.hidden.push(range, false);
        }
        return is_address || line.starts_with(['"', '\'', '(']);
    };
    let begin = range.end - rest.trim_start().len();
    let target = reader.text[begin..range.end].split_whitespace().next().unwrap_or_default();
    reader.start.get_or_insert(range.start);
    let label = range.start + 1..range.start + 1 + label.len();
    reader.put(&reader.text[label.clone()], label);
    reader.address(begin, target.trim_matches(['<', '>']));
    if address::is_data(target) {
        reader.content.hidden.push(begin..begin + target.len(), false);
    }
    let behind = begin + target.len();
    let title = reader.text[behind..range.end].trim_matches([' ', '\t', '"', '\'', '(', ')']);
    if !title.is_empty() {
        let at = behind + reader.text[behind..range.end].find(title).unwrap_or(0);
        reader.part(" ", at..at);
        reader.put(title, at..at + title.len());
    }
    reader.leaf.cover(&range);
    true
}
