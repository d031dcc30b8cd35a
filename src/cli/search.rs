//! `rag search`.

use super::render::{self, BOLD, DIM};
use super::snippet::snippet;
use super::{Flags, Outcome, Run, filtered, set, set_lines};
use crate::engine::{Correction, Engine, Evidence, Found, Hit, Mode, SearchRequest, Stage, TermShare};
use crate::language::Lang;
use clap::Args;
use std::io::Write;

const SNIPPET_COLUMNS: usize = 150;
const TERMS_SHOWN: usize = 8;

#[derive(Debug, Args)]
pub struct SearchArgs {
    /// What to look for 查询
    pub query: String,
    /// Hits shown 条数
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,
    /// hybrid, lexical or dense 检索方式
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// evidence or rrf: how hybrid mode joins its legs 融合方式
    #[arg(long, value_name = "NAME")]
    fusion: Option<String>,
    /// Only documents whose properties say so, as in tag=检索, 'date>=2024-01', 'version<2.0'. There are = != >= <= > <;
    /// path (a folder, or a glob: 'notes/**'), source, ext, title and modified are always there; repeatable
    /// 按文档属性与位置筛选
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,
    /// none, auto, maxsim or endpoint: look at the first passages once more 重排
    #[arg(long, value_name = "HOW")]
    rerank: Option<String>,
    /// Leave out hits of less relevance, 0 to 1 相关度下限
    #[arg(long, value_name = "R")]
    min_relevance: Option<f32>,
    /// Say what each stage and each term contributed 解释名次
    #[arg(long)]
    explain: bool,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl SearchArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        set(flags, "search.limit", self.limit);
        set(flags, "search.mode", self.mode.as_ref());
        set_lines(flags, "search.where", &self.conditions);
        set(flags, "search.fusion", self.fusion.as_ref());
        set(flags, "search.rerank", self.rerank.as_ref());
        set(flags, "search.min_relevance", self.min_relevance);
    }
}

pub fn run(args: SearchArgs, engine: &Engine, lang: Lang) -> Run {
    let request = SearchRequest {
        explain: args.explain,
        highlight: (!args.json).then_some(SNIPPET_COLUMNS),
        ..SearchRequest::default()
    };
    let found = engine.search(&args.query, &request)?;
    for Correction { typed, read_as } in &found.corrections {
        render::note(&lang.pick(
            format!("索引里没有“{typed}”,也按“{read_as}”查了"),
            format!("{typed:?} is nowhere in the index; looked for {read_as:?} too"),
        ));
    }
    if found.silent.contains(&Stage::Lexical) && found.mode == Mode::Hybrid {
        render::note(
            lang.pick(
                "查询里没有一个词见于索引,只凭向量",
                "no word of the query is in the index: found by vectors alone",
            ),
        );
    }
    filtered::tell(&found.filter, lang);
    if args.json {
        render::json(&found)?;
    } else if found.hits.is_empty() {
        render::note(lang.pick("没有找到", "nothing found"));
    } else {
        show(&found, args.explain)?;
    }
    Ok(if found.hits.is_empty() { Outcome::Nothing } else { Outcome::Done })
}

fn show(found: &Found, explain: bool) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    for hit in &found.hits {
        let title = hit.heading();
        let place = render::place(&hit.path, hit.lines);
        writeln!(out, "{:>2}  {:<8.4} {BOLD}{title}{BOLD:#}  {DIM}{place}{DIM:#}", hit.rank, hit.score)?;
        writeln!(out, "    {}", snippet(&hit.plain, &hit.marks, hit.excerpt.clone()))?;
        if explain {
            writeln!(out, "    {DIM}{}{DIM:#}", explained(hit))?;
            for same in &hit.duplicates {
                writeln!(out, "    {DIM}= {}  {}{DIM:#}", same.chunk, render::place(&same.path, same.lines))?;
            }
        }
    }
    if explain {
        if let Some(fusion) = &found.fusion {
            writeln!(out, "{DIM}fusion {fusion}{DIM:#}")?;
        }
        let Evidence { coverage, cosine, answerable } = found.evidence;
        let cosine = cosine.map_or(String::new(), |cosine| format!(" · cosine {cosine:.3}"));
        writeln!(out, "{DIM}evidence: coverage {coverage:.2}{cosine} · answerable {answerable:.2}{DIM:#}")?;
        let timings: Vec<String> = found.timings_ms.iter().map(|(stage, ms)| format!("{stage} {ms:.1}")).collect();
        writeln!(out, "{DIM}ms: {}{DIM:#}", timings.join(" · "))?;
    }
    Ok(())
}

/// `lexical #1 12.34 · dense #3 0.87 · fusion #1 0.0323 | qlora body 4.1 + …`
fn explained(hit: &Hit) -> String {
    let steps: Vec<String> = hit.trail.iter().map(ToString::to_string).collect();
    let terms = hit.terms.as_deref().unwrap_or_default();
    let mut parts: Vec<String> = terms.iter().take(TERMS_SHOWN).map(term).collect();
    if terms.len() > TERMS_SHOWN {
        let rest: f32 = terms[TERMS_SHOWN..].iter().map(|share| share.score).sum();
        parts.push(format!("… {rest:.2}"));
    }
    match parts.is_empty() {
        true => steps.join(" · "),
        false => format!("{} | {}", steps.join(" · "), parts.join(" + ")),
    }
}

/// `qlora body 4.10 (tf 3, idf 2.94)`.
fn term(share: &TermShare) -> String {
    let TermShare { term, field, tf, idf, score } = share;
    let how = tf.zip(*idf).map_or(String::new(), |(tf, idf)| format!(" (tf {tf}, idf {idf:.2})"));
    format!("{term} {field} {score:.2}{how}")
}
