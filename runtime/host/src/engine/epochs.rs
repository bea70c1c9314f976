//! The clock that interrupts guests which fuel does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::LoadError;

/// How often such a guest is interrupted. The guest can't observe the interruptions.
const TICK: Duration = Duration::from_millis(10);

/// A thread that advances the engine's epoch, and ends with the last engine handle.
pub(crate) struct Epochs {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Epochs {
    pub(crate) fn start(engine: &wasmtime::Engine) -> Result<Self, LoadError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, stopped) = (engine.weak(), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("epoch".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    std::thread::park_timeout(TICK);
                    let Some(engine) = engine.upgrade() else { break };
                    engine.increment_epoch();
                }
            })
            .map_err(|source| LoadError::Thread { source })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Epochs {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // The thread runs nothing that can panic, and after a failed join there would be nothing to clean up.
            drop(thread.join());
        }
    }
}
