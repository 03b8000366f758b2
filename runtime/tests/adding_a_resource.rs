//! A resource kind from beginning to end, in the order of CONTRIBUTING.md, "Adding a resource kind".
//!
//! `marker "/path" { owner => "me", }` holds a file that says who was here.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use mgmt_runtime::graph::Identity;
use mgmt_runtime::resource::{
    CheckContext, InitContext, Outcome, Registry, Resource, ResourceError, Services, WatchContext,
};
use mgmt_stdlib::resource::{AutoEdges, Invalid, Params, Subject, Validate};
use tokio_util::sync::CancellationToken;

// 1. What a user can say: `stdlib/src/resources/marker.rs`.

/// Holds a file that says who was here; the name is its path.
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "marker", edgeable, auto_edges = Marker::edges)]
pub struct Marker {
    /// Who was here.
    pub owner: String,
}

impl Marker {
    /// So that the directory it lies in comes before it by itself.
    fn edges(&self, name: &str) -> AutoEdges {
        AutoEdges::default()
            .provides(Subject::file(name))
            .after_directory_of(name)
    }
}

impl Validate for Marker {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        if !name.starts_with('/') {
            return Err(Invalid::resource("the name must be an absolute path"));
        }
        if self.owner.is_empty() {
            return Err(Invalid::param("owner", "can not be empty").help("say who you are"));
        }
        Ok(())
    }
}

// 2. What it does: `runtime/src/resources/marker.rs`.

struct MarkerFile {
    path: PathBuf,
}

#[async_trait]
impl Resource for MarkerFile {
    type Params = Marker;

    fn new(name: &str, _params: &Marker) -> Self {
        Self { path: name.into() }
    }

    /// Listens first, says so by the first event, and from then on tells of everything that may matter.
    async fn watch(&self, _params: &Marker, context: &WatchContext) -> Result<(), ResourceError> {
        let mut path = context.services.paths.watch(&self.path, false).await?;
        loop {
            context.event().await?;
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                changed = path.changed() => changed?,
            }
        }
    }

    /// Looks at the machine, whatever the event was; changes only what differs, and only if it may.
    async fn check_apply(
        &self,
        params: &Marker,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let (path, text, apply) = (self.path.clone(), params.owner.clone(), context.apply());
        let work = move || check_apply(&path, &text, apply);
        // Files can block, and the threads of async tasks must not.
        context.services.blocking.run(work).await
    }
}

fn check_apply(path: &Path, text: &str, apply: bool) -> Result<Outcome, ResourceError> {
    if fs::read_to_string(path).is_ok_and(|found| found == text) {
        return Ok(Outcome::Unchanged);
    }
    if apply {
        fs::write(path, text).map_err(ResourceError::path("write", path))?;
        tracing::info!("marked `{}`", path.display());
    }
    Ok(Outcome::Changed)
}

// 3. Where it is entered: `mgmt_stdlib::resources::all` and `mgmt_runtime::resources::registry`.

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.add::<MarkerFile>();
    registry
}

// 4. What it promises. Kinds of this project have `resource::harness` for this, and tests of real runs.

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("mark");
    let name = path.to_str().unwrap();
    let params = Marker {
        owner: "me".to_owned(),
    };
    assert_eq!(params.validate(name), Ok(()));
    let services = Services::new("h1", "mgmt 0", scratch.path());
    let init = InitContext::new(services, Identity::new("marker", name));
    let marker = registry().create(name, &params).unwrap();
    let check = async |apply| {
        let cancel = CancellationToken::new();
        let context = CheckContext::new(init.clone(), cancel, apply, false, Vec::new());
        marker.check_apply(&params, &context).await.unwrap()
    };
    assert_eq!(check(false).await, Outcome::Changed);
    assert!(!path.exists(), "nothing is changed without leave");
    assert_eq!(check(true).await, Outcome::Changed);
    assert_eq!(fs::read_to_string(&path).unwrap(), "me");
    assert_eq!(check(true).await, Outcome::Unchanged);
}

#[test]
fn what_is_wrong_is_said_before_anything_runs() {
    let invalid = Marker::default().validate("/mark").unwrap_err();
    assert_eq!(invalid.param, Some("owner"));
    assert!(Marker::default().validate("mark").is_err());
}
