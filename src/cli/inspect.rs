//! `rag inspect`.

use super::render::{self, BOLD, DIM, padded};
use super::{Outcome, Run};
use crate::engine::{ChunkOutline, Engine, IndexedTerm, Inspected, LookedUp};
use crate::language::Lang;
use clap::Args;
use std::io::Write;

const TERMS_SHOWN: usize = 20;

#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A document's id, a chunk's (DOC#N), or a query 文档、文本块或查询
    #[arg(required = true, value_name = "DOC|CHUNK|QUERY")]
    what: Vec<String>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl InspectArgs {
    /// As one text.
    pub fn what(&self) -> String {
        self.what.join(" ")
    }
}

pub fn run(args: InspectArgs, engine: &Engine, lang: Lang) -> Run {
    let inspected = engine.inspect(&args.what())?;
    if args.json {
        render::json(&inspected)?;
    } else {
        show(&inspected, lang)?;
    }
    Ok(Outcome::Done)
}

fn show(inspected: &Inspected, lang: Lang) -> anyhow::Result<()> {
    let mut out = render::stdout();
    match inspected {
        Inspected::Document { doc, title, path, source, chunks } => {
            let (title, path) = (render::line(title), render::line(path));
            writeln!(out, "{BOLD}{title}{BOLD:#}  {doc}  {DIM}{path}{DIM:#}")?;
            if !source.is_empty() {
                writeln!(out, "{} {source}", lang.pick("来源", "source"))?;
            }
            for ChunkOutline { chunk, headings, lines, chars, begins } in chunks {
                let lines = format!("{}-{}", lines.0, lines.1);
                let chars = lang.pick(format!("{chars} 字"), format!("{chars} chars"));
                writeln!(out, "{}  {lines:<9} {chars:<9} {DIM}{}{DIM:#}", chunk, render::line(&headings.join(" › ")))?;
                writeln!(out, "    {}…", render::line(begins))?;
            }
        }
        Inspected::Chunk { chunk, heading, path, lines, text, terms, before, after, nearest } => {
            let heading = render::line(heading);
            writeln!(out, "{BOLD}{heading}{BOLD:#}  {chunk}  {DIM}{}{DIM:#}", render::place(path, *lines))?;
            writeln!(out, "{}\n", text.trim_end())?;
            for IndexedTerm { term, tf, chunks, idf } in terms.iter().take(TERMS_SHOWN) {
                writeln!(out, "{} tf {tf:<3} idf {idf:<6.2} {}", padded(term, 20), in_chunks(*chunks, lang))?;
            }
            if terms.len() > TERMS_SHOWN {
                writeln!(out, "{DIM}… {}{DIM:#}", terms.len() - TERMS_SHOWN)?;
            }
            let neighbours = [(lang.pick("前一块", "before"), before), (lang.pick("后一块", "after"), after)];
            for (name, neighbour) in neighbours {
                if let Some(neighbour) = neighbour {
                    writeln!(out, "{} {neighbour}", padded(name, 10))?;
                }
            }
            for (near, cosine) in nearest {
                writeln!(out, "{} {near}  {cosine:.4}", padded(lang.pick("向量近邻", "nearest"), 10))?;
            }
        }
        Inspected::Query { terms, embedder, query_prefix, .. } => {
            for LookedUp { term, kind, weight, chunks, idf, is_prefix } in terms {
                let found = match is_prefix {
                    true => lang.pick("所有以它开头的字对", "every pair that begins with it").into(),
                    false => format!("idf {idf:<6.2} {}", in_chunks(*chunks, lang)),
                };
                writeln!(out, "{} {kind:<9} × {weight:<5.2} {found}", padded(term, 20))?;
            }
            writeln!(out, "{DIM}{embedder}: {query_prefix:?}{DIM:#}")?;
        }
    }
    Ok(())
}

fn in_chunks(count: u64, lang: Lang) -> String {
    lang.pick(format!("见于 {count} 块"), format!("in {count} chunks"))
}
