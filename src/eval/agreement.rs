//! Agreement of two passes of judgement.

use super::EvalProblem;
use super::columns::tabbed;
use crate::error::{IoContext, Result};
use crate::files::{LIST_BYTES_MAX, read_regular_text};
use serde::Serialize;
use std::path::Path;

/// Grades run from 0 to this.
const GRADE_MAX: usize = 3;

/// Of the pairs that two assessors judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    pub pairs: usize,
    /// Share of pairs with the same grade.
    pub same: f64,
    /// Cohen's weighted κ ("Weighted kappa", Psychological Bulletin 1968), weights linear in the difference: 1 is full
    /// agreement, 0 what chance gives.
    pub kappa: f64,
    /// As above with weights of the squared difference.
    pub kappa_quadratic: f64,
    /// Pairs by grade of the first assessor, then of the second.
    pub counts: [[usize; GRADE_MAX + 1]; GRADE_MAX + 1],
}

/// Reads `topic document grade grade …` lines, with tabs between them where ids hold blanks; the first two grades are
/// compared. A line that begins with # is skipped.
pub fn agreement(path: &Path) -> Result<Agreement> {
    let text = read_regular_text(path, LIST_BYTES_MAX).at("read", path)?;
    let mut counts = [[0; GRADE_MAX + 1]; GRADE_MAX + 1];
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty())
    {
        let columns = tabbed(line, 4).unwrap_or_else(|| line.split_ascii_whitespace().collect());
        let mut grades = columns.iter().skip(2).map(|grade| grade.trim().parse::<usize>().ok());
        let (Some(Some(a @ 0..=GRADE_MAX)), Some(Some(b @ 0..=GRADE_MAX))) = (grades.next(), grades.next()) else {
            let expected = "topic, document and two grades from 0 to 3";
            return Err(EvalProblem::BadLine { path: path.into(), line: index + 1, expected }.into());
        };
        counts[a][b] += 1;
    }
    Ok(of_counts(counts))
}

fn of_counts(counts: [[usize; GRADE_MAX + 1]; GRADE_MAX + 1]) -> Agreement {
    let pairs: usize = counts.iter().flatten().sum();
    let same: usize = (0..=GRADE_MAX).map(|grade| counts[grade][grade]).sum();
    let share = |count: usize| if pairs == 0 { 0.0 } else { count as f64 / pairs as f64 };
    Agreement {
        pairs,
        same: share(same),
        kappa: kappa(&counts, |difference| difference),
        kappa_quadratic: kappa(&counts, |difference| difference * difference),
        counts,
    }
}

/// Cohen's κ of categories without an order (1960), numbered 0 to 3.
pub fn nominal_kappa(pairs: impl Iterator<Item = (usize, usize)>) -> f64 {
    let mut counts = [[0; GRADE_MAX + 1]; GRADE_MAX + 1];
    pairs.for_each(|(a, b)| counts[a][b] += 1);
    kappa(&counts, |difference| if difference > 0.0 { 1.0 } else { 0.0 })
}

/// One minus observed over expected disagreement; 1 where nobody could have disagreed.
fn kappa(counts: &[[usize; GRADE_MAX + 1]; GRADE_MAX + 1], weight: fn(f64) -> f64) -> f64 {
    let total: f64 = counts.iter().flatten().sum::<usize>() as f64;
    let row = |a: usize| counts[a].iter().sum::<usize>() as f64;
    let column = |b: usize| counts.iter().map(|row| row[b]).sum::<usize>() as f64;
    let (mut observed, mut expected) = (0.0, 0.0);
    for (a, of_a) in counts.iter().enumerate() {
        for (b, count) in of_a.iter().enumerate() {
            let weight = weight((a as f64 - b as f64).abs());
            observed += weight * *count as f64;
            expected += weight * row(a) * column(b) / total.max(1.0);
        }
    }
    if expected > 0.0 { 1.0 - observed / expected } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_worked() {
        // 20 pairs: 10 × (0,0), 5 × (3,3), 5 × (0,3). Observed 15; expected (15 × 10 + 5 × 10) / 20 × 3 = 30.
        let mut counts = [[0; 4]; 4];
        counts[0][0] = 10;
        counts[3][3] = 5;
        counts[0][3] = 5;
        let agreement = of_counts(counts);
        assert_eq!((agreement.pairs, agreement.same), (20, 0.75));
        assert!((agreement.kappa - 0.5).abs() < 1e-12 && (agreement.kappa_quadratic - 0.5).abs() < 1e-12);
        assert_eq!(of_counts([[7, 0, 0, 0], [0; 4], [0; 4], [0; 4]]).kappa, 1.0);
    }

    #[test]
    fn near_misses_weigh_less_than_far_ones() {
        let mut near = [[0; 4]; 4];
        near[0][0] = 10;
        near[3][3] = 10;
        let mut far = near;
        near[2][3] = 4;
        far[0][3] = 4;
        assert!(of_counts(near).kappa > of_counts(far).kappa);
        assert!(of_counts(near).kappa_quadratic > of_counts(near).kappa);
    }
}
