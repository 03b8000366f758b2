//! `golang/*`: functions under the names of the Go standard library (functions.md §11).
//!
//! Each package is a table; what is more than a line stands below it or in a module that others use.
//! The examples use the last part of the package's path, which is the name it is imported under.

#[cfg(test)]
mod cases;
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

#[cfg(test)]
mod tests {
    use super::super::testing::{call, caught};
    use crate::catalog::{Catalog, Purity};
    use crate::value::Value;

    #[test]
    fn what_looks_at_the_machine_is_not_pure() {
        let catalog = Catalog::standard().unwrap();
        for (package, names) in [
            (
                "golang/math/rand",
                "exp_float_64 float_64 int int_63 int_63_n intn norm_float_64",
            ),
            (
                "golang/os",
                "executable expand_env getegid getenv geteuid getgid getpagesize getpid getppid getuid getwd hostname \
                 mkdir_temp read_file readlink temp_dir user_cache_dir user_config_dir user_home_dir",
            ),
            ("golang/os/exec", "look_path"),
            ("golang/path/filepath", "abs eval_symlinks"),
            ("golang/runtime", "num_cpu"),
        ] {
            for name in names.split_whitespace() {
                let function = catalog.function(package, name);
                let function = function.unwrap_or_else(|| panic!("there is no {package}.{name}"));
                assert_eq!(function.purity, Purity::Snapshot, "{package}.{name}");
                assert!(!function.is_static(), "{package}.{name}");
            }
        }
    }

    #[test]
    fn errors_that_only_depend_on_the_arguments_can_be_caught() {
        let calls: [(&str, &[Value]); 9] = [
            ("golang/strconv.atoi", &["x".into()]),
            ("golang/strconv.parse_bool", &["x".into()]),
            ("golang/strconv.parse_float", &["x".into(), 64.into()]),
            (
                "golang/strconv.parse_int",
                &["x".into(), 10.into(), 64.into()],
            ),
            ("golang/strconv.quoted_prefix", &["x".into()]),
            ("golang/strconv.unquote", &["x".into()]),
            ("golang/path.match", &["[".into(), "x".into()]),
            ("golang/path/filepath.match", &["[".into(), "x".into()]),
            ("golang/path/filepath.rel", &["x".into(), "/".into()]),
        ];
        for (name, args) in calls {
            assert!(!caught(call(name, args)).is_empty(), "{name}");
        }
    }
}
