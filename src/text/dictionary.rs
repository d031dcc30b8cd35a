//! The dictionary that Chinese words are cut by: a general one, the terms of our field, and the user's own.

use super::normalize::{TRADITIONAL, fold_str};
use crate::error::{Fault, IoContext, Problem, Result};
use crate::files::read_regular_text;
use crate::language::{Lang, is_han};
use jieba_rs::Jieba;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// `word frequency` a line, folded as texts are, sorted.
const GENERAL: &str = include_str!("dictionary.txt");
/// A word a line; `#` begins a comment.
const DOMAIN: &str = include_str!("domain.txt");

/// Keeps the trie within its limits whatever the user gives.
const USER_WORDS_MAX: usize = 200_000;
const WORD_CHARS_MAX: usize = 32;
/// Room for so many words of that length, and as much again for frequencies, tags and comments.
const USER_BYTES_MAX: u64 = 64 << 20;

/// Words with frequencies, loaded into a segmenter on first use.
pub(super) struct Dictionary {
    user: Vec<(String, Option<u32>)>,
    jieba: OnceLock<Jieba>,
}

/// What is wrong with a user dictionary. Lines count from 1; what stands on them is not told, since a project that somebody
/// else wrote may name any file as its dictionary.
#[derive(Debug, thiserror::Error)]
pub enum DictionaryError {
    #[error("{path}, line {line}: the frequency is not a whole number below 4294967296")]
    Frequency { path: PathBuf, line: usize },
    #[error("{path}, line {line}: a word mixes Chinese and other characters, which are always cut apart")]
    Mixed { path: PathBuf, line: usize },
    #[error("{path}, line {line}: a word has at most {WORD_CHARS_MAX} characters")]
    Long { path: PathBuf, line: usize },
    #[error("{path}, line {line}: a user dictionary has at most {USER_WORDS_MAX} words")]
    Many { path: PathBuf, line: usize },
}

impl Problem for DictionaryError {
    fn fault(&self) -> Fault {
        Fault::User
    }

    fn zh(&self) -> String {
        match self {
            Self::Frequency { path, line } => {
                format!("{} 第 {line} 行:词频不是小于 4294967296 的整数", path.display())
            }
            Self::Mixed { path, line } => {
                format!("{} 第 {line} 行:一个词混用了汉字和其他字符,两者总会被切开", path.display())
            }
            Self::Long { path, line } => format!("{} 第 {line} 行:一个词最多 {WORD_CHARS_MAX} 个字", path.display()),
            Self::Many { path, line } => {
                format!("{} 第 {line} 行:用户词典最多 {USER_WORDS_MAX} 个词", path.display())
            }
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        Some(
            match self {
                Self::Frequency { .. } => lang.pick(
                    "每行一个词,词频可省略,例如 `向量数据库 20`",
                    "one word a line, the frequency is optional: `向量数据库 20`",
                ),
                Self::Mixed { .. } => lang.pick(
                    "只写汉字部分;字母和数字本来就整体保留",
                    "write the Chinese part only; letters and digits are kept whole anyway",
                ),
                Self::Long { .. } => lang.pick("只收词,不收句子", "list words, not sentences"),
                Self::Many { .. } => {
                    lang.pick("只收通用词典里没有的词", "list only words that the general dictionary lacks")
                }
            }
            .into(),
        )
    }
}

impl Dictionary {
    /// Reads the user's words, if any; the rest is loaded when it is first needed.
    pub fn open(user: Option<&Path>) -> Result<Dictionary> {
        let user = match user {
            Some(path) => parse_user(path, &read_regular_text(path, USER_BYTES_MAX).at("read", path)?)?,
            None => Vec::new(),
        };
        Ok(Dictionary { user, jieba: OnceLock::new() })
    }

    /// The segmenter; the first call loads it.
    pub fn jieba(&self) -> &Jieba {
        self.jieba.get_or_init(|| self.load())
    }

    fn load(&self) -> Jieba {
        let mut jieba = Jieba::empty();
        for (word, frequency) in GENERAL.lines().filter_map(|line| line.split_once(' ')) {
            jieba.add_word(word, frequency.parse().ok(), None);
        }
        for word in domain_words() {
            jieba.add_word(word, None, None);
        }
        for (word, frequency) in &self.user {
            jieba.add_word(word, frequency.map(|frequency| frequency as usize), None);
        }
        jieba
    }

    /// Whether it has `word`, and not because of the user.
    pub fn is_common(&self, word: &str) -> bool {
        self.jieba().has_word(word) && !self.user.iter().any(|(own, _)| own == word)
    }

    /// Changes whenever any word, frequency or character mapping does.
    pub fn hash(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        for part in [TRADITIONAL, GENERAL, DOMAIN] {
            hasher.update(part.as_bytes()).update(b"\0");
        }
        for (word, frequency) in &self.user {
            let frequency = frequency.map_or(String::new(), |frequency| frequency.to_string());
            hasher.update(format!("{word} {frequency}\n").as_bytes());
        }
        hasher.finalize()
    }
}

fn domain_words() -> impl Iterator<Item = &'static str> {
    DOMAIN.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// `word [frequency [tag]]` a line, as jieba's own user dictionaries have it; `#` begins a comment. Words without
/// any Chinese character are accepted and change nothing: they are kept whole anyway.
fn parse_user(path: &Path, text: &str) -> Result<Vec<(String, Option<u32>)>, DictionaryError> {
    let mut words = Vec::new();
    for (index, entry) in text.lines().enumerate() {
        let line = index + 1;
        let path = || path.to_path_buf();
        let mut columns = entry.split_whitespace();
        let Some(written) = columns.next().filter(|word| !word.starts_with('#')) else { continue };
        let frequency = match columns.next() {
            Some(found) => Some(found.parse().map_err(|_| DictionaryError::Frequency { path: path(), line })?),
            None => None,
        };
        let word = fold_str(written);
        if !word.chars().any(is_han) {
            continue;
        }
        if !word.chars().all(is_han) {
            return Err(DictionaryError::Mixed { path: path(), line });
        }
        if word.chars().count() > WORD_CHARS_MAX {
            return Err(DictionaryError::Long { path: path(), line });
        }
        if words.len() == USER_WORDS_MAX {
            return Err(DictionaryError::Many { path: path(), line });
        }
        words.push((word, frequency));
    }
    Ok(words)
}
