//! EmbeddingGemma as published, in floats, rewritten as an ONNX graph with weights of eight bits.
//!
//! ```text
//! archive → config.json → Config ──────────────────┐
//!         → *.safetensors → tensors, packed as read → network → ONNX
//! ```
//!
//! The floats fill 1.2 GB and are never all in memory: every tensor is packed while it is unzipped.
//! The same archive gives the same bytes on every platform: rounding is IEEE's, sines and powers are `libm`'s.

mod config;
mod network;
mod tensors;

use super::onnx::ModelProto;
use config::Config;
use std::io::{BufReader, Read, Seek};
use tensors::Tensors;
use zip::ZipArchive;

/// Where the model is inside the archive.
const FOLDER: &str = "model_download";
/// The files of tensors, each with what its tensors' names begin with here.
const TENSORS: [(&str, &str); 3] =
    [("model.safetensors", ""), ("2_Dense/model.safetensors", "2_Dense/"), ("3_Dense/model.safetensors", "3_Dense/")];
const BUFFER_BYTES: usize = 1 << 20;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GemmaProblem {
    #[error("the archive of the weights has no readable {member}: {reason}")]
    Archive { member: String, reason: String },
    #[error("config.json of the weights cannot be used: {reason}")]
    Config { reason: String },
    #[error("cannot read {what} of the weights: {reason}")]
    Unreadable { what: String, reason: String },
    #[error("the weights have no tensor {name} of shape {shape:?}")]
    NoTensor { name: String, shape: Vec<usize> },
}

type Result<T> = std::result::Result<T, GemmaProblem>;

/// The ONNX model of a zip archive. `on_bytes` gets the bytes of tensors read so far, and how many there are.
pub fn convert(archive: impl Read + Seek, on_bytes: &mut dyn FnMut(u64, u64)) -> Result<ModelProto> {
    let damaged = |reason: String| GemmaProblem::Archive { member: FOLDER.into(), reason };
    let mut archive = ZipArchive::new(archive).map_err(|error| damaged(error.to_string()))?;
    let config = Config::parse(member(&mut archive, "config.json")?.1)?;
    let mut total = 0;
    for (file, _) in TENSORS {
        total += member(&mut archive, file)?.0;
    }
    let mut tensors = Tensors::default();
    let mut before = 0;
    for (file, prefix) in TENSORS {
        let (size, content) = member(&mut archive, file)?;
        let counted = Counted { content, read: before, on_bytes: &mut |read| on_bytes(read, total) };
        tensors.read(&mut BufReader::with_capacity(BUFFER_BYTES, counted), prefix)?;
        before += size;
    }
    network::model(&config, tensors)
}

/// Size and content of a file in the archive.
fn member<'a, R: Read + Seek>(archive: &'a mut ZipArchive<R>, file: &str) -> Result<(u64, impl Read + use<'a, R>)> {
    let member = format!("{FOLDER}/{file}");
    match archive.by_name(&member) {
        Ok(content) => Ok((content.size(), content)),
        Err(error) => Err(GemmaProblem::Archive { reason: error.to_string(), member }),
    }
}

struct Counted<'a, R> {
    content: R,
    read: u64,
    on_bytes: &'a mut dyn FnMut(u64),
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.content.read(buffer)?;
        self.read += count as u64;
        (self.on_bytes)(self.read);
        Ok(count)
    }
}
