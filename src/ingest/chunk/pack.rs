//! Packing: blocks into drafts of chunks, section by section.
//!
//! | rule | so that |
//! |---|---|
//! | a section is joined with what stands before it only whole, while that is less than a quarter full, and never where that stood deeper | each chunk has one path of headings |
//! | a section that was cut is joined with nothing behind it | its tail keeps its path |
//! | headings go with what follows | none is found alone |
//! | a block that fits goes whole; a longer one fills chunks unit by unit: rows, items, lines | tables and lists are cut between those |

use super::cut::{Cutter, Part};
use crate::ingest::extract::{Block, Kind};

/// Parts that become one chunk.
#[derive(Debug, Default)]
pub struct Draft {
    pub parts: Vec<Part>,
    size: usize,
    /// Whether it begins in the middle of a section.
    is_rest: bool,
}

pub struct Packer<'s> {
    cutter: Cutter<'s>,
    drafts: Vec<Draft>,
    /// Size of each section with all below it.
    sizes: Vec<usize>,
    whole_fits: bool,
}

/// The drafts of a document's chunks, in order, none empty.
pub fn pack(cutter: Cutter<'_>) -> Vec<Draft> {
    let blocks = &cutter.content.blocks;
    let mut sizes = vec![0; cutter.content.sections.len()];
    for block in blocks {
        if let Some(section) = block.section {
            sizes[section] += cutter.size(&block.span);
        }
    }
    for index in (0..sizes.len()).rev() {
        if let Some(parent) = cutter.content.sections.get(index).parent {
            sizes[parent] += sizes[index];
        }
    }
    let begin = cutter.text.len() - cutter.text.trim_start().len();
    let end = cutter.text.trim_end().len().max(begin);
    let whole_fits = cutter.size(&(begin..end)) <= cutter.limit;
    let mut packer = Packer { cutter, drafts: vec![Draft::default()], sizes, whole_fits };
    for (index, block) in blocks.iter().enumerate() {
        if block.kind == Kind::Heading {
            packer.begin_section(block);
        }
        packer.add_block(index, block);
    }
    packer.end();
    packer.drafts.retain(|draft| !draft.parts.is_empty());
    packer.drafts
}

impl Packer<'_> {
    fn current(&mut self) -> &mut Draft {
        if self.drafts.is_empty() {
            self.drafts.push(Draft::default());
        }
        self.drafts.last_mut().expect("one was pushed")
    }

    fn break_here(&mut self, is_rest: bool) {
        if !self.current().parts.is_empty() {
            self.drafts.push(Draft { is_rest, ..Draft::default() });
        }
    }

    fn add(&mut self, part: Part) {
        let draft = self.current();
        draft.size += part.size;
        draft.parts.push(part);
    }

    fn is_headings(&self, draft: &Draft) -> bool {
        draft.parts.iter().all(|part| self.cutter.content.blocks[part.block].kind == Kind::Heading)
    }

    /// Whether the last draft waits for what stands below its headings. Headings that fill it by themselves do not.
    fn waits(&self) -> bool {
        let waits = |draft: &Draft| !draft.parts.is_empty() && self.is_headings(draft);
        self.drafts.last().is_some_and(|draft| waits(draft) && draft.size * 2 <= self.cutter.limit)
    }

    /// Breaks before a section that does not go with what stands before it.
    fn begin_section(&mut self, heading: &Block) {
        let sections = &self.cutter.content.sections;
        let Some(section) = heading.section else { return };
        let Some(last) = self.drafts.last().and_then(|draft| draft.parts.last()).map(|part| part.block) else { return };
        let level = sections.level(Some(section));
        let is_deeper = sections.level(self.cutter.content.blocks[last].section) > level;
        if self.waits() {
            // A heading with nothing below it goes with what stands before.
            if sections.level(self.cutter.content.blocks[last].section) >= level && !self.whole_fits {
                self.give_back();
            }
            return;
        }
        let Some(draft) = self.drafts.last() else { return };
        let is_small = self.whole_fits || draft.size * 4 < self.cutter.limit;
        let fits = draft.size + self.sizes[section] <= self.cutter.limit;
        if is_deeper || draft.is_rest || !is_small || !fits {
            self.break_here(false);
        }
    }

    /// Puts the headings of the last draft at the end of the one before it, if they fit there.
    fn give_back(&mut self) {
        let limit = self.cutter.limit;
        let [.., before, last] = self.drafts.as_mut_slice() else { return };
        if before.size + last.size <= limit {
            before.size += last.size;
            before.parts.append(&mut last.parts);
            *last = Draft::default();
        }
    }

    fn add_block(&mut self, index: usize, block: &Block) {
        let size = self.cutter.size(&block.span);
        let room = self.cutter.limit.saturating_sub(self.current().size);
        if self.whole_fits || size <= room {
            block.pieces.iter().for_each(|piece| self.add(self.cutter.whole(index, piece)));
        } else if size <= self.cutter.limit && !self.waits() {
            self.break_here(block.kind != Kind::Heading);
            block.pieces.iter().for_each(|piece| self.add(self.cutter.whole(index, piece)));
        } else {
            self.fill(index, block);
        }
    }

    /// Adds a long block unit by unit.
    fn fill(&mut self, index: usize, block: &Block) {
        if !self.waits() && self.current().size * 2 > self.cutter.limit && block.pieces.len() > 1 {
            self.break_here(true);
        }
        let parts: Vec<Part> = block.pieces.iter().map(|piece| self.cutter.whole(index, piece)).collect();
        let mut at = 0;
        while at < parts.len() {
            let end = (at + 1..parts.len()).find(|next| block.pieces[*next].begins_unit).unwrap_or(parts.len());
            let unit = self.cutter.size(&(parts[at].span.start..parts[end - 1].span.end));
            let room = self.cutter.limit.saturating_sub(self.current().size);
            if unit > room && unit <= self.cutter.limit && !self.waits() {
                self.break_here(true);
            }
            parts[at..end].iter().for_each(|part| self.add_part(part));
            at = end;
        }
    }

    fn add_part(&mut self, part: &Part) {
        let limit = self.cutter.limit;
        let room = limit.saturating_sub(self.current().size);
        if part.size <= room {
            return self.add(part.clone());
        }
        let waits = self.waits();
        if part.size <= limit && !waits {
            self.break_here(true);
            return self.add(part.clone());
        }
        for part in self.cutter.cut(part, if waits { room } else { limit }) {
            if self.current().size + part.size > limit {
                self.break_here(true);
            }
            self.add(part);
        }
    }

    /// Headings at the very end go with what stands before them.
    fn end(&mut self) {
        let is_last = self.drafts.last().is_some_and(|draft| !draft.parts.is_empty() && self.is_headings(draft));
        if !is_last || self.drafts.len() < 2 {
            return;
        }
        self.give_back();
        let [.., before, last] = self.drafts.as_mut_slice() else { return };
        if !last.parts.is_empty() && before.parts.len() > 1 {
            // Where they do not fit, the last part comes along.
            let limit = self.cutter.limit;
            if let Some(part) = before.parts.pop_if(|part| part.size + last.size <= limit) {
                before.size -= part.size;
                last.size += part.size;
                last.parts.insert(0, part);
            }
        }
    }
}
