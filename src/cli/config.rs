//! `rag config`.

use super::render::{self, DIM};
use super::{Outcome, Run};
use crate::engine::Engine;
use crate::language::Lang;
use clap::Args;
use std::io::Write;

#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: ConfigArgs, engine: &Engine, lang: Lang) -> Run {
    let shown = engine.config().shown();
    if args.json {
        render::json(&shown)?;
        return Ok(Outcome::Done);
    }
    let mut out = render::stdout();
    for setting in shown {
        let about = crate::config::KEYS.iter().find(|key| key.name == setting.name).map(|key| key.about);
        let about = about.map_or(lang.pick("数据目录", "data folder"), |(en, zh)| lang.pick(zh, en));
        let value = if setting.value.is_empty() { "-".into() } else { render::line(&setting.value) };
        let origin = format!("({})", setting.origin);
        writeln!(
            out,
            "{} {} {} {DIM}{about}{DIM:#}",
            render::padded(setting.name, 24),
            render::padded(&value, 32),
            render::padded(&origin, 20)
        )?;
    }
    Ok(Outcome::Done)
}
