//! `value` watches nothing, compares the value with the stored one, and stores it. It sends it on every run,
//! whether it was stored or not.

use async_trait::async_trait;
use mgmt_stdlib::resources::value as declared;

use crate::local_values::is_same;
use crate::resource::{Change, CheckContext, Outcome, Resource, ResourceError};

/// See [`declared::ValueTap`].
pub(super) struct ValueTap {
    name: String,
}

#[async_trait]
impl Resource for ValueTap {
    type Params = declared::ValueTap;

    fn new(name: &str, _params: &declared::ValueTap) -> Self {
        Self {
            name: name.to_owned(),
        }
    }

    async fn check_apply(
        &self,
        params: &declared::ValueTap,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let (store, name) = (context.services.values.clone(), self.name.clone());
        let (wanted, apply) = (params.any.clone(), context.apply());
        let store = move || {
            let differs = !is_same(&store.get(&name)?, &wanted);
            if differs && apply {
                store.set(&name, wanted)?;
            }
            Ok(differs)
        };
        let differs = context.services.blocking.run(store).await?;
        if differs {
            context.report(|| Change::Step("keep another value".to_owned()));
        }
        context.send(vec![("any", params.any.clone())]);
        Ok(if differs || context.has_changed("any") {
            Outcome::Changed
        } else {
            Outcome::Unchanged
        })
    }
}

#[cfg(test)]
mod tests {
    use mgmt_stdlib::value::Value;

    use super::*;
    use crate::resource::harness::{Scratch, sent};

    fn holding(any: Option<Value>) -> declared::ValueTap {
        declared::ValueTap { any }
    }

    #[tokio::test]
    async fn a_value_is_stored_sent_and_forgotten() {
        let scratch = Scratch::new();
        let value = scratch.resource::<ValueTap>("v", holding(Some(Value::Int(7))));
        value.converges().await;
        assert_eq!(
            scratch.services.values.get("v").unwrap(),
            Some(Value::Int(7))
        );
        let (_, values) = value.send().await.unwrap();
        assert_eq!(sent(&values, "any"), Some(Value::Int(7)));
        scratch
            .resource::<ValueTap>("v", holding(None))
            .converges()
            .await;
        assert_eq!(scratch.services.values.get("v").unwrap(), None);
    }

    #[tokio::test]
    async fn receiving_is_a_change_even_of_the_same() {
        let scratch = Scratch::new();
        let value = scratch.resource::<ValueTap>("v", holding(Some(Value::from("x"))));
        value.converges().await;
        assert_eq!(value.receive(&["any"]).await.unwrap(), Outcome::Changed);
        value.is_settled().await;
    }
}
