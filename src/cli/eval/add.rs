//! `rag eval add`: one topic by hand.

use super::super::{Outcome, Run, render};
use crate::engine::Engine;
use crate::eval::{Draft, NewTopic};
use crate::language::Lang;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct AddArgs {
    /// The question 问题
    pub question: String,
    /// Document that answers it: its id, or its path; may be given several times 文档 id 或路径
    #[arg(long = "doc", value_name = "ID", required = true)]
    documents: Vec<String>,
    /// 3 answers it alone, 2 in part, 1 is only about it 等级
    #[arg(long, value_name = "GRADE", default_value_t = 3, value_parser = clap::value_parser!(i32).range(0..=3))]
    grade: i32,
    /// Folder of the suite; made over what the collection holds if it is not there 评测集目录
    #[arg(long, value_name = "DIR", default_value = "evals/mine")]
    suite: PathBuf,
    /// Type of question, for tables by slice 类型
    #[arg(long = "type", value_name = "NAME", default_value = "")]
    slice: String,
}

pub fn run(args: AddArgs, engine: &Engine, lang: Lang) -> Run {
    let roots = engine.about()?.roots();
    let documents = args.documents.iter().map(|shown| Ok(engine.resolve_document(shown)?.0));
    let documents = documents.collect::<Result<Vec<String>, crate::error::Error>>()?;
    let mut draft = Draft::open(&args.suite, &roots)?;
    let topic = NewTopic { question: &args.question, history: &[], split: "dev", slice: &args.slice };
    let id = draft.add(topic, &documents, args.grade)?;
    let folder = args.suite.display();
    render::note(&lang.pick(
        format!("已记入 {folder}:{id};跑评测:rag eval retrieval {folder}"),
        format!("added to {folder} as {id}; to run it: rag eval retrieval {folder}"),
    ));
    Ok(Outcome::Done)
}
