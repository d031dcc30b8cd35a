//! A response body, read with a limit on every silence and on its size.

use super::endpoint::Timeouts;
use std::time::{Duration, Instant};

/// No answer of a chat or embedding endpoint comes near this.
const BODY_BYTES_MAX: usize = 64 << 20;

/// Why a body ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyFault {
    #[error("silent for {} s", after.as_secs_f32())]
    Silent { after: Duration, first: bool },
    #[error("not ended after {} s", after.as_secs_f32())]
    Overdue { after: Duration },
    #[error("connection lost")]
    Lost,
    #[error("longer than {BODY_BYTES_MAX} bytes")]
    TooLong,
}

pub(super) struct Body {
    response: reqwest::Response,
    sent: Instant,
    timeouts: Timeouts,
    /// Whether no byte has come yet.
    first: bool,
    left: usize,
}

impl Body {
    /// `sent` is when the request left: the wait for the first byte counts from there.
    pub(super) fn new(response: reqwest::Response, sent: Instant, timeouts: Timeouts) -> Body {
        Body { response, sent, timeouts, first: true, left: BODY_BYTES_MAX }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, BodyFault> {
        let (after, wait) = if self.first {
            (self.timeouts.first_byte, self.timeouts.first_byte.saturating_sub(self.sent.elapsed()))
        } else {
            (self.timeouts.between_bytes, self.timeouts.between_bytes)
        };
        let bytes = match tokio::time::timeout(wait, self.response.chunk()).await {
            Err(_) => return Err(BodyFault::Silent { after, first: self.first }),
            Ok(Err(_)) => return Err(BodyFault::Lost),
            Ok(Ok(None)) => return Ok(None),
            Ok(Ok(Some(bytes))) => bytes,
        };
        self.left = self.left.checked_sub(bytes.len()).ok_or(BodyFault::TooLong)?;
        self.first = false;
        Ok(Some(bytes.to_vec()))
    }

    pub(super) async fn whole(mut self) -> Result<Vec<u8>, BodyFault> {
        let mut whole = Vec::new();
        while let Some(bytes) = self.next().await? {
            whole.extend(bytes);
        }
        Ok(whole)
    }
}
