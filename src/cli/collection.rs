//! `rag collection`.

use super::render::{self, DIM, padded};
use super::{Outcome, Run};
use crate::engine::{CollectionStatus, Engine};
use crate::language::Lang;
use clap::{Args, Subcommand};
use std::io::Write;

#[derive(Debug, Args)]
pub struct CollectionArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Every collection, and what it takes from 列出资料库
    List {
        /// Print JSON 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove collections with their vectors; the files that they were made from stay 删除资料库
    Rm {
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// Give a collection another name 改名
    Rename {
        #[arg(value_name = "NAME")]
        from: String,
        #[arg(value_name = "NEW")]
        to: String,
    },
}

pub fn run(args: CollectionArgs, engine: &Engine, lang: Lang) -> Run {
    match args.action.unwrap_or(Action::List { json: false }) {
        Action::List { json } => list(engine, json, lang),
        Action::Rm { names } => {
            for name in names {
                engine.remove_collection(&name)?;
                let line = lang.pick(
                    format!("已删除资料库 {name};原来的文件没有动"),
                    format!("removed the collection {name}; the files it was made from are untouched"),
                );
                writeln!(render::stdout(), "{line}")?;
            }
            Ok(Outcome::Done)
        }
        Action::Rename { from, to } => {
            engine.rename_collection(&from, &to)?;
            let line = lang.pick(format!("资料库 {from} 改名为 {to}"), format!("the collection {from} is now {to}"));
            writeln!(render::stdout(), "{line}")?;
            Ok(Outcome::Done)
        }
    }
}

fn list(engine: &Engine, json: bool, lang: Lang) -> Run {
    let collections = engine.collection_list()?;
    if json {
        render::json(&collections)?;
    } else {
        let mut out = render::stdout();
        for CollectionStatus { name, documents, chunks, sources, bytes_on_disk, is_damaged } in &collections {
            let count = match is_damaged {
                true => lang.pick("已损坏(rag doctor --deep)".into(), "damaged (rag doctor --deep)".into()),
                false => {
                    lang.pick(format!("{documents} 篇,{chunks} 块"), format!("{documents} documents, {chunks} chunks"))
                }
            };
            let roots: Vec<&str> = sources.iter().map(|source| source.root.as_str()).collect();
            let size = render::bytes(*bytes_on_disk);
            writeln!(out, "{} {} {}  {DIM}{}{DIM:#}", padded(name, 16), padded(&count, 24), size, roots.join(", "))?;
        }
    }
    Ok(if collections.is_empty() { Outcome::Nothing } else { Outcome::Done })
}
