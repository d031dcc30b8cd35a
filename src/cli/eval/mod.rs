//! `rag eval`.

mod ablate;
mod add;
mod agreement;
mod answers;
mod card;
mod checks;
mod diff;
mod judge;
mod lint;
mod models;
mod new;
mod rgb;
mod shots;
mod stress;
mod table;
mod tune;
mod tune_maxsim;

use super::bars::Bars;
use super::render;
use super::{Flags, Outcome, Run};
use crate::engine::Engine;
use crate::error::IoContext;
use crate::eval::{self, EvalProblem, Metric, Options, Progress, Qrels, Report, Suite, Topic};
use crate::files::replace;
use crate::language::Lang;
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct EvalArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Run the systems on a suite and judge them 检索评测
    Retrieval(RetrievalArgs),
    /// Ask every question of a suite, and check the answers 评测回答
    Answers(answers::AnswersArgs),
    /// RGB's tasks: noise, refusal, integration and false passages 抗噪、拒答、整合、反事实
    Rgb(rgb::RgbArgs),
    /// Whether one model may replace another: quality, latency, tokens, and what flips 换模型报告
    Models(models::ModelsArgs),
    /// Which of two recorded runs answers better, by the chat model 两两评判
    Judge(judge::JudgeArgs),
    /// How far the citation check itself can be trusted 评测引用核对
    Checks(checks::ChecksArgs),
    /// Whether the examples of answers are what is asked, and none is in the test 检查少样本示例
    Shots(shots::ShotsArgs),
    /// Small cases of what breaks elsewhere: 繁简, width, ids, typos, units … 压力测试
    Stress(stress::StressArgs),
    /// One knob a row, each against the default 消融
    Ablate(ablate::AblateArgs),
    /// The same topics among more and more distractors 大海捞针
    Haystack(HaystackArgs),
    /// Learn from judgements how much a cosine is worth beside BM25 校准融合
    Tune(tune::TuneArgs),
    /// Learn from judgements how much MaxSim is worth beside the calibration in use 校准重排
    #[command(name = "tune-maxsim")]
    TuneMaxSim(tune_maxsim::TuneMaxSimArgs),
    /// One topic through every stage 看一条查询
    Diff(diff::DiffArgs),
    /// What would make a suite's numbers worth less 检查评测集
    Lint(lint::LintArgs),
    /// How far two passes of judgement agree 标注一致性
    Agreement(agreement::AgreementArgs),
    /// Draft a suite from what is indexed, with the chat model 起草评测集
    New(new::NewArgs),
    /// Add a topic by hand 添加一条
    Add(add::AddArgs),
    /// Compare two run files in TREC's format, from any engine 比较两份运行结果
    Compare(CompareArgs),
}

#[derive(Debug, Args)]
struct RetrievalArgs {
    /// Folder of the suite: ours (suite.toml) or BEIR's layout 评测集目录
    suite: PathBuf,
    /// dev or test, as the suite has them 数据划分
    #[arg(long, value_name = "NAME")]
    split: Option<String>,
    /// Systems, the baseline first 系统
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "lexical,dense,rrf,hybrid")]
    systems: Vec<String>,
    /// What intervals and comparisons are about 指标
    #[arg(long, value_name = "NAME", default_value = "ndcg@10")]
    metric: String,
    /// Grade from which a document counts as relevant 相关的最低等级
    #[arg(long, value_name = "GRADE")]
    rel: Option<i32>,
    /// Write the report as JSON to a file, or to stdout with - 报告写成 JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a run file in TREC's format for each system; with tabs between the columns where an id holds blanks, which
    /// rag eval compare reads, and other tools only if they part columns at tabs 运行结果目录
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// Write the report as one HTML page 报告写成网页
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Exit with 1 if a value is below what suite.toml expects 低于预期则退出码为 1
    #[arg(long)]
    gate: bool,
}

#[derive(Debug, Args)]
struct HaystackArgs {
    /// Folder of the suite 评测集目录
    suite: PathBuf,
    /// Passages that answer none of the topics, one JSON a line 干扰段落
    #[arg(long, value_name = "FILE")]
    distractors: PathBuf,
    /// How many of them, one run each 数量
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_value = "0,1000,10000")]
    counts: Vec<usize>,
    /// dev or test, as the suite has them 数据划分
    #[arg(long, value_name = "NAME")]
    split: Option<String>,
    /// Systems 系统
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "lexical,dense,hybrid")]
    systems: Vec<String>,
    /// What the curve is of 指标
    #[arg(long, value_name = "NAME", default_value = "ndcg@10")]
    metric: String,
    /// Print JSON, one count a line 输出 JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct CompareArgs {
    /// Run file 运行结果
    run_a: PathBuf,
    /// Run file it is compared with 与之比较的运行结果
    run_b: PathBuf,
    /// Judgements, as TREC or BEIR write them 相关性标注
    #[arg(long, value_name = "FILE")]
    qrels: PathBuf,
    /// What is compared 指标
    #[arg(long, value_name = "NAME", default_value = "ndcg@10")]
    metric: String,
    /// Grade from which a document counts as relevant 相关的最低等级
    #[arg(long, value_name = "GRADE", default_value_t = 1)]
    rel: i32,
    /// Print JSON 输出 JSON
    #[arg(long)]
    json: bool,
}

impl EvalArgs {
    pub fn add_flags(&self, flags: &mut Flags) {
        match &self.action {
            Action::Answers(args) => args.add_flags(flags),
            Action::Rgb(args) => args.add_flags(flags),
            Action::Ablate(args) => args.add_flags(flags),
            _ => {}
        }
    }
}

pub fn run(args: EvalArgs, engine: &Engine, lang: Lang) -> Run {
    match args.action {
        Action::Retrieval(args) => retrieval(args, engine, lang),
        Action::Answers(args) => answers::run(args, engine, lang),
        Action::Rgb(args) => rgb::run(args, engine, lang),
        Action::Models(args) => models::run(args, engine, lang),
        Action::Judge(args) => judge::run(args, engine, lang),
        Action::Checks(args) => checks::run(args, engine, lang),
        Action::Shots(args) => shots::run(args, engine, lang),
        Action::Stress(args) => stress::run(args, engine, lang),
        Action::Ablate(args) => ablate::run(args, engine, lang),
        Action::Haystack(args) => haystack(args, engine, lang),
        Action::Tune(args) => tune::run(args, engine, lang),
        Action::TuneMaxSim(args) => tune_maxsim::run(args, engine, lang),
        Action::Diff(args) => diff::run(args, engine, lang),
        Action::Lint(args) => lint::run(args, engine, lang),
        Action::Agreement(args) => agreement::run(args, lang),
        Action::New(args) => new::run(args, engine, lang),
        Action::Add(args) => add::run(args, engine, lang),
        Action::Compare(args) => compare(args, lang),
    }
}

fn metric(name: &str) -> anyhow::Result<Metric> {
    let known = || eval::METRICS.iter().map(|metric| metric.to_string()).collect();
    let found = Metric::named(name).ok_or_else(|| EvalProblem::UnknownMetric { name: name.into(), known: known() });
    Ok(found.map_err(crate::error::Error::from)?)
}

fn retrieval(args: RetrievalArgs, engine: &Engine, lang: Lang) -> Run {
    let metric = metric(&args.metric)?;
    let mut suite = Suite::read(&args.suite, args.split.as_deref())?;
    suite.rel = args.rel.unwrap_or(suite.rel);
    let bench = bench(&suite, engine, &Options { systems: args.systems.clone() }, lang)?;
    let mut report = eval::evaluate(&suite, &bench.runs, metric);
    report.time(&bench.latencies);
    if let Some(path) = &args.html {
        replace(path, eval::page(&suite, &bench.runs, &report, lang).as_bytes()).at("write", path)?;
    }
    match &args.json {
        Some(path) if path.as_os_str() == "-" => render::json(&report)?,
        Some(path) => replace(path, &serde_json::to_vec_pretty(&report)?).at("write", path)?,
        None => {}
    }
    if args.json.as_ref().is_none_or(|path| path.as_os_str() != "-") {
        table::show(&report, &args.systems, lang)?;
    }
    // Last: an id that no run file can hold costs no more than the file.
    if let Some(dir) = &args.runs {
        std::fs::create_dir_all(dir).at("create", dir)?;
        for run in &bench.runs {
            let path = dir.join(format!("{}.{}.{}.run", suite.name, suite.split, run.system));
            replace(&path, run.trec().map_err(crate::error::Error::from)?.as_bytes()).at("write", &path)?;
        }
    }
    if args.gate { gate(&suite, &report, lang) } else { Ok(Outcome::Done) }
}

fn bench(suite: &Suite, engine: &Engine, options: &Options, lang: Lang) -> anyhow::Result<eval::Bench> {
    let mut bars = Bars::new(lang);
    let bench = eval::bench(suite, engine, options, &mut |progress| bars.show("", progress));
    bars.clear();
    Ok(bench?)
}

/// Every value that `suite.toml` expects, with what came out.
fn gate(suite: &Suite, report: &Report, lang: Lang) -> Run {
    let mut regressed = false;
    for (system, expected) in &suite.expected {
        for (metric, expected) in expected {
            let value = report.systems.get(system).and_then(|system| system.all.values.get(metric));
            let Some(value) = value else { continue };
            if *value < expected - suite.tolerance {
                regressed = true;
                let message = lang.pick(
                    format!("{system} {metric} 为 {value:.4},预期 {expected:.4}(容差 {})", suite.tolerance),
                    format!("{system} {metric} is {value:.4}, expected {expected:.4} (tolerance {})", suite.tolerance),
                );
                render::warning(&message);
            }
        }
    }
    Ok(if regressed { Outcome::Nothing } else { Outcome::Done })
}

fn haystack(args: HaystackArgs, engine: &Engine, lang: Lang) -> Run {
    let metric = metric(&args.metric)?;
    let suite = Suite::read(&args.suite, args.split.as_deref())?;
    let options = Options { systems: args.systems.clone() };
    let mut bars = Bars::new(lang);
    let show = &mut |count: usize, progress: Progress<'_>| bars.show(&format!("+{count}"), progress);
    let reports = eval::haystack(&suite, &args.distractors, &args.counts, engine, &options, metric, show);
    bars.clear();
    let mut out = render::stdout();
    for (count, report) in reports? {
        if args.json {
            writeln!(out, "{}", serde_json::json!({ "distractors": count, "report": report }))?;
            continue;
        }
        write!(out, "{count:>7}")?;
        for name in &args.systems {
            let all = &report.systems[name].all;
            let [low, high] = all.ci95;
            write!(out, "  {name} {:.4} [{low:.3}, {high:.3}]", all.values[&args.metric])?;
        }
        writeln!(out)?;
    }
    Ok(Outcome::Done)
}

fn compare(args: CompareArgs, lang: Lang) -> Run {
    let metric = metric(&args.metric)?;
    let qrels = Qrels::read(&args.qrels)?;
    let mut runs = vec![eval::Run::read(&args.run_b)?, eval::Run::read(&args.run_a)?];
    if runs[0].system == runs[1].system {
        runs[0].system += "-b";
        runs[1].system += "-a";
    }
    let topic = |id: &String| Topic { id: id.clone(), text: String::new(), slice: String::new() };
    let suite = Suite::judged(qrels.0.keys().map(topic).collect(), qrels, args.rel);
    let report = eval::evaluate(&suite, &runs, metric);
    if args.json {
        render::json(&report)?;
    } else {
        let names: Vec<String> = runs.into_iter().rev().map(|run| run.system).collect();
        table::show(&report, &names, lang)?;
    }
    Ok(Outcome::Done)
}
