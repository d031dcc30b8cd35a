//! `rag eval new`: a first suite from the user's own folder.

use super::super::render::{self, BOLD, DIM};
use super::super::{Outcome, Run};
use crate::engine::Engine;
use crate::eval::{Draft, NewTopic};
use crate::language::Lang;
use clap::Args;
use std::io::{BufRead, Write};
use std::path::PathBuf;

/// Columns of a passage shown beside its question.
const PASSAGE_COLUMNS: usize = 300;

#[derive(Debug, Args)]
pub struct NewArgs {
    /// Folder of the suite; made if it is not there 评测集目录
    #[arg(long, value_name = "DIR", default_value = "evals/mine")]
    suite: PathBuf,
    /// Questions to draft 题数
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, value_parser = super::super::number::count(), allow_negative_numbers = true)]
    count: usize,
    /// Keep every question without asking 全部保留
    #[arg(long)]
    yes: bool,
}

/// What becomes of a drafted question.
enum Choice {
    Keep(String),
    Drop,
    Stop,
}

pub fn run(args: NewArgs, engine: &Engine, lang: Lang) -> Run {
    let mut draft = Draft::open(&args.suite, &engine.about()?.roots())?;
    let bar = render::bar(args.count as u64, false).with_message(lang.pick("出题", "drafting"));
    let drafted = engine.draft_questions(args.count, &mut |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    let mut kept = 0;
    for (passage, question) in drafted? {
        let chosen =
            if args.yes { Choice::Keep(question) } else { ask(&passage.heading(), &passage.text, question, lang)? };
        match chosen {
            Choice::Keep(question) => {
                let topic = NewTopic { question: &question, history: &[], split: "synthetic", slice: "synthetic" };
                draft.add(topic, &[passage.id.doc.0], 3)?;
                kept += 1;
            }
            Choice::Drop => {}
            Choice::Stop => break,
        }
    }
    let folder = args.suite.display();
    render::note(&lang.pick(
        format!("{folder} 记入 {kept} 题,与真实问题分开:rag eval retrieval {folder} --split synthetic"),
        format!("{kept} questions in {folder}, apart from real ones: rag eval retrieval {folder} --split synthetic"),
    ));
    Ok(if kept > 0 { Outcome::Done } else { Outcome::Nothing })
}

/// Shows a question with its passage; an empty line keeps it, other text replaces it. The end of input stops.
fn ask(heading: &str, text: &str, question: String, lang: Lang) -> anyhow::Result<Choice> {
    let mut err = render::stderr();
    let shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(PASSAGE_COLUMNS).collect();
    writeln!(err, "\n{DIM}{heading}\n{shown}{DIM:#}\n{BOLD}{question}{BOLD:#}")?;
    write!(
        err,
        "{}",
        lang.pick(
            "回车保留 · d 丢弃 · q 结束 · 或输入改过的问题> ",
            "enter keeps · d drops · q ends · or type a better question> "
        )
    )?;
    err.flush()?;
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line)?;
    Ok(match line.trim() {
        _ if read == 0 => Choice::Stop,
        "" => Choice::Keep(question),
        "d" => Choice::Drop,
        "q" => Choice::Stop,
        better => Choice::Keep(better.into()),
    })
}
