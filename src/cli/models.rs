//! `rag models`.

use super::render::{self, GOOD, padded};
use super::{Outcome, Run};
use crate::engine::{Artifact, Engine, PullEvent, PullState, Pulled, WeightsVerdict};
use crate::language::Lang;
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde_json::json;
use std::io::Write;

#[derive(Debug, Args)]
pub struct ModelsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print JSON 输出 JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// What is known and what is there 列出
    List,
    /// Fetch what is missing and check it 获取
    Pull {
        /// Names as listed 名称
        #[arg(required = true)]
        names: Vec<String>,
        /// Accept the terms of a model that has some 接受许可条款
        #[arg(long)]
        accept_terms: bool,
    },
    /// Compare every file that is there with its checksum 校验
    Verify {
        /// Names as listed; none for all that are there 名称
        names: Vec<String>,
    },
    /// Where a model's files are 路径
    Path {
        /// Name as listed; none for the folder of all 名称
        name: Option<String>,
    },
}

pub fn run(args: ModelsArgs, engine: &Engine, lang: Lang) -> Run {
    match args.action.unwrap_or(Action::List) {
        Action::List => list(engine, args.json, lang),
        Action::Pull { names, accept_terms } => {
            for name in names {
                let pulled = pull(engine, &name, accept_terms, lang)?;
                if args.json {
                    render::json(&json!({"name": name, "path": pulled.path, "fetched_bytes": pulled.fetched_bytes}))?;
                }
            }
            Ok(Outcome::Done)
        }
        Action::Verify { names } => verify(engine, names, args.json, lang),
        Action::Path { name } => {
            let path = match name {
                Some(name) => engine.weights_path(&name)?,
                None => engine.weights_dir(),
            };
            writeln!(render::stdout(), "{}", path.display())?;
            Ok(Outcome::Done)
        }
    }
}

fn list(engine: &Engine, as_json: bool, lang: Lang) -> Run {
    let mut out = render::stdout();
    for artifact in engine.artifacts() {
        let state = engine.pull_state(artifact.name)?;
        if as_json {
            let state = format!("{state:?}").to_lowercase();
            let Artifact { name, licence, .. } = artifact;
            let row = json!({"name": name, "kind": artifact.kind.label(Lang::En), "state": state, "bytes": artifact.bytes(), "licence": licence});
            writeln!(out, "{row}")?;
            continue;
        }
        let state = match state {
            PullState::Present => lang.pick("已有", "present"),
            PullState::Partial => lang.pick("不全", "partial"),
            PullState::Missing => lang.pick("没有", "missing"),
        };
        let size = render::bytes(artifact.bytes());
        let purpose = lang.pick(artifact.purpose_zh, artifact.purpose_en);
        writeln!(
            out,
            "{} {} {} {} {purpose} ({})",
            padded(artifact.name, 30),
            padded(state, 8),
            padded(&size, 11),
            padded(artifact.kind.label(lang), 12),
            artifact.licence
        )?;
    }
    Ok(Outcome::Done)
}

/// Fetches one artifact with a progress bar and says how it went.
pub fn pull(engine: &Engine, name: &str, accept_terms: bool, lang: Lang) -> anyhow::Result<Pulled> {
    let mut bar: Option<(String, ProgressBar)> = None;
    let pulled = engine.pull(name, accept_terms, &mut |event| match event {
        PullEvent::Progress { artifact, file, step, done, total } => {
            let message = format!("{artifact} {file} {}", step.label(lang));
            if bar.as_ref().is_none_or(|(shown, _)| *shown != message) {
                if let Some((_, old)) = bar.take() {
                    old.finish_and_clear();
                }
                tracing::info!("{message}");
                bar = Some((message.clone(), render::bar(total, true).with_message(render::visible(&message))));
            }
            if let Some((_, bar)) = &bar {
                bar.set_length(total);
                bar.set_position(done);
            }
        }
        PullEvent::Failed { attempt, .. } => tracing::info!("{}", attempt.message(lang)),
    });
    if let Some((_, bar)) = bar {
        bar.finish_and_clear();
    }
    let pulled = pulled?;
    say(&pulled, name, lang);
    Ok(pulled)
}

fn say(pulled: &Pulled, name: &str, lang: Lang) {
    if pulled.sources.is_empty() {
        return render::note(&lang.pick(format!("{name}:已有"), format!("{name}: already there")));
    }
    let sources: Vec<&str> = pulled.sources.iter().map(|source| source.label(lang)).collect();
    let (sources, size, took) =
        (sources.join(", "), render::bytes(pulled.fetched_bytes), render::seconds(pulled.elapsed));
    render::note(&lang.pick(
        format!("{name}:取自{sources},下载 {size},用时 {took},校验通过"),
        format!("{name}: from {sources}, {size} fetched in {took}, checksums right"),
    ));
}

fn verify(engine: &Engine, names: Vec<String>, as_json: bool, lang: Lang) -> Run {
    let all = names.is_empty();
    let names = if all { engine.artifacts().iter().map(|artifact| artifact.name.to_string()).collect() } else { names };
    let mut out = render::stdout();
    let mut damaged = false;
    for name in names {
        if all && engine.pull_state(&name)? == PullState::Missing {
            continue;
        }
        for check in engine.verify(&name)? {
            let (zh, en) = match &check.verdict {
                WeightsVerdict::Intact => ("完好".into(), "intact".into()),
                WeightsVerdict::Missing => ("缺失".into(), "missing".into()),
                WeightsVerdict::Size { expected, found } => {
                    (format!("大小 {found},应为 {expected}"), format!("{found} bytes, expected {expected}"))
                }
                WeightsVerdict::Checksum { expected, found } => {
                    (format!("sha256 {found},应为 {expected}"), format!("sha256 {found}, expected {expected}"))
                }
            };
            damaged |= check.verdict != WeightsVerdict::Intact;
            if as_json {
                writeln!(out, "{}", json!({"name": name, "file": check.file, "path": check.path, "verdict": en}))?;
            } else {
                let style = if check.verdict == WeightsVerdict::Intact { GOOD } else { render::ERROR };
                writeln!(out, "{name}/{} {style}{}{style:#}", check.file, lang.pick(zh, en))?;
            }
        }
    }
    Ok(if damaged { Outcome::Nothing } else { Outcome::Done })
}
