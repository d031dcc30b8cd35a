//! A reranker behind any `/v1/rerank` endpoint: llama-server with `--reranking`, vLLM, Jina, or the like.

use super::endpoint::{Call, Endpoint};
use crate::error::{Fault, Problem, Result};
use crate::language::Lang;
use crate::models::embedder::PassageInput;
use crate::models::reranker::Reranker;
use serde::Deserialize;
use serde_json::json;

/// An endpoint whose scores are checked: one a passage, finite.
#[derive(Debug)]
pub struct RemoteReranker {
    endpoint: Endpoint,
    model: String,
}

/// An endpoint that answers, but not with the scores asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RerankProblem {
    #[error("{endpoint} gave {got} scores for {asked} passages")]
    Count { endpoint: String, asked: usize, got: usize },
    #[error("{endpoint} gave no finite score for passage {index}")]
    Missing { endpoint: String, index: usize },
}

impl Problem for RerankProblem {
    fn fault(&self) -> Fault {
        Fault::Environment
    }

    fn zh(&self) -> String {
        match self {
            RerankProblem::Count { endpoint, asked, got } => format!("{endpoint} 对 {asked} 个段落给了 {got} 个分数"),
            RerankProblem::Missing { endpoint, index } => format!("{endpoint} 没有给第 {index} 个段落有限的分数"),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(lang.pick(
            "确认该服务的模型是重排模型(llama-server 需带 --reranking);或 --rerank none".into(),
            "make sure the endpoint serves a reranker (llama-server needs --reranking), or --rerank none".into(),
        ))
    }
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Scored>,
}

#[derive(Deserialize)]
struct Scored {
    index: usize,
    relevance_score: f32,
}

impl RemoteReranker {
    /// `model` may be empty where the endpoint serves one.
    pub fn new(endpoint: Endpoint, model: &str) -> RemoteReranker {
        RemoteReranker { endpoint, model: model.into() }
    }

    /// Servers sort by score; we want the order of the passages.
    fn in_order(&self, results: Vec<Scored>, asked: usize) -> Result<Vec<f32>> {
        let endpoint = self.endpoint.address();
        if results.len() != asked {
            return Err(RerankProblem::Count { endpoint, asked, got: results.len() }.into());
        }
        let mut scores = vec![None; asked];
        for Scored { index, relevance_score } in results {
            if let Some(score) = scores.get_mut(index) {
                *score = Some(relevance_score).filter(|score| score.is_finite());
            }
        }
        let missing = |index| RerankProblem::Missing { endpoint: endpoint.clone(), index }.into();
        scores.into_iter().enumerate().map(|(index, score)| score.ok_or_else(|| missing(index))).collect()
    }
}

impl Reranker for RemoteReranker {
    fn score(&self, query: &str, passages: &[PassageInput<'_>]) -> Result<Vec<f32>> {
        if passages.is_empty() {
            return Ok(Vec::new());
        }
        let text = |passage: &PassageInput<'_>| match passage.title {
            "" => passage.body.to_owned(),
            title => format!("{title}\n{}", passage.body),
        };
        let documents: Vec<String> = passages.iter().map(text).collect();
        let model = Some(self.model.as_str()).filter(|model| !model.is_empty());
        let body = json!({ "model": model, "query": query, "documents": documents, "top_n": documents.len() });
        let answer = self.endpoint.wait(async {
            let call = Call::post(self.endpoint.api("rerank"), body, model);
            self.endpoint.json(&call).await
        })?;
        let answer: Answer =
            serde_json::from_value(answer).map_err(|error| self.endpoint.malformed(&error.to_string(), ""))?;
        self.in_order(answer.results, documents.len())
    }
}
