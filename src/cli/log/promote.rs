//! `rag log promote`: a question of the journal as a case of an evaluation.

use super::super::{Outcome, Run, render};
use crate::engine::Engine;
use crate::eval::{self, Given, Promoted};
use crate::language::Lang;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct PromoteArgs {
    /// Number of the entry, or last 编号或 last
    #[arg(default_value = "last")]
    entry: String,
    /// Folder of the suite; made over what the collection holds if it is not there 评测集目录
    #[arg(long, value_name = "DIR", default_value = "evals/mine")]
    suite: PathBuf,
    /// Document that answers it: its id, or its path; repeatable [default: those that say what the correction says, else
    /// those cited] 文档 id 或路径
    #[arg(long = "doc", value_name = "ID")]
    documents: Vec<String>,
    /// Must stand in the answer, a|b for either; repeatable [default: figures and names of the correction] 答案必须包含
    #[arg(long, value_name = "TEXT")]
    must: Vec<String>,
    /// Must not stand in the answer; repeatable 答案不得包含
    #[arg(long, value_name = "TEXT")]
    must_not: Vec<String>,
    /// The sources do not say: it is to be refused 本该拒答
    #[arg(long, conflicts_with = "must")]
    abstain: bool,
    /// Longest answer, in characters [default: 400] 答案字数上限
    #[arg(long, value_name = "N", value_parser = super::number::count(), allow_negative_numbers = true)]
    max_chars: Option<usize>,
    /// Print the case as JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: PromoteArgs, engine: &Engine, lang: Lang) -> Run {
    let logged = engine.logged(&args.entry)?;
    let group = |texts: &String| texts.split('|').map(|text| text.trim().to_string()).collect();
    let documents = args.documents.iter().map(|shown| Ok(engine.resolve_document(shown)?.0));
    let given = Given {
        documents: documents.collect::<Result<Vec<String>, crate::error::Error>>()?,
        must: args.must.iter().map(group).collect(),
        must_not: args.must_not,
        abstain: args.abstain,
        chars_max: args.max_chars,
    };
    let promoted = eval::promote(engine, &args.suite, &logged, given)?;
    if args.json {
        render::json(&promoted)?;
        return Ok(Outcome::Done);
    }
    let Promoted { suite, question, expected } = &promoted;
    let id = &expected.qid;
    render::note(
        &lang.pick(format!("已记入 {suite}:{id}“{question}”"), format!("added to {suite} as {id}: {question}")),
    );
    for criterion in promoted.criteria(lang) {
        render::note(&format!("  {criterion}"));
    }
    render::hint(&format!("rag eval answers {suite}"));
    Ok(Outcome::Done)
}
