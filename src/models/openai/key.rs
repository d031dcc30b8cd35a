//! An API key: sent in one header, shown nowhere.

use std::fmt;

/// Shorter keys are placeholders (`x`, `no`), whose removal would only mangle messages.
const SCRUBBED_FROM_CHARS: usize = 4;

/// A bearer token. Neither `Debug` nor `Display` nor any error shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// `None` if nothing but white space is given, which is how an unset variable often looks.
    pub fn new(key: &str) -> Option<ApiKey> {
        let key = key.trim();
        (!key.is_empty()).then(|| ApiKey(key.to_owned()))
    }

    pub(super) fn header(&self) -> Option<reqwest::header::HeaderValue> {
        let mut value = reqwest::header::HeaderValue::from_str(&format!("Bearer {}", self.0)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// `text` with the key taken out, should a server echo it.
    pub(super) fn scrub(&self, text: &str) -> String {
        if self.0.chars().count() < SCRUBBED_FROM_CHARS {
            return text.to_owned();
        }
        text.replace(&self.0, "[api key]")
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([hidden])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_neither_debugged_nor_left_in_a_text() {
        let key = ApiKey::new(" sk-very-secret\n").unwrap();
        assert!(!format!("{key:?}").contains("secret"));
        assert_eq!(key.scrub("wrong key sk-very-secret given"), "wrong key [api key] given");
        assert!(!format!("{:?}", key.header()).contains("secret"));
    }

    #[test]
    fn blank_is_no_key_and_a_placeholder_mangles_nothing() {
        assert_eq!(ApiKey::new("  "), None);
        assert_eq!(ApiKey::new("x").unwrap().scrub("max exceeded"), "max exceeded");
    }
}
