//! sha256 of files.

use crate::error::{IoContext, Result};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;

const BUFFER_BYTES: usize = 1 << 20;

/// Lower-case hex of a file's sha256. `on_bytes` gets the bytes read so far.
pub fn sha256_of(path: &Path, on_bytes: &mut dyn FnMut(u64)) -> Result<String> {
    let mut file = File::open(path).at("read", path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut read = 0;
    loop {
        let count = file.read(&mut buffer).at("read", path)?;
        if count == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..count]);
        read += count as u64;
        on_bytes(read);
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_example_of_sha256() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let mut last = 0;
        let sum = sha256_of(&path, &mut |bytes| last = bytes).unwrap();
        assert_eq!(sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(last, 3);
    }
}
