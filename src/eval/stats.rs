//! Statistics over topics: intervals by the bootstrap, tests by randomization, how many topics would be enough.

use fastrand::Rng;

/// Of every resampling.
pub const RESAMPLES: usize = 10_000;
/// Fixed, so that a report is reproducible to the last digit.
const SEED: u64 = 20_240_608;
/// 97.5 % quantile of the normal distribution.
const Z: f64 = 1.96;

/// An interval that holds the true value in 95 of 100 samples.
pub type Interval = [f64; 2];

pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Percentile bootstrap of the mean (Efron 1979; for retrieval: Sakai, SIGIR 2006).
pub fn interval(values: &[f64]) -> Interval {
    if values.is_empty() {
        return [0.0, 0.0];
    }
    let mut rng = Rng::with_seed(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| (0..values.len()).map(|_| values[rng.usize(..values.len())]).sum::<f64>() / values.len() as f64)
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[((share * RESAMPLES as f64) as usize).min(RESAMPLES - 1)];
    [at(0.025), at(0.975)]
}

/// Percentile bootstrap of a ratio of sums, each `(part, whole)` drawn as one: for counts that come in clusters, as the
/// sentences of an answer. The bootstrap cannot leave 0 or 1 where nothing else was seen; there it is the score interval
/// (Wilson 1927) of as many cases as there are clusters.
pub fn ratio_interval(clusters: &[(f64, f64)]) -> Interval {
    let ratio = |parts: f64, wholes: f64| if wholes > 0.0 { parts / wholes } else { 0.0 };
    let (parts, wholes) = clusters.iter().fold((0.0, 0.0), |sum, cluster| (sum.0 + cluster.0, sum.1 + cluster.1));
    let n = clusters.len() as f64;
    match ratio(parts, wholes) {
        _ if clusters.is_empty() => return [0.0, 0.0],
        0.0 => return [0.0, Z * Z / (n + Z * Z)],
        1.0 => return [n / (n + Z * Z), 1.0],
        _ => {}
    }
    let mut rng = Rng::with_seed(SEED);
    let mut resample = || {
        let drawn = (0..clusters.len()).map(|_| clusters[rng.usize(..clusters.len())]);
        let (parts, wholes) = drawn.fold((0.0, 0.0), |sum, cluster| (sum.0 + cluster.0, sum.1 + cluster.1));
        ratio(parts, wholes)
    };
    let mut ratios: Vec<f64> = (0..RESAMPLES).map(|_| resample()).collect();
    ratios.sort_by(f64::total_cmp);
    [percentile(&ratios, 0.025), percentile(&ratios, 0.975)]
}

/// Percentile bootstrap of the median.
pub fn median_interval(values: &[f64]) -> Interval {
    if values.is_empty() {
        return [0.0, 0.0];
    }
    let mut rng = Rng::with_seed(SEED);
    let mut median = || {
        let mut drawn: Vec<f64> = (0..values.len()).map(|_| values[rng.usize(..values.len())]).collect();
        drawn.sort_unstable_by(f64::total_cmp);
        percentile(&drawn, 0.5)
    };
    // The order of so many medians is known well enough from a tenth of the draws, each of which has to be sorted.
    let mut medians: Vec<f64> = (0..RESAMPLES / 10).map(|_| median()).collect();
    medians.sort_by(f64::total_cmp);
    [percentile(&medians, 0.025), percentile(&medians, 0.975)]
}

/// The value that `share` of the sorted values lie below; the nearest one.
///
/// # Panics
/// On no values.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// Slopes of the plane through `(x, y, z)` that is nearest to every z by least squares: of z over x and over y. None where
/// the points do not lie far enough apart to tell the two.
pub fn slopes(points: &[(f64, f64, f64)]) -> Option<[f64; 2]> {
    let mean_of = |value: fn(&(f64, f64, f64)) -> f64| mean(&points.iter().map(value).collect::<Vec<_>>());
    let (mx, my, mz) = (mean_of(|point| point.0), mean_of(|point| point.1), mean_of(|point| point.2));
    let [mut xx, mut xy, mut yy, mut xz, mut yz] = [0.0; 5];
    for (x, y, z) in points {
        let (x, y, z) = (x - mx, y - my, z - mz);
        xx += x * x;
        xy += x * y;
        yy += y * y;
        xz += x * z;
        yz += y * z;
    }
    let determinant = xx * yy - xy * xy;
    // Points on a line, or all in one place.
    let is_flat = determinant <= 1e-9 * xx * yy || xx == 0.0 || yy == 0.0;
    (!is_flat).then(|| [(xz * yy - yz * xy) / determinant, (yz * xx - xz * xy) / determinant])
}

/// Two-sided p of the paired randomization test: how often a mean at least as far from zero comes out when every
/// topic's difference may as well have had the other sign (Fisher; Smucker, Allan and Carterette, CIKM 2007).
pub fn randomization_p(differences: &[f64]) -> f64 {
    let observed = differences.iter().sum::<f64>().abs();
    // Rounding must not tell apart what is equal.
    let bar = observed - 1e-12;
    let mut rng = Rng::with_seed(SEED);
    let moved: Vec<f64> = differences.iter().copied().filter(|difference| *difference != 0.0).collect();
    let mut as_far = 0;
    for _ in 0..RESAMPLES {
        let (mut sum, mut bits) = (0.0, 0);
        for (index, difference) in moved.iter().enumerate() {
            if index % 64 == 0 {
                bits = rng.u64(..);
            }
            sum += if bits & 1 == 0 { *difference } else { -difference };
            bits >>= 1;
        }
        as_far += usize::from(sum.abs() >= bar);
    }
    (as_far + 1) as f64 / (RESAMPLES + 1) as f64
}

/// Of [`two_sample_p`], which sorts and counts anew each time.
const PERMUTATIONS: usize = 2_000;

/// p of the two-sample permutation test: how often two samples drawn from both together are at least as far apart as these
/// are (Fisher 1935; Pitman 1937).
pub fn two_sample_p<T: Copy>(one: &[T], other: &[T], distance: impl Fn(&[T], &[T]) -> f64) -> f64 {
    let bar = distance(one, other) - 1e-12;
    let mut pooled: Vec<T> = one.iter().chain(other).copied().collect();
    let mut rng = Rng::with_seed(SEED);
    let mut as_far = 0;
    for _ in 0..PERMUTATIONS {
        rng.shuffle(&mut pooled);
        let (one, other) = pooled.split_at(one.len());
        as_far += usize::from(distance(one, other) >= bar);
    }
    (as_far + 1) as f64 / (PERMUTATIONS + 1) as f64
}

/// Mean of the paired differences over their standard deviation (Cohen's d for pairs); 0 where nothing differs.
pub fn effect(differences: &[f64]) -> f64 {
    let deviation = deviation(differences);
    if deviation > 0.0 { mean(differences) / deviation } else { 0.0 }
}

fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
}

/// How many topics would show a difference of the observed size, at 5 % error and 80 % power; `None` where none is
/// observed.
pub fn topics_needed(differences: &[f64]) -> Option<usize> {
    let (mean, deviation) = (mean(differences), deviation(differences));
    // The two quantiles of the normal distribution: 97.5 % and 80 %.
    let needed = ((1.96 + 0.8416) * deviation / mean).powi(2).ceil();
    (mean != 0.0 && needed.is_finite()).then_some((needed as usize).max(differences.len() + 1))
}

/// Holm's step-down correction (1979): the adjusted p of each, in the order given.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut last = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        last = last.max(p[index] * (p.len() - rank) as f64).min(1.0);
        adjusted[index] = last;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_the_mean_and_shrinks_with_more_topics() {
        let some: Vec<f64> = (0..40).map(|n| f64::from(n % 5) / 4.0).collect();
        let many = some.repeat(25);
        let ([low, high], [lower, higher]) = (interval(&some), interval(&many));
        assert!(low < mean(&some) && mean(&some) < high);
        // Of a mean of n values: ± 1.96 σ / √n, here σ = .354.
        assert!((high - low - 2.0 * 1.96 * 0.3536 / 40f64.sqrt()).abs() < 0.02, "{low} {high}");
        assert!((high - low) / (higher - lower) > 4.0);
        assert_eq!(interval(&[0.5]), [0.5, 0.5]);
    }

    #[test]
    fn a_ratio_is_drawn_by_clusters() {
        // All the doubt of 20 answers lies in one: wider than 60 sentences by themselves would make it.
        let mut clusters = vec![(3.0, 3.0); 19];
        clusters.push((0.0, 3.0));
        let [low, high] = ratio_interval(&clusters);
        assert!(low < 0.88 && high == 1.0, "{low} {high}");
        // 3.8416 / 13.8416 by hand; ten cases without a failure do not show that there is none.
        let [low, high] = ratio_interval(&[(1.0, 1.0); 10]);
        assert!((low - 10.0 / 13.8416).abs() < 1e-9 && high == 1.0, "{low} {high}");
        assert!((ratio_interval(&[(0.0, 1.0); 10])[1] - 3.8416 / 13.8416).abs() < 1e-9);
        assert_eq!(ratio_interval(&[]), [0.0, 0.0]);
    }

    #[test]
    fn slopes_of_a_plane_come_back() {
        let points: Vec<(f64, f64, f64)> = (0..20)
            .map(f64::from)
            .map(|n| (100.0 * n, (n * 7.0) % 13.0, 5.0 + 2.0 * 100.0 * n + 30.0 * ((n * 7.0) % 13.0)))
            .collect();
        let [x, y] = slopes(&points).unwrap();
        assert!((x - 2.0).abs() < 1e-9 && (y - 30.0).abs() < 1e-9, "{x} {y}");
        assert_eq!(slopes(&[(1.0, 2.0, 3.0), (2.0, 4.0, 5.0), (3.0, 6.0, 9.0)]), None);
        assert_eq!(slopes(&[]), None);
    }

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let values: Vec<f64> = (1..=101).map(f64::from).collect();
        assert_eq!((percentile(&values, 0.5), percentile(&values, 0.95)), (51.0, 96.0));
        let [low, high] = median_interval(&values);
        assert!(low < 51.0 && 51.0 < high && high - low < 50.0, "{low} {high}");
    }

    #[test]
    fn the_test_counts_signs() {
        // Five differences of one sign: only 2 of 32 assignments are as far, p = 1/16.
        assert!((randomization_p(&[1.0; 5]) - 1.0 / 16.0).abs() < 0.01);
        assert_eq!(randomization_p(&[0.0; 5]), 1.0);
        assert!(randomization_p(&[1.0, -1.0, 1.0, -1.0]) > 0.9);
        assert!(randomization_p(&[0.5; 100]) < 0.001);
    }

    #[test]
    fn two_samples_of_one_kind_are_not_told_apart() {
        let distance = |one: &[f64], other: &[f64]| (mean(one) - mean(other)).abs();
        // Of the 20 ways to take three of six, two are as far apart as these: p = .1.
        let p = two_sample_p(&[1.0, 2.0, 3.0], &[7.0, 8.0, 9.0], distance);
        assert!((p - 0.1).abs() < 0.03, "{p}");
        assert_eq!(two_sample_p(&[1.0; 9], &[1.0; 4], distance), 1.0);
        let (low, high): (Vec<f64>, Vec<f64>) = (0..40).map(|n| (f64::from(n % 7), f64::from(n % 7) + 3.0)).unzip();
        assert!(two_sample_p(&low, &high, distance) < 0.001);
    }

    #[test]
    fn holm_by_hand() {
        let adjusted = holm(&[0.01, 0.04, 0.03]);
        let expected = [0.03, 0.06, 0.06];
        assert!(adjusted.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{adjusted:?}");
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    }

    #[test]
    fn a_small_difference_needs_many_topics() {
        let noisy: Vec<f64> = (0..50).map(|n| if n % 2 == 0 { 0.31 } else { -0.29 }).collect();
        let needed = topics_needed(&noisy).unwrap();
        // (2.8 × .303 / .01)² ≈ 7,200
        assert!((7_000..7_500).contains(&needed), "{needed}");
        assert_eq!(topics_needed(&[0.0, 0.0]), None);
    }
}
