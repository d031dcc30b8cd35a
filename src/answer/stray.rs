//! Stray figures: numbers that an answer shows as if they stood in its sources, and that do not.
//!
//! The draft marks what it cannot support sentence by sentence; this looks at what came out of it, as a reader sees it.

use super::Grounded;
use super::figures::{Figure, figures};
use super::literal::stated;
use super::order::without_orders;
use super::sentence::{UNSUPPORTED_MARK, Verdict};
use super::support::without_list_mark;
use crate::document::Passage;
use crate::text::sentences;

/// Figures of the shown text that stand in no passage, or not in those that their sentence cites.
/// Not counted are sentences that are marked as unsupported, and figures of the question itself. `passages` are those
/// that the markers number.
pub fn stray_figures(grounded: &Grounded, passages: &[Passage], question: &str) -> Vec<String> {
    let known: Vec<Vec<Figure>> = passages.iter().map(of_passage).collect();
    let asked = figures(question);
    let mut stray: Vec<String> = Vec::new();
    let mut note = |text: &str, is_there: &dyn Fn(&Figure) -> bool| {
        for figure in figures(without_list_mark(text.trim())) {
            if !is_there(&figure) && !asked.iter().any(|own| figure.agrees(own)) && !stray.contains(&figure.text) {
                stray.push(figure.text);
            }
        }
    };
    for sentence in grounded.sentences.iter().filter(|sentence| sentence.verdict == Verdict::Supported) {
        let cited = sentence.markers.iter().filter_map(|marker| known.get(*marker as usize - 1));
        let cited: Vec<&Figure> = cited.flatten().collect();
        note(&sentence.text, &|figure| cited.iter().any(|other| figure.agrees(other)));
    }
    let rest = without_markers(&unmarked(grounded));
    for range in sentences(&rest) {
        note(&rest[range], &|figure| known.iter().flatten().any(|other| figure.agrees(other)));
    }
    stray
}

fn of_passage(passage: &Passage) -> Vec<Figure> {
    let text = stated(&passage.text);
    figures(&format!("{}\n{text}", without_orders(&passage.heading())))
}

/// The shown text without the sentences that are marked.
fn unmarked(grounded: &Grounded) -> String {
    let marked = grounded.sentences.iter().filter(|sentence| sentence.verdict == Verdict::Unsupported);
    marked.fold(grounded.text.clone(), |text, sentence| {
        text.replacen(&format!("{}{UNSUPPORTED_MARK}", sentence.text), "", 1)
    })
}

/// `text` without `[1]`, `[23]` and the mark of what is unsupported.
pub fn without_markers(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let (before, from) = rest.split_at(at);
        bare.push_str(before);
        let digits = from[1..].bytes().take_while(u8::is_ascii_digit).count();
        rest = if let Some(after) = from.strip_prefix(UNSUPPORTED_MARK) {
            after
        } else if digits > 0 && from[1 + digits..].starts_with(']') {
            &from[digits + 2..]
        } else {
            bare.push('[');
            &from[1..]
        };
    }
    bare.push_str(rest);
    bare
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::fixture::passage;
    use crate::answer::{Fault, Sentence};

    fn check(question: &str, sentences: &[(&str, Verdict, &[u32])], text: &str, expect: &[&str]) {
        let sentence = |(text, verdict, markers): &(&str, Verdict, &[u32])| Sentence {
            text: text.to_string(),
            verdict: *verdict,
            markers: markers.to_vec(),
            faults: Vec::<Fault>::new(),
        };
        let grounded = Grounded {
            text: text.into(),
            is_extract: false,
            sentences: sentences.iter().map(sentence).collect(),
            citations: Vec::new(),
            invalid: Vec::new(),
            unsupported: Vec::new(),
            completion: None,
        };
        let passages = [passage("QLoRA", "显存由 780 GB 降到 48 GB。"), passage("BM25", "k1 默认 1.2,共 88 篇。")];
        assert_eq!(stray_figures(&grounded, &passages, question), expect, "{text}");
    }

    #[test]
    fn a_figure_must_stand_in_what_its_sentence_cites() {
        use Verdict::{NoClaim, Supported, Unsupported};
        check("显存", &[("只要 48GB。", Supported, &[1])], "只要 48GB。[1]", &[]);
        check("显存", &[("只要 48GB。", Supported, &[2])], "只要 48GB。[2]", &["48gb"]);
        check("显存", &[("只要 47GB。", Unsupported, &[])], "只要 47GB。[?]", &[]);
        check("显存", &[("只要 47GB。", Unsupported, &[])], "只要 47GB。", &["47gb"]);
        check("显存", &[("有 99 条:", NoClaim, &[])], "有 99 条:", &["99"]);
        check("65 GB 够吗", &[("65 GB 够吗?", NoClaim, &[])], "65 GB 够吗?", &[]);
        check("显存", &[("2. 只要 48 GB。", Supported, &[1])], "2. 只要 48 GB。[1]", &[]);
    }

    #[test]
    fn only_markers_are_taken_out() {
        assert_eq!(without_markers("甲[1]。[?]a[i] [2, b] [12]"), "甲。a[i] [2, b] ");
    }
}
