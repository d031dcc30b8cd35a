//! `rag eval judge`.

use super::super::bars::Bars;
use super::super::render::{self, BOLD, DIM, padded};
use super::super::{Outcome, Run};
use super::card;
use crate::engine::Engine;
use crate::eval::{self, JudgeReport, LABELS_MIN, Progress, Verdicts};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// Both orders of every pair are shown, always: who wins in only one of them has not won.
#[derive(Debug, Args)]
pub struct JudgeArgs {
    /// What rag eval answers --asked wrote 逐条结果
    a: PathBuf,
    /// The same of another run 另一次运行的逐条结果
    b: PathBuf,
    /// People's verdicts, one {"id":…,"winner":"a|b|tie"} a line 人工标注
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Write every verdict with its reasons, one JSON a line; a file that is there already is gone on with 逐条判定,可接着跑
    #[arg(long, value_name = "FILE")]
    judged: Option<PathBuf>,
    /// Print JSON, reasons included 输出 JSON,含理由
    #[arg(long)]
    json: bool,
}

pub fn run(args: JudgeArgs, engine: &Engine, lang: Lang) -> Run {
    let mut bars = Bars::new(lang);
    let on = &mut |done, total| bars.show("", Progress::Searched { system: "judge", done, total });
    let report = eval::judge(&args.a, &args.b, args.labels.as_deref(), engine, args.judged.as_deref(), on);
    bars.clear();
    let report = report?;
    if args.json {
        render::json(&report)?;
    } else {
        show(&report, lang)?;
    }
    warn(&report, lang);
    Ok(Outcome::Done)
}

fn show(report: &JudgeReport, lang: Lang) -> anyhow::Result<()> {
    let mut out = render::stdout();
    let JudgeReport { judge, all, length_matched, identical, inconsistent, unreadable, agreement, .. } = report;
    let pairs = lang.pick(format!("{} 对", all.pairs), format!("{} pairs", all.pairs));
    writeln!(out, "{BOLD}{pairs}{BOLD:#} {DIM}{}{DIM:#}", judge.as_deref().unwrap_or_default())?;
    verdicts(&mut out, all, lang)?;
    let matched = length_matched.pairs;
    writeln!(
        out,
        "{DIM}{}{DIM:#}",
        lang.pick(format!("只看长度相近的 {matched} 对"), format!("the {matched} pairs of like length"))
    )?;
    verdicts(&mut out, length_matched, lang)?;
    writeln!(out, "{DIM}{}{DIM:#}", lang.pick("评判本身", "the judge itself"))?;
    let mut rows = vec![
        (lang.pick("换序后改口,算平", "turned by the order: a tie"), card::share_words(*inconsistent)),
        (lang.pick("没写结论,算平", "no verdict: a tie"), card::share_words(*unreadable)),
        (lang.pick("两份一字不差", "the same text twice"), identical.to_string()),
    ];
    if let Some(agreement) = agreement {
        rows.push((lang.pick("与人工一致", "same as people"), card::share_words(agreement.same)));
        rows.push((lang.pick("与人工的 κ", "κ with people"), format!("{:.3}", agreement.kappa)));
    }
    for (label, words) in rows {
        writeln!(out, "  {} {words}", padded(label, card::NAME_COLUMNS - 2))?;
    }
    Ok(())
}

fn verdicts(out: &mut impl Write, verdicts: &Verdicts, lang: Lang) -> std::io::Result<()> {
    let rows = [
        (lang.pick("A 更好", "A is better"), verdicts.a),
        (lang.pick("B 更好", "B is better"), verdicts.b),
        (lang.pick("平", "tie"), verdicts.tie),
    ];
    for (label, share) in rows {
        writeln!(out, "  {} {}", padded(label, card::NAME_COLUMNS - 2), card::share_words(share))?;
    }
    if verdicts.pairs > 0 {
        writeln!(out, "  {}", verdicts.comparison.words(lang))?;
    }
    Ok(())
}

fn warn(report: &JudgeReport, lang: Lang) {
    let labels = report.agreement.as_ref().map_or(0, |agreement| agreement.labels);
    if labels < LABELS_MIN {
        render::warning(&lang.pick(
            format!("人工标注只有 {labels} 对,不足 {LABELS_MIN}:评判可不可信,还不知道(--labels)"),
            format!(
                "only {labels} pairs were labelled by people, fewer than {LABELS_MIN}: how far the judge can be trusted is not known (--labels)"
            ),
        ));
    }
}
