//! `test` watches nothing, logs its parameters, calls its function, sends, and fails if it is told to. It never
//! touches the system. All of them share a worker, which only says that it is there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mgmt_stdlib::resource::{Declare, Params};
use mgmt_stdlib::resources::test as declared;
use mgmt_stdlib::value::Value;
use tokio::time::interval;

use crate::resource::{
    Background, BackgroundContext, CheckContext, Group, Outcome, Resource, ResourceError,
};

/// The function, which is called; it is the last parameter that is logged. Those after it say how the resource
/// behaves.
const FUNCTION: &str = "func1";
/// What the function is called with.
const ARGUMENT: Value = Value::Int(42);

/// How often the shared worker says something.
const PERIOD: Duration = Duration::from_secs(1);

/// Serves to test background workers.
struct Ticker;

#[async_trait]
impl Background for Ticker {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn run(&self, context: &BackgroundContext) -> Result<(), ResourceError> {
        let mut ticks = interval(PERIOD);
        context.ready();
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                _ = ticks.tick() => tracing::debug!("background(test): tick"),
            }
        }
    }
}

/// See [`declared::Test`].
pub(super) struct Test;

#[async_trait]
impl Resource for Test {
    type Params = declared::Test;

    fn new(_name: &str, _params: &declared::Test) -> Self {
        Self
    }

    fn group(_name: &str, params: &declared::Test) -> Option<Group> {
        let group = Group::with_all();
        Some(if params.alwaysgroup {
            group
        } else {
            group.follower()
        })
    }

    fn background() -> Option<Arc<dyn Background>> {
        Some(Arc::new(Ticker))
    }

    async fn check_apply(
        &self,
        params: &declared::Test,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        for received in context.received() {
            let changed = if received.changed {
                "changed"
            } else {
                "as before"
            };
            tracing::info!("received `{}`: {changed}", received.param);
        }
        if context.refresh() {
            tracing::info!("received a notification");
        }
        check_received(params, context)?;
        if params.waitforerror > 0 {
            let wait = Duration::from_millis(params.waitforerror.unsigned_abs());
            tokio::select! {
                () = context.cancelled() => return Err(ResourceError::Cancelled),
                () = tokio::time::sleep(wait) => {}
            }
            return Err(ResourceError::message(format!(
                "failed after {} ms, as told",
                params.waitforerror
            )));
        }
        for line in lines(params)? {
            tracing::info!("{line}");
        }
        context.send(vec![
            ("hello", Some(Value::from(params.sendvalue.as_str()))),
            ("answer", Some(Value::Int(42))),
        ]);
        Ok(Outcome::Unchanged)
    }
}

fn check_received(params: &declared::Test, context: &CheckContext) -> Result<(), ResourceError> {
    let Some(expected) = &params.expectrecv else {
        return Ok(());
    };
    let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
    let received: BTreeSet<&str> = context
        .received()
        .iter()
        .map(|received| received.param.as_str())
        .collect();
    if expected == received {
        return Ok(());
    }
    Err(ResourceError::message(format!(
        "expected to receive {expected:?}, received {received:?}"
    )))
}

/// One line for each parameter that is to be shown; of the function, what it gives.
fn lines(params: &declared::Test) -> Result<Vec<String>, ResourceError> {
    let result = match &params.func1 {
        Some(func) => Some(func.call(&[ARGUMENT]).map_err(|error| {
            ResourceError::message(format!(
                "the call of `{FUNCTION}` with {ARGUMENT} failed: {error}"
            ))
        })?),
        None => None,
    };
    let declaration = declared::Test::declare();
    let last = declaration
        .params
        .iter()
        .position(|param| param.name == FUNCTION)
        .map_or(0, |last| last + 1);
    let lines = declaration.params[..last]
        .iter()
        .filter(|param| {
            params.onlyshow.is_empty() || params.onlyshow.iter().any(|name| name == param.dump_name)
        })
        .map(|param| {
            let value = match param.name {
                FUNCTION => result.clone(),
                name => params.get(name),
            };
            match value {
                Some(value) => format!("{}: {value}", param.dump_name),
                None => format!("{}: nil", param.dump_name),
            }
        });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use mgmt_stdlib::catalog::CallError;
    use mgmt_stdlib::types::Type;
    use mgmt_stdlib::value::Func;

    use super::*;
    use crate::resource::harness::{Scratch, sent};

    #[tokio::test]
    async fn sends_and_never_changes() {
        let params = declared::Test {
            sendvalue: "x".to_owned(),
            ..declared::Test::default()
        };
        let test = Scratch::new().resource::<Test>("t", params);
        test.is_settled().await;
        let (_, values) = test.send().await.unwrap();
        assert_eq!(sent(&values, "hello"), Some(Value::from("x")));
        assert_eq!(sent(&values, "answer"), Some(Value::Int(42)));
    }

    #[tokio::test]
    async fn what_is_received_is_compared_by_name() {
        let params = declared::Test {
            expectrecv: Some(vec!["str".to_owned(), "int".to_owned()]),
            ..declared::Test::default()
        };
        let test = Scratch::new().resource::<Test>("t", params);
        test.receive(&["int", "str"]).await.unwrap();
        test.receive(&["int", "int8"]).await.unwrap_err();
        test.apply().await.unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn fails_when_told_and_can_be_cancelled() {
        let params = declared::Test {
            waitforerror: 1000,
            ..declared::Test::default()
        };
        let test = Scratch::new().resource::<Test>("t", params);
        let error = test.apply().await.unwrap_err();
        assert_eq!(error.to_string(), "failed after 1000 ms, as told");
        test.cancel.cancel();
        let error = test.apply().await.unwrap_err();
        assert!(matches!(error, ResourceError::Cancelled));
    }

    #[test]
    fn only_the_wanted_parameters_are_shown() {
        let mut params = declared::Test {
            uint8: 7,
            onlyshow: vec!["Uint8".to_owned(), "StringPtr".to_owned()].into(),
            ..declared::Test::default()
        };
        assert_eq!(lines(&params).unwrap(), ["Uint8: 7", "StringPtr: nil"]);
        params.onlyshow = Vec::new().into();
        let all = lines(&params).unwrap();
        assert!(all.first().unwrap().starts_with("Bool: "));
        assert_eq!(all.last().unwrap(), "Func1: nil");
    }

    #[tokio::test]
    async fn the_function_is_called_with_42() {
        let ty = Type::func([("", Type::Int)], Type::Str);
        let shows = Func::new(ty.clone(), |args: &[Value]| {
            Ok(Value::from(format!("got {}", args[0])))
        });
        let params = declared::Test {
            func1: Some(shows),
            onlyshow: vec!["Func1".to_owned()].into(),
            ..declared::Test::default()
        };
        assert_eq!(lines(&params).unwrap(), [r#"Func1: "got 42""#]);

        let fails = Func::new(ty, |_: &[Value]| Err(CallError::catchable("no luck")));
        let params = declared::Test {
            func1: Some(fails),
            ..declared::Test::default()
        };
        let test = Scratch::new().resource::<Test>("t", params);
        let error = test.apply().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the call of `func1` with 42 failed: no luck"
        );
    }
}
