//! Everything a program can name, as data.

mod define;
mod function;
mod signature;
mod site;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::modules::Library;
use crate::resource::ResourceDef;
use crate::types::Type;
use crate::value::Value;

pub use function::{
    CallError, CallResult, Claims, Example, FunctionDef, GraphFunction, Host, HttpResponse,
    Implementation, Inference, Purity, Sampler, StartSampler, SystemHost, Wake,
};
pub use signature::{Bound, Signature, SignatureError};
pub use site::{DiskTree, FileTree, Origin, Site, Start, Stat};
pub use world::{EmptyWorld, ExportFilter, Exported, WorldEvent, WorldView};

/// A constant or a variable that is in scope without a definition in the program.
#[derive(Clone, Debug)]
pub struct VariableDef {
    /// The package that must be imported, or empty.
    pub package: &'static str,
    /// The name without the package: `const.res.file.state.exists`, `family_debian`.
    pub name: &'static str,
    /// Its value. `$hostname` is not here: the host gives it.
    pub value: Value,
    /// Its type.
    pub ty: Type,
    /// What it means.
    pub doc: &'static str,
}

/// The vocabulary of one build: functions, variables and resource kinds.
///
/// It is a value that is passed around. Build the usual one with [`Catalog::standard`].
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    functions: Packages<FunctionDef>,
    variables: Packages<VariableDef>,
    resources: BTreeMap<&'static str, Arc<ResourceDef>>,
}

/// Declarations by package and name.
type Packages<T> = BTreeMap<&'static str, BTreeMap<&'static str, Arc<T>>>;

/// Two entries of one name were added to a [`Catalog`].
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{what} `{name}` is declared twice")]
pub struct Duplicate {
    what: &'static str,
    name: String,
}

impl Catalog {
    /// Everything this crate declares.
    ///
    /// # Errors
    /// If two declarations share a name, which a test of this crate rules out.
    pub fn standard() -> Result<Self, Duplicate> {
        let mut catalog = Self::default();
        for function in crate::functions::all() {
            catalog.add_function(function)?;
        }
        for variable in crate::functions::variables() {
            catalog.add_variable(variable)?;
        }
        for resource in crate::resources::all() {
            catalog.add_resource(resource)?;
        }
        Ok(catalog)
    }

    /// Adds a function.
    ///
    /// # Errors
    /// If its package has one of that name.
    pub fn add_function(&mut self, function: FunctionDef) -> Result<(), Duplicate> {
        let name = function.full_name();
        match self
            .functions
            .entry(function.package)
            .or_default()
            .insert(function.name, Arc::new(function))
        {
            None => Ok(()),
            Some(_) => Err(Duplicate {
                what: "function",
                name,
            }),
        }
    }

    /// Adds a variable.
    ///
    /// # Errors
    /// If its package has one of that name.
    pub fn add_variable(&mut self, variable: VariableDef) -> Result<(), Duplicate> {
        let name = format!("${}", variable.name);
        match self
            .variables
            .entry(variable.package)
            .or_default()
            .insert(variable.name, Arc::new(variable))
        {
            None => Ok(()),
            Some(_) => Err(Duplicate {
                what: "variable",
                name,
            }),
        }
    }

    /// Adds a resource kind.
    ///
    /// # Errors
    /// If there is one of that name.
    pub fn add_resource(&mut self, resource: ResourceDef) -> Result<(), Duplicate> {
        let kind = resource.kind;
        match self.resources.insert(kind, Arc::new(resource)) {
            None => Ok(()),
            Some(_) => Err(Duplicate {
                what: "resource kind",
                name: kind.to_owned(),
            }),
        }
    }

    /// The function `name` of `package`; the empty package holds what needs no import.
    pub fn function(&self, package: &str, name: &str) -> Option<&Arc<FunctionDef>> {
        self.functions.get(package)?.get(name)
    }

    /// The variable `name` of `package`; the empty package holds what needs no import.
    pub fn variable(&self, package: &str, name: &str) -> Option<&Arc<VariableDef>> {
        self.variables.get(package)?.get(name)
    }

    /// The resource kind `kind`.
    pub fn resource(&self, kind: &str) -> Option<&Arc<ResourceDef>> {
        self.resources.get(kind)
    }

    /// All functions, by package and name.
    pub fn functions(&self) -> impl Iterator<Item = &Arc<FunctionDef>> {
        self.functions.values().flat_map(BTreeMap::values)
    }

    /// All variables, by package and name.
    pub fn variables(&self) -> impl Iterator<Item = &Arc<VariableDef>> {
        self.variables.values().flat_map(BTreeMap::values)
    }

    /// All resource kinds, by name.
    pub fn resources(&self) -> impl Iterator<Item = &Arc<ResourceDef>> {
        self.resources.values()
    }

    /// Whether `import "package"` finds anything. Variables alone do not count (functions.md §1.1.4).
    pub fn has_package(&self, package: &str) -> bool {
        !package.is_empty()
            && (self.functions.contains_key(package) || Library.package(package).is_some())
    }

    /// The packages that can be imported, each once, in order.
    pub fn packages(&self) -> impl Iterator<Item = &'static str> {
        self.functions
            .keys()
            .copied()
            .filter(|package| !package.is_empty())
    }

    /// The functions of one package, by name.
    pub fn package(&self, package: &str) -> impl Iterator<Item = &Arc<FunctionDef>> {
        self.functions
            .get(package)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// The variables of one package, by name.
    pub fn package_variables(&self, package: &str) -> impl Iterator<Item = &Arc<VariableDef>> {
        self.variables
            .get(package)
            .into_iter()
            .flat_map(BTreeMap::values)
    }
}
