//! What can be wrong with an evaluation.

use crate::error::{Fault, Problem};
use crate::language::Lang;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum EvalProblem {
    #[error("{path}: line {line} does not hold {expected}")]
    BadLine { path: PathBuf, line: usize, expected: &'static str },
    #[error("{path} is no suite: it holds neither suite.toml nor corpus.jsonl, queries.jsonl and qrels/")]
    NoSuite { path: PathBuf },
    #[error("{path}: {reason}")]
    BadSuite { path: PathBuf, reason: String },
    #[error("suite {suite} has no split {split}")]
    NoSplit { suite: String, split: String, known: Vec<String> },
    #[error("no system is called {name}")]
    UnknownSystem { name: String },
    #[error("no metric is called {name}")]
    UnknownMetric { name: String, known: Vec<String> },
    #[error("suite {suite} has no judged topic {query:?}")]
    NoTopic { suite: String, query: String },
    #[error("the collection holds several folders, and a suite is over one: {}", roots.join(", "))]
    ManyRoots { roots: Vec<String> },
    #[error("{path} has {found} passages, {wanted} are asked for")]
    ShortHaystack { path: PathBuf, wanted: usize, found: usize },
    #[error("the suites hold no topic for which a vector was found")]
    NothingToTune,
    #[error("no question of the suite is of type {name}")]
    UnknownSlice { name: String, known: Vec<String> },
    #[error("RGB has no kind {name}")]
    UnknownAbility { name: String },
    #[error("{a} and {b} have no question in common")]
    NoPairs { a: PathBuf, b: PathBuf },
    #[error("two rows would be recorded in {name}")]
    SameRow { name: String },
    #[error("{path} holds another run: {difference}")]
    OtherRun { path: PathBuf, difference: String },
    #[error("{path} is no record of rag eval {run}")]
    NoRecord { path: PathBuf, run: &'static str },
    #[error("no topic of {suite} has a judged document")]
    NoTopics { suite: String },
    #[error("{path}: {topic} has {criteria} criteria, at least {wanted} are needed")]
    FewCriteria { path: PathBuf, topic: String, criteria: usize, wanted: usize },
    #[error("{path} asks that already, as {topic}")]
    KnownQuestion { path: PathBuf, topic: String },
    #[error("nothing tells which document answers it")]
    NoDocumentToCite,
    #[error("the id {id:?} cannot be written to a file of lines: it is blank, or holds a tab or a line break")]
    UnwritableId { id: String },
}

impl Problem for EvalProblem {
    fn fault(&self) -> Fault {
        Fault::User
    }

    fn zh(&self) -> String {
        match self {
            EvalProblem::BadLine { path, line, .. } => format!("{} 第 {line} 行格式不对", path.display()),
            EvalProblem::NoSuite { path } => {
                format!("{} 不是评测集:既没有 suite.toml,也没有 corpus.jsonl、queries.jsonl 和 qrels/", path.display())
            }
            EvalProblem::BadSuite { path, reason } => format!("{}:{reason}", path.display()),
            EvalProblem::NoSplit { suite, split, .. } => format!("评测集 {suite} 没有 {split} 这一份"),
            EvalProblem::UnknownSystem { name } => format!("没有叫 {name} 的系统"),
            EvalProblem::UnknownMetric { name, .. } => format!("没有叫 {name} 的指标"),
            EvalProblem::NoTopic { suite, query } => format!("评测集 {suite} 里没有带标注的查询 {query:?}"),
            EvalProblem::ManyRoots { roots } => format!("资料库里有几个目录,一个评测集只对应一个:{}", roots.join("、")),
            EvalProblem::ShortHaystack { path, wanted, found } => {
                format!("{} 只有 {found} 段,要用 {wanted} 段", path.display())
            }
            EvalProblem::UnknownSlice { name, .. } => format!("评测集里没有 {name} 类问题"),
            EvalProblem::UnknownAbility { name } => format!("RGB 里没有 {name} 这一类"),
            EvalProblem::NoPairs { a, b } => format!("{} 与 {} 没有共同的问题", a.display(), b.display()),
            EvalProblem::SameRow { name } => format!("有两行会记到同一个文件 {name}"),
            EvalProblem::OtherRun { path, difference } => format!("{} 是另一次运行:{difference}", path.display()),
            EvalProblem::NoRecord { path, run } => format!("{} 不是 rag eval {run} 的记录", path.display()),
            EvalProblem::NothingToTune => "评测集里没有能用来校准的查询".into(),
            EvalProblem::NoTopics { suite } => format!("评测集 {suite} 里没有带标注的查询"),
            EvalProblem::FewCriteria { path, topic, criteria, wanted } => {
                format!("{}:{topic} 只有 {criteria} 条判据,至少要 {wanted} 条", path.display())
            }
            EvalProblem::KnownQuestion { path, topic } => format!("{} 里已有这个问题:{topic}", path.display()),
            EvalProblem::NoDocumentToCite => "看不出哪篇文档能回答它".into(),
            EvalProblem::UnwritableId { id } => format!("编号 {id:?} 写不进按行存的文件:它是空白,或含制表符、换行"),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        let one_of =
            |known: &[String]| lang.pick(format!("可用:{}", known.join("、")), format!("one of {}", known.join(", ")));
        match self {
            EvalProblem::NoSplit { known, .. }
            | EvalProblem::UnknownMetric { known, .. }
            | EvalProblem::UnknownSlice { known, .. } => Some(one_of(known)),
            EvalProblem::UnknownAbility { .. } => {
                Some(one_of(&["noise", "rejection", "integration", "counterfactual"].map(String::from)))
            }
            EvalProblem::OtherRun { .. } => Some(lang.pick(
                "换一个文件名,或先移走旧文件:不同设置的结果不混在一起".into(),
                "name another file, or move this one away: results of two settings are not mixed".into(),
            )),
            EvalProblem::UnknownSystem { .. } => Some(one_of(&["lexical", "dense", "hybrid", "rrf"].map(String::from))),
            EvalProblem::BadLine { expected, .. } => {
                Some(lang.pick(format!("每行应为:{expected}"), format!("a line holds {expected}")))
            }
            EvalProblem::ManyRoots { .. } => Some(lang.pick(
                "先把要评测的目录单独建一个资料库:rag index 目录 -c 名称,再加上 -c 名称".into(),
                "index the folder to be evaluated by itself: rag index FOLDER -c NAME, then add -c NAME".into(),
            )),
            EvalProblem::FewCriteria { .. } => Some(lang.pick(
                "每组 must、每条 must_not、引用、长度各算一条:加 --must 或 --must-not;拒答用例则是拒答、长度和每条 must_not"
                    .into(),
                "each must group, each must_not, citing and the length count: add --must or --must-not; of a refusal, \
                 abstaining, the length and each must_not"
                    .into(),
            )),
            EvalProblem::NoDocumentToCite => Some(lang.pick(
                "用 --doc 指明,id 见 rag search --json;本该拒答则用 --abstain".into(),
                "name it with --doc, as rag search --json does; or --abstain, where nothing answers it".into(),
            )),
            EvalProblem::UnwritableId { .. } => Some(lang.pick(
                "在 JSON Lines 里给这条换一个 _id,再 rag index".into(),
                "give it another _id in the JSON Lines file, then rag index".into(),
            )),
            EvalProblem::KnownQuestion { .. }
            | EvalProblem::ShortHaystack { .. }
            | EvalProblem::NoTopic { .. }
            | EvalProblem::NoPairs { .. }
            | EvalProblem::SameRow { .. }
            | EvalProblem::NoRecord { .. }
            | EvalProblem::NoSuite { .. }
            | EvalProblem::BadSuite { .. }
            | EvalProblem::NothingToTune
            | EvalProblem::NoTopics { .. } => None,
        }
    }
}
