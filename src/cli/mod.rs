//! The command line: flags in, exit code out; one file a command.

mod answered;
mod ask;
mod bars;
mod chat;
mod collection;
mod config;
mod corpus;
mod demo;
mod diagnose;
mod doctor;
mod eval;
mod failure;
mod feedback;
mod filtered;
mod get;
mod index;
mod inspect;
mod llama;
mod lock;
mod log;
mod models;
mod number;
mod prompt;
mod render;
mod search;
mod skew;
mod snippet;
mod source;
mod status;
mod terminal;
mod trace;
mod typed;

use crate::config::Config;
use crate::engine::{Depth, Engine};
use crate::error::Error;
use crate::language::Lang;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};
use std::error::Error as _;
use std::ffi::OsString;
use std::process::ExitCode;

/// Finds the right passage and answers from it, with checked citations. 中文优先的本地检索与问答。
#[derive(Debug, Parser)]
#[command(name = "rag", version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Global {
    /// Collection to work on; several can be searched as one 资料库 [default: default]
    #[arg(short, long = "collection", global = true, value_name = "NAME")]
    collections: Vec<String>,
    /// Say what is going on, on stderr; twice for more 详细输出
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Index folders and files 建立或更新索引
    Index(index::IndexArgs),
    /// Find passages 检索段落
    Search(search::SearchArgs),
    /// The folders and files that a collection takes from: list, add, rm 来源
    Source(source::SourceArgs),
    /// Collections: list, rm, rename 资料库
    Collection(collection::CollectionArgs),
    /// The text of a document or chunk as it is indexed 取出原文
    Get(get::GetArgs),
    /// What the index holds of a document or chunk, or knows of a query 查看索引
    Inspect(inspect::InspectArgs),
    /// Answer a question from the collection, with sources 提问
    Ask(ask::AskArgs),
    /// Ask one question after the other; follow-ups are understood 连续提问
    Chat(chat::ChatArgs),
    /// What was asked, and what came of it 提问日志
    Log(log::LogArgs),
    /// Say whether an answer was right 反馈:是否回答了你的问题
    Feedback(feedback::FeedbackArgs),
    /// Pin what answers depend on in rag.lock 锁定模型、提示与索引参数
    Lock(lock::LockArgs),
    /// How far users' questions are from those of a suite 日志与评测集的偏差
    Skew(skew::SkewArgs),
    /// Prompts: list, show, diff 提示模板
    Prompt(prompt::PromptArgs),
    /// Check the documents of a folder 检查语料
    Corpus(corpus::CorpusArgs),
    /// Measure retrieval, with intervals 评测
    Eval(eval::EvalArgs),
    /// The exact prompt of an evaluation question, and where it failed 诊断一道题
    Diagnose(diagnose::DiagnoseArgs),
    /// Weights: list, pull, verify 模型权重
    Models(models::ModelsArgs),
    /// A local llama-server: up, down, status 本地模型服务
    Llama(llama::LlamaArgs),
    /// The main job in one go: fetch, index, serve, ask 一条命令跑通全程
    Demo(demo::DemoArgs),
    /// What is indexed, with which models 索引状态
    Status(status::StatusArgs),
    /// What is wrong with this machine, and what to type 检查环境
    Doctor(doctor::DoctorArgs),
    /// Every setting with where it comes from 查看设置
    Config(config::ConfigArgs),
}

/// How a command that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Found, answered, done: exit code 0.
    Done,
    /// Nothing found, or abstained: exit code 1.
    Nothing,
    /// Failed, and has said so: exit code 2.
    Failed,
}

type Run = anyhow::Result<Outcome>;

/// Settings given as flags: dotted names with their values.
type Flags = Vec<(&'static str, String)>;

pub fn main() -> ExitCode {
    terminal::show_panics();
    let code = conclude(std::env::args_os().collect());
    // A stream that is gone is nobody's.
    let _ = terminal::finish();
    ExitCode::from(code)
}

/// Does what was typed; the exit code.
fn conclude(typed: Vec<OsString>) -> u8 {
    let lang = speak(Some(&typed.join(" ".as_ref()).to_string_lossy()));
    let as_json = failure::is_json_wanted(&typed);
    let cli = match parse(typed) {
        Ok(cli) => cli,
        Err(unread) => return unread.tell(as_json, lang),
    };
    let level = match cli.global.verbose {
        0 => tracing::Level::WARN,
        1 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    let log = tracing_subscriber::fmt().with_max_level(level).with_writer(terminal::stderr);
    log.with_ansi(false).without_time().init();
    let lang = speak(cli.command.question().as_deref());
    match run(cli, lang) {
        Ok(Outcome::Done) => 0,
        Ok(Outcome::Nothing) => 1,
        Ok(Outcome::Failed) => FAILED,
        Err(error) if is_broken_pipe(&error) => 0,
        Err(error) => {
            failure::tell(&error, as_json, lang);
            FAILED
        }
    }
}

/// The exit code of what failed.
const FAILED: u8 = 2;

/// Arguments that no command can be made of, or that ask for help.
enum Unread {
    Ours(Error),
    Clap(clap::Error),
}

fn parse(typed: Vec<OsString>) -> Result<Cli, Unread> {
    let ordered = typed::in_order(typed, Cli::command()).map_err(|problem| Unread::Ours(problem.into()))?;
    Cli::try_parse_from(ordered).map_err(|error| {
        match error.source().and_then(|source| source.downcast_ref::<number::NumberProblem>()) {
            Some(problem) => Unread::Ours(problem.clone().into()),
            None => Unread::Clap(error),
        }
    })
}

impl Unread {
    fn tell(self, as_json: bool, lang: Lang) -> u8 {
        match self {
            Unread::Ours(problem) => failure::tell(&problem.into(), as_json, lang),
            // Help is all our own text, in clap's styles. A stream that is gone is nobody's.
            Unread::Clap(help) if !help.use_stderr() => {
                let _ = help.print();
                return 0;
            }
            Unread::Clap(error) => failure::tell_usage(&error, as_json),
        }
        FAILED
    }
}

fn run(cli: Cli, lang: Lang) -> Run {
    let mut flags: Flags = Vec::new();
    set(&mut flags, "collection", Some(cli.global.collections.join(",")).filter(|names| !names.is_empty()));
    cli.command.add_flags(&mut flags);
    let config = Config::load(&flags)?;
    terminal::strike(config.secrets());
    terminal::strike(std::env::var("HF_TOKEN").into_iter().collect());
    let withheld = config.withheld().to_vec();
    let done = dispatch(cli, &Engine::new(config), lang);
    if matches!(done, Err(_) | Ok(Outcome::Failed)) {
        withheld.iter().for_each(|key| failure::explain_withheld(key, lang));
    }
    done
}

fn dispatch(cli: Cli, engine: &Engine, lang: Lang) -> Run {
    match cli.command {
        Command::Search(_) => lock::compare(engine, Depth::Search, lang)?,
        Command::Ask(_) | Command::Chat(_) => lock::compare(engine, Depth::Ask, lang)?,
        _ => {}
    }
    match cli.command {
        Command::Index(args) => index::run(args, engine, lang),
        Command::Search(args) => search::run(args, engine, lang),
        Command::Source(args) => source::run(args, engine, lang),
        Command::Collection(args) => collection::run(args, engine, lang),
        Command::Get(args) => get::run(args, engine, lang),
        Command::Inspect(args) => inspect::run(args, engine, lang),
        Command::Ask(args) => ask::run(args, engine, lang),
        Command::Chat(args) => chat::run(args, engine, lang),
        Command::Lock(args) => lock::run(args, engine, lang),
        Command::Log(args) => log::run(args, engine, lang),
        Command::Feedback(args) => feedback::run(args, engine, lang),
        Command::Skew(args) => skew::run(args, engine, lang),
        Command::Prompt(args) => prompt::run(args, engine, lang),
        Command::Corpus(args) => corpus::run(args, engine, lang),
        Command::Eval(args) => eval::run(args, engine, lang),
        Command::Diagnose(args) => diagnose::run(args, engine, lang),
        Command::Models(args) => models::run(args, engine, lang),
        Command::Llama(args) => llama::run(args, engine, lang),
        Command::Demo(args) => demo::run(args, engine, lang),
        Command::Status(args) => status::run(args, engine, cli.global.verbose > 0, lang),
        Command::Doctor(args) => doctor::run(args, engine, lang),
        Command::Config(args) => config::run(args, engine, lang),
    }
}

impl Command {
    /// What the user asked, if the command is about a question: its language decides ours.
    fn question(&self) -> Option<String> {
        match self {
            Command::Search(args) => Some(args.query()),
            Command::Inspect(args) => Some(args.what()),
            Command::Ask(args) => Some(args.question()),
            Command::Demo(args) => Some(args.question.clone()),
            _ => None,
        }
    }

    fn add_flags(&self, flags: &mut Flags) {
        match self {
            Command::Index(args) => args.add_flags(flags),
            Command::Search(args) => args.add_flags(flags),
            Command::Ask(args) => args.add_flags(flags),
            Command::Chat(args) => args.add_flags(flags),
            Command::Doctor(args) => args.add_flags(flags),
            Command::Eval(args) => args.add_flags(flags),
            Command::Diagnose(args) => args.add_flags(flags),
            Command::Llama(args) => args.add_flags(flags),
            Command::Demo(args) => args.add_flags(flags),
            _ => {}
        }
    }
}

/// Chinese if the question is, or the locale.
fn speak(question: Option<&str>) -> Lang {
    match question.map(Lang::of_text) {
        Some(Lang::Zh) => Lang::Zh,
        _ => Lang::of_locale(),
    }
}

/// Records a flag that was given.
fn set(flags: &mut Flags, name: &'static str, value: Option<impl ToString>) {
    flags.extend(value.map(|value| (name, value.to_string())));
}

/// Records a flag that can be given several times.
fn set_lines(flags: &mut Flags, name: &'static str, values: &[String]) {
    set(flags, name, Some(values.join("\n")).filter(|_| !values.is_empty()));
}

/// A reader that had enough (`rag search … | head -1`) is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Our own error inside an `anyhow` one, which carries fault and hint.
fn our_error(error: &anyhow::Error) -> Option<&Error> {
    error.downcast_ref()
}
