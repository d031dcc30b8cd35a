//! An outcome: what came of a question.

use super::{Citation, Sentence, Verdict};
use crate::error::Error;
use crate::language::Lang;
use crate::models::chat::{Completion, Finish};
use crate::models::openai::Lack;

/// What came of a question.
#[derive(Debug)]
pub enum Answer {
    /// There is an answer. Whether anything in it could be traced to a source, [`Grounded::is_uncited`] tells.
    Grounded(Grounded),
    Abstained {
        reason: Abstention,
        /// What the model wrote, if it was asked, with what the check says of it; none of it was shown.
        sentences: Vec<Sentence>,
        completion: Option<Completion>,
    },
    /// The model was asked, and no whole answer came.
    Missing {
        lack: Lack,
        error: Error,
        /// What had come before, if any of it was shown.
        partial: Option<Grounded>,
    },
}

/// An answer with its checked citations.
#[derive(Debug, Clone)]
pub struct Grounded {
    /// As it was shown: every `[n]` in it is one of `citations`, at the end of a sentence; what no passage supports ends
    /// with [`UNSUPPORTED_MARK`](super::UNSUPPORTED_MARK).
    pub text: String,
    /// Whether it is made of the sources' own sentences ([`extract`](super::extract())).
    pub is_extract: bool,
    /// In order, those left out under [`Options::strict`](super::Options::strict) included.
    pub sentences: Vec<Sentence>,
    /// One a marker, ordered by marker: the quote that supports its sentence best.
    pub citations: Vec<Citation>,
    /// Numbers the model cited that are none of the passages it was given; removed from the text.
    pub invalid: Vec<u32>,
    /// Numbers of passages the model cited for a sentence that they do not support; removed there.
    pub unsupported: Vec<u32>,
    /// None where no model was asked, or it was cut off.
    pub completion: Option<Completion>,
}

impl Grounded {
    /// Whether no sentence could be traced to a passage.
    pub fn is_uncited(&self) -> bool {
        self.citations.is_empty()
    }

    /// Sentences that no passage supports.
    pub fn doubted(&self) -> impl Iterator<Item = &Sentence> {
        self.sentences.iter().filter(|sentence| sentence.verdict == Verdict::Unsupported)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abstention {
    /// Retrieval found no passage; the model was not asked.
    NothingFound,
    /// The passages have nothing to do with the question; the model was not asked.
    OffTopic,
    /// The model was asked, and said that the passages do not suffice.
    NotInSources,
    /// Nothing of what the model wrote stands in the passages.
    Unsupported,
    /// The model wrote nothing but the question, or nothing that could be looked for.
    Unanswered,
}

impl Abstention {
    /// As in `rag ask --json`.
    pub fn name(self) -> &'static str {
        match self {
            Abstention::NothingFound => "nothing_found",
            Abstention::OffTopic => "off_topic",
            Abstention::NotInSources => "not_in_sources",
            Abstention::Unsupported => "unsupported",
            Abstention::Unanswered => "unanswered",
        }
    }

    pub fn message(self, lang: Lang) -> &'static str {
        match self {
            Abstention::NothingFound => {
                lang.pick("资料中没有:检索不到相关段落", "not in the sources: no passage was found")
            }
            Abstention::OffTopic => lang.pick(
                "资料中没有:找到的段落与问题无关",
                "not in the sources: what was found has nothing to do with the question",
            ),
            Abstention::NotInSources => lang.pick(
                "资料中没有:找到的段落不足以回答",
                "not in the sources: the passages found do not answer the question",
            ),
            Abstention::Unsupported => lang.pick(
                "资料中没有:模型写的内容在找到的段落里没有依据,未予显示",
                "not in the sources: nothing of what the model wrote stands in the passages found, so it is not shown",
            ),
            Abstention::Unanswered => lang.pick(
                "没有答案:模型没有从找到的段落里答出什么",
                "no answer: the model made nothing of the passages found",
            ),
        }
    }
}

impl Answer {
    /// Why the text ends before its end, if it does: at [`Options::max_tokens`](super::Options::max_tokens), by the
    /// provider's filter, or for a reason of the server's.
    pub fn cut(&self) -> Option<&Finish> {
        let finish = &self.completion()?.finish;
        (!finish.is_end()).then_some(finish)
    }

    /// The same question answered by `extract`, after a model that made nothing of it.
    pub fn quoting(self, extract: Grounded) -> Answer {
        match self {
            Answer::Abstained { completion, .. } => Answer::Grounded(Grounded { completion, ..extract }),
            answer => answer,
        }
    }

    pub fn completion(&self) -> Option<&Completion> {
        match self {
            Answer::Grounded(grounded) => grounded.completion.as_ref(),
            Answer::Abstained { completion, .. } => completion.as_ref(),
            Answer::Missing { .. } => None,
        }
    }
}
