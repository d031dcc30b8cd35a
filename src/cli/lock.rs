//! `rag lock`, and the comparison that every search and question makes.

use super::render::{self, DIM};
use super::{Outcome, Run};
use crate::engine::{Depth, Difference, Engine, LOCK_FILE};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::Path;

#[derive(Debug, Args)]
pub struct LockArgs {
    /// Compare instead of writing; exit with 1 on any difference 只比较,有差异则退出码为 1
    #[arg(long)]
    check: bool,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: LockArgs, engine: &Engine, lang: Lang) -> Run {
    if !args.check {
        let lock = engine.lock(Depth::Full)?;
        lock.write(Path::new(LOCK_FILE))?;
        if args.json {
            render::json(&lock)?;
        }
        render::note(&lang.pick(
            format!("已写入 {LOCK_FILE}:此后模型、提示或索引参数有变会提醒"),
            format!("{LOCK_FILE} written: a change of models, prompts or index parameters will be told"),
        ));
        return Ok(Outcome::Done);
    }
    let differences = engine.check_lock(Depth::Full)?;
    if args.json {
        render::json(&differences)?;
    } else {
        let mut out = render::stdout();
        for difference in &differences {
            writeln!(out, "{}", words(difference))?;
        }
    }
    Ok(if differences.is_empty() { Outcome::Done } else { Outcome::Nothing })
}

/// Warns of what is no longer as it was locked.
pub fn compare(engine: &Engine, depth: Depth, lang: Lang) -> anyhow::Result<()> {
    let differences = engine.check_lock(depth)?;
    if !differences.is_empty() {
        let list = differences.iter().map(words).collect::<Vec<_>>().join("; ");
        render::warning(&lang.pick(
            format!("与 {LOCK_FILE} 不一致:{list}(接受就再运行 rag lock)"),
            format!("not as in {LOCK_FILE}: {list} (to accept it, run rag lock again)"),
        ));
    }
    Ok(())
}

fn words(Difference { name, locked, now }: &Difference) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or("-".into());
    format!("{name} {DIM}{} → {}{DIM:#}", shown(locked), shown(now))
}
