//! `world` and `world/collect`: the state that is shared with peers (functions.md §26).

use crate::catalog::{CallError, ExportFilter, Exported, FunctionDef, Host, Wake, WorldEvent};
use crate::value::{Map, Str, Struct, Value};

use super::declare::{sampler, source};

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        source(
            "world.getval",
            "func(key str) struct{value str; exists bool}",
            "The string that any host stored under a key with the resource `kv`, and whether there is one. An empty key ends \
             the program. It wakes when that changes.",
            sampler!(getval(key), |args| wake(args, WorldEvent::String)),
        ),
        source(
            "world.kvlookup",
            "func(namespace str) map{str: str}",
            "What each host stored under a namespace with a mapped `kv` resource, by the host's name. An empty namespace ends \
             the program. It wakes when that changes.",
            sampler!(kvlookup(namespace), |args| wake(args, WorldEvent::Strings)),
        ),
        source(
            "world.schedule",
            "func(namespace str) []str",
            "The hosts that were chosen among those with a `schedule` resource for a namespace; none until that is decided. A \
             namespace that is empty or holds a slash ends the program. It wakes when that changes.",
            sampler!(schedule(namespace), |args| wake(
                args,
                WorldEvent::Scheduled
            )),
        ),
        source(
            "world/collect.res",
            "func(kind str) []struct{name str; host str}",
            "The resources of a kind that hosts have exported to this one or to all, sorted by name, then host. An empty or \
             unknown kind ends the program. It wakes when that changes.",
            sampler!(collect(kind), |args| wake(args, WorldEvent::Exported)),
        ),
    ]
}

/// What makes `collect KIND NAMES { ... }` known: the chosen resources that hosts have exported.
pub(crate) fn collect_statement() -> FunctionDef {
    source(
        "_collect",
        "func(kind str, names ?1) []struct{name str; host str; data str}",
        "The exported resources of a kind with these names: a string, a list of strings, or a list of names with hosts. \
         The empty name and the empty host let everything through. `collect` calls it, and makes resources of them.",
        sampler!(collected(kind, names), |args| wake(
            args,
            WorldEvent::Exported
        )),
    )
}

fn wake(args: &[Value], event: fn(String) -> WorldEvent) -> Vec<Wake> {
    let name = args.first().and_then(Value::as_str);
    name.map(|name| Wake::World(event(name.to_string_lossy().into_owned())))
        .into_iter()
        .collect()
}

/// The name in an argument, which must not be empty.
fn name(what: &str, text: &Str) -> Result<String, CallError> {
    if text.is_empty() {
        return Err(CallError::fatal(format!("can't use an empty {what}")));
    }
    Ok(text.to_string_lossy().into_owned())
}

fn getval(host: &dyn Host, key: &Str) -> Result<Struct, CallError> {
    let stored = host
        .world()
        .string(&name("key", key)?)
        .map_err(CallError::fatal)?;
    let exists = stored.is_some();
    let fields = [
        ("value", Value::from(stored.unwrap_or_default())),
        ("exists", Value::Bool(exists)),
    ];
    Ok(fields.into_iter().collect())
}

fn kvlookup(host: &dyn Host, namespace: &Str) -> Result<Map, CallError> {
    let stored = host.world().strings(&name("namespace", namespace)?);
    let entries = stored.map_err(CallError::fatal)?.into_iter();
    Ok(entries
        .map(|(host, value)| (Value::from(host), Value::from(value)))
        .collect())
}

fn schedule(host: &dyn Host, namespace: &Str) -> Result<Vec<Value>, CallError> {
    let namespace = namespace.to_string_lossy();
    if namespace.is_empty() || namespace.contains('/') {
        return Err(CallError::fatal("namespace is invalid"));
    }
    let hosts = host.world().scheduled(&namespace);
    let hosts = hosts.map_err(CallError::fatal)?;
    Ok(hosts.into_iter().map(Value::from).collect())
}

fn collect(host: &dyn Host, kind: &Str) -> Result<Vec<Value>, CallError> {
    let kind = kind.to_string_lossy();
    if kind.is_empty() {
        return Err(CallError::fatal("resource kind is empty"));
    }
    let is_known = crate::resources::all().iter().any(|def| def.kind == kind);
    if !is_known {
        return Err(CallError::fatal(format!("invalid resource kind: {kind}")));
    }
    let filter = ExportFilter {
        kind: kind.into_owned(),
        name: None,
        host: None,
    };
    let found = exported(host, &[filter])?;
    let pair = |name: String, host: String| {
        let fields = [("name", Value::from(name)), ("host", Value::from(host))];
        Value::Struct(fields.into_iter().collect())
    };
    Ok(found.into_iter().map(|it| pair(it.name, it.host)).collect())
}

fn collected(host: &dyn Host, kind: &Str, names: &Value) -> Result<Vec<Value>, CallError> {
    let kind = kind.to_string_lossy().into_owned();
    let mut filters = Vec::new();
    match names {
        Value::List(names) => {
            for name in names.iter() {
                filters.push(filter(&kind, name)?);
            }
        }
        name => filters.push(filter(&kind, name)?),
    }
    if filters.is_empty() {
        return Ok(Vec::new());
    }
    let mut resources = Vec::new();
    for found in exported(host, &filters)? {
        check(&kind, &found)?;
        let fields = [
            ("name", Value::from(found.name)),
            ("host", Value::from(found.host)),
            ("data", Value::from(found.data)),
        ];
        resources.push(Value::Struct(fields.into_iter().collect()));
    }
    Ok(resources)
}

/// Checks that what was exported is of the kind that was asked for, and has all that it needs.
fn check(kind: &str, found: &Exported) -> Result<(), CallError> {
    let missing = match found {
        found if found.kind != kind => "kind",
        found if found.name.is_empty() => "name",
        found if found.host.is_empty() || found.host == "*" => "host",
        found if found.data.is_empty() => "data",
        _ => return Ok(()),
    };
    Err(CallError::fatal(format!(
        "an exported resource `{kind}` has no proper {missing}"
    )))
}

/// The exported resources that any filter lets through, by kind, name and host, in whatever order they are told.
fn exported(host: &dyn Host, filters: &[ExportFilter]) -> Result<Vec<Exported>, CallError> {
    let mut found = host.world().exported(filters).map_err(CallError::fatal)?;
    found.sort();
    Ok(found)
}

/// One of the names that are collected.
fn filter(kind: &str, name: &Value) -> Result<ExportFilter, CallError> {
    let given = |text: &Value| match text.as_str() {
        Some(text) if !text.is_empty() => Some(text.to_string_lossy().into_owned()),
        _ => None,
    };
    match name {
        Value::Str(_) => Ok(ExportFilter {
            kind: kind.to_owned(),
            name: given(name),
            host: None,
        }),
        Value::Struct(pair) => {
            let field = |field| pair.get(field).and_then(given);
            if field("host").as_deref() == Some("*") {
                return Err(CallError::fatal("invalid star host"));
            }
            Ok(ExportFilter {
                kind: kind.to_owned(),
                name: field("name"),
                host: field("host"),
            })
        }
        other => Err(CallError::fatal(format!(
            "a name to collect is a str or a struct, not a {}",
            other.kind()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, TestWorld, call_on, fatal, sample};
    use super::*;
    use crate::catalog::{Implementation, Start};

    fn host() -> TestHost {
        let exported = |name: &str, host: &str| Exported {
            kind: "file".to_owned(),
            name: name.to_owned(),
            host: host.to_owned(),
            data: format!("{name} of {host}"),
        };
        let strings = [("a", "1"), ("ns/h1", "x"), ("ns/h2", "y")];
        TestHost {
            world: TestWorld {
                strings: strings.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
                hosts: vec!["h2".to_owned(), "h1".to_owned()],
                exported: vec![
                    exported("/b", "h1"),
                    exported("/a", "h2"),
                    exported("/a", "h1"),
                ],
            },
            ..TestHost::default()
        }
    }

    #[test]
    fn strings_are_looked_up() {
        let host = host();
        let text =
            |name, arg: &str| call_on(&host, name, &[arg.into()]).map(|value| value.to_string());
        assert_eq!(
            text("world.getval", "a").unwrap(),
            r#"struct{value: "1"; exists: true}"#
        );
        assert_eq!(
            text("world.getval", "b").unwrap(),
            r#"struct{value: ""; exists: false}"#
        );
        assert_eq!(
            text("world.kvlookup", "ns").unwrap(),
            r#"{"h1": "x", "h2": "y"}"#
        );
        assert_eq!(text("world.kvlookup", "none").unwrap(), "{}");
        assert_eq!(text("world.schedule", "ns").unwrap(), r#"["h2", "h1"]"#);
        for (name, arg, error) in [
            ("world.getval", "", "can't use an empty key"),
            ("world.kvlookup", "", "can't use an empty namespace"),
            ("world.schedule", "", "namespace is invalid"),
            ("world.schedule", "a/b", "namespace is invalid"),
            ("world/collect.res", "", "resource kind is empty"),
            ("world/collect.res", "what", "invalid resource kind: what"),
        ] {
            assert_eq!(fatal(call_on(&host, name, &[arg.into()])), error);
        }
    }

    /// DEFECT-6: the order does not depend on that of the backend.
    #[test]
    fn exported_resources_are_sorted() {
        let found = call_on(&host(), "world/collect.res", &["file".into()]).unwrap();
        assert_eq!(
            found.to_string(),
            r#"[struct{name: "/a"; host: "h1"}, struct{name: "/a"; host: "h2"}, struct{name: "/b"; host: "h1"}]"#
        );
        let none = call_on(&host(), "world/collect.res", &["noop".into()]).unwrap();
        assert_eq!(none.to_string(), "[]");
    }

    #[test]
    fn the_argument_decides_what_wakes() {
        for (name, event) in [
            ("world.getval", WorldEvent::String("a".to_owned())),
            ("world.kvlookup", WorldEvent::Strings("a".to_owned())),
            ("world.schedule", WorldEvent::Scheduled("a".to_owned())),
            ("world/collect.res", WorldEvent::Exported("a".to_owned())),
        ] {
            assert_eq!(
                sample(name).wake(&["a".into()]),
                [Wake::World(event)],
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_collected_must_be_whole() {
        for (kind, name, host, data, missing) in [
            ("file", "/a", "h1", "x", None),
            ("svc", "/a", "h1", "x", Some("kind")),
            ("file", "", "h1", "x", Some("name")),
            ("file", "/a", "", "x", Some("host")),
            ("file", "/a", "*", "x", Some("host")),
            ("file", "/a", "h1", "", Some("data")),
        ] {
            let exported = Exported {
                kind: kind.to_owned(),
                name: name.to_owned(),
                host: host.to_owned(),
                data: data.to_owned(),
            };
            let error = missing.map(|missing| {
                let text = format!("an exported resource `file` has no proper {missing}");
                CallError::fatal(text)
            });
            assert_eq!(check("file", &exported).err(), error);
        }
    }

    #[test]
    fn names_choose_what_is_collected() {
        let host = host();
        let collect = |names: Value| {
            let Implementation::Sampled(start) = collect_statement().implementation else {
                panic!("it looks at the world");
            };
            let found = start(&Start::default()).call(&host, &["file".into(), names]);
            found.unwrap().as_list().map(|list| {
                let data = |it: &Value| {
                    let data = it.as_struct().unwrap().get("data").unwrap().clone();
                    data.as_str().unwrap().to_string_lossy().into_owned()
                };
                list.iter().map(data).collect::<Vec<_>>()
            })
        };
        let pair = |name: &str, host: &str| {
            let fields = [("name", Value::from(name)), ("host", Value::from(host))];
            Value::Struct(fields.into_iter().collect())
        };
        let all = ["/a of h1", "/a of h2", "/b of h1"].map(str::to_owned);
        assert_eq!(collect("/c".into()).unwrap(), [""; 0]);
        assert_eq!(collect(Value::list(["".into()])).unwrap(), all);
        assert_eq!(collect(Value::list([pair("", "h1")])).unwrap().len(), 2);
        // What two names let through comes once.
        let twice = Value::list(["/a".into(), "/a".into()]);
        assert_eq!(collect(twice).unwrap(), all[..2]);
        assert_eq!(collect("".into()).unwrap(), all);
        assert_eq!(collect("/a".into()).unwrap(), all[..2]);
        assert_eq!(collect(Value::list(["/b".into()])).unwrap(), all[2..]);
        assert_eq!(collect(Value::list([])).unwrap(), [""; 0]);
        assert_eq!(collect(Value::list([pair("/a", "h2")])).unwrap(), all[1..2]);
        assert_eq!(collect(Value::list([pair("/a", "")])).unwrap(), all[..2]);
    }
}
