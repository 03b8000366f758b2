//! `noop` watches nothing, compares nothing and changes nothing.

use async_trait::async_trait;
use mgmt_stdlib::resources::noop as declared;

use crate::resource::{CheckContext, Group, Outcome, Resource, ResourceError};

/// See [`declared::Noop`].
pub(super) struct Noop;

#[async_trait]
impl Resource for Noop {
    type Params = declared::Noop;

    fn new(_name: &str, _params: &declared::Noop) -> Self {
        Self
    }

    fn group(_name: &str, _params: &declared::Noop) -> Option<Group> {
        Some(Group::with_all())
    }

    async fn check_apply(
        &self,
        _params: &declared::Noop,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        if context.refresh() {
            tracing::info!("received a notification");
        }
        Ok(Outcome::Unchanged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::harness::Scratch;

    #[tokio::test]
    async fn nothing_ever_changes() {
        let noop = Scratch::new().resource::<Noop>("n", declared::Noop::default());
        noop.is_settled().await;
        assert_eq!(noop.refresh().await.unwrap(), Outcome::Unchanged);
        noop.watch().await.end().await;
    }
}
