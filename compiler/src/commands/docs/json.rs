//! The catalogue for programs.

use std::collections::BTreeMap;

use mgmt_stdlib::catalog::{Bound, Catalog, Example, FunctionDef, Purity, Signature, VariableDef};
use mgmt_stdlib::functions::golang::template_name;
use mgmt_stdlib::functions::{internal, operator};
use mgmt_stdlib::param::HostType;
use mgmt_stdlib::resource::{META_PARAMS, MetaParam, ResourceDef};
use serde::Serialize;

/// Everything that a program can name.
#[derive(Serialize)]
pub struct Catalogue {
    functions: Vec<Function>,
    operators: Vec<Function>,
    variables: Vec<Variable>,
    resources: Vec<Resource>,
    meta_parameters: Vec<Meta>,
}

#[derive(Serialize)]
struct Function {
    /// With the package: `net/http.response`.
    name: String,
    package: &'static str,
    /// All forms, joined by ` or `.
    signature: String,
    signatures: Vec<String>,
    /// What type variables may become: `?1` to kinds of types.
    constraints: BTreeMap<String, Vec<&'static str>>,
    kind: &'static str,
    pure: bool,
    source: bool,
    /// The errors that `<|>` can catch.
    catchable: &'static [&'static str],
    /// Its name in `golang.template`.
    template_name: Option<String>,
    /// Whether only syntax calls it.
    internal: bool,
    doc: &'static str,
    examples: Vec<ExampleOf>,
}

#[derive(Serialize)]
struct ExampleOf {
    expression: &'static str,
    value: &'static str,
}

#[derive(Serialize)]
struct Variable {
    /// With the package and without `$`: `const.res.file.state.exists`, `os.family_debian`.
    name: String,
    package: &'static str,
    r#type: String,
    /// As mcl writes it; nothing if it is known only when a program runs.
    value: Option<String>,
    doc: &'static str,
}

#[derive(Serialize)]
struct Resource {
    kind: &'static str,
    doc: &'static str,
    parameters: Vec<Parameter>,
    sends: Vec<Parameter>,
    traits: BTreeMap<&'static str, bool>,
}

#[derive(Serialize)]
struct Parameter {
    name: &'static str,
    r#type: String,
    /// Whether it may be left undefined, which differs from every value.
    optional: bool,
    default: Option<String>,
    doc: &'static str,
}

#[derive(Serialize)]
struct Meta {
    name: &'static str,
    r#type: &'static str,
    default: &'static str,
    doc: &'static str,
}

/// The catalogue as data for `serde`.
pub fn catalogue(catalog: &Catalog) -> Catalogue {
    let mut functions: Vec<_> = catalog
        .functions()
        .map(|def| function(def, false))
        .collect();
    functions.extend(internal::functions().iter().map(|def| function(def, true)));
    functions.sort_by(|a, b| (a.package, &a.name).cmp(&(b.package, &b.name)));
    let operators = operator::operators();
    let hostname = Variable {
        name: "hostname".to_owned(),
        package: "",
        r#type: "str".to_owned(),
        value: None,
        doc: super::markdown::HOSTNAME,
    };
    let mut variables = vec![hostname];
    variables.extend(catalog.variables().map(|def| variable(def)));
    let meta = |param: &MetaParam| Meta {
        name: param.name,
        r#type: param.ty,
        default: param.default,
        doc: param.doc,
    };
    Catalogue {
        functions,
        operators: operators.iter().map(|def| function(def, true)).collect(),
        variables,
        resources: catalog.resources().map(|def| resource(def)).collect(),
        meta_parameters: META_PARAMS.iter().map(meta).collect(),
    }
}

fn function(def: &FunctionDef, internal: bool) -> Function {
    let signatures: Vec<_> = def.signatures.iter().map(Signature::to_string).collect();
    let example = |example: &Example| ExampleOf {
        expression: example.expr,
        value: example.value,
    };
    Function {
        name: def.full_name(),
        package: def.package,
        signature: signatures.join(" or "),
        signatures,
        constraints: constraints(def),
        kind: def.purity.name(),
        pure: def.purity == Purity::Pure,
        source: def.purity == Purity::Source,
        catchable: def.catchable,
        template_name: if internal { None } else { template_name(def) },
        internal,
        doc: def.doc,
        examples: def.examples.iter().map(example).collect(),
    }
}

/// What the type variables of a function may become.
pub(super) fn constraints(def: &FunctionDef) -> BTreeMap<String, Vec<&'static str>> {
    let mut all: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for (var, bound) in def.signatures.iter().flat_map(|it| &it.bounds) {
        let kinds = match bound {
            Bound::Kinds(kinds) => kinds.to_vec(),
            Bound::NoFunc => vec!["any type without a function"],
            Bound::Hashable => vec!["bool", "str", "int", "float", "struct"],
        };
        all.insert(format!("?{var}"), kinds);
    }
    all
}

fn variable(def: &VariableDef) -> Variable {
    let name = match def.package {
        "" => def.name.to_owned(),
        package => format!("{package}.{}", def.name),
    };
    Variable {
        name,
        package: def.package,
        r#type: def.ty.to_string(),
        value: Some(super::markdown::literal(&def.value)),
        doc: def.doc,
    }
}

fn resource(def: &ResourceDef) -> Resource {
    let defaults = (def.new)();
    let parameter = |name, ty: &HostType, doc, default| Parameter {
        name,
        r#type: type_text(ty),
        optional: matches!(ty, HostType::Optional(_)),
        default,
        doc,
    };
    let traits = &def.traits;
    Resource {
        kind: def.kind,
        doc: def.doc,
        parameters: def
            .params
            .iter()
            .map(|param| {
                let default = defaults.get(param.name);
                let default = default.map(|value| super::markdown::literal(&value));
                parameter(param.name, &param.ty, param.doc, default)
            })
            .collect(),
        sends: def
            .sends
            .iter()
            .map(|send| parameter(send.name, &send.ty, send.doc, None))
            .collect(),
        traits: BTreeMap::from([
            ("refreshable", traits.refreshable),
            ("receives", traits.receives),
            ("edgeable", traits.edgeable),
            ("groupable", traits.groupable),
            ("reversible", traits.reversible),
        ]),
    }
}

/// The type of a parameter in mcl.
pub(super) fn type_text(ty: &HostType) -> String {
    ty.mcl()
        .map_or_else(|| "any".to_owned(), |ty| ty.to_string())
}
