//! `rag search`.

use super::render::{self, BOLD, DIM};
use super::snippet::snippet;
use super::{Flags, Outcome, Run, filtered, number, set, set_lines};
use crate::engine::{Correction, Engine, Evidence, Found, Hit, Mode, SearchRequest, Stage, TermShare};
use crate::language::Lang;
use clap::Args;
use std::io::Write;

const SNIPPET_COLUMNS: usize = 150;
const TERMS_SHOWN: usize = 8;

const EXAMPLES: &str = "\
Queries 查询:
  rag search 青竹 端口                 several words are one query 多个词是一个查询
  rag search '\"exact phrase\" 端口'    passages must hold the phrase (also “…” and 「…」) 必须原样含有
  rag search '青竹 -端口'              passages must not hold the word (also -\"a phrase\") 不得含有
  rag search -18℃                      what begins with - and is no option is a query 以 - 开头也可以查
  rag search -- --json                 whatever comes after -- is the query 之后的都是查询

Phrases are compared without width, case, 繁简 and line breaks. A - leaves out only what follows a blank and is no number.
短语不计全半角、大小写、繁简和换行;- 只在空格之后、后面不是数字时才表示排除。";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SearchArgs {
    /// What to look for; "a phrase" must be there, -word must not 查询;引号内必须原样出现,-词 必须不出现
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,
    /// Hits shown 条数
    #[arg(short = 'n', long, value_name = "N", value_parser = number::count(), allow_negative_numbers = true)]
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
    #[arg(long, value_name = "R", value_parser = number::share(), allow_negative_numbers = true)]
    min_relevance: Option<f32>,
    /// Say what each stage and each term contributed 解释名次
    #[arg(long)]
    explain: bool,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl SearchArgs {
    /// As one text.
    pub fn query(&self) -> String {
        self.query.join(" ")
    }

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
        operators: true,
        explain: args.explain,
        highlight: (!args.json).then_some(SNIPPET_COLUMNS),
        ..SearchRequest::default()
    };
    let found = engine.search(&args.query(), &request)?;
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
    if !found.excluded.is_empty() {
        let words = listed(&found.excluded);
        render::note(&lang.pick(
            format!("只列不含 {words} 的段落;要查这个词,去掉前面的 - 或加引号"),
            format!("only passages without {words}; to look for it, leave out the - or put it in quotes"),
        ));
    }
    if args.json {
        render::json(&found)?;
    } else if found.hits.is_empty() {
        render::note(&nothing(&found, lang));
    } else {
        show(&found, args.explain)?;
    }
    Ok(if found.hits.is_empty() { Outcome::Nothing } else { Outcome::Done })
}

/// Why there is no hit.
fn nothing(found: &Found, lang: Lang) -> String {
    if found.phrases.is_empty() {
        return lang.pick("没有找到", "nothing found").into();
    }
    let phrases = listed(&found.phrases);
    lang.pick(
        format!("没有找到:没有可查的段落原样含有 {phrases};去掉引号按词查"),
        format!(
            "nothing found: no passage looked at holds {phrases} as it is; leave out the quotes to look for the words"
        ),
    )
}

/// `“a”, “b c”`
fn listed(phrases: &[String]) -> String {
    phrases.iter().map(|phrase| format!("“{phrase}”")).collect::<Vec<_>>().join(", ")
}

fn show(found: &Found, explain: bool) -> anyhow::Result<()> {
    let mut out = render::stdout();
    for hit in &found.hits {
        let title = render::line(&hit.heading());
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
