//! A record of the keys file: the name of an embedded text, and the checksums of its row in the two other files.

use crate::store::VectorKey;

pub const KEY_BYTES: usize = 32;
pub const RECORD_BYTES: usize = KEY_BYTES + 8;
/// Vectors have length one, up to rounding.
const NORM_TOLERANCE: f32 = 1e-3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    pub key: VectorKey,
    /// CRC-32 of the key and the row in the f32 file: a row in another's place is damage, too.
    f32: u32,
    /// As `f32`, of the i8 file.
    i8: u32,
}

impl Record {
    pub fn new(key: VectorKey, f32_row: &[u8], i8_row: &[u8]) -> Record {
        Record { key, f32: sum(&key, f32_row), i8: sum(&key, i8_row) }
    }

    /// From [`RECORD_BYTES`] bytes.
    pub fn read(bytes: &[u8]) -> Record {
        let (key, sums) = bytes.split_at(KEY_BYTES);
        let sum = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Record { key: VectorKey(key.try_into().expect("32 bytes")), f32: sum(&sums[..4]), i8: sum(&sums[4..]) }
    }

    pub fn to_bytes(self) -> Vec<u8> {
        [&self.key.0[..], &self.f32.to_le_bytes(), &self.i8.to_le_bytes()].concat()
    }

    pub fn fits_f32(&self, row: &[u8]) -> bool {
        sum(&self.key, row) == self.f32 && has_length_one(row)
    }

    pub fn fits_i8(&self, row: &[u8]) -> bool {
        sum(&self.key, row) == self.i8
    }
}

fn sum(key: &VectorKey, row: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&key.0);
    hasher.update(row);
    hasher.finalize()
}

/// Whether a row of the f32 file is a direction.
fn has_length_one(row: &[u8]) -> bool {
    let squared: f32 =
        row.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]).powi(2)).sum();
    // Not a number is no length either.
    (squared.sqrt() - 1.0).abs() <= NORM_TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_fits_its_rows_and_no_others() {
        let key = VectorKey([7; KEY_BYTES]);
        let row: Vec<u8> = [0.6f32, 0.8].iter().flat_map(|value| value.to_le_bytes()).collect();
        let record = Record::new(key, &row, b"codes");
        let read = Record::read(&record.to_bytes());
        assert!(read == record && read.fits_f32(&row) && read.fits_i8(b"codes"));
        for at in 0..row.len() {
            let mut flipped = row.clone();
            flipped[at] ^= 1;
            assert!(!record.fits_f32(&flipped), "{at}");
        }
        let other = Record { key: VectorKey([8; KEY_BYTES]), ..record };
        assert!(!other.fits_f32(&row) && !other.fits_i8(b"codes") && !record.fits_i8(b"codez"));
        let zero = Record::read(&[0; RECORD_BYTES]);
        assert!(!zero.fits_f32(&[0; 8]) && !zero.fits_i8(&[0; 10]));
    }

    #[test]
    fn only_what_has_length_one_is_a_vector() {
        let of = |values: [f32; 2]| has_length_one(&values.map(f32::to_le_bytes).concat());
        assert!(of([0.6, 0.8]) && of([1.0, 0.0]));
        assert!(!of([0.0, 0.0]) && !of([f32::NAN, 0.0]) && !of([f32::INFINITY, 0.0]) && !of([0.6, 0.9]));
    }
}
