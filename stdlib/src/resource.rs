//! A resource kind as declared: its parameters, what it sends, and what it can do.

mod auto_edges;
pub mod check;
mod meta;

use std::any::Any;
use std::fmt::Debug;

use crate::param::HostType;
use crate::value::Value;

pub use auto_edges::{AutoEdges, Class, Subject, Want};
pub use meta::{META_PARAMS, Meta, MetaError, MetaParam};
pub use mgmt_stdlib_derive::{ParamStruct, Params};

/// A kind of resource, as data.
#[derive(Clone, Debug)]
pub struct ResourceDef {
    /// `file`, `http:server:flag`.
    pub kind: &'static str,
    /// For those who hover over the kind: the first sentence alone must be enough.
    pub doc: &'static str,
    /// The parameters in the order of their declaration.
    pub params: Vec<ParamDef>,
    /// The values that can be sent.
    pub sends: Vec<SendDef>,
    /// What the kind can do besides.
    pub traits: Traits,
    /// Of which kind's resources it becomes a part, if of any.
    pub inside: Option<Inside>,
    /// A fresh set of parameters with the kind's defaults.
    pub new: fn() -> Box<dyn Params>,
}

/// One parameter of a kind.
#[derive(Clone, Debug)]
pub struct ParamDef {
    /// Its name in mcl.
    pub name: &'static str,
    /// Its name in dumps (typing-and-evaluation.md §9.4): `AnotherStr`.
    pub dump_name: &'static str,
    /// For those who hover over the name: the first sentence alone must be enough.
    pub doc: &'static str,
    /// What it holds.
    pub ty: HostType,
    /// Whether that is a secret, which no log, dump or error text may show.
    pub secret: bool,
}

/// One value that a kind sends.
#[derive(Clone, Debug)]
pub struct SendDef {
    /// Its name in mcl.
    pub name: &'static str,
    /// For those who hover over the name: the first sentence alone must be enough.
    pub doc: &'static str,
    /// What is sent.
    pub ty: HostType,
}

/// A kind whose resources do nothing alone, but each become a part of a resource of another kind
/// (resources-services.md S-1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside {
    /// The other kind.
    pub kind: &'static str,
    /// The parameter that holds the name of the other resource; if it is empty, any will do.
    pub param: &'static str,
}

/// The optional abilities of a kind (engine.md §1.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// It reacts to notifications.
    pub refreshable: bool,
    /// Its parameters can be received.
    pub receives: bool,
    /// It has automatic edges.
    pub edgeable: bool,
    /// Several may run as one.
    pub groupable: bool,
    /// It can be undone when it leaves the graph.
    pub reversible: bool,
}

impl ResourceDef {
    /// The parameter called `name` in mcl.
    pub fn param(&self, name: &str) -> Option<&ParamDef> {
        self.params.iter().find(|param| param.name == name)
    }

    /// The sent value called `name`.
    pub fn send(&self, name: &str) -> Option<&SendDef> {
        self.sends.iter().find(|send| send.name == name)
    }
}

/// The parameters of one resource. `#[derive(Params)]` writes the implementation from a plain struct.
///
/// ```
/// use mgmt_stdlib::resource::{Invalid, Params, Validate};
///
/// /// Greets somebody.
/// #[derive(Clone, Debug, Default, PartialEq, Params)]
/// #[resource(kind = "greeting", refreshable, receives, sends(
///     /// The greeting as it was said.
///     text: Option<String>,
/// ))]
/// pub struct Greeting {
///     /// Whom to greet.
///     pub whom: String,
///     /// How often; undefined means once.
///     #[param(name = "times")]
///     pub count: Option<u16>,
/// }
///
/// impl Validate for Greeting {
///     fn validate(&self, _name: &str) -> Result<(), Invalid> {
///         if self.whom.is_empty() { Err(Invalid::param("whom", "must not be empty")) } else { Ok(()) }
///     }
/// }
/// ```
pub trait Params: Validate + Any + Debug + Send + Sync {
    /// The kind.
    fn kind(&self) -> &'static str;

    /// Stores a value into the parameter called `param` in mcl.
    ///
    /// # Errors
    /// If there is no such parameter or the value does not fit (typing-and-evaluation.md §1.7.3).
    fn set(&mut self, param: &str, value: &Value) -> Result<(), SetError>;

    /// The present value; nothing if the parameter is undefined or there is none of that name.
    fn get(&self, param: &str) -> Option<Value>;

    /// Whether the parameter holds the zero value of its type; a defined optional never does.
    fn is_zero(&self, param: &str) -> bool;

    /// What differs from `other`, such as `the AnotherStr differs`; nothing if the two are equal.
    fn differs(&self, other: &dyn Params) -> Option<String>;

    /// This declaration and another one of the same name as one, if the kind can merge declarations that
    /// differ (resources-host.md §1.16). It must not matter which of the two is asked.
    ///
    /// `None` means that the kind never merges; an error says what stands in the way.
    fn merged_with(&self, other: &dyn Params) -> Option<Result<Box<dyn Params>, String>> {
        let _ = other;
        None
    }

    /// What it has to do with automatic edges, as far as the parameters tell (engine.md §4.1).
    fn auto_edges(&self, name: &str) -> AutoEdges {
        let _ = name;
        AutoEdges::default()
    }

    /// A copy.
    fn clone_box(&self) -> Box<dyn Params>;

    /// For downcasts.
    fn as_any(&self) -> &dyn Any;

    /// For downcasts.
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl Clone for Box<dyn Params> {
    fn clone(&self) -> Self {
        (**self).clone_box()
    }
}

/// A struct of parameters that declares a kind. Derived together with [`Params`].
pub trait Declare: Params {
    /// The declaration.
    fn declare() -> ResourceDef;
}

/// What the types of the parameters can not say.
pub trait Validate {
    /// A pure check: no look at the machine. `name` is the resource's name.
    ///
    /// # Errors
    /// What is wrong, in the user's terms.
    fn validate(&self, name: &str) -> Result<(), Invalid>;

    /// A pure check of the meta parameters, for kinds that need some of them or can not bear others.
    ///
    /// # Errors
    /// What is wrong, in the user's terms.
    fn validate_meta(&self, meta: &Meta) -> Result<(), Invalid> {
        let _ = meta;
        Ok(())
    }

    /// A pure check for what could never work on a machine. A program that has such a resource means
    /// something, and its graph can be shown, but no agent runs it. Asked once the other two found nothing.
    ///
    /// # Errors
    /// What is wrong, in the user's terms.
    fn validate_run(&self, name: &str, meta: &Meta) -> Result<(), Invalid> {
        let _ = (name, meta);
        Ok(())
    }

    /// All of these checks, for those who are about to run it.
    ///
    /// # Errors
    /// What is wrong, in the user's terms.
    fn validate_all(&self, name: &str, meta: &Meta) -> Result<(), Invalid> {
        self.validate(name)?;
        self.validate_meta(meta)?;
        self.validate_run(name, meta)
    }
}

/// A resource can not be as it is declared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", self.param.map(|param| format!("`{param}` ")).unwrap_or_default())]
pub struct Invalid {
    /// The parameter to look at, if it is one.
    pub param: Option<&'static str>,
    /// What is wrong; reads on after the parameter's name.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Invalid {
    /// Something about one parameter; the message reads on after its name.
    pub fn param(param: &'static str, message: impl Into<String>) -> Self {
        Self {
            param: Some(param),
            message: message.into(),
            help: None,
        }
    }

    /// Something about several parameters or none.
    pub fn resource(message: impl Into<String>) -> Self {
        Self {
            param: None,
            message: message.into(),
            help: None,
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A value can not be stored into a parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// The kind has no such parameter.
    #[error("there is no parameter `{0}`")]
    Unknown(String),
    /// The value does not fit.
    #[error("{0}")]
    Misfit(String),
}
