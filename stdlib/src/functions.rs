//! The functions, one module a package.
//!
//! A module declares its functions in `all` with the words of `declare`; the implementation is a
//! plain Rust function below. To add a package, write a module like [`math`], and name it here.

mod builtin;
mod constant;
mod convert;
mod crypto;
mod datetime;
mod declare;
mod deploy;
mod encoding;
mod example;
pub mod fmt;
mod glob;
pub mod golang;
mod history;
pub mod internal;
mod iter;
mod list;
mod local;
mod map;
mod math;
mod net;
pub(crate) mod number;
pub mod operator;
mod os;
mod path;
mod provisioner;
pub(crate) mod quoting;
mod regexp;
mod semver;
mod special;
mod strings;
mod sys;
mod template;
mod test;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod text;
mod util;
mod value;
mod world;

use crate::catalog::{FunctionDef, VariableDef};

/// Every function that this crate declares.
pub fn all() -> Vec<FunctionDef> {
    [
        builtin::all(),
        convert::all(),
        crypto::all(),
        datetime::all(),
        deploy::all(),
        encoding::all(),
        example::all(),
        fmt::all(),
        golang::all(),
        history::all(),
        iter::all(),
        list::all(),
        local::all(),
        map::all(),
        math::all(),
        net::all(),
        os::all(),
        provisioner::all(),
        regexp::all(),
        semver::all(),
        strings::all(),
        sys::all(),
        template::all(),
        test::all(),
        util::all(),
        value::all(),
        world::all(),
    ]
    .concat()
}

/// Every variable that this crate declares.
pub fn variables() -> Vec<VariableDef> {
    constant::variables()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalog::{Catalog, Inference, Purity};
    use crate::types::Type;

    /// Fails for each module below `directory` whose `all` its parent does not call.
    fn check_collected(directory: &Path) {
        let parent = std::fs::read_to_string(directory.with_extension("rs")).unwrap();
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                check_collected(&path);
                continue;
            }
            let declares = std::fs::read_to_string(&path)
                .unwrap()
                .contains(" fn all()");
            let call = format!("{}::all()", path.file_stem().unwrap().to_str().unwrap());
            assert!(!declares || parent.contains(&call), "nothing calls {call}");
        }
    }

    #[test]
    fn every_module_is_collected() {
        check_collected(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/functions"));
    }

    #[test]
    fn no_two_declarations_share_a_name() {
        Catalog::standard().unwrap();
    }

    #[test]
    fn every_declaration_is_complete() {
        for function in all() {
            let name = function.full_name();
            let doc = function.doc;
            assert!(doc.len() > 5 && doc.ends_with('.'), "{name}: {doc}");
            assert!(!function.signatures.is_empty(), "{name}");
            for signature in &function.signatures {
                for (argument, _) in &signature.ty.args {
                    assert!(!argument.is_empty(), "{name}: {}", signature.ty);
                }
            }
            let has_examples = !function.examples.is_empty();
            assert!(has_examples || function.purity != Purity::Pure, "{name}");
        }
    }

    #[test]
    fn every_package_has_a_function() {
        let catalog = Catalog::standard().unwrap();
        for variable in variables() {
            let known = variable.package.is_empty() || catalog.has_package(variable.package);
            assert!(known, "{}.{}", variable.package, variable.name);
            assert_eq!(variable.value.ty(), Some(variable.ty), "{}", variable.name);
        }
    }

    #[test]
    fn more_arguments_have_the_type_of_the_last() {
        for function in all() {
            for signature in function.signatures.iter().filter(|one| one.variadic) {
                let last = signature.ty.args.last().map(|(_, ty)| ty);
                let printf = function.inference == Inference::Printf;
                assert!(
                    printf || last != Some(&Type::Str),
                    "{}",
                    function.full_name()
                );
            }
        }
    }
}
