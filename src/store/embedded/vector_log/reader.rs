//! The log as a reader sees it: mapped, frozen at the length its generation names.

use super::record::{RECORD_BYTES, Record};
use super::{Files, map};
use crate::error::Result;
use crate::store::embedded::checksum::damaged;
use crate::store::embedded::quantize;
use crate::store::{Damage, StoreProblem};
use memmap2::Mmap;
use std::path::Path;

pub struct VectorLog {
    files: Files,
    dim: usize,
    rows: usize,
    f32: Mmap,
    i8: Mmap,
    keys: Mmap,
}

impl VectorLog {
    /// Its first `rows` rows; an error if they are not all there.
    pub fn open(dir: &Path, stem: &str, dim: usize, rows: usize) -> Result<VectorLog> {
        let files = Files::new(dir, stem);
        let f32 = map(&files.f32, rows * 4 * dim)?;
        let i8 = map(&files.i8, rows * quantize::row_bytes(dim))?;
        let keys = map(&files.keys, rows * RECORD_BYTES)?;
        Ok(VectorLog { files, dim, rows, f32, i8, keys })
    }

    fn f32_bytes(&self, row: u32) -> &[u8] {
        let start = row as usize * self.dim * 4;
        &self.f32[start..start + self.dim * 4]
    }

    /// The vector of a row below [`VectorLog::open`]'s `rows`, as it stands there.
    pub fn f32_row(&self, row: u32) -> &[f32] {
        // SAFETY: every bit pattern is an f32; `align_to` yields an empty prefix because a map starts on a
        // page and rows are multiples of four bytes, which the length check below confirms.
        let (prefix, values, suffix) = unsafe { self.f32_bytes(row).align_to::<f32>() };
        debug_assert!(prefix.is_empty() && suffix.is_empty());
        values
    }

    pub fn i8_row(&self, row: u32) -> &[u8] {
        let size = quantize::row_bytes(self.dim);
        let start = row as usize * size;
        &self.i8[start..start + size]
    }

    pub fn record(&self, row: u32) -> Record {
        let start = row as usize * RECORD_BYTES;
        Record::read(&self.keys[start..start + RECORD_BYTES])
    }

    /// As [`VectorLog::f32_row`]; an error if it is not what was written.
    pub fn sound_f32_row(&self, row: u32) -> Result<&[f32]> {
        match self.is_sound_f32(row) {
            true => Ok(self.f32_row(row)),
            false => Err(self.damage((0..self.rows as u32).filter(|row| !self.is_sound_f32(*row)).count())),
        }
    }

    /// An error if the 8-bit copy of one of `rows` is not what was written.
    pub fn require_sound_i8(&self, rows: impl Iterator<Item = u32>) -> Result<()> {
        match rows.filter(|row| !self.record(*row).fits_i8(self.i8_row(*row))).count() {
            0 => Ok(()),
            count => damaged(&self.files.i8, Damage::Records { damaged: count, all: self.rows }),
        }
    }

    /// An error if anything of one of `rows` is not what was written; it tells how many.
    pub fn require_sound(&self, rows: impl Iterator<Item = u32>) -> Result<()> {
        match rows.filter(|row| !self.is_sound(*row)).count() {
            0 => Ok(()),
            damaged => Err(self.damage(damaged)),
        }
    }

    pub fn is_sound(&self, row: u32) -> bool {
        self.is_sound_f32(row) && self.record(row).fits_i8(self.i8_row(row))
    }

    fn is_sound_f32(&self, row: u32) -> bool {
        self.record(row).fits_f32(self.f32_bytes(row))
    }

    fn damage(&self, damaged: usize) -> crate::error::Error {
        StoreProblem::Damaged { path: self.files.f32.clone(), damage: Damage::Records { damaged, all: self.rows } }
            .into()
    }
}
