//! Batches of like length, so that little is computed on padding.

/// Splits the texts of these lengths into batches: longest first, ties in the order given. A batch of `n`
/// whose longest is `l` fills `n * l` tokens, at most `budget`, but holds one text at least.
pub(super) fn batches(lengths: &[usize], budget: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(lengths[i]));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for i in order {
        match batches.last_mut() {
            Some(batch) if (batch.len() + 1) * lengths[batch[0]] <= budget => batch.push(i),
            _ => batches.push(vec![i]),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn batches_go_from_long_to_short_within_the_budget() {
        assert_eq!(batches(&[3, 9, 4, 4], 8), vec![vec![1], vec![2, 3], vec![0]]);
        assert_eq!(batches(&[], 8), Vec::<Vec<usize>>::new());
        assert_eq!(batches(&[0, 0], 0), vec![vec![0, 1]]);
    }

    proptest! {
        #[test]
        fn every_text_is_in_one_batch_and_no_batch_of_two_exceeds_the_budget(
            lengths in prop::collection::vec(0_usize..600, 0..80),
            budget in 1_usize..5000,
        ) {
            let batches = batches(&lengths, budget);
            let mut seen: Vec<usize> = batches.iter().flatten().copied().collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            for batch in &batches {
                let longest = batch.iter().map(|&i| lengths[i]).max().unwrap();
                prop_assert!(batch.len() == 1 || longest * batch.len() <= budget);
            }
        }
    }
}
