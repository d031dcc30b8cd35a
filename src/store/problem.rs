//! What can be wrong with an index.

use super::PLACE_KEYS;
use super::damage::{Damage, command, remedy};
use crate::error::{Fault, Problem};
use crate::language::Lang;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum StoreProblem {
    #[error("collection {collection} has no index yet")]
    NoIndex { collection: String },
    #[error("no collection is called {collection}")]
    UnknownCollection { collection: String, known: Vec<String> },
    #[error("there is a collection called {name} already")]
    NameTaken { name: String },
    #[error("{name:?} cannot be a collection's name")]
    BadName { name: String },
    #[error("this index was built with {built}, but {asked} is configured")]
    OtherEmbedder { built: String, asked: String },
    #[error("this index was built with another text analysis ({built}; this program has {asked})")]
    OtherAnalysis { path: PathBuf, built: String, asked: String },
    #[error("{text:?} is no condition")]
    BadCondition { text: String },
    #[error("no document says anything of {key:?}")]
    UnknownKey { key: String, nearest: Option<String>, known: Vec<String> },
    #[error("{condition}: the calendar has no such day")]
    NoSuchDate { key: String, condition: String },
    #[error("{condition}: day and month could be taken for one another")]
    AmbiguousDate { key: String, condition: String },
    #[error("{condition}: no value of {key:?} can be compared with that")]
    Incomparable { key: String, condition: String, sign: &'static str, example: String },
    #[error("{condition}: the values of {key:?} are text, which has no order{}", like(example.as_deref()))]
    NoOrder { key: String, condition: String, example: Option<String> },
    #[error("collections {one} and {other} were built with different embedders")]
    MixedEmbedders { one: String, other: String },
    #[error("another process is indexing collection {collection}")]
    Busy { collection: String },
    #[error("this index was written by another version of this program (format {built}; this one has {known})")]
    OtherFormat { path: PathBuf, built: u32, known: u32 },
    #[error("the index file {} is damaged: {damage}", path.display())]
    Damaged { path: PathBuf, damage: Damage },
    #[error("the query vector has {query} dimensions, the index {index}")]
    Dimension { query: usize, index: usize },
    #[error("the index refused an operation: {reason}")]
    Engine { reason: String },
    #[error("the disk is full or the index folder cannot be written: {reason}")]
    CannotWrite { reason: String },
    #[error("internal: {what}")]
    Broken { what: String },
}

impl StoreProblem {
    /// Whether files are not what was written.
    pub fn is_damage(&self) -> bool {
        matches!(self, StoreProblem::Damaged { .. })
    }
}

impl Problem for StoreProblem {
    fn fault(&self) -> Fault {
        use StoreProblem::*;
        match self {
            NoIndex { .. }
            | UnknownCollection { .. }
            | BadName { .. }
            | NameTaken { .. }
            | OtherEmbedder { .. }
            | OtherAnalysis { .. }
            | OtherFormat { .. }
            | BadCondition { .. }
            | UnknownKey { .. }
            | NoSuchDate { .. }
            | AmbiguousDate { .. }
            | Incomparable { .. }
            | NoOrder { .. }
            | MixedEmbedders { .. } => Fault::User,
            Busy { .. } | Damaged { .. } | Engine { .. } | CannotWrite { .. } => Fault::Environment,
            Dimension { .. } | Broken { .. } => Fault::Bug,
        }
    }

    fn zh(&self) -> String {
        use StoreProblem::*;
        match self {
            NoIndex { collection } => format!("资料库 {collection} 还没有索引"),
            UnknownCollection { collection, .. } => format!("没有叫 {collection} 的资料库"),
            NameTaken { name } => format!("已有叫 {name} 的资料库"),
            BadName { name } => format!("{name:?} 不能用作资料库名"),
            OtherEmbedder { built, asked } => format!("索引是用 {built} 建的,而当前配置是 {asked}"),
            OtherAnalysis { built, asked, .. } => format!("索引是用另一版分词建的({built};本程序为 {asked})"),
            BadCondition { text } => format!("{text:?} 不是条件"),
            UnknownKey { key, .. } => format!("没有文档写过 {key:?} 这一项"),
            NoSuchDate { condition, .. } => format!("{condition}:日历上没有这一天"),
            AmbiguousDate { condition, .. } => format!("{condition}:分不清哪个是月、哪个是日"),
            Incomparable { key, condition, .. } => format!("{condition}:{key:?} 没有一个值能与它比较"),
            NoOrder { key, condition, example } => {
                let example = example.as_ref().map_or(String::new(), |example| format!("(例如 {example:?})"));
                format!("{condition}:{key:?} 的值是文字{example},分不出大小先后")
            }
            MixedEmbedders { one, other } => format!("资料库 {one} 与 {other} 是用不同的向量模型建的"),
            Busy { collection } => format!("另一个进程正在为资料库 {collection} 建索引"),
            OtherFormat { built, known, .. } => format!("索引是另一版程序写的(格式 {built};本程序为 {known})"),
            Damaged { path, damage } => format!("索引文件 {} 已损坏:{}", path.display(), damage.zh()),
            Dimension { query, index } => format!("查询向量 {query} 维,索引 {index} 维"),
            Engine { reason } => format!("索引操作失败:{reason}"),
            CannotWrite { reason } => format!("磁盘已满或索引目录不可写:{reason}"),
            Broken { what } => format!("内部错误:{what}"),
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        use StoreProblem::*;
        Some(match self {
            NoIndex { .. } => lang.pick("先运行 rag index 目录".into(), "rag index FOLDER".into()),
            UnknownCollection { known, .. } if known.is_empty() => {
                lang.pick("先运行 rag index 目录".into(), "rag index FOLDER".into())
            }
            UnknownCollection { known, collection } => {
                let known = known.join(", ");
                lang.pick(
                    format!("已有:{known};新建:rag index 目录 -c {collection}"),
                    format!("there are: {known}; to make it: rag index FOLDER -c {collection}"),
                )
            }
            NameTaken { name } => lang.pick(
                format!("换个名字,或先 rag collection rm {name}"),
                format!("take another name, or rag collection rm {name} first"),
            ),
            BadName { .. } => lang.pick("用字母、数字、汉字、- 和 _".into(), "use letters, digits, - and _".into()),
            OtherEmbedder { .. } => lang.pick(
                "rag index --rebuild 用当前模型重建,或改回原来的 index.embedder".into(),
                "rag index --rebuild, or set index.embedder back".into(),
            ),
            OtherAnalysis { path, .. } => {
                let index = command(path, "rag index");
                lang.pick(
                    format!("{index} 重新分词;向量不必重算"),
                    format!("{index} makes the terms anew; the vectors are kept"),
                )
            }
            MixedEmbedders { other, .. } => lang.pick(
                format!("用同一个模型重建:rag index --rebuild -c {other}"),
                format!("build them with one: rag index --rebuild -c {other}"),
            ),
            BadCondition { .. } => lang.pick(
                "例如:--where tag=检索、--where date>=2024-01-01;可用 = != >= <= > <".into(),
                "for example --where tag=search or --where date>=2024-01-01; there are = != >= <= > <".into(),
            ),
            UnknownKey { nearest, known, .. } => unknown_key(nearest.as_deref(), known, lang),
            NoSuchDate { key, .. } | AmbiguousDate { key, .. } => lang.pick(
                format!("写成年-月-日,例如 --where '{key}>=2024-05-01',或只写到月:--where '{key}>=2024-05'"),
                format!("write year-month-day, as in --where '{key}>=2024-05-01', or --where '{key}>=2024-05'"),
            ),
            Incomparable { key, sign, example, .. } => lang.pick(
                format!("写成能比较的样子,例如 --where '{key}{sign}{example}'"),
                format!("write what can be compared, as in --where '{key}{sign}{example}'"),
            ),
            NoOrder { key, example, .. } => {
                let example = example.as_deref().unwrap_or("检索");
                lang.pick(
                    format!("文字只能比较是与不是:--where '{key}={example}'、--where '{key}!={example}'"),
                    format!("text is this or is not: --where '{key}={example}', --where '{key}!={example}'"),
                )
            }
            OtherFormat { path, built, known } if built < known => {
                let index = command(path, "rag index");
                lang.pick(
                    format!("{index} 重新写一份;向量不必重算"),
                    format!("{index} writes it anew; the vectors are kept"),
                )
            }
            OtherFormat { path, .. } => {
                let rebuild = command(path, "rag index --rebuild");
                lang.pick(
                    format!("更新 rag;或用本程序重建:{rebuild}"),
                    format!("update rag; or make it anew with this one: {rebuild}"),
                )
            }
            Damaged { path, .. } => remedy(path, lang),
            Busy { .. } => lang
                .pick("等它结束再试;查询不受影响".into(), "wait for it to finish; searching goes on meanwhile".into()),
            CannotWrite { .. } => lang.pick(
                "腾出空间,或设置 RAG_HOME 指向可写的目录;之前的索引仍可用".into(),
                "free some space or point RAG_HOME at a folder you can write to; the previous index still serves"
                    .into(),
            ),
            Engine { .. } => lang.pick(
                "rag doctor --deep 找出损坏的文件;必要时 rag index --rebuild".into(),
                "rag doctor --deep names damaged files; if it persists, rag index --rebuild".into(),
            ),
            Dimension { .. } | Broken { .. } => lang.pick("请报告这个问题".into(), "please report this".into()),
        })
    }
}

/// What else there is to filter by.
fn unknown_key(nearest: Option<&str>, known: &[String], lang: Lang) -> String {
    let always = PLACE_KEYS.join(", ");
    let mut parts = Vec::new();
    if let Some(nearest) = nearest {
        parts.push(lang.pick(format!("是不是 {nearest}?"), format!("did you mean {nearest}?")));
    }
    if !known.is_empty() {
        let known = known.join(", ");
        parts.push(lang.pick(format!("写过的有:{known};"), format!("there are: {known};")));
    }
    parts.push(lang.pick(format!("总是可用:{always}"), format!("always there: {always}")));
    parts.join(" ")
}

fn like(example: Option<&str>) -> String {
    example.map_or(String::new(), |example| format!(" (such as {example:?})"))
}
