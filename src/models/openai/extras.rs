//! What llama.cpp's server offers beside the OpenAI API: its context size and its tokenizer.

use super::endpoint::{Call, Endpoint};
use super::refusal::RefusalProblem;
use crate::error::{Error, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

/// Texts that are counted at the same time.
const COUNTED_AT_ONCE: usize = 4;

/// Detected by asking, never assumed: most endpoints have none of this.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Extras {
    /// `n_ctx` of one slot, which `/props` reports. Its presence is what identifies llama.cpp.
    n_ctx: Option<usize>,
    /// Build of the server, as `/props` names it.
    build: Option<String>,
}

impl Extras {
    /// Asks `/props`. A server that refuses or answers something else has no extras;
    /// one that cannot be reached or rejects the key is an error, as it would be for any call.
    pub(super) async fn detect(endpoint: &Endpoint) -> Result<Extras> {
        let Some(url) = endpoint.beside("props") else { return Ok(Extras::default()) };
        let props = match endpoint.json(&Call::get(url)).await {
            Ok(props) => props,
            Err(error) if merely_absent(&error) => Value::Null,
            Err(error) => return Err(error),
        };
        let n_ctx = props["default_generation_settings"]["n_ctx"].as_u64();
        let build = props["build_info"].as_str().map(str::to_owned);
        Ok(Extras { n_ctx: n_ctx.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0), build })
    }

    pub(super) fn is_llama_cpp(&self) -> bool {
        self.n_ctx.is_some()
    }

    pub(super) fn build(&self) -> Option<&str> {
        self.build.as_deref()
    }

    pub(super) fn context_window(&self) -> Option<usize> {
        self.n_ctx
    }

    /// One small request a text, a few at a time: the server joins the tokens of several texts. None where it counts none.
    pub(super) async fn count_tokens(&self, endpoint: &Endpoint, texts: &[&str]) -> Result<Option<Vec<usize>>> {
        let (true, Some(url)) = (self.is_llama_cpp(), endpoint.beside("tokenize")) else { return Ok(None) };
        let counts = texts.iter().map(|text| {
            let call = Call::post(url.clone(), json!({ "content": text }), None);
            async move {
                match endpoint.json(&call).await {
                    Ok(answer) => Ok(answer["tokens"].as_array().map(Vec::len)),
                    // A gateway may let `/props` through and this not.
                    Err(error) if merely_absent(&error) => Ok(None),
                    Err(error) => Err(error),
                }
            }
        });
        let counts: Vec<Option<usize>> = stream::iter(counts).buffered(COUNTED_AT_ONCE).try_collect().await?;
        Ok(counts.into_iter().collect())
    }
}

fn merely_absent(error: &Error) -> bool {
    if error
        .downcast_ref::<super::BrokenAnswer>()
        .is_some_and(|broken| matches!(broken, super::BrokenAnswer::NotJson { .. }))
    {
        return true;
    }
    matches!(
        error.downcast_ref::<RefusalProblem>(),
        Some(RefusalProblem::NoSuchPath { .. } | RefusalProblem::Rejected { .. } | RefusalProblem::ServerFailed { .. })
    )
}
