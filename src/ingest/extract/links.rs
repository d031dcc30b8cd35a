//! Lists of links: tables of contents, references, rows of badges. They have all the words of a question and no answer, so
//! their words are indexed at low weight.
//!
//! | what | is told by |
//! |---|---|
//! | contents, link lists | four fifths of the letters are the text of links, or seven tenths of the items are headings of the document |
//! | references | seven tenths of the items are works: mostly a link, or with a mark like `[J]`; below a heading that says so, half of them, and an address or a year among short clauses is enough |
//!
//! A document of little else is a collection of links: those are what it says, and stay as they are.

use super::{Block, Content, Kind, Piece, Weight};
use std::collections::HashSet;

/// Headings of lists of works.
static HEADINGS: &str = include_str!("references.txt");

/// Marks of the kind of a work (GB/T 7714).
const WORKS: &[&str] = &["[M]", "[J]", "[C]", "[D]", "[N]", "[R]", "[S]", "[P]", "[Z]", "/OL]"];

/// Letters by which a document of lists of links is told from one with such lists.
const COLLECTION: f32 = 0.7;

/// Gives lists of links low weight.
pub fn weigh(content: &mut Content) {
    let headings: HashSet<String> = content.sections.iter().map(|section| letters(&section.heading)).collect();
    let text = content.visible.as_str();
    let (mut all, mut low) = (0, 0);
    let mut found = Vec::new();
    for (index, block) in content.blocks.iter().enumerate() {
        let count = |piece: &Piece| text[piece.visible.clone()].chars().filter(|c| !c.is_whitespace()).count();
        let size: usize = block.pieces.iter().map(count).sum();
        if block.kind == Kind::Heading || block.kind == Kind::Definitions {
            continue;
        }
        all += size;
        let is_cited = block.section.is_some_and(|section| is_of_works(&content.sections.get(section).heading));
        if matches!(block.kind, Kind::List | Kind::Prose | Kind::Html | Kind::Quote)
            && is_low(block, size, text, &headings, is_cited)
        {
            low += size;
            found.push(index);
        }
    }
    if (low as f32) < COLLECTION * all as f32 {
        for index in found {
            let pieces = content.blocks[index].pieces.iter_mut();
            pieces.filter(|piece| piece.weight == Weight::Body).for_each(|piece| piece.weight = Weight::Aside);
        }
    }
}

fn is_low(block: &Block, size: usize, text: &str, headings: &HashSet<String>, is_cited: bool) -> bool {
    let linked: usize = block.pieces.iter().map(|piece| piece.linked).sum();
    if linked > 0 && linked * 5 >= size * 4 {
        return true;
    }
    let items = block.pieces.len();
    if block.kind == Kind::List && items >= 3 {
        let is_heading = |piece: &&Piece| headings.contains(&letters(&text[piece.visible.clone()]));
        if block.pieces.iter().filter(is_heading).count() * 10 >= items * 7 {
            return true;
        }
    }
    let lines: Vec<(&str, usize)> = match block.kind {
        Kind::List => block.pieces.iter().map(|piece| (&text[piece.visible.clone()], piece.linked)).collect(),
        _ => block.pieces.iter().flat_map(|piece| text[piece.visible.clone()].lines()).map(|line| (line, 0)).collect(),
    };
    let works = lines.iter().filter(|(line, linked)| is_work(line, *linked, is_cited)).count();
    works > 0 && works * 10 >= lines.len() * if is_cited { 5 } else { 7 }
}

/// Whether `line` names a work and where to find it.
fn is_work(line: &str, linked: usize, is_cited: bool) -> bool {
    let size = line.chars().filter(|c| !c.is_whitespace()).count();
    let address: usize =
        line.split_whitespace().filter(|word| word.contains("://")).map(|word| word.chars().count()).sum();
    let is_marked = WORKS.iter().any(|mark| line.contains(mark));
    let is_linked = linked + address > 0 && (linked + address) * 5 >= size * 3;
    is_marked || is_linked || is_cited && (address > 0 || linked * 5 >= size * 2 && linked > 0 || is_clauses(line))
}

/// `Lee, K. What is write amplification. Press, 2015.`: a year among short clauses, and no Chinese sentence.
fn is_clauses(line: &str) -> bool {
    let year = |word: &str| word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
    let has_year = line.split(|c: char| !c.is_ascii_digit()).any(year);
    has_year && line.matches(['.', ',', '，']).count() >= 2 && !line.contains('。')
}

fn is_of_works(heading: &str) -> bool {
    let heading = heading.to_lowercase();
    let numbered = |c: char| !c.is_alphabetic() || "一二三四五六七八九十".contains(c);
    let name = heading.trim_start_matches(numbered).trim_end_matches(|c: char| !c.is_alphanumeric());
    HEADINGS.lines().any(|known| known == name)
}

/// Letters and digits in lower case, without a number at the beginning.
fn letters(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '、' | ' '));
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::super::markdown;
    use super::*;

    /// The texts of low weight.
    fn check(text: &str, expect: &[&str]) {
        let content = markdown::content(text, true);
        let pieces = content.blocks.iter().flat_map(|block| &block.pieces);
        let low = pieces.filter(|piece| piece.weight == Weight::Aside);
        let low: Vec<&str> = low.map(|piece| &content.visible.as_str()[piece.visible.clone()]).collect();
        assert_eq!(low, expect, "{text}");
    }

    const BODY: &str = "正文讲的是写放大:实际写入介质的数据量大于应用写入的数据量,合并与垃圾回收都会造成它。";

    #[test]
    fn contents_and_references_have_low_weight() {
        check(&format!("# 甲\n\n- [一](#一)\n  - [二](#二)\n\n{BODY}\n"), &["一", "二"]);
        check(
            &format!("# 甲\n\n- 一\n- 2、二\n- 三\n\n## 一\n\n{BODY}\n\n## 二\n\n{BODY}\n\n## 三\n"),
            &["一", "2、二", "三"],
        );
        check(
            &format!(
                "{BODY}\n\n## 四、参考资料\n\n- 王一. 什么是写放大[M]. 某社, 2015.\n- Lee, K. What is it. https://example.com/wa\n"
            ),
            &["王一. 什么是写放大[M]. 某社, 2015.", "Lee, K. What is it. https://example.com/wa"],
        );
    }

    #[test]
    fn lists_that_say_something_do_not() {
        check(&format!("{BODY}\n\n- [一](a):讲的是写放大怎么来的。\n- [二](b):讲的是怎么避免。\n"), &[]);
        check("- [部署指南](https://x.example/a)\n- [书](https://x.example/b)\n", &[]);
        check(&format!("{BODY}\n\n- 修好了写入时丢数据的毛病,见 https://x.example/1\n- 又一处\n"), &[]);
    }
}
