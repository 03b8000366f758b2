//! `golang/*`: functions under the names of the Go standard library (functions.md §11).
//!
//! Each package is a table; what is more than a line stands below it or in a module that others use.
//! The examples use the last part of the package's path, which is the name it is imported under.

mod exec;
mod html;
mod math;
mod os;
mod path;
mod rand;
mod runtime;
mod strconv;
mod strings;
mod template;

use crate::catalog::FunctionDef;

pub use template::template_name;

pub(crate) fn all() -> Vec<FunctionDef> {
    [
        exec::all(),
        html::all(),
        math::all(),
        os::all(),
        path::all(),
        rand::all(),
        runtime::all(),
        strconv::all(),
        strings::all(),
        template::all(),
    ]
    .concat()
}
