//! A report card as the terminal shows it.

use super::super::render::{BOLD, DIM, padded};
use crate::eval::{
    Comparison, Conclusion, MEASURES, Measure, Metrics, QUANTITIES, ReportCard, Share, Spread, Stability, TokenCost,
};
use crate::language::Lang;
use std::io::Write;

/// Columns of the names.
pub const NAME_COLUMNS: usize = 30;

/// The five headlines, each with the measures it is made of; the latency comes last.
const HEADLINES: &[((&str, &str), &[&str])] = &[
    (("正确", "right"), &["pass"]),
    (("引用", "citations"), &["citation_valid", "supported"]),
    (("诚实", "honesty"), &["false_refusal", "refusal_recall", "refusal_precision"]),
    (("无依据数字", "numbers"), &["unsupported_number"]),
];

pub fn show(out: &mut impl Write, card: &ReportCard, lang: Lang) -> std::io::Result<()> {
    let ReportCard { on, model, all, token_cost, stability, slices } = card;
    let count = lang.pick(format!("{} 个问题", all.questions), format!("{} questions", all.questions));
    writeln!(out, "{BOLD}{on}{BOLD:#} {count} {DIM}{}{DIM:#}", model.as_deref().unwrap_or_default())?;
    for (about, names) in HEADLINES {
        writeln!(out, "{DIM}{}{DIM:#}", lang.pick(about.0, about.1))?;
        for measure in names.iter().filter_map(|name| Measure::named(name)) {
            share_row(out, measure, all, lang)?;
        }
    }
    writeln!(out, "{DIM}{}{DIM:#}", lang.pick("时间", "latency"))?;
    for quantity in QUANTITIES {
        let label = lang.pick(quantity.about.0, quantity.about.1);
        if let Some(spread) = all.quantities[quantity.name] {
            writeln!(out, "  {} {}", padded(label, NAME_COLUMNS - 2), spread_words(&spread, quantity.unit))?;
        }
    }
    if let Some(TokenCost { prompt_ms, completion_ms, .. }) = token_cost {
        let label = padded(lang.pick("多一个词元", "one token more"), NAME_COLUMNS - 2);
        let words = lang.pick(
            format!("提示 {prompt_ms:+.1} ms,回答 {completion_ms:+.1} ms"),
            format!("prompt {prompt_ms:+.1} ms, answer {completion_ms:+.1} ms"),
        );
        writeln!(out, "  {label} {words}")?;
    }
    if let Some(stability) = stability {
        show_stability(out, stability, lang)?;
    }
    writeln!(out, "{DIM}{}{DIM:#}", lang.pick("此外", "besides"))?;
    let is_headline = |name: &&str| HEADLINES.iter().any(|(_, names)| names.contains(name));
    for measure in MEASURES.iter().filter(|measure| !is_headline(&measure.name)) {
        share_row(out, measure, all, lang)?;
    }
    show_slices(out, slices, lang)
}

fn share_row(out: &mut impl Write, measure: &Measure, all: &Metrics, lang: Lang) -> std::io::Result<()> {
    writeln!(out, "  {} {}", padded(measure.label(lang), NAME_COLUMNS - 2), share_words(all.shares[measure.name]))
}

fn show_stability(out: &mut impl Write, stability: &Stability, lang: Lang) -> std::io::Result<()> {
    let Stability { repeats, worst_pass, changed, reworded } = stability;
    writeln!(out, "{DIM}{}{DIM:#}", lang.pick(format!("每题问 {repeats} 次"), format!("each asked {repeats} times")))?;
    let rows = [
        (("次次通过", "passed every time"), worst_pass),
        (("结果不一", "outcome changed"), changed),
        (("措辞不一", "reworded"), reworded),
    ];
    for (about, share) in rows {
        writeln!(out, "  {} {}", padded(lang.pick(about.0, about.1), NAME_COLUMNS - 2), share_words(*share))?;
    }
    Ok(())
}

/// One line a slice: what passes there, those that are to be refused by their recall.
fn show_slices(
    out: &mut impl Write,
    slices: &std::collections::BTreeMap<String, Metrics>,
    lang: Lang,
) -> std::io::Result<()> {
    writeln!(out, "{DIM}{}{DIM:#}", lang.pick("按类型:通过,或拒答", "by slice: passed, or refused"))?;
    for (name, metrics) in slices {
        let (pass, refused) = (metrics.shares["pass"], metrics.shares["refusal_recall"]);
        let shown = match (pass.of, refused.of) {
            (_, 0) => share_words(pass),
            (0, _) => share_words(refused),
            _ => format!("{}  {}", share_words(pass), share_words(refused)),
        };
        writeln!(out, "  {} {shown}", padded(name, NAME_COLUMNS - 2))?;
    }
    Ok(())
}

/// `83.3 %  [70.1, 92.4]  n=24`
pub fn share_words(Share { value, ci95: [low, high], of }: Share) -> String {
    match of {
        0 => "-".into(),
        _ => format!("{:>5.1} %  [{:.1}, {:.1}]  n={of}", 100.0 * value, 100.0 * low, 100.0 * high),
    }
}

/// `p50 120 [100, 140]  p95 300  mean 150 ms`
fn spread_words(Spread { mean, p50, p50_ci95: [low, high], p95, .. }: &Spread, unit: &str) -> String {
    format!("p50 {p50:.0} [{low:.0}, {high:.0}]  p95 {p95:.0}  mean {mean:.0} {unit}").trim_end().into()
}

/// `-12.5 [-25.0, 0.0] p=.063`, and whether that shows anything.
pub fn difference_words(difference: &Comparison, factor: f64, is_good: bool, lang: Lang) -> String {
    let [low, high] = difference.ci95.map(|end| factor * end);
    let said = match difference.conclusion() {
        Conclusion::Same => return lang.pick("相同".into(), "the same".into()),
        Conclusion::Open => lang.pick("看不出差别", "open"),
        Conclusion::Better if is_good => lang.pick("变好", "better"),
        Conclusion::Worse if !is_good => lang.pick("变好", "better"),
        Conclusion::Better | Conclusion::Worse => lang.pick("变差", "worse"),
    };
    let (delta, p) = (factor * difference.delta, difference.p);
    format!("{delta:+.1} [{low:.1}, {high:.1}] p={p:.3} {said}")
}
