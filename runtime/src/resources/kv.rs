//! `kv` is woken by changes of its key in the state that hosts share. It compares the stored text with the wanted one,
//! and stores or deletes it. When the resource goes, the text stays.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mgmt_stdlib::catalog::WorldEvent;
use mgmt_stdlib::resources::kv as declared;
use mgmt_stdlib::resources::kv::CompareStyle;
use mgmt_stdlib::value::Str;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::resource::{Change, CheckContext, Outcome, Resource, ResourceError, WatchContext};

/// The peers have to answer within this time.
const PATIENCE: Duration = Duration::from_secs(5);

/// See [`declared::Kv`].
pub(super) struct Kv {
    name: String,
    interrupted: CancellationToken,
}

#[async_trait]
impl Resource for Kv {
    type Params = declared::Kv;

    fn new(name: &str, _params: &declared::Kv) -> Self {
        Self {
            name: name.to_owned(),
            interrupted: CancellationToken::new(),
        }
    }

    async fn watch(
        &self,
        params: &declared::Kv,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        let key = params.key(&self.name).to_owned();
        let event = if params.mapped {
            WorldEvent::Strings(key)
        } else {
            WorldEvent::String(key)
        };
        let mut watch = context.services.world.watch(&event);
        loop {
            context.event().await?;
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                changed = watch.changed() => changed.map_err(|_| {
                    ResourceError::message("the state that is shared with peers is told of no more")
                })?,
            }
        }
    }

    fn must_rewatch(&self, old: &declared::Kv, new: &declared::Kv) -> bool {
        old.mapped != new.mapped || old.key(&self.name) != new.key(&self.name)
    }

    async fn check_apply(
        &self,
        params: &declared::Kv,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let key = params.key(&self.name).to_owned();
        if context.has_changed("value") {
            tracing::info!("received a value for `{key}`");
        }
        let world = Arc::clone(&context.services.world);
        let hostname = Arc::clone(&context.services.hostname);
        let (params, refresh, apply) = (params.clone(), context.refresh(), context.apply());
        let changes = context.changes().clone();
        let work = move || {
            let wanted = wanted(&params)?;
            let differs = loop {
                let stored = if params.mapped {
                    world.strings(&key).map(|mut all| all.remove(&*hostname))
                } else {
                    world.string(&key)
                };
                let stored = stored.map_err(ResourceError::message)?;
                if !must_store(&params, stored.as_deref(), wanted, refresh) {
                    break false;
                }
                if !apply {
                    break true;
                }
                let is_stored = if params.mapped {
                    // Nobody but this host writes it.
                    world.set_own_string(&key, wanted)?;
                    true
                } else {
                    world.replace_string(&key, stored.as_deref(), wanted)?
                };
                if is_stored {
                    let verb = match wanted {
                        Some(_) => "stored",
                        None => "deleted",
                    };
                    tracing::info!("{verb} `{key}`");
                    break true;
                }
                // Another host was faster, perhaps with a value that is to stay.
            };
            if differs {
                changes.report(|| Change::Step(format!("store `{key}`")));
            }
            Ok(if differs {
                Outcome::Changed
            } else {
                Outcome::Unchanged
            })
        };
        tokio::select! {
            done = timeout(PATIENCE, context.services.blocking.run(work)) => done.map_err(|_| {
                ResourceError::message(format!(
                    "the state that is shared with peers does not answer within {} s",
                    PATIENCE.as_secs()
                ))
            })?,
            () = context.cancelled() => Err(ResourceError::Cancelled),
            () = self.interrupted.cancelled() => Err(ResourceError::Cancelled),
        }
    }

    fn interrupt(&self) {
        self.interrupted.cancel();
    }
}

/// The text to store.
fn wanted(params: &declared::Kv) -> Result<Option<&str>, ResourceError> {
    let text = params.value.as_ref().map(Str::to_str).transpose();
    text.map_err(|_| {
        ResourceError::message("`value` is not UTF-8, as all that hosts share must be")
    })
}

/// Whether the wanted text is to replace the stored one. A notification ends the reluctance to store less.
fn must_store(
    params: &declared::Kv,
    stored: Option<&str>,
    wanted: Option<&str>,
    refresh: bool,
) -> bool {
    if stored == wanted {
        return false;
    }
    let (Some(stored), Some(wanted)) = (stored, wanted) else {
        return true;
    };
    let is_less = match params.compare_style() {
        Some(CompareStyle::Text) => wanted < stored,
        // What is no number is simply replaced.
        _ => match (wanted.parse::<i64>(), stored.parse::<i64>()) {
            (Ok(wanted), Ok(stored)) => wanted < stored,
            _ => false,
        },
    };
    refresh || !params.skiplessthan || !is_less
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::harness::Scratch;

    fn holding(value: Option<&str>) -> declared::Kv {
        declared::Kv {
            value: value.map(Into::into),
            ..declared::Kv::default()
        }
    }

    #[tokio::test]
    async fn a_text_is_stored_and_deleted() {
        let scratch = Scratch::new();
        let kv = scratch.resource::<Kv>("k", holding(Some("v")));
        kv.converges().await;
        let stored = || scratch.services.world.string("k").unwrap();
        assert_eq!(stored().as_deref(), Some("v"));
        scratch
            .services
            .world
            .set_string("k", Some("other"))
            .unwrap();
        kv.converges().await;
        assert_eq!(stored().as_deref(), Some("v"));
        let gone = scratch.resource::<Kv>("k", holding(None));
        gone.converges().await;
        assert_eq!(stored(), None);
    }

    #[tokio::test]
    async fn each_host_has_its_own_text_under_a_mapped_key() {
        let scratch = Scratch::new();
        let mapped = declared::Kv {
            mapped: true,
            key: "ns".to_owned(),
            ..holding(Some("v"))
        };
        let kv = scratch.resource::<Kv>("k", mapped);
        kv.converges().await;
        let all = scratch.services.world.strings("ns").unwrap();
        assert_eq!(
            all.into_iter().collect::<Vec<_>>(),
            [("test-host".to_owned(), "v".to_owned())]
        );
        let mut watching = kv.watch().await;
        scratch
            .services
            .world
            .set_own_string("ns", Some("w"))
            .unwrap();
        watching.event().await;
        watching.end().await;
    }

    #[tokio::test]
    async fn a_change_is_an_event() {
        let scratch = Scratch::new();
        let kv = scratch.resource::<Kv>("k", holding(Some("v")));
        let mut watching = kv.watch().await;
        scratch.services.world.set_string("k", Some("w")).unwrap();
        watching.event().await;
        watching.end().await;
    }

    #[test]
    fn a_value_only_rises_unless_notified() {
        let rising = |style, stored, wanted, refresh| {
            let params = declared::Kv {
                skiplessthan: true,
                skipcmpstyle: style,
                ..holding(Some(wanted))
            };
            must_store(&params, Some(stored), Some(wanted), refresh)
        };
        assert!(!rising(0, "10", "9", false));
        assert!(rising(0, "10", "9", true));
        assert!(rising(0, "9", "10", false));
        assert!(rising(0, "7", "07", false));
        assert!(rising(0, "text", "1", false));
        assert!(rising(1, "10", "9", false));
        assert!(!rising(1, "b", "a", false));
        let plain = holding(Some("1"));
        assert!(must_store(&plain, Some("2"), Some("1"), false));
    }
}
