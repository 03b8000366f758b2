//! The bounded pool for work that blocks a thread: files, name look-ups, hashing.

use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tracing::Span;

use crate::resource::ResourceError;

/// Runs blocking work on a limited number of threads, so that thousands of resources that check at once
/// do not start thousands of threads. Cheap to clone; clones share the limit.
#[derive(Clone, Debug)]
pub struct BlockingPool(Arc<Semaphore>);

impl BlockingPool {
    /// A pool of so many threads, at least one.
    pub fn new(threads: usize) -> Self {
        Self(Arc::new(Semaphore::new(threads.max(1))))
    }

    /// Runs `work` and waits for it. It is not stopped if the caller stops waiting: long work looks at a
    /// cancellation token.
    ///
    /// # Errors
    /// Those of the work, and `Cancelled` if the runtime shuts down.
    pub async fn run<T, F>(&self, work: F) -> Result<T, ResourceError>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, ResourceError> + Send + 'static,
    {
        let permit = Arc::clone(&self.0)
            .acquire_owned()
            .await
            .map_err(|_| ResourceError::Cancelled)?;
        let span = Span::current();
        let work = spawn_blocking(move || {
            let result = span.in_scope(work);
            drop(permit);
            result
        });
        match work.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            Err(_) => Err(ResourceError::Cancelled),
        }
    }
}

/// Some threads for each processor, since most of the work waits for the disk.
impl Default for BlockingPool {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new(2 * processors + 2)
    }
}
