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

/// Reads a definition that stands within the range of a block, or behind all that is read of it.
pub(super) fn within(reader: &mut Reader<'_>, range: Range<usize>) {
    let text = reader.text;
    if reader.content.blocks.last().is_none_or(|block| block.span.end <= range.start) {
        return read(reader, range);
    }
    let Some((_, rest)) = text[range.clone()].split_once("]:") else { return };
    let target = rest.split_whitespace().next().unwrap_or_default();
    reader.address(range.start, target.trim_matches(['<', '>']));
    if address::is_data(target) {
        let at = range.end - rest.len() + (rest.len() - rest.trim_start().len());
        reader.content.hidden.push(at..at + target.len(), false);
    }
}

/// Whether the line is a definition, or goes on with one.
fn line(reader: &mut Reader<'_>, range: Range<usize>) -> bool {
    let line = &reader.text[range.clone()];
    let Some((label, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]:")) else {
        let is_address = line.starts_with('<') || line.contains("://") || address::is_data(line);
        if address::is_data(line) {
            reader.address(range.start, line);
            reader.content.hidden.push(range, false);
        } else {
            reader.put(line, range.clone());
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
