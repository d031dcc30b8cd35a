//! `rag eval diff`: one topic through every stage.

use super::super::bars::Bars;
use super::super::render::{self, BOLD, DIM, GOOD};
use super::super::{Outcome, Run};
use crate::engine::{Candidate, Engine};
use crate::eval::{self, EvalProblem, Options, Suite};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// Chunks shown of each system.
const SHOWN: usize = 10;

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Id or text of a topic 查询编号或原文
    query: String,
    /// Folder of the suite 评测集目录
    #[arg(long, value_name = "DIR")]
    suite: PathBuf,
    /// dev or test, as the suite has them 数据划分
    #[arg(long, value_name = "NAME")]
    split: Option<String>,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: DiffArgs, engine: &Engine, lang: Lang) -> Run {
    let mut suite = Suite::read(&args.suite, args.split.as_deref())?;
    suite.topics.retain(|topic| topic.id == args.query || topic.text == args.query);
    let Some(topic) = suite.topics.first() else {
        let problem = EvalProblem::NoTopic { suite: suite.name, query: args.query };
        return Err(crate::error::Error::from(problem).into());
    };
    let systems = ["lexical", "dense", "rrf", "hybrid"].map(String::from).to_vec();
    let mut bars = Bars::new(lang);
    let stages =
        eval::stages(&suite, topic, engine, &Options { systems }, SHOWN, &mut |progress| bars.show("", progress));
    bars.clear();
    let stages = stages?;
    if args.json {
        render::json(&serde_json::json!({ "id": topic.id, "text": topic.text, "stages": stages }))?;
        return Ok(Outcome::Done);
    }
    let grades = suite.qrels.grades(&topic.id).cloned().unwrap_or_default();
    let mut out = render::stdout();
    writeln!(out, "{BOLD}{}{BOLD:#} {DIM}{} {}{DIM:#}", topic.text, topic.id, topic.slice)?;
    let mut gold: Vec<_> = grades.iter().filter(|(_, grade)| **grade >= suite.rel).collect();
    gold.sort_by_key(|(_, grade)| std::cmp::Reverse(**grade));
    let gold: Vec<String> = gold.into_iter().map(|(id, grade)| format!("{id}:{grade}")).collect();
    writeln!(out, "{} {}", lang.pick("应找到", "wanted"), gold.join(" "))?;
    for (system, ranking) in &stages {
        writeln!(out, "{DIM}--- {system}{DIM:#}")?;
        for candidate in ranking {
            let grade = grades.get(&candidate.chunk.doc.0).copied();
            let style = if grade.is_some_and(|grade| grade >= suite.rel) { GOOD } else { render::Style::Plain };
            let shown = grade.map_or("-".into(), |grade| grade.to_string());
            writeln!(out, "{style}{shown} {}{style:#} {DIM}{}{DIM:#}", candidate.chunk, trail(candidate))?;
        }
    }
    Ok(Outcome::Done)
}

fn trail(candidate: &Candidate) -> String {
    candidate.trail.iter().map(ToString::to_string).collect::<Vec<_>>().join(" · ")
}
