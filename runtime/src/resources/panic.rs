//! `_panic` does nothing: its presence is the message.

use async_trait::async_trait;
use mgmt_stdlib::resources::panic as declared;

use crate::resource::{CheckContext, Outcome, Resource, ResourceError};

/// See [`declared::Panic`].
pub(super) struct Panic;

#[async_trait]
impl Resource for Panic {
    type Params = declared::Panic;

    fn new(_name: &str, _params: &declared::Panic) -> Self {
        Self
    }

    async fn check_apply(
        &self,
        _params: &declared::Panic,
        _context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        Ok(Outcome::Unchanged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::harness::Scratch;

    #[tokio::test]
    async fn nothing_ever_changes() {
        let panic = Scratch::new().resource::<Panic>("p", declared::Panic::default());
        panic.is_settled().await;
    }
}
