//! Derives a resource kind's schema from its struct of parameters.
//!
//! [`macro@Params`] is for the struct of a whole kind, [`macro@ParamStruct`] for a struct that is the
//! type of one parameter. What they accept is described at each; what they write is in [`params`] and
//! [`param_struct`], what they read in [`attributes`].

mod attributes;
mod param_struct;
mod params;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Writes `impl mgmt_stdlib::resource::Params` and `Declare` for a struct with named fields. The struct
/// needs `Clone`, `Debug`, `Default` (the kind's defaults) and `Validate`; the types of the fields need
/// `ParamType` and `PartialEq`. The doc comments are the documentation that users see, so they are
/// mandatory.
///
/// On the struct, `#[resource(...)]`:
///
/// | word | meaning |
/// |---|---|
/// | `kind = "exec"` | the kind's name; mandatory |
/// | `refreshable`, `receives`, `edgeable`, `groupable`, `reversible` | its abilities |
/// | `sends(name: Type, ...)` | what it sends, each with a doc comment |
/// | `inside("http:server", server)` | it runs as part of a resource of that kind, which the field names |
/// | `compare = path::to::function` | `fn(&Self, &Self) -> Option<String>`, asked for a difference before the fields are compared one by one |
/// | `merge = path::to::function` | `fn(&Self, &Self) -> Result<Self, String>`, two declarations that differ as one, or what stands in the way; without it they must be equal |
/// | `auto_edges = path::to::function` | `fn(&Self, &str) -> AutoEdges`, what it has to do with automatic edges |
///
/// On a field, `#[param(...)]`:
///
/// | word | meaning |
/// |---|---|
/// | `name = "int8"` | its name in mcl, if it is not that of the field |
/// | `dump = "Int8"` | its name in dumps, if it is not that of the field in UpperCamelCase |
/// | `func = "func(int) str"` | the type of a function |
/// | `skip_compare` | left out where the fields are compared one by one |
#[proc_macro_derive(Params, attributes(resource, param))]
pub fn derive_params(input: TokenStream) -> TokenStream {
    params::expand(&parse_macro_input!(input as DeriveInput))
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Writes `impl mgmt_stdlib::param::ParamType` for a struct with named fields, each of which is a
/// `ParamType`. `#[param(name = "...")]` on a field gives its name in mcl, if it is not that of the field.
#[proc_macro_derive(ParamStruct, attributes(param))]
pub fn derive_param_struct(input: TokenStream) -> TokenStream {
    param_struct::expand(&parse_macro_input!(input as DeriveInput))
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
