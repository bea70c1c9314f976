//! Medians, which a single slow run does not change. Busy machines have many slow runs.

use std::time::Duration;

/// The middle value, or the mean of the two in the middle; 0 if there are none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied().unwrap_or(0.0);
    if sorted.len().is_multiple_of(2) {
        let lower = middle.checked_sub(1).and_then(|index| sorted.get(index)).copied().unwrap_or(upper);
        f64::midpoint(lower, upper)
    } else {
        upper
    }
}

/// The median of times.
pub(crate) fn median_duration(values: impl Iterator<Item = Duration>) -> Duration {
    let seconds: Vec<f64> = values.map(|value| value.as_secs_f64()).collect();
    Duration::from_secs_f64(median(&seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_middle_of_any_order() {
        for (values, expected) in
            [(&[][..], 0.0), (&[3.0], 3.0), (&[9.0, 1.0, 2.0], 2.0), (&[4.0, 1.0, 100.0, 2.0], 3.0)]
        {
            assert!((median(values) - expected).abs() < f64::EPSILON, "{values:?}");
        }
    }

    #[test]
    fn is_not_moved_by_one_slow_run() {
        let times = [10, 11, 10, 900, 10].map(Duration::from_millis);
        assert_eq!(median_duration(times.into_iter()), Duration::from_millis(10));
    }
}
