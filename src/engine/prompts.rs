//! Prompts: those in use, those built in, and where the user's own are.

use super::Engine;
use crate::answer::{Library, Listed, PromptText, Shot};
use crate::error::Result;
use crate::language::Lang;
use std::path::PathBuf;

impl Engine {
    /// Every prompt as it is in use, and files of the user's that take no prompt's place.
    pub fn prompts(&self) -> Result<(Vec<Listed>, Vec<PathBuf>)> {
        let library = self.library();
        Ok((library.list()?, library.strangers()?))
    }

    /// The prompt of that name as it is in use.
    pub fn prompt(&self, name: &str) -> Result<PromptText> {
        self.library().text(name)
    }

    /// The prompt of that name as it comes with the program.
    pub fn built_in_prompt(&self, name: &str) -> Result<&'static str> {
        Library::built_in(name)
    }

    /// Where a file has to be to take the place of the prompt of that name; none where there is no folder for settings.
    pub fn prompt_path(&self, name: &str) -> Result<Option<PathBuf>> {
        self.library().path(name)
    }

    /// All examples of answers in `lang`, as they are in use.
    pub fn shots(&self, lang: Lang) -> Result<Vec<Shot>> {
        self.library().all_shots(lang)
    }

    pub(super) fn library(&self) -> Library {
        Library::new(self.config.prompts_dir())
    }
}
