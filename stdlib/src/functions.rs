//! The functions, one module a package.

use crate::catalog::{FunctionDef, VariableDef};

/// Every function that this crate declares.
pub fn all() -> Vec<FunctionDef> {
    Vec::new()
}

/// Every variable that this crate declares.
pub fn variables() -> Vec<VariableDef> {
    Vec::new()
}
