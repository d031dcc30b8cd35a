//! A profile: what a family of models wants a prompt to look like.

use super::format::Format;

/// Where a model reads its instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Instructions {
    /// In a message of the system's.
    #[default]
    System,
    /// At the beginning of the user's first message: there is no role for the system.
    User,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Profile {
    pub format: Format,
    pub instructions: Instructions,
}

/// A part of a model's name, in lower case, and what is true of the models that have it. The first that fits decides.
///
/// Of the formats only that of Qwen 2.5 is our own default's, looked at with our own evaluation. The others are what
/// makers write about their models, and nothing we measured: Anthropic asks for XML tags; OpenAI's guide to GPT-4.1
/// found XML to do well and JSON badly where many documents are given, though it names Markdown for instructions. Of
/// Llama, Mistral, Gemma and DeepSeek we know of no such word, and give them the default.
///
/// Where instructions go is no matter of taste: Gemma's templates have no role for the system, those of the first
/// Mistral 7B and Mixtral refuse it, and DeepSeek asks that R1 be given none.
#[rustfmt::skip]
const FAMILIES: &[(&str, Profile)] = &[
    ("deepseek-r1", Profile { format: Format::Xml, instructions: Instructions::User }),
    ("gemma",       Profile { format: Format::Xml, instructions: Instructions::User }),
    ("mistral-7b",  Profile { format: Format::Xml, instructions: Instructions::User }),
    ("mixtral",     Profile { format: Format::Xml, instructions: Instructions::User }),
    ("qwen",        Profile { format: Format::Xml, instructions: Instructions::System }),
    ("llama",       Profile { format: Format::Xml, instructions: Instructions::System }),
    ("mistral",     Profile { format: Format::Xml, instructions: Instructions::System }),
    ("deepseek",    Profile { format: Format::Xml, instructions: Instructions::System }),
    ("claude",      Profile { format: Format::Xml, instructions: Instructions::System }),
    ("gpt",         Profile { format: Format::Xml, instructions: Instructions::System }),
];

impl Profile {
    /// Of the model of that name, as it is configured or as its server calls it; the default for one unheard of.
    pub fn of(model: &str) -> Profile {
        let model = model.to_lowercase();
        FAMILIES.iter().find(|(part, _)| model.contains(part)).map_or_else(Profile::default, |(_, profile)| *profile)
    }
}

/// Below so many parameters, in billions, what a model says against the sources is next to chance: of fifteen refusals by
/// two models of 0.5 and 1.5 billion (essays dev) two were right.
const SMALL_BELOW: f32 = 2.0;

/// Whether the name of a model tells that it is a small one: `qwen2.5-coder-0.5b-instruct`, `SmolLM2-360M`. One that tells
/// no size is none.
pub fn is_small(model: &str) -> bool {
    let words = model.split(|c: char| !c.is_alphanumeric() && c != '.');
    words.filter_map(billions).next().is_some_and(|size| size < SMALL_BELOW)
}

/// `0.5b` and `360M`, in billions.
fn billions(word: &str) -> Option<f32> {
    let word = word.to_lowercase();
    let (number, factor) = match (word.strip_suffix('b'), word.strip_suffix('m')) {
        (Some(number), _) => (number, 1.0),
        (_, Some(number)) => (number, 1e-3),
        _ => return None,
    };
    number.parse::<f32>().ok().map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_known_by_its_name_however_it_is_served() {
        for (model, instructions) in [
            ("qwen2.5-coder-0.5b-instruct-q4_k_m", Instructions::System),
            ("google/gemma-3-4b-it", Instructions::User),
            ("DeepSeek-R1-Distill-Qwen-7B", Instructions::User),
            ("deepseek-chat", Instructions::System),
            ("mistralai/Mistral-7B-Instruct-v0.2", Instructions::User),
            ("mistral-small-latest", Instructions::System),
            ("something-new", Instructions::System),
        ] {
            assert_eq!(Profile::of(model).instructions, instructions, "{model}");
        }
        assert_eq!(Profile::of("qwen2.5").format, Format::Xml);
    }

    #[test]
    fn a_small_model_is_known_by_the_size_in_its_name() {
        for small in ["qwen2.5-coder-0.5b-instruct-q4_k_m", "Qwen/Qwen2.5-1.5B-Instruct", "SmolLM2-360M-Instruct"] {
            assert!(is_small(small), "{small}");
        }
        for other in ["Qwen2.5-7B-Instruct", "gemma-3-4b-it", "gpt-4.1", "deepseek-chat", "mixtral-8x7b", ""] {
            assert!(!is_small(other), "{other}");
        }
    }
}
