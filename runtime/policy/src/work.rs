//! Steps of work, which tests count.

/// Counts a step of work that might grow faster than its input. Only tests count.
#[inline]
pub(crate) fn step() {
    #[cfg(test)]
    counted::STEPS.with(|steps| steps.set(steps.get() + 1));
}

#[cfg(test)]
pub(crate) use counted::steps;

#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        pub(super) static STEPS: Cell<u64> = const { Cell::new(0) };
    }

    /// The result of `work`, and how many steps it took.
    pub(crate) fn steps<T>(work: impl FnOnce() -> T) -> (T, u64) {
        let before = STEPS.with(Cell::get);
        let done = work();
        (done, STEPS.with(Cell::get) - before)
    }
}
