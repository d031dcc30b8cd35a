//! The row table of a generation: which chunk has which row of the vector log.
//!
//! A mapped file: magic, count, then per chunk (row, ordinal, end of the document id in the names), sorted
//! by chunk id, then the names. Position in the table is the chunk's number in scans and in the graph.

use super::checksum::damaged;
use crate::document::{ChunkId, DocId};
use crate::error::{IoContext, Result};
use crate::store::{Damage, StoreProblem};
use memmap2::Mmap;
use std::fs::File;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"ragrows1";
const HEADER_BYTES: usize = 16;
const ENTRY_BYTES: usize = 16;

/// Writes the table; `rows` must be sorted by chunk id.
pub fn write(path: &Path, rows: &[(ChunkId, u32)]) -> Result<()> {
    debug_assert!(rows.is_sorted_by(|a, b| a.0 < b.0));
    let mut bytes = Vec::with_capacity(HEADER_BYTES + rows.len() * ENTRY_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.extend((rows.len() as u64).to_le_bytes());
    let mut names: Vec<u8> = Vec::new();
    let mut last: Option<(&DocId, u64)> = None;
    for (chunk, row) in rows {
        let start = match last {
            Some((doc, start)) if *doc == chunk.doc => start,
            _ => {
                let start = names.len() as u64;
                names.extend_from_slice(chunk.doc.0.as_bytes());
                start
            }
        };
        last = Some((&chunk.doc, start));
        bytes.extend(row.to_le_bytes());
        bytes.extend(chunk.ordinal.to_le_bytes());
        bytes.extend((start as u32).to_le_bytes());
        bytes.extend((chunk.doc.0.len() as u32).to_le_bytes());
    }
    bytes.extend(names);
    super::manifest::write_atomically(path, &bytes)
}

/// The mapped table.
pub struct RowTable {
    path: PathBuf,
    map: Mmap,
    count: usize,
}

impl RowTable {
    /// A table of rows below `log_rows`. Every entry is looked at once, so that nothing later leads out of a file.
    pub fn open(path: &Path, log_rows: usize) -> Result<RowTable> {
        let file = File::open(path).at("read", path)?;
        // SAFETY: the file belongs to a published generation and is never written again.
        let map = unsafe { Mmap::map(&file) }.at("map", path)?;
        if map.len() < HEADER_BYTES || &map[..8] != MAGIC {
            return damaged(path, Damage::NoRowTable);
        }
        let count = u64::from_le_bytes(map[8..16].try_into().expect("8 bytes")) as usize;
        if count > map.len() / ENTRY_BYTES || map.len() < HEADER_BYTES + count * ENTRY_BYTES {
            let expected = count.saturating_mul(ENTRY_BYTES).saturating_add(HEADER_BYTES) as u64;
            return damaged(path, Damage::Length { bytes: map.len() as u64, expected });
        }
        let table = RowTable { path: path.into(), map, count };
        let names = table.names().len();
        let is_sound = |index: &usize| {
            let (start, len) = (table.field(*index, 2) as usize, table.field(*index, 3) as usize);
            (table.row(*index) as usize) < log_rows && start + len <= names
        };
        match (0..count).find(|index| !is_sound(index)) {
            Some(entry) => damaged(path, Damage::Entry { entry }),
            None => Ok(table),
        }
    }

    /// Names of documents, one after the other.
    fn names(&self) -> &[u8] {
        &self.map[HEADER_BYTES + self.count * ENTRY_BYTES..]
    }

    pub fn len(&self) -> usize {
        self.count
    }

    fn field(&self, index: usize, field: usize) -> u32 {
        let at = HEADER_BYTES + index * ENTRY_BYTES + field * 4;
        u32::from_le_bytes(self.map[at..at + 4].try_into().expect("4 bytes"))
    }

    /// Row of the vector log of the chunk at `index`.
    pub fn row(&self, index: usize) -> u32 {
        self.field(index, 0)
    }

    /// Position of a chunk.
    pub fn index(&self, chunk: &ChunkId) -> Result<Option<usize>> {
        let at = self.position(chunk)?;
        Ok((at < self.count && self.chunk(at)? == *chunk).then_some(at))
    }

    /// Of the first that is not before `chunk`, by binary search.
    fn position(&self, chunk: &ChunkId) -> Result<usize> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.chunk(middle)? < *chunk {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(low)
    }

    /// The chunks of a document, in their order.
    pub fn of_document(&self, doc: &DocId) -> Result<Vec<ChunkId>> {
        let mut chunks = Vec::new();
        let first = self.position(&ChunkId { doc: doc.clone(), ordinal: 0 })?;
        for index in first..self.count {
            let chunk = self.chunk(index)?;
            if chunk.doc != *doc {
                break;
            }
            chunks.push(chunk);
        }
        Ok(chunks)
    }

    /// Positions of those of `chunks` that are in the table; both are in the order of chunks.
    pub fn indices(&self, chunks: &[ChunkId]) -> Result<Vec<usize>> {
        let mut indices = Vec::with_capacity(chunks.len());
        let mut wanted = chunks.iter().peekable();
        for index in 0..self.count {
            let chunk = self.chunk(index)?;
            while wanted.next_if(|wanted| **wanted < chunk).is_some() {}
            if wanted.next_if(|wanted| **wanted == chunk).is_some() {
                indices.push(index);
            }
        }
        Ok(indices)
    }

    pub fn chunk(&self, index: usize) -> Result<ChunkId> {
        let (start, len) = (self.field(index, 2) as usize, self.field(index, 3) as usize);
        let name = self.names().get(start..start + len).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let damage = Damage::Entry { entry: index };
        let name = name.ok_or_else(|| StoreProblem::Damaged { path: self.path.clone(), damage })?;
        Ok(ChunkId { doc: DocId(name.into()), ordinal: self.field(index, 1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_reads_back_and_a_cut_one_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.bin");
        let chunk = |doc: &str, ordinal| ChunkId { doc: DocId(doc.into()), ordinal };
        let rows = vec![(chunk("a", 0), 7), (chunk("a", 1), 3), (chunk("文档", 0), 9)];
        write(&path, &rows).unwrap();
        let table = RowTable::open(&path, 10).unwrap();
        let read: Vec<_> = (0..table.len()).map(|index| (table.chunk(index).unwrap(), table.row(index))).collect();
        assert_eq!(read, rows);
        for (index, (chunk, _)) in rows.iter().enumerate() {
            assert_eq!(table.index(chunk).unwrap(), Some(index));
        }
        assert_eq!(table.index(&chunk("a", 2)).unwrap(), None);
        assert_eq!(table.of_document(&DocId("a".into())).unwrap(), [chunk("a", 0), chunk("a", 1)]);
        assert!(table.of_document(&DocId("b".into())).unwrap().is_empty());
        assert_eq!(table.indices(&[chunk("a", 1), chunk("a", 2), chunk("文档", 0)]).unwrap(), [1, 2]);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..40]).unwrap();
        assert!(RowTable::open(&path, 10).is_err());
    }

    #[test]
    fn no_entry_leads_out_of_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.bin");
        let rows = [(ChunkId { doc: DocId("文档".into()), ordinal: 0 }, 9)];
        write(&path, &rows).unwrap();
        assert!(RowTable::open(&path, 9).is_err(), "a row beyond the log");
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= flip;
                std::fs::write(&path, bytes).unwrap();
                if let Ok(table) = RowTable::open(&path, 10) {
                    for index in 0..table.len() {
                        assert!(table.row(index) < 10);
                        let _ = table.chunk(index);
                    }
                    let _ = table.index(&rows[0].0);
                }
            }
        }
    }
}
