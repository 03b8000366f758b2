//! Reads what is written on the struct and on its fields.

use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, ExprPath, Field, Fields, Ident, Lit,
    LitStr, Meta, Result, Token, Type, parenthesized,
};

/// `#[resource(...)]` and the doc comment of the struct.
pub(crate) struct ResourceAttributes {
    pub(crate) doc: String,
    pub(crate) kind: LitStr,
    /// The names of the fields of `Traits` to set.
    pub(crate) traits: Vec<Ident>,
    pub(crate) sends: Vec<Send>,
    pub(crate) compare: Option<ExprPath>,
    pub(crate) merge: Option<ExprPath>,
    pub(crate) auto_edges: Option<ExprPath>,
    pub(crate) inside: Option<Inside>,
}

/// `inside("http:server", server)`.
pub(crate) struct Inside {
    pub(crate) kind: LitStr,
    /// The field that names the resource.
    pub(crate) field: Ident,
}

/// One entry of `sends(...)`.
pub(crate) struct Send {
    pub(crate) doc: String,
    pub(crate) name: String,
    pub(crate) ty: Type,
}

/// A field with its `#[param(...)]` and doc comment.
pub(crate) struct Param<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    pub(crate) doc: String,
    pub(crate) name: String,
    pub(crate) dump_name: String,
    pub(crate) func: Option<LitStr>,
    pub(crate) skip_compare: bool,
}

const TRAITS: [&str; 5] = [
    "refreshable",
    "receives",
    "edgeable",
    "groupable",
    "reversible",
];

impl ResourceAttributes {
    pub(crate) fn read(input: &DeriveInput) -> Result<Self> {
        let doc = doc(&input.attrs)
            .ok_or_else(|| Error::new(input.ident.span(), "a kind needs a doc comment"))?;
        let mut kind = None;
        let mut traits = Vec::new();
        let mut sends = Vec::new();
        let mut compare = None;
        let mut merge = None;
        let mut auto_edges = None;
        let mut inside = None;
        for attribute in named(&input.attrs, "resource") {
            attribute.parse_nested_meta(|meta| {
                let word = word(&meta)?;
                match word.to_string().as_str() {
                    "kind" => once(&mut kind, &word, meta.value()?.parse::<LitStr>()?),
                    "compare" => once(&mut compare, &word, meta.value()?.parse()?),
                    "merge" => once(&mut merge, &word, meta.value()?.parse()?),
                    "auto_edges" => once(&mut auto_edges, &word, meta.value()?.parse()?),
                    "sends" => {
                        let content;
                        parenthesized!(content in meta.input);
                        sends.extend(Punctuated::<Send, Token![,]>::parse_terminated(&content)?);
                        Ok(())
                    }
                    "inside" => {
                        let content;
                        parenthesized!(content in meta.input);
                        once(&mut inside, &word, content.parse()?)
                    }
                    name if TRAITS.contains(&name) => {
                        traits.push(word);
                        Ok(())
                    }
                    _ => Err(Error::new(
                        word.span(),
                        format!(
                            "expected `kind = \"...\"`, `sends(...)`, `compare = path`, `merge = path`, `auto_edges = path`, `inside(\"kind\", field)`, `{}`",
                            TRAITS.join("`, `")
                        ),
                    )),
                }
            })?;
        }
        let kind = kind.ok_or_else(|| {
            Error::new(
                input.ident.span(),
                "the kind's name is missing: add `#[resource(kind = \"...\")]`",
            )
        })?;
        if kind.value().is_empty() {
            return Err(Error::new(kind.span(), "the kind's name is empty"));
        }
        Ok(Self {
            doc,
            kind,
            traits,
            sends,
            compare,
            merge,
            auto_edges,
            inside,
        })
    }

    /// The kind that this one runs inside of, and the name in mcl of the parameter that names it.
    pub(crate) fn inside<'a>(
        &'a self,
        params: &'a [Param<'_>],
    ) -> Result<Option<(&'a LitStr, &'a str)>> {
        let Some(Inside { kind, field }) = &self.inside else {
            return Ok(None);
        };
        match params.iter().find(|param| param.ident == field) {
            Some(param) => Ok(Some((kind, &param.name))),
            None => Err(Error::new(field.span(), "there is no such field")),
        }
    }
}

impl Parse for Inside {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let kind = input.parse()?;
        input.parse::<Token![,]>()?;
        Ok(Self {
            kind,
            field: input.parse()?,
        })
    }
}

impl Parse for Send {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let name = input.call(Ident::parse_any)?;
        let doc = doc(&attributes).ok_or_else(|| {
            Error::new(
                name.span(),
                "a sent value needs a doc comment, since users read it",
            )
        })?;
        input.parse::<Token![:]>()?;
        Ok(Self {
            doc,
            name: name.unraw().to_string(),
            ty: input.parse()?,
        })
    }
}

impl<'a> Param<'a> {
    /// All fields of the struct, in order.
    pub(crate) fn read_all(input: &'a DeriveInput) -> Result<Vec<Self>> {
        let Data::Struct(data) = &input.data else {
            return Err(Error::new(
                input.ident.span(),
                "parameters are the fields of a struct",
            ));
        };
        let fields = match &data.fields {
            Fields::Named(fields) => &fields.named,
            Fields::Unit => return Ok(Vec::new()),
            Fields::Unnamed(fields) => {
                return Err(Error::new(fields.span(), "parameters need names"));
            }
        };
        let params = fields.iter().map(Self::read).collect::<Result<Vec<_>>>()?;
        for (i, param) in params.iter().enumerate() {
            if params[..i].iter().any(|other| other.name == param.name) {
                return Err(Error::new(
                    param.ident.span(),
                    format!("there already is a parameter `{}`", param.name),
                ));
            }
        }
        Ok(params)
    }

    fn read(field: &'a Field) -> Result<Self> {
        let ident = field
            .ident
            .as_ref()
            .ok_or_else(|| Error::new(field.span(), "parameters need names"))?;
        let doc = doc(&field.attrs).ok_or_else(|| {
            Error::new(
                ident.span(),
                "a parameter needs a doc comment, since users read it",
            )
        })?;
        let mut name: Option<LitStr> = None;
        let mut dump: Option<LitStr> = None;
        let mut func = None;
        let mut skip_compare = false;
        for attribute in named(&field.attrs, "param") {
            attribute.parse_nested_meta(|meta| {
                let word = word(&meta)?;
                match word.to_string().as_str() {
                    "name" => once(&mut name, &word, meta.value()?.parse()?),
                    "dump" => once(&mut dump, &word, meta.value()?.parse()?),
                    "func" => once(&mut func, &word, meta.value()?.parse()?),
                    "skip_compare" => {
                        skip_compare = true;
                        Ok(())
                    }
                    _ => Err(Error::new(
                        word.span(),
                        "expected `name = \"...\"`, `dump = \"...\"`, `func = \"...\"` or `skip_compare`",
                    )),
                }
            })?;
        }
        let field_name = ident.unraw().to_string();
        Ok(Self {
            ident,
            ty: &field.ty,
            doc,
            dump_name: dump.map_or_else(|| upper_camel_case(&field_name), |dump| dump.value()),
            name: name.map_or(field_name, |name| name.value()),
            func,
            skip_compare,
        })
    }
}

fn named<'a>(attributes: &'a [Attribute], name: &str) -> impl Iterator<Item = &'a Attribute> {
    attributes
        .iter()
        .filter(move |attribute| attribute.path().is_ident(name))
}

fn word(meta: &ParseNestedMeta<'_>) -> Result<Ident> {
    meta.path
        .get_ident()
        .cloned()
        .ok_or_else(|| meta.error("expected a single word"))
}

fn once<T>(slot: &mut Option<T>, word: &Ident, value: T) -> Result<()> {
    if slot.replace(value).is_some() {
        return Err(Error::new(word.span(), format!("`{word}` is given twice")));
    }
    Ok(())
}

/// The text of the doc comments; nothing if there is no text.
fn doc(attributes: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = named(attributes, "doc")
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
        .map(|line| {
            line.strip_prefix(' ')
                .unwrap_or(&line)
                .trim_end()
                .to_owned()
        })
        .collect();
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// `another_str` as `AnotherStr`.
fn upper_camel_case(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let mut chars = word.chars();
            chars
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .chain(chars)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    fn complaint(input: &DeriveInput) -> String {
        let resource = ResourceAttributes::read(input);
        let params = Param::read_all(input);
        resource
            .and_then(|resource| resource.inside(&params?).map(|_| ()))
            .expect_err("is refused")
            .to_string()
    }

    #[test]
    fn names_come_from_the_field_unless_given() {
        let input: DeriveInput = parse_quote! {
            struct Test {
                /// First.
                another_str: String,
                /// Second.
                #[param(name = "type", dump = "Kind", skip_compare)]
                r#type: String,
            }
        };
        let params = Param::read_all(&input).unwrap();
        assert_eq!(params[0].name, "another_str");
        assert_eq!(params[0].dump_name, "AnotherStr");
        assert_eq!(params[0].doc, "First.");
        assert!(!params[0].skip_compare);
        assert_eq!(params[1].name, "type");
        assert_eq!(params[1].dump_name, "Kind");
        assert!(params[1].skip_compare);
    }

    #[test]
    fn a_resource_tells_its_kind_abilities_and_sends() {
        let input: DeriveInput = parse_quote! {
            /// Runs.
            ///
            /// Often.
            #[resource(kind = "exec", receives, refreshable, compare = Self::compare, merge = Self::merge, sends(
                /// Text.
                output: Option<String>,
            ))]
            struct Exec;
        };
        let resource = ResourceAttributes::read(&input).unwrap();
        assert_eq!(resource.doc, "Runs.\n\nOften.");
        assert_eq!(resource.kind.value(), "exec");
        assert_eq!(resource.traits, ["receives", "refreshable"]);
        assert_eq!(resource.sends[0].name, "output");
        assert_eq!(resource.sends[0].doc, "Text.");
        assert!(resource.compare.is_some());
        assert!(resource.merge.is_some());
    }

    #[test]
    fn mistakes_are_explained() {
        assert_eq!(
            complaint(&parse_quote! { #[doc = "x"] struct A; }),
            "the kind's name is missing: add `#[resource(kind = \"...\")]`"
        );
        assert_eq!(
            complaint(&parse_quote! { #[resource(kind = "a")] struct A; }),
            "a kind needs a doc comment"
        );
        assert_eq!(
            complaint(&parse_quote! { #[doc = "x"] #[resource(kind = "a", kind = "b")] struct A; }),
            "`kind` is given twice"
        );
        assert!(
            complaint(&parse_quote! { #[doc = "x"] #[resource(kind = "a", refresh)] struct A; })
                .starts_with("expected `kind = \"...\"`")
        );
        assert_eq!(
            complaint(&parse_quote! { #[doc = "x"] #[resource(kind = "a")] struct A { b: bool } }),
            "a parameter needs a doc comment, since users read it"
        );
        assert!(
            complaint(
                &parse_quote! { #[doc = "x"] #[resource(kind = "a")] struct A { #[doc = "b"] #[param(nam = "c")] b: bool } }
            )
            .starts_with("expected `name = \"...\"`")
        );
        assert_eq!(
            complaint(
                &parse_quote! { #[doc = "x"] #[resource(kind = "a")] struct A { #[doc = "b"] b: bool, #[doc = "c"] #[param(name = "b")] c: bool } }
            ),
            "there already is a parameter `b`"
        );
        assert_eq!(
            complaint(&parse_quote! { #[doc = "x"] #[resource(kind = "a")] struct A(bool); }),
            "parameters need names"
        );
        assert_eq!(
            complaint(&parse_quote! { #[doc = "x"] #[resource(kind = "a")] enum A {} }),
            "parameters are the fields of a struct"
        );
        assert_eq!(
            complaint(
                &parse_quote! { #[doc = "x"] #[resource(kind = "a:b", inside("a", c))] struct A { #[doc = "b"] b: bool } }
            ),
            "there is no such field"
        );
    }
}
