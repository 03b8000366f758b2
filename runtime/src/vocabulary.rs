//! What programs can name, together with what runs it (engine.md §9.1.4).

use std::sync::Arc;

use mgmt_stdlib::catalog::{Catalog, Duplicate, FunctionDef};
use mgmt_stdlib::resource::Declare;

use crate::resource::{Registry, Resource};

/// What programs can name, together with what runs it. Cheap to clone.
///
/// ```
/// use mgmt_runtime::vocabulary::Vocabulary;
/// use mgmt_stdlib::catalog::FunctionDef;
/// use mgmt_stdlib::types::Type;
///
/// let vocabulary = Vocabulary::standard()?
///     .with_function(FunctionDef::option("site.owner", Type::Str, "Who owns this machine."))?;
/// assert!(vocabulary.catalog.function("site", "owner").is_some());
/// # Ok::<(), mgmt_stdlib::catalog::Duplicate>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Functions, variables, and kinds as they are declared.
    pub catalog: Arc<Catalog>,
    /// The kinds that can run.
    pub registry: Registry,
}

impl Vocabulary {
    /// All that comes with mgmt.
    ///
    /// # Errors
    /// If two declarations share a name, which a test rules out.
    pub fn standard() -> Result<Self, Duplicate> {
        Ok(Self {
            catalog: Arc::new(Catalog::standard()?),
            registry: crate::resources::registry(),
        })
    }

    /// The same with a kind of resources; `runtime/tests/adding_a_resource.rs` shows one.
    ///
    /// # Errors
    /// If there is one of that name.
    pub fn with_kind<R: Resource>(mut self) -> Result<Self, Duplicate> {
        Arc::make_mut(&mut self.catalog).add_resource(R::Params::declare())?;
        self.registry.add::<R>();
        Ok(self)
    }

    /// The same with a function.
    ///
    /// # Errors
    /// If its package has one of that name.
    pub fn with_function(mut self, function: FunctionDef) -> Result<Self, Duplicate> {
        Arc::make_mut(&mut self.catalog).add_function(function)?;
        Ok(self)
    }
}
