//! The kinds that need others over D-Bus, when nobody answers them: who cancels is obeyed.

use std::time::Duration;

use mgmt_stdlib::resource::Params;
use mgmt_stdlib::resources as declared;
use tokio::net::UnixListener;
use tokio::time::{sleep, timeout};

use super::{hostname, pkg, svc};
use crate::dbus::Bus;
use crate::dbus::tests::{PrivateBus, never_answers};
use crate::resource::harness::Scratch;
use crate::resource::{Resource, ResourceError};

/// Far longer than it takes; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Long enough for a call to be under way on most machines; elsewhere less is tested.
const UNDER_WAY: Duration = Duration::from_millis(100);

async fn ends_when_cancelled<R: Resource>(scratch: &Scratch, params: R::Params) {
    let kind = params.kind();
    let subject = scratch.resource::<R>("nap", params);
    let context = subject.check_context();
    let check = subject.resource.check_apply(&subject.params, &context);
    tokio::pin!(check);
    tokio::select! {
        result = &mut check => panic!("{kind} goes on without an answer: {result:?}"),
        () = sleep(UNDER_WAY) => context.token().cancel(),
    }
    let result = timeout(PATIENCE, check).await;
    assert!(
        matches!(result, Ok(Err(ResourceError::Cancelled))),
        "{kind}: {result:?}"
    );
    let watching = subject.start_watch();
    sleep(UNDER_WAY).await;
    watching.end().await;
}

async fn all_end_when_cancelled(address: String) {
    let mut scratch = Scratch::new();
    scratch.services.buses.system = Bus::new("test bus", address);
    scratch.services.package_backend = Some("packagekit".into());
    let svc = declared::svc::Svc {
        state: "running".to_owned(),
        ..Default::default()
    };
    ends_when_cancelled::<svc::Svc>(&scratch, svc).await;
    ends_when_cancelled::<hostname::Hostname>(&scratch, Default::default()).await;
    ends_when_cancelled::<pkg::Pkg>(&scratch, Default::default()).await;
}

#[tokio::test]
async fn a_service_that_does_not_answer() {
    let daemon = PrivateBus::start().await;
    let mut services = Vec::new();
    for name in [
        "org.freedesktop.systemd1",
        "org.freedesktop.hostname1",
        "org.freedesktop.PackageKit",
    ] {
        services.push(never_answers(&daemon.address, name).await);
    }
    all_end_when_cancelled(daemon.address.clone()).await;
}

#[tokio::test]
async fn a_bus_that_does_not_answer() {
    let scratch = Scratch::new();
    let path = scratch.path("bus");
    // Whoever connects is never let in.
    let _listener = UnixListener::bind(&path).unwrap();
    all_end_when_cancelled(format!("unix:path={}", path.display())).await;
}
