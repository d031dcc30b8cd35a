//! What a busy server asks of its callers.

use reqwest::{Response, StatusCode, header};
use std::time::{Duration, SystemTime};

/// Longer waits are all the same to us: they are told, not waited for.
const ASKED_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the server of `response` asks to wait: [`Retry-After`](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after)
/// in seconds or as a date.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let busy = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&response.status());
    let value = response.headers().get(header::RETRY_AFTER).filter(|_| busy)?.to_str().ok()?;
    wait(value.trim(), SystemTime::now())
}

/// None for what is neither; some servers write fractions.
fn wait(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<f64>() {
        return (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(ASKED_MAX.as_secs_f64())));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default().min(ASKED_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_of_any_size_are_a_wait_or_none() {
        let now = httpdate::parse_http_date("Fri, 27 Nov 2026 00:00:00 GMT").unwrap();
        let check = |value: &str, expect: Option<u64>| {
            assert_eq!(wait(value, now), expect.map(Duration::from_secs), "{value}");
        };
        check("0", Some(0));
        check("30", Some(30));
        check("Fri, 27 Nov 2026 00:01:00 GMT", Some(60));
        check("Thu, 26 Nov 2026 00:00:00 GMT", Some(0));
        for huge in ["18446744073709551615", "1e400", "inf", "Fri, 27 Nov 2099 00:00:00 GMT"] {
            check(huge, Some(ASKED_MAX.as_secs()));
        }
        for odd in ["-1", "NaN", "", "soon"] {
            check(odd, None);
        }
    }
}
