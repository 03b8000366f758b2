//! `exit` watches nothing; when it is applied, it asks whoever runs the agent for an orderly end.

use async_trait::async_trait;
use mgmt_stdlib::resources::exit as declared;

use crate::resource::{Change, CheckContext, Outcome, Resource, ResourceError};

/// See [`declared::Exit`].
pub(super) struct Exit;

#[async_trait]
impl Resource for Exit {
    type Params = declared::Exit;

    fn new(_name: &str, _params: &declared::Exit) -> Self {
        Self
    }

    async fn check_apply(
        &self,
        params: &declared::Exit,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        context.report(|| Change::Step(format!("end the agent with status {}", params.code)));
        if context.apply() {
            tracing::info!("asking the agent to exit with code {}", params.code);
            context.services.exit.request(params.code);
        }
        Ok(Outcome::Changed)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::resource::harness::Scratch;

    #[tokio::test]
    async fn asks_only_when_applied() {
        let scratch = Scratch::new();
        let exit = scratch.resource::<Exit>("x", declared::Exit { code: 3 });
        assert_eq!(exit.noop().await.unwrap(), Outcome::Changed);
        assert_eq!(scratch.services.exit.requested().now_or_never(), None);
        assert_eq!(exit.apply().await.unwrap(), Outcome::Changed);
        assert_eq!(scratch.services.exit.requested().now_or_never(), Some(3));
    }
}
