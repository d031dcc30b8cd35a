//! A chain of thought: what a model writes for itself before its answer, and the line at which the answer begins.

use crate::language::Lang;

/// How the line of the answer begins, in the languages of the templates.
const MARKS: [&str; 4] = ["答案：", "答案:", "Answer:", "Answer："];
/// What an example of an answer has before it.
pub fn mark(lang: Lang) -> &'static str {
    lang.pick("答案:", "Answer: ")
}

/// Marks of Markdown that a model puts before or behind a word it thinks important.
const ORNAMENTS: [char; 5] = ['*', '#', '_', ' ', '>'];

/// Lets through what stands behind the first line that begins with a mark, and nothing before it. Where no such line
/// comes, all of it is the answer: see [`Thought::rest`].
#[derive(Debug, Default)]
pub struct Thought {
    held: String,
    is_over: bool,
    /// Whether some of the answer has been let through.
    has_begun: bool,
}

impl Thought {
    /// What of the answer `piece` brings.
    pub fn push(&mut self, piece: &str) -> String {
        if !self.is_over {
            // What stands before the line under way has been looked at.
            let line = self.held.rfind('\n').map_or(0, |at| at + 1);
            self.held.push_str(piece);
            let Some(at) = answer_start(&self.held[line..]).map(|at| line + at) else { return String::new() };
            self.is_over = true;
            let answer = self.held.split_off(at);
            return self.begun(&answer);
        }
        self.begun(piece)
    }

    /// What is left when the model has ended: the whole, if it never came to its answer.
    pub fn rest(&mut self) -> String {
        if self.is_over { String::new() } else { std::mem::take(&mut self.held) }
    }

    /// Without what stands between mark and answer: blanks, and the end of a mark in bold.
    fn begun(&mut self, piece: &str) -> String {
        if self.has_begun {
            return piece.into();
        }
        let answer = piece.trim_start_matches(|c: char| c.is_whitespace() || c == '*');
        self.has_begun = !answer.is_empty();
        answer.into()
    }
}

/// Where the text behind the first mark begins.
fn answer_start(text: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches(|c: char| c.is_whitespace() || ORNAMENTS.contains(&c));
        let at = start + line.len() - bare.len();
        for mark in MARKS {
            if bare.get(..mark.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(mark)) {
                return Some(at + mark.len());
            }
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&str]) -> String {
        let mut thought = Thought::default();
        let shown: String = pieces.iter().map(|piece| thought.push(piece)).collect();
        shown + &thought.rest()
    }

    #[test]
    fn only_what_stands_behind_the_mark_is_let_through() {
        assert_eq!(read(&["相关资料:[1]。\n核对:88 个。\n答案:钢琴有 88 个琴键[1]。\n"]), "钢琴有 88 个琴键[1]。\n");
        assert_eq!(read(&["Relevant: [2].\n**Answer:** It has 88 keys [2]."]), "It has 88 keys [2].");
        assert_eq!(read(&["答案：\n\n第一句。\n答案:第二句。"]), "第一句。\n答案:第二句。");
        assert_eq!(read(&["这里的答案:不在行首。\n## 答案:有。"]), "有。");
    }

    #[test]
    fn without_a_mark_the_whole_is_the_answer_and_waits_for_the_end() {
        let mut thought = Thought::default();
        assert_eq!(thought.push("钢琴有 88 个琴键[1]。"), "");
        assert_eq!(thought.rest(), "钢琴有 88 个琴键[1]。");
        assert_eq!(thought.rest(), "");
    }

    proptest! {
        #[test]
        fn it_is_the_same_however_the_text_is_cut(
            text in "[a答案Answer:：\\n *#。1\\[\\]]{0,40}(\n答案:|\nAnswer: )?[a答案:\\n *。]{0,20}",
            cuts in prop::collection::vec(0usize..80, 0..8),
        ) {
            let whole = read(&[&text]);
            let mut at: Vec<usize> = cuts.into_iter().map(|cut| text.floor_char_boundary(cut.min(text.len()))).collect();
            at.extend([0, text.len()]);
            at.sort_unstable();
            let pieces: Vec<&str> = at.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&pieces), whole);
        }

        #[test]
        fn nothing_of_the_steps_is_shown_before_the_mark(steps in "[a-z。\\n ]{0,60}", answer in "[a-z][a-z。]{0,20}") {
            prop_assume!(answer_start(&steps).is_none());
            let mut thought = Thought::default();
            for c in steps.chars() {
                prop_assert_eq!(thought.push(&c.to_string()), "");
            }
            prop_assert_eq!(thought.push("\n答案:"), "");
            prop_assert_eq!(thought.push(&answer), answer);
        }
    }
}
