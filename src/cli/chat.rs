//! `rag chat`.

use super::render;
use super::{Flags, Outcome, Run, answered, number, set};
use crate::engine::Engine;
use crate::language::Lang;
use clap::Args;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use std::io::{BufRead, BufReader, IsTerminal, Stdin, Write};
use std::string::FromUtf8Error;

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
    /// Show what a reasoning model thinks aloud, dimmed 显示模型的思考
    #[arg(long)]
    show_reasoning: bool,
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
        set(flags, "chat.show_reasoning", self.show_reasoning.then_some(true));
        set(flags, "chat.base_url", self.base_url.as_ref());
        set(flags, "chat.model", self.model.as_ref());
    }
}

/// One question a line until the input ends. A question that fails is told, and the next can be asked.
pub fn run(args: ChatArgs, engine: &Engine, lang: Lang) -> Run {
    let mut lines = Lines::open()?;
    render::note(lang.pick(
        "连续提问:直接追问即可;/new 另起话题,/exit 退出,/help 列出命令。",
        "ask away, follow-ups are understood; /new begins another subject, /exit ends, /help lists the commands.",
    ));
    let mut history: Vec<String> = Vec::new();
    while let Some(line) = lines.next()? {
        let Ok(line) = line else {
            render::warning(lang.pick("这一行不是 UTF-8 文本,未提交", "this line is not UTF-8 text and was not sent"));
            continue;
        };
        let question = line.trim();
        if question.chars().any(|c| c.is_control() && c != '\t') {
            render::warning(
                lang.pick("这一行含控制字符,未提交", "this line holds control characters and was not sent"),
            );
            continue;
        }
        if let Some(command) = question.strip_prefix('/') {
            match command.to_ascii_lowercase().as_str() {
                "exit" | "quit" => break,
                "new" => history.clear(),
                "help" | "?" => render::note(lang.pick(HELP.0, HELP.1)),
                _ => render::warning(&lang.pick(
                    format!("没有命令 {question};/help 列出命令"),
                    format!("there is no command {question}; /help lists them"),
                )),
            }
            continue;
        }
        if question.is_empty() {
            continue;
        }
        lines.remember(question);
        // The language is that of the question, as with `rag ask`.
        let lang = if Lang::of_text(question) == Lang::Zh { Lang::Zh } else { lang };
        if let Err(error) = answered::ask(engine, question, &history, args.trace, lang) {
            render::error(&error, lang);
        }
        writeln!(render::stdout())?;
        history.push(question.to_string());
    }
    Ok(Outcome::Done)
}

const HELP: (&str, &str) = (
    "/new   另起话题,不再接着前面的问题\n/help  列出命令\n/exit  退出(Ctrl-D 也可以)",
    "/new   begins another subject\n/help  lists the commands\n/exit  ends, as Ctrl-D does",
);

/// Lines as they are typed: with editing and a history at a terminal, as they come from anything else.
enum Lines {
    Typed(Box<DefaultEditor>),
    Piped(BufReader<Stdin>),
}

impl Lines {
    fn open() -> anyhow::Result<Lines> {
        let stdin = std::io::stdin();
        Ok(match stdin.is_terminal() {
            true => Lines::Typed(Box::new(DefaultEditor::new()?)),
            false => Lines::Piped(BufReader::new(stdin)),
        })
    }

    /// None at the end; within, an error for bytes that are no text.
    fn next(&mut self) -> anyhow::Result<Option<Result<String, FromUtf8Error>>> {
        match self {
            Lines::Typed(editor) => match editor.readline("> ") {
                Ok(line) => Ok(Some(Ok(line))),
                Err(ReadlineError::Eof | ReadlineError::Interrupted) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Lines::Piped(input) => {
                let mut line = Vec::new();
                Ok(match input.read_until(b'\n', &mut line)? {
                    0 => None,
                    _ => Some(String::from_utf8(line)),
                })
            }
        }
    }

    fn remember(&mut self, line: &str) {
        if let Lines::Typed(editor) = self {
            let _ = editor.add_history_entry(line);
        }
    }
}
