//! A trace: what each step of an answer decided, on stderr, so that an answer can be followed and repeated.

use super::render;
use crate::engine::{AskEvent, Planned};

pub fn event(event: &AskEvent<'_>) {
    match event {
        AskEvent::Planned(planned) => self::planned(planned),
        AskEvent::Retrieved(found) => {
            let generation = found.generation.0;
            let answerable = found.evidence.answerable;
            render::note(&format!("trace: generation {generation}, answerable {answerable:.3}"));
            for hit in &found.hits {
                let (rank, chunk, relevance) = (hit.rank, &hit.chunk, hit.relevance);
                render::note(&format!("trace: [{rank}] {chunk} score {:.3} relevance {relevance:.3}", hit.score));
            }
        }
        AskEvent::Prepared(prepared) => {
            let (template, hash) = (&prepared.template, prepared.hash());
            let tokens = &prepared.context.tokens;
            let used = tokens.system + tokens.shots + tokens.question + tokens.passages;
            render::note(&format!("trace: prompt {template}, messages {hash}, {used} tokens"));
        }
        AskEvent::Written(_) => {}
    }
}

fn planned(Planned { question, plan, queries }: &Planned) {
    let rule = if plan.rule.is_empty() { String::new() } else { format!(" ({})", plan.rule.trim()) };
    render::note(&format!("trace: plan {}{rule}, question {question:?}", plan.kind.name()));
    for query in queries {
        render::note(&format!("trace: query {query:?}"));
    }
}
