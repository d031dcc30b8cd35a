//! `rag feedback`.

use super::render;
use super::{Outcome, Run};
use crate::engine::{Engine, Rating};
use crate::language::Lang;
use clap::{Args, ValueEnum};

/// 是否回答了你的问题?
#[derive(Debug, Args)]
pub struct FeedbackArgs {
    /// Number of the entry in the journal, or last 日志编号或 last
    entry: String,
    /// Did it answer the question? up, down, or fix with the right answer 答对了、没答对、应该怎么答
    verdict: Verdict,
    /// With fix: what the answer should have been 正确的回答
    #[arg(required_if_eq("verdict", "fix"))]
    answer: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Verdict {
    Up,
    Down,
    Fix,
}

pub fn run(args: FeedbackArgs, engine: &Engine, lang: Lang) -> Run {
    let rating = if args.verdict == Verdict::Up { Rating::Up } else { Rating::Down };
    let fix = args.answer.filter(|_| args.verdict == Verdict::Fix);
    let logged = engine.rate(&args.entry, rating, fix)?;
    let (id, question) = (logged.id, &logged.entry.question);
    render::note(&lang.pick(format!("已记下:第 {id} 条“{question}”"), format!("noted: {id} \"{question}\"")));
    if rating == Rating::Down {
        render::hint(&lang.pick(
            format!("rag log promote {id} 把它变成评测用例"),
            format!("rag log promote {id} makes it a case of an evaluation"),
        ));
    }
    Ok(Outcome::Done)
}
