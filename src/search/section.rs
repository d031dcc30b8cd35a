//! The section of a passage that a query is about, where the passage holds several.

use std::ops::Range;

/// The headings above the section of `sections` with the most of `marks`, of equals the first; none where no mark says.
/// Each section has the line that it begins on; `text` begins on line `first`.
pub fn section_of<'s>(
    sections: &'s [(u32, Vec<String>)],
    text: &str,
    first: u32,
    marks: &[Range<usize>],
) -> Option<&'s [String]> {
    let mut counts = vec![0usize; sections.len()];
    let (mut line, mut at) = (first, 0);
    for mark in marks {
        line += text[at..mark.start].matches('\n').count() as u32;
        at = mark.start;
        if let Some(section) = sections.iter().rposition(|(begins, _)| *begins <= line) {
            counts[section] += 1;
        }
    }
    let most = counts.iter().copied().max().filter(|most| *most > 0)?;
    let section = counts.iter().position(|count| *count == most)?;
    Some(&sections[section].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_with_most_marks_names_the_hit() {
        let text = "监控\n玄蜂一。\n\n## 值守\n\n毕方两。毕方三。\n";
        let sections = [(7, vec!["监控".to_string()]), (10, vec!["监控".to_string(), "值守".to_string()])];
        let check = |words: &[&str], expect: Option<&[&str]>| {
            let mut marks: Vec<_> =
                words.iter().flat_map(|word| text.match_indices(word)).map(|(at, word)| at..at + word.len()).collect();
            marks.sort_by_key(|mark| mark.start);
            let found = section_of(&sections, text, 7, &marks);
            let expect: Option<Vec<String>> = expect.map(|path| path.iter().map(|part| part.to_string()).collect());
            assert_eq!(found.map(<[String]>::to_vec), expect, "{words:?}");
        };
        check(&["玄蜂"], Some(&["监控"]));
        check(&["毕方"], Some(&["监控", "值守"]));
        check(&["玄蜂", "毕方"], Some(&["监控", "值守"]));
        check(&["无"], None);
    }
}
