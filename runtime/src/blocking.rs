//! The bounded pool for work that blocks a thread: files, name look-ups, hashing.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tracing::Span;

use crate::resource::ResourceError;

/// How long a thread waits for more work before it leaves the pool. The end of the runtime waits as long. Without
/// it there would be ever more threads where pieces of work come one by one: one that is about to leave does
/// not count as idle yet.
const LINGER: Duration = Duration::from_millis(5);

/// Runs blocking work on a limited number of threads, so that thousands of resources that check at once
/// do not start thousands of threads. Cheap to clone; clones share the limit.
///
/// A thread that has done one piece of work takes the next, since waking another one costs more than most
/// pieces of work do.
#[derive(Clone, Debug)]
pub struct BlockingPool {
    threads: usize,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Wakes a thread that lingers.
    more: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Box<dyn FnOnce() + Send>>,
    /// How many threads will look at the queue again before they leave.
    working: usize,
    /// How many of these wait for more.
    lingering: usize,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("waiting", &self.waiting.len())
            .field("working", &self.working)
            .field("lingering", &self.lingering)
            .finish()
    }
}

impl BlockingPool {
    /// A pool of so many threads, at least one.
    pub fn new(threads: usize) -> Self {
        Self {
            threads: threads.max(1),
            shared: Arc::default(),
        }
    }

    /// Does the work in the task that asks for it: a simulation whose clock stands still meanwhile has no threads that
    /// it would have to wait for, and is the same each time.
    #[cfg(test)]
    pub(crate) fn simulated() -> Self {
        Self {
            threads: 0,
            shared: Arc::default(),
        }
    }

    /// Runs `work` and waits for it. Once it runs, it is not stopped if the caller stops waiting: long work
    /// looks at a cancellation token.
    ///
    /// # Errors
    /// Those of the work, and `Cancelled` if the runtime shuts down.
    pub async fn run<T, F>(&self, work: F) -> Result<T, ResourceError>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, ResourceError> + Send + 'static,
    {
        #[cfg(test)]
        if self.threads == 0 {
            // Others get their turn, as they would while a thread works.
            tokio::task::yield_now().await;
            let result = work();
            tokio::task::yield_now().await;
            return result;
        }
        let (done, result) = oneshot::channel();
        let span = Span::current();
        let job = move || {
            if !done.is_closed() {
                let outcome = catch_unwind(AssertUnwindSafe(|| span.in_scope(work)));
                // Nobody may be waiting any more.
                let _ = done.send(outcome);
            }
        };
        let start = {
            let mut queue = self.queue();
            queue.waiting.push_back(Box::new(job));
            let start = queue.lingering < queue.waiting.len() && queue.working < self.threads;
            queue.working += usize::from(start);
            start
        };
        if start {
            let pool = self.clone();
            // Not awaited: it works for others too. Each of those awaits its result.
            spawn_blocking(move || pool.work());
        } else {
            self.shared.more.notify_one();
        }
        match result.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(ResourceError::Cancelled),
        }
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            job();
        }
    }

    /// The next piece of work; nothing once there was none for a while.
    fn next(&self) -> Option<Box<dyn FnOnce() + Send>> {
        let mut queue = self.queue();
        if queue.waiting.is_empty() {
            queue.lingering += 1;
            let waited = self
                .shared
                .more
                .wait_timeout_while(queue, LINGER, |queue| queue.waiting.is_empty());
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
            queue.lingering -= 1;
        }
        let job = queue.waiting.pop_front();
        queue.working -= usize::from(job.is_none());
        job
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        let queue = self.shared.queue.lock();
        queue.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Some threads for each processor, since most of the work waits for the disk.
impl Default for BlockingPool {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new(2 * processors + 2)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn all_work_is_done_on_no_more_threads_than_allowed() {
        let pool = BlockingPool::new(3);
        let running = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let work = (0..200).map(|i| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            pool.run(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(i)
            })
        });
        let results: Vec<_> = join_all(work)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert_eq!(results, (0..200).collect::<Vec<_>>());
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[tokio::test]
    async fn pieces_of_work_that_follow_each_other_share_a_thread() {
        let pool = BlockingPool::new(4);
        let mut threads = HashSet::new();
        for _ in 0..100 {
            threads.insert(pool.run(|| Ok(std::thread::current().id())).await.unwrap());
        }
        // One that is held up for longer than a thread lingers may find another.
        assert!(threads.len() < 20, "{}", threads.len());
    }

    #[tokio::test]
    async fn a_panic_is_the_callers_and_the_pool_goes_on() {
        let pool = BlockingPool::new(1);
        let caller = pool.clone();
        let panicking =
            tokio::spawn(async move { caller.run(|| -> Result<(), _> { panic!("x") }).await });
        assert!(panicking.await.unwrap_err().is_panic());
        assert_eq!(pool.run(|| Ok(1)).await.unwrap(), 1);
    }
}
