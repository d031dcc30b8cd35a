//! `rag chat`.

use super::render;
use super::{Flags, Outcome, Run, answered, number, set};
use crate::engine::Engine;
use crate::language::Lang;
use clap::Args;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use std::io::Write;

#[derive(Debug, Args)]
pub struct ChatArgs {
    /// Passages given to the model 段落数
    #[arg(short = 'n', long, value_name = "N", value_parser = number::count(), allow_negative_numbers = true)]
    passages: Option<usize>,
    /// Leave out sentences that no source supports, instead of marking them 删去无依据的句子
    #[arg(long)]
    strict: bool,
    /// Answer with sentences of the sources, without a model 不用模型,只摘原句
    #[arg(long)]
    extractive: bool,
    /// Say on stderr what each step decided 显示每一步
    #[arg(long)]
    trace: bool,
    /// OpenAI-compatible endpoint 接口地址
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Model name to send 模型名
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
}

impl ChatArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "chat.passages", self.passages);
        set(flags, "chat.strict", self.strict.then_some(true));
        set(flags, "chat.extractive", self.extractive.then_some(true));
        set(flags, "chat.base_url", self.base_url.as_ref());
        set(flags, "chat.model", self.model.as_ref());
    }
}

/// One question a line until the input ends. A question that fails is told, and the next can be asked.
pub fn run(args: ChatArgs, engine: &Engine, lang: Lang) -> Run {
    let mut editor = DefaultEditor::new()?;
    render::note(lang.pick(
        "连续提问:直接追问即可;/new 另起话题,/exit 退出。",
        "ask away, follow-ups are understood; /new begins another subject, /exit ends.",
    ));
    let mut history: Vec<String> = Vec::new();
    loop {
        let line = match editor.readline("> ") {
            Ok(line) => line,
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => return Ok(Outcome::Done),
            Err(error) => return Err(error.into()),
        };
        let question = line.trim();
        match question {
            "" => continue,
            "/exit" | "/quit" => return Ok(Outcome::Done),
            "/new" => history.clear(),
            _ => {
                let _ = editor.add_history_entry(question);
                // The language is that of the question, as with `rag ask`.
                let lang = if Lang::of_text(question) == Lang::Zh { Lang::Zh } else { lang };
                if let Err(error) = answered::ask(engine, question, &history, args.trace, lang) {
                    render::error(&error, lang);
                }
                writeln!(render::stdout())?;
                history.push(question.to_string());
            }
        }
    }
}
