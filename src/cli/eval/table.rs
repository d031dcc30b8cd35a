//! A report as a table in the terminal, and in words.

use super::super::render::{self, BOLD, DIM, padded};
use crate::eval::{Comparison, Conclusion, Report};
use crate::language::Lang;
use std::io::Write;

/// Columns of the table, after the system's name.
const COLUMNS: [&str; 7] = ["ndcg@10", "mrr@10", "recall@5", "recall@10", "recall@100", "map", "success@1"];

/// Systems in the order given.
pub fn show(report: &Report, systems: &[String], lang: Lang) -> anyhow::Result<()> {
    let mut out = render::stdout();
    let Report { suite, split, queries, metric, .. } = report;
    writeln!(
        out,
        "{BOLD}{suite} {split}{BOLD:#} {}",
        lang.pick(format!("{queries} 条查询"), format!("{queries} queries"))
    )?;
    let head: Vec<String> = COLUMNS.iter().map(|column| padded(column, 11)).collect();
    let zero = lang.pick("空结果", "zero");
    writeln!(
        out,
        "{DIM}{} {} {}{} p50 ms   q/s{DIM:#}",
        padded("", 10),
        padded("95 %", 15),
        head.concat(),
        padded(zero, 7)
    )?;
    for name in systems {
        let Some(system) = report.systems.get(name) else { continue };
        let [low, high] = system.all.ci95;
        let values: Vec<String> =
            COLUMNS.iter().map(|column| padded(&format!("{:.4}", system.all.values[*column]), 11)).collect();
        let interval = padded(&format!("[{low:.3}, {high:.3}]"), 15);
        let zero = padded(&format!("{:.1}%", 100.0 * system.zero_results), 7);
        let latency = system.latency_p50_ms.map_or(String::new(), |ms| format!("{ms:>6.2}"));
        let rate = system.queries_per_s.map_or(String::new(), |rate| format!("{rate:>6.0}"));
        writeln!(out, "{} {interval} {}{zero} {latency} {rate}", padded(name, 10), values.concat())?;
    }
    slices(&mut out, report, systems)?;
    writeln!(out, "{DIM}{metric}{DIM:#}")?;
    for comparison in report.comparisons.iter().filter(|comparison| comparison.slice.is_empty()) {
        writeln!(out, "{}", comparison.words(lang))?;
    }
    for comparison in report.comparisons.iter().filter(|comparison| is_telling(comparison)) {
        writeln!(out, "{DIM}{}{DIM:#} {}", comparison.slice, comparison.words(lang))?;
    }
    Ok(())
}

/// Slices are for diagnosis: named only where they show something.
fn is_telling(comparison: &Comparison) -> bool {
    !comparison.slice.is_empty() && matches!(comparison.conclusion(), Conclusion::Better | Conclusion::Worse)
}

fn slices(out: &mut impl Write, report: &Report, systems: &[String]) -> anyhow::Result<()> {
    let Some(first) = report.systems.values().next() else { return Ok(()) };
    if first.slices.is_empty() {
        return Ok(());
    }
    for (slice, sliced) in &first.slices {
        write!(out, "{} {:>4} ", padded(slice, 10), sliced.queries)?;
        for name in systems {
            let value = report.systems.get(name).and_then(|system| system.slices.get(slice));
            let value = value.map_or(0.0, |sliced| sliced.values[&report.metric]);
            write!(out, " {name} {value:.3} ")?;
        }
        writeln!(out)?;
    }
    Ok(())
}
