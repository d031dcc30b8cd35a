//! A recalled answer: one that was kept, over the same passages as then.

use super::{Citation, Context, Grounded, Sentence};
use crate::models::chat::{Completion, Finish};

impl Grounded {
    /// Whether it may be given again: a model wrote it to its end, all of it is supported and nothing was taken back.
    pub fn is_keepable(&self) -> bool {
        let is_whole = self.completion.as_ref().is_some_and(|Completion { finish, .. }| *finish == Finish::Stop);
        let is_sound = self.doubted().next().is_none() && self.invalid.is_empty() && self.unsupported.is_empty();
        is_whole && is_sound && !self.is_extract && !self.is_uncited()
    }

    /// A kept answer with its citations where they stand now; none if a quote is no longer there.
    pub fn recalled(
        text: String,
        sentences: Vec<Sentence>,
        quotes: &[(u32, String)],
        context: &Context,
    ) -> Option<Grounded> {
        let cite = |(marker, quote): &(u32, String)| {
            let passage = context.passages.get((*marker as usize).checked_sub(1)?)?;
            let at = passage.text.find(quote)?;
            Some(Citation::new(*marker, passage, &(at..at + quote.len())))
        };
        let citations = quotes.iter().map(cite).collect::<Option<Vec<Citation>>>()?;
        Some(Grounded {
            text,
            is_extract: false,
            sentences,
            citations,
            invalid: Vec::new(),
            unsupported: Vec::new(),
            completion: None,
        })
    }
}
