//! `semver`: versions such as `1.2.3-rc.1`. The package is not in the original.

use semver::{Version, VersionReq};

use crate::catalog::{CallError, FunctionDef};
use crate::value::{Str, Struct, Value};

use super::declare::{examples, native, pure};

const REFUSED: &[&str] = &["`S` is not a version: E"];

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        pure(
            "semver.compare",
            "func(a str, b str) int",
            "-1, 0 or 1 as the first version is older than the second, as old, or newer. Not in the original.",
            native!(compare(a, b)),
        )
        .catchable(REFUSED)
        .examples(examples![r#"semver.compare("1.10.0", "1.9.0")"# => "1"]),
        pure(
            "semver.is_valid",
            "func(a str) bool",
            "Whether a text is a version with three numbers. Not in the original.",
            native!(is_valid(a)),
        )
        .examples(examples![r#"semver.is_valid("1.2")"# => "false"]),
        pure(
            "semver.matches",
            "func(version str, requirement str) bool",
            "Whether a version meets a requirement such as `>=1.2, <2` or `~1.4`. Not in the original.",
            native!(matches(version, requirement)),
        )
        .catchable(&["`S` is not a version: E", "`S` is not a requirement: E"])
        .examples(examples![r#"semver.matches("1.4.7", ">=1.2, <2")"# => "true"]),
        pure(
            "semver.parse",
            "func(a str) struct{major int; minor int; patch int; pre str; build str}",
            "The parts of a version. Not in the original.",
            native!(parse(a)),
        )
        .catchable(REFUSED)
        .examples(examples![
            r#"semver.parse("1.2.3-rc.1")"# => r#"struct{major: 1; minor: 2; patch: 3; pre: "rc.1"; build: ""}"#
        ]),
    ]
}

/// A version; a `v` in front of it is tolerated, as tags have it.
fn version(text: &Str) -> Result<Version, CallError> {
    let text = text.to_string_lossy();
    Version::parse(text.strip_prefix('v').unwrap_or(&text))
        .map_err(|error| CallError::catchable(format!("`{text}` is not a version: {error}")))
}

fn compare(a: &Str, b: &Str) -> Result<i64, CallError> {
    Ok(version(a)?.cmp_precedence(&version(b)?) as i64)
}

fn is_valid(a: &Str) -> bool {
    version(a).is_ok()
}

fn matches(text: &Str, requirement: &Str) -> Result<bool, CallError> {
    let requirement = requirement.to_string_lossy();
    let wanted = VersionReq::parse(&requirement).map_err(|error| {
        CallError::catchable(format!("`{requirement}` is not a requirement: {error}"))
    })?;
    Ok(wanted.matches(&version(text)?))
}

fn parse(a: &Str) -> Result<Struct, CallError> {
    let version = version(a)?;
    let number = |number: u64| {
        i64::try_from(number).map(Value::Int).map_err(|_| {
            CallError::catchable(format!("`{}` has too large a number", a.to_string_lossy()))
        })
    };
    Ok([
        ("major", number(version.major)?),
        ("minor", number(version.minor)?),
        ("patch", number(version.patch)?),
        ("pre", Value::from(version.pre.as_str())),
        ("build", Value::from(version.build.as_str())),
    ]
    .into_iter()
    .collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, caught};
    use crate::value::Value;
    use proptest::prelude::*;

    /// Versions that often have something in common.
    fn version() -> impl Strategy<Value = String> {
        r"v?[0-2]\.(0|1|10)\.[0-2](-(rc|alpha|1|10)(\.(1|2|10|x))?)?(\+(a|1))?"
    }

    fn compare(a: &str, b: &str) -> i64 {
        let order = call("semver.compare", &[a.into(), b.into()]).unwrap();
        order.as_int().unwrap()
    }

    proptest! {
        #[test]
        fn versions_are_in_one_order(a in version(), b in version(), c in version()) {
            prop_assert_eq!(compare(&a, &a), 0);
            prop_assert_eq!(compare(&a, &b), -compare(&b, &a));
            if compare(&a, &b) <= 0 && compare(&b, &c) <= 0 {
                prop_assert!(compare(&a, &c) <= 0);
            }
        }

        #[test]
        fn a_requirement_of_one_release_is_met_by_it(
            version in r"(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9])\.[0-9]",
        ) {
            let meets = |requirement: String| call("semver.matches", &[version.as_str().into(), requirement.into()]);
            prop_assert_eq!(meets(format!("={version}")), Ok(Value::Bool(true)));
            prop_assert_eq!(meets(format!(">={version}, <={version}")), Ok(Value::Bool(true)));
            prop_assert_eq!(meets(format!(">{version}")), Ok(Value::Bool(false)));
        }

        #[test]
        fn the_parts_are_the_version(version in version()) {
            let parts = call("semver.parse", &[version.as_str().into()]).unwrap();
            let part = |name: &str| {
                let part = parts.as_struct().unwrap().get(name).unwrap();
                part.as_str().map_or_else(|| part.to_string(), |text| text.to_string_lossy().into_owned())
            };
            let mut text = format!("{}.{}.{}", part("major"), part("minor"), part("patch"));
            for (mark, name) in [('-', "pre"), ('+', "build")] {
                if !part(name).is_empty() {
                    text.push(mark);
                    text.push_str(&part(name));
                }
            }
            prop_assert_eq!(text, version.trim_start_matches('v'));
        }
    }

    #[test]
    fn releases_are_newer_than_what_comes_before() {
        for (a, b, order) in [
            ("1.0.0-rc.1", "1.0.0", -1),
            ("1.0.0+build1", "1.0.0+build2", 0),
            ("v2.0.0", "1.99.99", 1),
        ] {
            assert_eq!(
                call("semver.compare", &[a.into(), b.into()]),
                Ok(Value::Int(order))
            );
        }
    }

    #[test]
    fn what_is_no_version_can_be_caught() {
        let error = caught(call("semver.compare", &["1".into(), "1.0.0".into()]));
        assert!(error.starts_with("`1` is not a version: "), "{error}");
        let error = caught(call("semver.matches", &["1.0.0".into(), "new".into()]));
        assert!(error.starts_with("`new` is not a requirement: "), "{error}");
    }
}
