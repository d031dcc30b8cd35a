//! The language a user is spoken to in.

/// Language of messages, hints and abstentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    Zh,
    En,
}

impl Lang {
    /// From `LC_ALL`, `LC_MESSAGES`, `LANG` (the first that is set decides, as in POSIX).
    pub fn of_locale() -> Lang {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty())
            .map_or(Lang::En, |value| if value.to_ascii_lowercase().starts_with("zh") { Lang::Zh } else { Lang::En })
    }

    /// Chinese if the text holds any Han character, else English.
    pub fn of_text(text: &str) -> Lang {
        if text.chars().any(is_han) { Lang::Zh } else { Lang::En }
    }

    /// Picks the wording for this language.
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

/// Whether `c` is a Han ideograph (unified blocks, extensions, compatibility forms, 々 and 〇).
pub fn is_han(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{323AF}' | '\u{3005}' | '\u{3007}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_a_han_character_is_chinese() {
        assert_eq!(Lang::of_text("什么是QLoRA"), Lang::Zh);
        assert_eq!(Lang::of_text("what is QLoRA"), Lang::En);
        assert_eq!(Lang::of_text(""), Lang::En);
    }
}
