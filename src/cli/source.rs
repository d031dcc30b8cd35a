//! `rag source`.

use super::index::{say, say_left_out, with_bar};
use super::render::{self, DIM, padded};
use super::{Outcome, Run};
use crate::engine::{Engine, IndexRequest, SourceStatus};
use crate::language::Lang;
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, Args)]
pub struct SourceArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The folders and files that the collection takes from 列出来源
    List {
        /// Print JSON 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// Take from more of them: the same as rag index PATH 添加来源
    Add {
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Leave out what a line of a .gitignore would; repeatable 排除
        #[arg(long, value_name = "GLOB")]
        exclude: Vec<String>,
    },
    /// Forget sources, named as listed or by their paths, with their documents; the files stay 移除来源
    Rm {
        #[arg(required = true, value_name = "NAME|PATH")]
        sources: Vec<String>,
    },
}

pub fn run(args: SourceArgs, engine: &Engine, lang: Lang) -> Run {
    match args.action.unwrap_or(Action::List { json: false }) {
        Action::List { json } => list(engine, json, lang),
        Action::Add { paths, exclude } => {
            let begin = Instant::now();
            let request = IndexRequest { roots: paths, exclude, ..IndexRequest::default() };
            let report = with_bar(engine, request, lang)?;
            say_left_out(&report, lang);
            say(&report, begin.elapsed(), lang)?;
            Ok(Outcome::Done)
        }
        Action::Rm { sources } => remove(engine, &sources, lang),
    }
}

fn list(engine: &Engine, json: bool, lang: Lang) -> Run {
    let sources = engine.sources()?;
    if json {
        render::json(&sources)?;
        return Ok(Outcome::Done);
    }
    let mut out = render::stdout();
    for status in &sources {
        writeln!(out, "{}", line(status, lang))?;
    }
    Ok(if sources.is_empty() { Outcome::Nothing } else { Outcome::Done })
}

/// `notes      12 documents  /home/me/notes`, with what is to be known of it behind.
pub fn line(status: &SourceStatus, lang: Lang) -> String {
    let SourceStatus { source, documents, is_there, passed_over } = status;
    let count = lang.pick(format!("{documents} 篇"), format!("{documents} documents"));
    let mut more = Vec::new();
    if !is_there {
        let name = &source.name;
        more.push(lang.pick(format!("不在了;rag source rm {name}"), format!("not there; rag source rm {name}")));
    }
    if !source.exclude.is_empty() {
        more.push(format!("--exclude {}", source.exclude.join(" ")));
    }
    if passed_over.count() > 0 {
        let left_out = passed_over.count();
        more.push(lang.pick(format!("未收 {left_out}"), format!("{left_out} left out")));
    }
    let more = if more.is_empty() { String::new() } else { format!("  {DIM}{}{DIM:#}", more.join("; ")) };
    format!("{} {} {}{more}", padded(&source.name, 16), padded(&count, 12), render::line(&source.root))
}

fn remove(engine: &Engine, named: &[String], lang: Lang) -> Run {
    for named in named {
        let (source, documents, around) = engine.remove_source(named)?;
        let (name, root) = (&source.name, &source.root);
        let line = lang.pick(
            format!("已移除来源 {name}({root})和其中 {documents} 篇;文件没有动"),
            format!("forgot the source {name} ({root}) and its {documents} documents; the files are untouched"),
        );
        writeln!(render::stdout(), "{line}")?;
        if let Some(around) = around {
            render::note(&lang.pick(
                format!("它在来源 {around} 之内:下次 rag index 会从那里再收进来,除非用 --exclude 排除"),
                format!("it lies in the source {around}: rag index takes it from there unless --exclude leaves it out"),
            ));
        }
    }
    Ok(Outcome::Done)
}
