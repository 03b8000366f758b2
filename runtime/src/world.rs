//! The state that is shared with peers (cluster-and-cli.md §2): strings, exported resources, decisions of the
//! scheduler.
//!
//! Resources and the engine write it through [`World`], programs read it through [`WorldView`]. There is
//! [`SoloWorld`], for a host without peers.

mod journal;
mod solo;

use mgmt_stdlib::catalog::{WorldEvent, WorldView};
use tokio::sync::watch;

use crate::resource::ResourceError;

pub use solo::SoloWorld;

/// A resource on its way to other hosts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Export {
    /// The kind.
    pub kind: String,
    /// The resource's name.
    pub name: String,
    /// The host that may see it; `*` is all.
    pub to: String,
}

/// What this host may change of the shared state. The methods may block; those that write give whether they changed
/// anything.
///
/// # Errors
/// All fail if the state can not be reached or written.
#[allow(clippy::missing_errors_doc)]
pub trait World: WorldView + std::fmt::Debug {
    /// Replaces the string under a key, or removes it.
    fn set_string(&self, key: &str, value: Option<&str>) -> Result<bool, ResourceError>;

    /// The same, but only while the present string, or its absence, is `expected`; gives whether it was.
    fn replace_string(
        &self,
        key: &str,
        expected: Option<&str>,
        value: Option<&str>,
    ) -> Result<bool, ResourceError>;

    /// Replaces what this host stores in a namespace, or removes it.
    fn set_own_string(&self, namespace: &str, value: Option<&str>) -> Result<bool, ResourceError>;

    /// Makes a resource visible to another host.
    fn export(&self, export: &Export, data: &str) -> Result<bool, ResourceError>;

    /// Takes an exported resource of this host back.
    fn withdraw(&self, export: &Export) -> Result<bool, ResourceError>;

    /// What this host exports, also from an earlier life.
    fn exports(&self) -> Result<Vec<Export>, ResourceError>;

    /// Makes this host one of those to choose from in a namespace, or takes it out.
    fn take_part(&self, namespace: &str, takes_part: bool) -> Result<bool, ResourceError>;

    /// Tells of each change from now on; several may be told as one.
    fn watch(&self, event: &WorldEvent) -> watch::Receiver<()>;
}
