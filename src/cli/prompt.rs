//! `rag prompt`.

use super::render::{self, DIM, padded};
use super::{Outcome, Run};
use crate::engine::{Engine, ListedPrompt};
use crate::language::Lang;
use clap::{Args, Subcommand};
use similar::TextDiff;
use std::io::Write;

#[derive(Debug, Args)]
pub struct PromptArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Every prompt with version, hash and size, and whose it is 列出提示
    List {
        /// Print JSON 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// The text of a prompt, as it is in use 查看提示
    Show {
        /// As listed: ask.zh 名称
        name: String,
        /// The one that comes with the program, whatever stands in its place 内置的
        #[arg(long)]
        built_in: bool,
    },
    /// What your own prompt has otherwise than the built-in one 与内置的比较
    Diff {
        /// As listed: ask.zh 名称
        name: String,
    },
}

pub fn run(args: PromptArgs, engine: &Engine, lang: Lang) -> Run {
    match args.action {
        Action::List { json } => list(engine, json, lang),
        Action::Show { name, built_in } => {
            let text = match built_in {
                true => engine.built_in_prompt(&name)?.to_string(),
                false => engine.prompt(&name)?.text,
            };
            write!(render::stdout(), "{text}")?;
            Ok(Outcome::Done)
        }
        Action::Diff { name } => diff(engine, &name, lang),
    }
}

fn list(engine: &Engine, as_json: bool, lang: Lang) -> Run {
    let (prompts, strangers) = engine.prompts()?;
    if as_json {
        render::json(&prompts)?;
    } else {
        let mut out = render::stdout();
        for prompt in &prompts {
            let ListedPrompt { name, version, hash, path, tokens, purpose_en, purpose_zh, .. } = prompt;
            let version = version.map_or("-".into(), |version| format!("v{version}"));
            let tokens = lang.pick(format!("{tokens} 词元"), format!("{tokens} tokens"));
            let of = path.as_ref().map_or(lang.pick("内置", "built-in").into(), |path| path.display().to_string());
            let purpose = lang.pick(purpose_zh, purpose_en);
            let (name, version) = (padded(name, 14), padded(&version, 4));
            writeln!(out, "{name} {version} {hash} {} {} {DIM}{purpose}{DIM:#}", padded(&tokens, 12), padded(&of, 8))?;
        }
    }
    for prompt in &prompts {
        for flaw in &prompt.flaws {
            render::warning(&format!("{} {}", prompt.name, flaw.message(lang)));
        }
    }
    for path in strangers {
        let path = path.display();
        render::warning(&lang.pick(
            format!("{path} 不是任何提示的文件名,不起作用"),
            format!("{path} takes the place of no prompt: no prompt has a file of that name"),
        ));
    }
    Ok(Outcome::Done)
}

/// Exit code 1 where there is nothing to compare.
fn diff(engine: &Engine, name: &str, lang: Lang) -> Run {
    let own = engine.prompt(name)?;
    let Some(path) = own.path else {
        render::note(&lang.pick(format!("{name} 用的就是内置的"), format!("{name} is the built-in one")));
        if let Some(path) = engine.prompt_path(name)? {
            let path = path.display();
            let hint = format!("rag prompt show {name} > {path}");
            render::hint(
                &lang.pick(format!("要改就先抄一份:{hint}"), format!("to change it, begin with a copy: {hint}")),
            );
        }
        return Ok(Outcome::Nothing);
    };
    let built_in = engine.built_in_prompt(name)?;
    let diff = TextDiff::from_lines(built_in, &own.text);
    let (from, to) = (format!("{name} (built-in)"), path.display().to_string());
    write!(render::stdout(), "{}", diff.unified_diff().header(&from, &to))?;
    Ok(Outcome::Done)
}
