//! Learns that the kernel was given another host name.

use std::fs::File;
use std::path::Path;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::resource::ResourceError;

const PATH: &str = "/proc/sys/kernel/hostname";

/// Learns that the kernel was given another host name.
pub(super) struct KernelName(AsyncFd<File>);

impl KernelName {
    /// All changes from now on count.
    #[expect(
        deprecated,
        reason = "an owned descriptor meets what the unsafe replacement asks for"
    )]
    pub(super) fn open() -> Result<Self, ResourceError> {
        let path = Path::new(PATH);
        let file = File::open(path).map_err(ResourceError::path("open", path))?;
        AsyncFd::with_interest(file, Interest::PRIORITY)
            .map(Self)
            .map_err(ResourceError::path("watch", path))
    }

    /// Waits for the next change.
    pub(super) async fn changed(&mut self) -> Result<(), ResourceError> {
        let ready = self.0.ready_mut(Interest::PRIORITY).await;
        let mut ready = ready.map_err(ResourceError::path("watch", Path::new(PATH)))?;
        ready.clear_ready();
        Ok(())
    }
}
