//! `rag eval agreement`.

use super::super::render::{self, DIM};
use super::super::{Outcome, Run};
use crate::eval;
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct AgreementArgs {
    /// topic, document and the grades of two passes, a line each pair 判定文件
    file: PathBuf,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: AgreementArgs, lang: Lang) -> Run {
    let agreement = eval::agreement(&args.file)?;
    if args.json {
        render::json(&agreement)?;
        return Ok(Outcome::Done);
    }
    let mut out = render::stdout();
    let eval::Agreement { pairs, same, kappa, kappa_quadratic, counts } = agreement;
    let same = 100.0 * same;
    writeln!(
        out,
        "{}",
        lang.pick(format!("{pairs} 对,相同 {same:.1}%"), format!("{pairs} pairs, {same:.1} % the same"))
    )?;
    writeln!(out, "κ {kappa:.3}  {DIM}{} {kappa_quadratic:.3}{DIM:#}", lang.pick("平方权重", "quadratic"))?;
    for (grade, row) in counts.iter().enumerate() {
        let row: Vec<String> = row.iter().map(|count| format!("{count:>6}")).collect();
        writeln!(out, "{DIM}{grade}{DIM:#} {}", row.concat())?;
    }
    Ok(Outcome::Done)
}
