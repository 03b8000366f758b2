//! The parts of a document. Errors are raised while it is read, where the reader still knows the line.

use std::collections::BTreeSet;
use std::fmt;

use mgmt_compiler::graph::{Identity, Resource};
use mgmt_stdlib::catalog::Catalog;
use mgmt_stdlib::param::HostType;
use mgmt_stdlib::resource::{Meta, MetaParam, ResourceDef};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_yaml_ng::{Mapping, Value as Yaml};

use super::value::{describe, value};

/// What marks the name of a resource that is for other hosts.
const EXPORT_MARK: &str = "@@";

/// What a document consists of.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) resources: Vec<Resource>,
    pub(super) edges: Vec<EdgeEntry>,
    pub(super) warnings: Vec<String>,
    /// What the parts together are known to be wrong at; to be raised when the reader is there.
    pub(super) fault: Option<Fault>,
}

/// Something that is wrong with a part, and only in view of the others.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) at: Place,
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

/// The number of a part, from zero, in the order of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Resource(usize),
    Edge(usize),
}

impl Parts {
    /// A reader that complains of the fault when it comes to its place.
    pub(super) fn with_fault(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }

    /// This is that place of the document.
    fn reach<E: Error>(&self, place: Place) -> Result<(), E> {
        match &self.fault {
            Some(fault) if fault.at == place => Err(E::custom(&fault.message)),
            _ => Ok(()),
        }
    }
}

/// An entry of `edges`.
#[derive(Debug)]
pub(super) struct EdgeEntry {
    pub(super) name: String,
    pub(super) from: End,
    pub(super) to: End,
    pub(super) notify: bool,
}

/// An end of an edge.
#[derive(Debug, Deserialize)]
pub(super) struct End {
    pub(super) kind: String,
    pub(super) name: String,
}

/// The whole document.
pub(super) struct Document<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) parts: &'a mut Parts,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a graph: a mapping with `graph` and `resources`")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut name: Option<String> = None;
        let mut keys = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            once(&mut keys, &key)?;
            match key.as_str() {
                "graph" => name = map.next_value()?,
                "comment" => drop(map.next_value::<IgnoredAny>()?),
                "resources" => map.next_value_seed(Kinds {
                    catalog: self.catalog,
                    parts: self.parts,
                })?,
                "edges" => {
                    map.next_value_seed(Edges(self.parts))?;
                }
                "collect" => {
                    if map
                        .next_value::<Option<Vec<IgnoredAny>>>()?
                        .is_some_and(|list| !list.is_empty())
                    {
                        self.warn("`collect` has no effect without a cluster".to_owned());
                    }
                }
                "remote" => {
                    map.next_value::<IgnoredAny>()?;
                    self.warn("`remote` has no effect any more; use the kind `remote`".to_owned());
                }
                other => {
                    map.next_value::<IgnoredAny>()?;
                    self.warn(format!("`{other}` means nothing here and is ignored"));
                }
            }
        }
        match name {
            Some(name) if !name.is_empty() => Ok(()),
            _ => Err(A::Error::custom(
                "invalid graph: it has no name, which is the value of `graph`",
            )),
        }
    }
}

impl Document<'_> {
    fn warn(&mut self, text: String) {
        self.parts.warnings.push(text);
    }
}

/// The edges.
struct Edges<'a>(&'a mut Parts);

impl<'de> DeserializeSeed<'de> for Edges<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Edges<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of edges")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(OneEdge(self.0))?.is_some() {}
        Ok(())
    }
}

/// One edge.
struct OneEdge<'a>(&'a mut Parts);

impl<'de> DeserializeSeed<'de> for OneEdge<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneEdge<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an edge: a mapping with `name`, `from` and `to`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut name, mut notify) = (String::new(), false);
        let (mut from, mut to) = (None, None);
        let mut keys = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            once(&mut keys, &key)?;
            match key.as_str() {
                "name" => name = map.next_value()?,
                "from" => from = Some(map.next_value()?),
                "to" => to = Some(map.next_value()?),
                "notify" => notify = map.next_value()?,
                other => {
                    map.next_value::<IgnoredAny>()?;
                    let text = format!("`{other}` means nothing in an edge and is ignored");
                    self.0.warnings.push(text);
                }
            }
        }
        let edge = EdgeEntry {
            name,
            from: from.ok_or_else(|| A::Error::missing_field("from"))?,
            to: to.ok_or_else(|| A::Error::missing_field("to"))?,
            notify,
        };
        self.0.reach(Place::Edge(self.0.edges.len()))?;
        self.0.edges.push(edge);
        Ok(())
    }
}

fn once<E: Error>(keys: &mut BTreeSet<String>, key: &str) -> Result<(), E> {
    if keys.insert(key.to_owned()) {
        return Ok(());
    }
    Err(E::custom(format!("`{key}` is given twice")))
}

/// The resources by kind.
struct Kinds<'a> {
    catalog: &'a Catalog,
    parts: &'a mut Parts,
}

impl<'de> DeserializeSeed<'de> for Kinds<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Kinds<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of kinds to lists of resources")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let kind = key.to_lowercase();
            let Some(def) = self
                .catalog
                .resource(&kind)
                .filter(|_| !kind.starts_with('_'))
            else {
                return Err(A::Error::custom(format!(
                    "there is no resource kind `{key}`"
                )));
            };
            map.next_value_seed(List {
                def,
                parts: self.parts,
            })?;
        }
        Ok(())
    }
}

/// The resources of one kind.
struct List<'a> {
    def: &'a ResourceDef,
    parts: &'a mut Parts,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of resources of the kind `{}`", self.def.kind)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list
            .next_element_seed(One {
                def: self.def,
                parts: self.parts,
            })?
            .is_some()
        {}
        Ok(())
    }
}

/// One resource.
struct One<'a> {
    def: &'a ResourceDef,
    parts: &'a mut Parts,
}

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a resource of the kind `{}` with a `name`",
            self.def.kind
        )
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let kind = self.def.kind;
        let mut params = (self.def.new)();
        let mut meta = Meta::default();
        let mut name: Option<String> = None;
        let mut keys = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            once(&mut keys, &key)?;
            let given: Yaml = map.next_value()?;
            let wrong = |why: String| A::Error::custom(format!("`{key}` of `{kind}`: {why}"));
            match key.as_str() {
                "name" => match given {
                    Yaml::String(text) => name = Some(text),
                    other => {
                        return Err(wrong(format!("expected a text, not {}", describe(&other))));
                    }
                },
                "meta" => set_meta(&mut meta, &given).map_err(wrong)?,
                key => match self.def.param(key) {
                    Some(_) if given.is_null() => {}
                    Some(param) => {
                        let given = value(&given, &param.ty).map_err(wrong)?;
                        params
                            .set(key, &given)
                            .map_err(|error| wrong(error.to_string()))?;
                    }
                    None => self.parts.warnings.push(format!(
                        "`{kind}` has no parameter `{key}`, which is ignored"
                    )),
                },
            }
        }
        let wrong = |why: String| A::Error::custom(why);
        let name = name.ok_or_else(|| wrong(format!("a `{kind}` has no `name`")))?;
        if let Some(exported) = name.strip_prefix(EXPORT_MARK) {
            self.parts.warnings.push(format!(
                "{kind}[{exported}] is for other hosts, and has no effect without a cluster"
            ));
            return Ok(());
        }
        let resource = Resource {
            identity: Identity::new(kind, name),
            params: params.into(),
            meta,
            receives: Vec::new(),
            span: None,
        };
        check(&resource)
            .map_err(|why| wrong(format!("{} is not valid: {why}", resource.identity)))?;
        self.parts
            .reach(Place::Resource(self.parts.resources.len()))?;
        self.parts.resources.push(resource);
        Ok(())
    }
}

fn set_meta(meta: &mut Meta, given: &Yaml) -> Result<(), String> {
    let none = Mapping::new();
    let entries = match given {
        Yaml::Mapping(entries) => entries,
        Yaml::Null => &none,
        other => return Err(format!("expected a mapping, not {}", describe(other))),
    };
    for (key, given) in entries {
        let key = key.as_str().unwrap_or_default();
        let Some(param) = MetaParam::find(key) else {
            return Err(format!("there is no meta parameter `{key}`"));
        };
        let ty = match param.ty {
            "bool" => HostType::Bool,
            "int" => HostType::Int(64),
            "float" => HostType::Float(64),
            _ => HostType::List(Box::new(HostType::Str)),
        };
        let given = value(given, &ty).map_err(|why| format!("`{key}`: {why}"))?;
        meta.set(param.name, &given)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// What can be said without a look at the machine.
fn check(resource: &Resource) -> Result<(), String> {
    let name = &resource.identity.name;
    if name.is_empty() {
        return Err("its name is empty".to_owned());
    }
    if name.starts_with('$') && !resource.meta.dollar {
        return Err(
            "its name begins with `$`; set `dollar` in its `meta` if that is meant".to_owned(),
        );
    }
    resource
        .meta
        .validate()
        .map_err(|error| error.to_string())?;
    if resource.meta.hidden {
        return Ok(());
    }
    resource
        .params
        .validate_all(name, &resource.meta)
        .map_err(|invalid| match &invalid.help {
            Some(help) => format!("{invalid} ({help})"),
            None => invalid.to_string(),
        })
}
