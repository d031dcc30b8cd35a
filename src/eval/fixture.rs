//! A question asked, for tests.

use super::asked::{Asked, Ended};

pub fn asked(id: &str, should_abstain: bool, answer: Option<&str>, passed: bool) -> Asked {
    Asked {
        id: id.into(),
        slice: "A".into(),
        question: "问?".into(),
        history: Vec::new(),
        repeat: 1,
        should_abstain,
        ended: if answer.is_some() { Ended::Answered } else { Ended::Abstained },
        answer: answer.map(String::from),
        extracted: false,
        reason: None,
        passed,
        failures: Vec::new(),
        cited: vec!["d".into()],
        sources: Vec::new(),
        given: Vec::new(),
        withdrawn: 0,
        claims: 1,
        supported: 1,
        stray_figures: Vec::new(),
        citations_valid: true,
        schema_valid: true,
        in_language: Some(true),
        retrieve_ms: 1.0,
        first_token_ms: None,
        total_ms: 2.0,
        prompt_tokens: None,
        completion_tokens: None,
    }
}
