//! A vector in 8 bits a component, with a bound on what that loses.

/// Bytes of a stored row: `dim` codes, then scale and error as little-endian f32.
pub const fn row_bytes(dim: usize) -> usize {
    dim + 8
}

/// `vector ≈ scale · codes`, and `‖vector − scale · codes‖ ≤ error`.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantizedRow {
    pub codes: Vec<i8>,
    pub scale: f32,
    pub error: f32,
}

impl QuantizedRow {
    pub fn new(values: &[f32]) -> QuantizedRow {
        let largest = values.iter().fold(0.0f32, |max, value| max.max(value.abs()));
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        let codes: Vec<i8> = values.iter().map(|value| (value / scale).round().clamp(-127.0, 127.0) as i8).collect();
        let squared: f64 = values
            .iter()
            .zip(&codes)
            .map(|(value, code)| {
                let lost = f64::from(*value) - f64::from(scale) * f64::from(*code);
                lost * lost
            })
            .sum();
        // Rounded up a little, so that the bound survives the arithmetic of the scan.
        QuantizedRow { codes, scale, error: (squared.sqrt() * 1.0001) as f32 + 1e-6 }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.codes.iter().map(|code| *code as u8).collect();
        bytes.extend(self.scale.to_le_bytes());
        bytes.extend(self.error.to_le_bytes());
        bytes
    }
}

/// Splits a stored row into codes (as bytes), scale and error.
pub fn parts(row: &[u8]) -> (&[u8], f32, f32) {
    let (codes, tail) = row.split_at(row.len() - 8);
    let float = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    (codes, float(&tail[..4]), float(&tail[4..]))
}

/// Dot product of two rows of codes, exact in i32 for up to 130,000 dimensions.
#[inline]
pub fn dot(a: &[u8], b: &[i8]) -> i32 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the feature was just detected; the function is safe code compiled for it.
        return unsafe { dot_avx2(a, b) };
    }
    dot_portable(a, b)
}

/// The same code as [`dot_portable`]; with AVX2 allowed the compiler makes it several times faster.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn dot_avx2(a: &[u8], b: &[i8]) -> i32 {
    dot_portable(a, b)
}

#[inline(always)]
fn dot_portable(a: &[u8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(i16::from(*a as i8) * i16::from(*b))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_error_bounds_the_difference_of_any_dot_product(
            a in prop::collection::vec(-1.0f32..1.0, 64),
            b in prop::collection::vec(-1.0f32..1.0, 64),
        ) {
            let norm = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6);
            let (na, nb) = (norm(&a), norm(&b));
            let a: Vec<f32> = a.iter().map(|x| x / na).collect();
            let b: Vec<f32> = b.iter().map(|x| x / nb).collect();
            let exact: f32 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
            let (qa, qb) = (QuantizedRow::new(&a), QuantizedRow::new(&b));
            let bytes = qa.to_bytes();
            let (codes, scale, error) = parts(&bytes);
            let approximate = dot(codes, &qb.codes) as f32 * scale * qb.scale;
            // |q·v − q̂·v̂| ≤ ‖q−q̂‖·‖v‖ + ‖q̂‖·‖v−v̂‖, with ‖v‖ = 1 and ‖q̂‖ ≤ 1 + ‖q−q̂‖
            let bound = qb.error + (1.0 + qb.error) * error + 1e-5;
            prop_assert!((exact - approximate).abs() <= bound, "{exact} {approximate} {bound}");
        }
    }

    #[test]
    fn a_zero_vector_has_zero_codes() {
        assert_eq!(QuantizedRow::new(&[0.0; 4]).codes, [0; 4]);
    }
}
